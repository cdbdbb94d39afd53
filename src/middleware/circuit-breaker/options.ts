import type { ErrorCode, LeashError } from '../../core/errors.js'

export interface BreakerOptions {
  /** Opens after so many failed calls in a row. Calls that ran at the same time count once. @defaultValue 10 */
  readonly consecutive?: number
  /** Opens above this share of failed calls in the window, from 0 to 1. @defaultValue 0.5 */
  readonly errorRate?: number
  /** The same for calls that timed out. @defaultValue 0.3 */
  readonly timeoutRate?: number
  /** Milliseconds after which an answer, or the beginning of a stream, counts as slow. @defaultValue never */
  readonly slowMs?: number
  /** Opens above this share of slow calls. @defaultValue 0.5 */
  readonly slowRate?: number
  /** Shares only count once the window has so many calls. @defaultValue 20 */
  readonly minimumCalls?: number
  /** The length of the window, in milliseconds. @defaultValue 60000 */
  readonly windowMs?: number
  /** How long nothing is sent, in milliseconds. A longer `Retry-After` of the vendor wins. @defaultValue 30000 */
  readonly cooldownMs?: number
  /** The longest `Retry-After` that is heeded, in milliseconds. @defaultValue 300000 */
  readonly retryAfterCapMs?: number
  /** Calls at the same time that may test whether the target answers again. @defaultValue 1 */
  readonly trials?: number
  /** Which failures count against the target. @defaultValue those of the connection and of the vendor, except rate limits */
  readonly counts?: (error: LeashError) => boolean
  /** If no other target is left: fail at once, or ask the one that would be tested soonest. @defaultValue 'fail' */
  readonly whenAllOpen?: 'fail' | 'least-bad'
}

/** The numbers among the options. */
export type Rules = Required<Omit<BreakerOptions, 'counts' | 'whenAllOpen'>>

export const usual: Rules = {
  consecutive: 10,
  errorRate: 0.5,
  timeoutRate: 0.3,
  slowMs: Number.POSITIVE_INFINITY,
  slowRate: 0.5,
  minimumCalls: 20,
  windowMs: 60_000,
  cooldownMs: 30_000,
  retryAfterCapMs: 300_000,
  trials: 1,
}

const failures: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'upstream_error',
  'upstream_malformed',
  'overloaded',
  'network_error',
  'stream_truncated',
  'timeout',
  'deadline_exceeded',
])

/** A wrong request, a wrong key and a limit that was reached say nothing against the target: it is there, and answers. */
export function isFailure({ code }: Pick<LeashError, 'code'>): boolean {
  return failures.has(code)
}
