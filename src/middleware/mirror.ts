import type { Call, Report, Result } from '../core/call.js'
import type { Emitter } from '../core/emitter.js'
import { isLeashError, LeashError } from '../core/errors.js'
import { callId } from '../core/id.js'
import type { Middleware, Next } from '../core/middleware.js'
import { createReport, endReport, reportResult, whenEnded } from '../core/report.js'
import type { Find } from '../core/target.js'
import { kindOf } from '../protocols/index.js'
import { type Answer, Listener } from './mirror/answer.js'

export interface MirrorOptions {
  /** The model that gets the copies, as `provider/model` or by a route's name. */
  readonly to: string
  /** The share of calls to copy, chosen at random: 0.05 is one in twenty. @defaultValue 1 */
  readonly share?: number
  /** Which calls may be copied. @defaultValue all chat calls */
  readonly when?: (call: Call) => boolean
  /** Most copies under way at the same time. @defaultValue 10 */
  readonly maxInFlight?: number
  /** Called with both answers once both are complete. An error that it throws surfaces as an uncaught one. */
  readonly onResult?: (pair: MirrorPair) => void
}

/** A call and its copy. */
export interface MirrorPair {
  readonly call: Mirrored
  readonly mirror: Mirrored
}

export interface Mirrored {
  readonly report: Report
  /** Absent when it failed, was left, or was too long to keep. */
  readonly answer?: Answer
  readonly error?: LeashError
}

interface MirrorDeps {
  readonly emitter: Emitter
  readonly find: Find
  /** From 0 to below 1. @defaultValue Math.random */
  readonly random?: () => number
}

/** A copy has no caller who would give up on it. */
const longestMs = 600_000

/**
 * Sends copies of calls to another target. The caller waits for none of it, and cannot be harmed by it: a copy has a
 * report of its own, is made after the call has been sent, is not retried, and is dropped where too many are under way.
 */
export class Mirror {
  readonly #options: MirrorOptions
  readonly #deps: MirrorDeps
  readonly #random: () => number
  readonly #underway = new Set<AbortController>()
  #closed = false

  constructor(options: MirrorOptions, deps: MirrorDeps) {
    this.#options = options
    this.#deps = deps
    this.#random = deps.random ?? Math.random
  }

  readonly middleware: Middleware = (next) => {
    const mirror = this
    return function mirrored(call) {
      return mirror.#isDue(call) ? mirror.#both(call, next) : next(call)
    }
  }

  /** Abandons the copies that are under way. */
  close(): void {
    this.#closed = true
    for (const copy of this.#underway) copy.abort()
  }

  #isDue(call: Call): boolean {
    const { share = 1, when, maxInFlight = 10 } = this.#options
    if (this.#closed || this.#underway.size >= maxInFlight || kindOf(call.protocol) !== 'chat') return false
    return this.#random() < share && (when?.(call) ?? true)
  }

  #both(call: Call, next: Next): Promise<Result> {
    const { onResult } = this.#options
    const listener = onResult && new Listener(call)
    const result = listener ? next(call).then((result) => listener.to(result)) : next(call)
    // Its place is taken now: calls that come at once must not all find room.
    const abandon = new AbortController()
    this.#underway.add(abandon)
    // In a turn of its own: the call itself has been sent by then.
    queueMicrotask(async () => {
      const mirror = await this.#copy(call, next, abandon)
      if (onResult && listener) onResult({ call: await outcomeOf(result, call.report, listener), mirror })
    })
    return result
  }

  async #copy(call: Call, next: Next, abandon: AbortController): Promise<Mirrored> {
    const { emitter, find } = this.#deps
    const report = createReport(callId(), call.report.tags, call.id)
    const listener = this.#options.onResult && new Listener(call)
    try {
      const result = await next({
        ...call,
        id: report.id,
        target: find(this.#options.to, call),
        report,
        signal: abandon.signal,
        deadline: Math.min(call.deadline ?? Number.POSITIVE_INFINITY, Date.now() + longestMs),
        options: { ...call.options, maxRetries: 0, fallback: false },
      })
      const heard = reportResult(listener ? listener.to(result) : result, report, emitter)
      if (heard.stream) for await (const _ of heard.body);
      return { report, ...(await listener?.outcome()) }
    } catch (error) {
      endReport(report, emitter)
      return { report, error: asError(error) }
    } finally {
      this.#underway.delete(abandon)
    }
  }
}

async function outcomeOf(result: Promise<Result>, report: Report, listener: Listener): Promise<Mirrored> {
  try {
    await result
  } catch (error) {
    return { report: await whenEnded(report), error: asError(error) }
  }
  return { report: await whenEnded(report), ...(await listener.outcome()) }
}

function asError(error: unknown): LeashError {
  if (isLeashError(error)) return error
  return new LeashError('network_error', 'The connection broke, or a layer of the stack threw.', { cause: error })
}
