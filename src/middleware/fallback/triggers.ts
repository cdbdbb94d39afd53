import type { ErrorCode, LeashError } from '../../core/errors.js'

/**
 * What another target may do better. Not among them: what is wrong with the request itself (`invalid_request`), for a
 * caller's mistake that is answered by three vendors is three bills and no answer; and what the caller or a rule of ours
 * has decided (`aborted`, `deadline_exceeded`, `budget_exceeded`, `policy_blocked`, `model_not_allowed`).
 */
const usual: readonly ErrorCode[] = [
  'upstream_error',
  'upstream_malformed',
  'overloaded',
  'rate_limited',
  'timeout',
  'network_error',
  'stream_truncated',
  'circuit_open',
  'missing_key',
  'missing_dependency',
  'authentication_failed',
  'permission_denied',
  'not_found',
  'unknown_model',
  'context_window_exceeded',
  'request_too_large',
  'content_filtered',
  'unsupported',
  'translation_loss',
]

/** These end the whole call, whatever the options say. */
const final: readonly ErrorCode[] = ['aborted', 'deadline_exceeded']

/** Ends the call as it is: to the caller it is of no interest which target the call had come to. */
export function isOfTheCall({ code }: LeashError): boolean {
  return final.includes(code) || code === 'budget_exceeded' || code === 'policy_blocked'
}

export type Trigger = readonly ErrorCode[] | ((error: LeashError) => boolean)

export function triggered(on: Trigger = usual): (error: LeashError) => boolean {
  const wanted = typeof on === 'function' ? on : (error: LeashError) => on.includes(error.code)
  return (error) => !final.includes(error.code) && wanted(error)
}
