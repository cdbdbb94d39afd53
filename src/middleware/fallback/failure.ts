import { LeashError } from '../../core/errors.js'
import { isOfTheCall } from './triggers.js'

/** A target that could not answer. */
export interface Failed {
  /** `provider/model` */
  readonly name: string
  readonly error: LeashError
  /** Something was sent to it. */
  readonly reached: boolean
}

/**
 * What the caller is told. One target: its own failure. Several: `all_targets_failed` with the status of the last one that
 * was reached, or else that may do later, so that a caller who waits after a 429 does so here too.
 */
export function failureOf(all: readonly Failed[], note?: string): LeashError {
  const last = all.at(-1)
  if (!last) return new LeashError('unsupported', 'There is no target to send this call to. Name a model.')
  if (all.length === 1 || isOfTheCall(last.error)) return last.error
  const told = all.findLast(({ reached }) => reached) ?? all.findLast(({ error }) => error.retryable) ?? last
  const list = all.map(({ name, error }) => `${name} (${error.code}, ${error.status})`).join(', ')
  const later = all.some(({ error }) => error.retryable)
  const advice = later ? 'Send the call again later.' : 'See to these, or name other models in `fallback`.'
  const waits = all.flatMap(({ error }) => error.retryAfterMs ?? [])
  return new LeashError(
    'all_targets_failed',
    `None of ${all.length} targets could answer: ${list}.${note ? ` ${note}` : ''} ${advice}`,
    { status: told.error.status, cause: last.error, retryAfterMs: waits.length > 0 ? Math.min(...waits) : undefined },
  )
}
