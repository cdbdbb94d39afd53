/** How many tokens a request has: as its vendor counts them where that can be asked, and else by estimate. */
import { LeashError } from '../../core/errors.js'
import { asObject, type JsonObject, parseJson } from '../../core/json.js'
import type { Provider } from '../../core/provider.js'
import { within } from '../../core/within.js'
import { type TokenQuestion, tokenQuestion } from '../../protocols/count-tokens.js'
import { protocolNamed } from '../../protocols/index.js'
import type { Protocol } from '../../protocols/protocol.js'
import type { Caller } from '../people/caller.js'
import { forward } from './forward.js'
import type { Serving } from './gateway.js'
import { identityOf } from './identity.js'

export interface Counted {
  readonly serving: Serving
  readonly caller: Caller
  readonly path: string
  readonly headers: Headers
  readonly body: unknown
  /** Whose model it is, whatever its name says. */
  readonly provider?: Provider
  readonly signal: AbortSignal
}

/** Nobody waits longer for a number that can be guessed. */
const waitMs = 5000

/** @throws LeashError `invalid_request`, or whatever its policy has against the call itself */
export async function countTokens(counted: Counted): Promise<JsonObject> {
  const { serving, caller, path, body, provider, signal } = counted
  const question = tokenQuestion(path, asObject(body) as JsonObject)
  const protocol = question && (await protocolNamed(question.protocol))
  if (!question?.model || !protocol) throw new LeashError('invalid_request', 'The request names no model. Set `model`.')
  const { model, request } = question
  const { report, result } = serving.engine.run({
    protocol,
    model,
    stream: false,
    body: request,
    headers: {},
    remote: true,
    options: { ...identityOf(caller), dryRun: true },
    signal,
    ...(provider && { target: { provider, model } }),
  })
  await result
  const { estimate } = report
  const theirs = estimate?.protocol === protocol.name ? serving.provider(estimate.provider) : undefined
  const exact = theirs && estimate && (await ask(counted, question, protocol, theirs, estimate.model))
  return exact ?? question.answer(estimate?.inputTokens ?? 0)
}

/** @returns undefined when the vendor does not say, or is not to see the request as it is */
async function ask(
  { serving, caller, headers, signal }: Counted,
  { asked, isAnswer }: TokenQuestion,
  protocol: Protocol,
  provider: Provider,
  model: string,
): Promise<JsonObject | undefined> {
  const { redact, modules = [], use = [], rateLimit = [], fetch: transport = fetch } = serving.options
  if (redact || modules.length > 0 || use.length > 0) return undefined
  const { admit } = await import('./raw-limits.js')
  await admit(rateLimit, { provider, identity: identityOf(caller), signal })
  const { path, body } = asked(model)
  const own = protocol.headers.flatMap((name): [string, string][] => {
    const value = headers.get(name)
    return value === null ? [] : [[name, value]]
  })
  try {
    const response = await forward(
      {
        provider,
        path,
        method: 'POST',
        query: new URLSearchParams(),
        headers: new Headers([...own, ['content-type', 'application/json']]),
        body: new TextEncoder().encode(JSON.stringify(body)),
        signal: within(waitMs, signal),
      },
      transport,
    )
    const answer = parseJson(await response.text())
    return response.ok && isAnswer(answer) ? (answer as JsonObject) : undefined
  } catch (error) {
    if (signal.aborted) throw error
    return undefined
  }
}
