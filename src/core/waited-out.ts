import type { LeashError } from './errors.js'

/** Refusals of calls that have waited as long as they may, or would have to wait longer: to try again is not to wait on. */
export const waitedOut = new WeakSet<LeashError>()
