import type { Attempt, Call, StreamResult, Target } from '../core/call.js'
import type { CapabilitiesOf } from '../core/capabilities.js'
import type { Emitter } from '../core/emitter.js'
import { isLeashError } from '../core/errors.js'
import type { JsonObject } from '../core/json.js'
import type { Lazy } from '../core/lazy.js'
import type { ChatRequest } from '../core/message.js'
import type { Middleware, Next } from '../core/middleware.js'
import type { PriceBook } from '../core/price.js'
import { timeLeft } from '../core/signals.js'
import { type Find, targetKey, targetName } from '../core/target.js'
import { addUsage } from '../core/usage.js'
import { continuationOf } from '../protocols/continuation.js'
import { sse } from '../protocols/framing/sse.js'
import { protocolNamed } from '../protocols/index.js'
import { estimateTokens } from '../protocols/tokens.js'
import { isAt } from './attempt-at.js'
import { attemptsLeft } from './attempts-left.js'
import { tooDear } from './fallback/cost.js'
import type { Way } from './resume/decide.js'
import { anchorOf } from './resume/join.js'
import { Recovery, type RecoveryContext } from './resume/recovery.js'
import type { Said } from './resume/said.js'
import { ResumableStream } from './resume/stream.js'

export interface ResumeOptions {
  /** Starts the answer again if it cannot be continued. The caller is told, and must discard what came before. @defaultValue false */
  readonly restart?: boolean | undefined
  /** How often one answer may be continued. @defaultValue 2 */
  readonly times?: number | undefined
  /** Most bytes of a stream that are kept. A longer stream is not continued. @defaultValue 4194304 (4 MiB) */
  readonly maxBufferBytes?: number | undefined
}

export interface ResumeDeps {
  readonly emitter: Emitter
  readonly find: Find
  readonly capabilities: Lazy<CapabilitiesOf>
  readonly prices: Lazy<PriceBook>
}

/** Goes on with a stream that dies after its first content, which nobody else may do: the caller has read part of the answer. */
export class Resume {
  readonly #options: ResumeOptions
  readonly #deps: ResumeDeps
  /** Requests for the rest of an answer, with the same for a target that continues its own message. */
  readonly #prefilled = new WeakMap<JsonObject, JsonObject>()
  /** Attempts that were sent so. */
  readonly #continuing = new WeakSet<Attempt>()

  constructor(options: ResumeOptions, deps: ResumeDeps) {
    this.#options = options
    this.#deps = deps
  }

  /** Around all targets. */
  readonly call: Middleware = (next) => async (call) => {
    const [result, protocol] = await Promise.all([next(call), protocolNamed(call.protocol)])
    // Server-sent events are the only ones that can be told where they end.
    if (!result.stream || protocol?.kind !== 'chat' || protocol.framing !== sse) return result
    const { maxBufferBytes: maxBytes = 4 * 1024 * 1024, restart: mayRestart = false } = this.#options
    const { attempt } = result
    const attempts = attempt ? [attempt] : []
    const whole = attempt && { ...attempt }
    const context: RecoveryContext = { call, protocol, attempts, mayRestart, again: this.#asker(call, next, attempts) }
    const body = new ResumableStream(result, call, protocol, {
      maxBytes,
      recover: (error, told, leaving) => Recovery.from(context, error, told, leaving),
      over: () => whole && addUp(whole, attempts),
    })
    return { ...result, body, ...(whole && { attempt: whole }) } satisfies StreamResult
  }

  /** Around each target, and inside of all layers that change it: only here is known who will have to go on. */
  readonly target: Middleware = (next) => async (call) => {
    const prefilled = this.#prefilled.get(call.body)
    const { provider, model } = call.target
    if (!prefilled || provider.traits(model).supportsPrefill !== true) return next(call)
    const result = await next({ ...call, body: prefilled })
    if (result.attempt) this.#continuing.add(result.attempt)
    return result
  }

  #asker(call: Call, next: Next, attempts: readonly Attempt[]): RecoveryContext['again'] {
    let times = 0
    return async (failure, way, said, request, { signal, leave }) => {
      const { times: most = 2 } = this.#options
      const { report } = call
      const spent = attemptsLeft(call) <= 0 || timeLeft(call.deadline) === 0
      const last = attempts.at(-1)
      if (spent || times >= most || !last) return undefined
      const { body, anchor } = this.#ask(call, way, said, request)
      const target = this.#targetOf(last, call)
      const again: Call = { ...call, body, target, signal, attempt: 1 }
      if ((await tooDear(target, again, this.#deps)) !== undefined) return undefined
      times++
      leave()
      const name = targetName(target)
      const move = { from: name, to: name, because: failure.code, resumed: way }
      report.moves.push(move)
      try {
        const result = await next(again)
        const { attempt } = result
        if (attempt) Object.assign(report, { provider: attempt.provider, model: attempt.model })
        if (this.#deps.emitter.heard('resume')) this.#deps.emitter.emit('resume', { ...move, callId: call.id })
        return { result, way, anchor: attempt && this.#continuing.has(attempt) ? undefined : anchor }
      } catch (error) {
        if (!isLeashError(error) || error.code === 'aborted' || error.code === 'deadline_exceeded') throw error
        return undefined
      }
    }
  }

  /** The request for the rest; for the whole, where nothing was said or it begins anew. */
  #ask(call: Call, way: Way, { text }: Said, { reasoning }: ChatRequest): Asking {
    const said = text.trimEnd()
    const anchor = anchorOf(text)
    if (way === 'restarted' || anchor === '') return { body: call.body }
    const thinks = reasoning !== undefined && reasoning.effort !== 'none'
    // Of a bound that thinking shares, nobody knows what is left for the answer.
    const spent = thinks ? 0 : estimateTokens(said)
    const asked = continuationOf(call.protocol, call.body, { said, instruction: instructionFor(anchor), spent })
    if (!asked) return { body: call.body }
    // A model that is to think first does not go on with a message that has been begun.
    if (!thinks) this.#prefilled.set(asked.instructed, asked.prefilled)
    return { body: asked.instructed, anchor }
  }

  /** The same target again: the fallback, further inside, goes on from there. */
  #targetOf(last: Attempt, call: Call): Target {
    const { target } = call
    if (isAt(last, target)) return target
    try {
      return this.#deps.find(targetKey(last.provider, last.model), call)
    } catch {
      return target
    }
  }
}

interface Asking {
  readonly body: JsonObject
  /** What the model is told to begin with. */
  readonly anchor?: string
}

function instructionFor(anchor: string): string {
  return [
    'Your message above was cut off on its way. Write the rest of it.',
    'Begin by repeating its last words exactly as they stand between the tags below, without the tags, and go on from there in the same sentence, format and language, as if it had never been cut off.',
    'Say nothing else before them, and do not begin anew.',
    `<last-words>${anchor}</last-words>`,
  ].join('\n')
}

/** The record of an answer that several attempts gave: how the last one ended, and what all of them used. */
function addUp(whole: Attempt, attempts: readonly Attempt[]): void {
  const { startedAt, firstTokenMs } = whole
  const last = attempts.at(-1)
  const usage = attempts.flatMap(({ usage }) => usage ?? [])
  const costs = attempts.flatMap(({ cost }) => (cost === undefined ? [] : [cost]))
  Object.assign(whole, last, {
    startedAt,
    ...(firstTokenMs !== undefined && { firstTokenMs }),
    ...(usage.length > 0 && { usage: usage.reduce(addUsage) }),
    ...(costs.length > 0 && { cost: costs.reduce((sum, cost) => (sum === null || cost === null ? null : sum + cost)) }),
    ...(attempts.some(({ estimated }) => estimated) && { estimated: true }),
  })
}
