import { LeashError } from '../core/errors.js'

/** @param message what the member is to be, after its name */
export function invalid(param: string, message: string): LeashError {
  return new LeashError('invalid_request', `\`${param}\` ${message}`, { param })
}
