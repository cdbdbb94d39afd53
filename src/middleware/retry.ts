import type { Call } from '../core/call.js'
import type { Emitter } from '../core/emitter.js'
import { type ErrorCode, isLeashError, type LeashError } from '../core/errors.js'
import type { Middleware } from '../core/middleware.js'
import { sleep, timeLeft } from '../core/signals.js'
import { waitedOut } from '../core/waited-out.js'

/** How often to retry, and after how long. */
export interface RetryPolicy {
  /** Attempts at one target, including the first. */
  readonly attempts?: number
  /** Milliseconds before the next attempt. A `Retry-After` of the vendor wins. */
  readonly backoff?: (attempt: number) => number
}

export interface RetryOptions extends RetryPolicy {
  /** Attempts at one target, including the first. A call's own `maxRetries` wins. @defaultValue 3 */
  readonly attempts?: number
  /** Milliseconds before the next attempt. A `Retry-After` of the vendor wins. @defaultValue exponential, 500 ms to 8 s, full jitter */
  readonly backoff?: (attempt: number) => number
  /** Other values for single error codes. They win over a call's `maxRetries`, unless that is 0. */
  readonly on?: { readonly [code in ErrorCode]?: RetryPolicy }
  /** The longest `Retry-After` that is waited for, in milliseconds. If it is longer, the call fails at once. @defaultValue 60000 */
  readonly retryAfterCapMs?: number
  /** Which failures are retried. @defaultValue those that the protocol marks as retryable */
  readonly when?: (error: LeashError) => boolean
  /**
   * Tokens against retry storms, shared by all calls of the leash: a retry takes one, an answer gives back a tenth of one.
   * When none is left, failures are final. @defaultValue 500
   */
  readonly tokens?: number
}

/** Nobody answered. Another target answers sooner than this one is up again. */
const dead: readonly ErrorCode[] = ['network_error', 'timeout']

/** The longest wait for a limit of our own, such as keys that all rest, while another target could be asked instead. */
const briefMs = 1000

/** The longest wait doubles with each failure; each wait is drawn evenly from zero up to it, so that clients that failed together do not return together. */
export function exponential({ baseMs = 500, maxMs = 8000 } = {}): (attempt: number) => number {
  return (attempt) => Math.random() * Math.min(maxMs, baseMs * 2 ** (attempt - 1))
}

/**
 * Sends the call again when the upstream failed in a way worth repeating.
 *
 * A stream fails here only before its first content: after that the caller has seen part of an answer, and another
 * try would show two.
 */
export function retry(options: RetryOptions = {}, emitter?: Emitter): Middleware {
  const {
    attempts = 3,
    backoff = exponential(),
    on = {},
    retryAfterCapMs = 60_000,
    when = (error) => error.retryable,
    tokens = 500,
  } = options
  /** In tenths of a token: fractions would not add up to a whole one. */
  const full = tokens * 10
  let bucket = full

  /** @returns milliseconds to wait for the next try; undefined when there is none */
  function waitAfter(error: LeashError, attempt: number, call: Call): number | undefined {
    const { maxRetries, maxAttempts = Number.POSITIVE_INFINITY } = call.options
    const policy = on[error.code] ?? {}
    const usual = maxRetries === undefined ? attempts : maxRetries + 1
    const limit = maxRetries === 0 ? 1 : (policy.attempts ?? usual)
    if (attempt >= limit || call.report.attempts.length >= maxAttempts) return undefined
    if (policy.attempts === undefined && dead.includes(error.code) && call.elsewhere?.(error)) return undefined
    if (bucket < 10 || call.signal?.aborted || waitedOut.has(error) || !when(error)) return undefined
    const delayMs = error.retryAfterMs ?? (policy.backoff ?? backoff)(attempt)
    const isOurs = call.alternatives && error.code === 'rate_limited' && !error.upstream
    const inTime = delayMs <= (isOurs ? Math.min(briefMs, retryAfterCapMs) : retryAfterCapMs) && delayMs < timeLeft(call.deadline)
    return inTime ? delayMs : undefined
  }

  return (next) =>
    async function retry(call) {
      let told: LeashError | undefined
      for (let attempt = 1; ; attempt++) {
        try {
          const result = await next(attempt === 1 ? call : { ...call, attempt })
          if (bucket < full) bucket = Math.min(full, bucket + 1)
          return result
        } catch (error) {
          if (!isLeashError(error)) throw error
          // A stream that told its own failure can be read by the caller: worth more than that nobody answered later.
          if (error.code !== 'network_error' || told === undefined || told.upstream?.status !== 200) told = error
          const delayMs = waitAfter(error, attempt, call)
          if (delayMs === undefined) throw told
          bucket -= 10
          if (emitter?.heard('retry')) emitter.emit('retry', { callId: call.id, attempt, delayMs, error: error.code })
          await sleep(delayMs, call.signal)
        }
      }
    }
}
