/** How many tokens a request has, by estimate. Nobody is asked. */

import { LeashError } from '../../core/errors.js'
import { asObject, type JsonObject } from '../../core/json.js'
import type { Provider } from '../../core/provider.js'
import { tokenQuestion } from '../../protocols/count-tokens.js'
import { protocolNamed } from '../../protocols/index.js'
import type { Caller } from '../caller.js'
import type { Serving } from '../gateway.js'
import { identityOf } from './identity.js'

export interface Counted {
  readonly serving: Serving
  readonly caller: Caller
  readonly path: string
  readonly body: unknown
  /** Whose model it is, whatever its name says. */
  readonly provider?: Provider
  readonly signal: AbortSignal
}

/** @throws LeashError `invalid_request`, or whatever its policy has against the call itself */
export async function countTokens({ serving, caller, path, body, provider, signal }: Counted): Promise<JsonObject> {
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
  return question.answer(report.estimate?.inputTokens ?? 0)
}
