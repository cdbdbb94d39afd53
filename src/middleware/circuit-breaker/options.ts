import type { ErrorCode, LeashError } from '../../core/errors.js'

export interface BreakerOptions {
  /** Calls in a row that fail. Calls that ran at the same time count once. @defaultValue 10 */
  readonly consecutive?: number
  /** Opens above this share of calls that fail within the window, from 0 to 1. @defaultValue 0.5 */
  readonly errorRate?: number
  /** The same for calls that fail because they take too long. @defaultValue 0.3 */
  readonly timeoutRate?: number
  /** An answer, or the begin of a stream, that takes longer than so many milliseconds is slow. @defaultValue none is */
  readonly slowMs?: number
  /** Opens above this share of calls that are slow. @defaultValue 0.5 */
  readonly slowRate?: number
  /** Shares say nothing before there were so many calls in the window. @defaultValue 20 */
  readonly minimumCalls?: number
  /** What the shares are counted over, in milliseconds. @defaultValue 60000 */
  readonly windowMs?: number
  /** How long nothing is sent, in milliseconds. A longer `Retry-After` of the vendor wins. @defaultValue 30000 */
  readonly cooldownMs?: number
  /** The longest `Retry-After` that is kept to, in milliseconds. @defaultValue 300000 */
  readonly retryAfterCapMs?: number
  /** Calls that may try at the same time whether the target answers again. @defaultValue 1 */
  readonly trials?: number
  /** Which failures tell against the target. @defaultValue those of the way there and of the vendor, not rate limits */
  readonly counts?: (error: LeashError) => boolean
  /** When there is no other target left: fail at once, or go to the one that will be tried soonest. @defaultValue fail */
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
