import type { Call, Result, Target } from '../core/call.js'
import type { Emitter } from '../core/emitter.js'
import { isLeashError } from '../core/errors.js'
import type { Middleware, Next } from '../core/middleware.js'
import type { MaybePromise } from '../core/store.js'
import { type Find, targetName } from '../core/target.js'
import { hasEffects } from '../protocols/effects.js'
import { attemptsLeft, keepingAttempts } from './attempts-left.js'
import { Latencies } from './hedge/latencies.js'
import { Race } from './hedge/race.js'
import { Share } from './hedge/share.js'
import { tellMove } from './tell-move.js'

export interface HedgeOptions {
  /**
   * Milliseconds after which a request is late. `p95`: the time within which 19 in 20 of the target's last answers began; nothing
   * is hedged before there were 20.
   *
   * @defaultValue 'p95'
   */
  readonly delayMs?: number | 'p95' | undefined
  /** The largest share of the last 1000 requests that may get a second one, from 0 to 1. @defaultValue 0.1 */
  readonly maxShare?: number | undefined
  /** Where the second request goes, as `provider/model`, through the layers of that target. @defaultValue 'same' */
  readonly to?: 'same' | (string & {}) | undefined
  /** Whether a call may be sent twice. @defaultValue if the vendor does and keeps nothing beyond its answer */
  readonly repeatable?: ((call: Call) => boolean) | undefined
}

export interface HedgeDeps {
  readonly emitter?: Emitter
  readonly find: Find
  /** Sets aside what a second attempt may cost, before it is sent. False: there is not enough, and it is not sent. */
  readonly reserve?: (second: Call) => MaybePromise<boolean>
}

/** What is remembered of tries that were made. */
export interface HedgeMemory {
  readonly share: Share
  readonly latencies: Latencies
}

export function remember({ maxShare = 0.1 }: HedgeOptions): HedgeMemory {
  return { share: new Share(maxShare), latencies: new Latencies() }
}

/**
 * Sends a call a second time when its answer is late, and takes the one that comes first. A stream has answered with its
 * first content.
 *
 * Where the second attempt goes to another target, this layer stands around those of both: each has its own breaker and its
 * own places. Else it stands within them, and both attempts are one try.
 */
export function hedge(options: HedgeOptions, deps: HedgeDeps, { share, latencies } = remember(options)): Middleware {
  const { emitter, find, reserve } = deps
  const { delayMs = 'p95', to = 'same', repeatable = isRepeatable } = options
  const took = (call: Call, ms: number) => latencies.add(call, ms)

  async function secondOf(call: Call, target: Target, before: number): Promise<Call | undefined> {
    // The first attempt may have been held up on its way, and not be in the report yet.
    const heldUp = call.report.attempts.length === before ? 1 : 0
    if (attemptsLeft(call) <= heldUp || !share.take()) return undefined
    const second: Call = to === 'same' ? { ...call, hedged: true } : beside(call, target)
    return !reserve || (await reserve(second)) ? second : undefined
  }

  function send(call: Call, target: Target, next: Next): Promise<Result> {
    share.count()
    const late = delayMs === 'p95' ? latencies.p95(call) : delayMs
    const before = call.report.attempts.length
    const first = to === 'same' ? call : keepingAttempts(call, 1)
    if (late === undefined) return timed(next, first, took)
    return new Race(next, { delayMs: late, second: () => secondOf(call, target, before), took }).run(first)
  }

  /** Nothing was sent: whoever would be asked beside it is asked in its stead. */
  async function instead(call: Call, target: Target, next: Next, refusal: unknown): Promise<Result> {
    const { report } = call
    tellMove(call, { from: targetName(call.target), to: targetName(target), because: 'circuit_open' }, emitter)
    const before = report.attempts.length
    try {
      return await next({ ...call, target })
    } catch (error) {
      throw report.attempts.length > before ? error : refusal
    }
  }

  return (next) =>
    function hedge(call) {
      const wanted = call.options.hedge ?? repeatable(call)
      if (!wanted) return next(call)
      if (to === 'same') return send(call, call.target, next)
      const target = find(to, call)
      const before = call.report.attempts.length
      return send(call, target, next).catch((error: unknown) => {
        if (call.alternatives || call.report.attempts.length > before || !isOpen(error)) throw error
        return instead(call, target, next, error)
      })
    }
}

/** A second attempt at another target is sent at once or not at all, and not again: the first one is still under way. */
function beside(call: Call, target: Target): Call {
  return { ...call, target, hedged: true, alternatives: true, options: { ...call.options, maxRetries: 0 } }
}

function isOpen(error: unknown): boolean {
  return isLeashError(error) && error.code === 'circuit_open'
}

function isRepeatable({ protocol, body }: Call): boolean {
  return !hasEffects(protocol, body)
}

async function timed(next: Next, call: Call, took: (call: Call, ms: number) => void) {
  const began = performance.now()
  const result = await next(call)
  took(call, performance.now() - began)
  return result
}
