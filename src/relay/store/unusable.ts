import { LeashError } from '../../core/errors.js'
import { inside } from '../../core/inside.js'

/** What a database has said names addresses, users and tables. */
export function unusable(why: string, cause?: unknown): LeashError {
  const error = new LeashError('overloaded', `The relay's database cannot be used: ${why}.`, { cause, retryable: true })
  return inside(error, "The relay's database cannot be used. Try again later.")
}
