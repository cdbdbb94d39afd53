import { isLeashError, LeashError } from '../core/errors.js'

/** The same failure for another call: each call's error carries that call's attempts. */
export function fresh(error: unknown): unknown {
  if (!isLeashError(error)) return error
  const { code, detail, status, cause, retryable, retryAfterMs } = error
  return new LeashError(code, detail, { status, cause, retryable, ...(retryAfterMs !== undefined && { retryAfterMs }) })
}
