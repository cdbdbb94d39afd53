/** Failures within a process, such as those of its database: what they say of it is for whoever runs it, and not for a caller over HTTP. */
import { isLeashError, LeashError } from './errors.js'

/** Not by `hidden`: failures are few, and as the stores would share that with the client, the client would open one file more. */
const outside = new WeakMap<LeashError, string>()

/** @param told to a caller over HTTP, in place of the message */
export function inside(error: LeashError, told: string): LeashError {
  outside.set(error, told)
  return error
}

/**
 * The error as a caller over HTTP is told of it.
 *
 * @param tell hears the message that is kept back
 */
export function toldOutside(error: LeashError, tell: (message: string) => void): LeashError {
  const told = outside.get(error) ?? (isLeashError(error.cause) ? outside.get(error.cause) : undefined)
  if (told === undefined) return error
  tell(error.detail)
  // Without its cause: by that, it would be told a second time.
  const shown = new LeashError(error.code, told, { ...error })
  shown.attempts = error.attempts
  return shown
}
