/** What a call ends with that has failed, where that is not as it was thrown. Loaded by the first such call. */
import { isLeashError, LeashError, messageOf } from './core/errors.js'
import { inside } from './core/inside.js'
import { unknownName } from './resolve.js'

export async function callFailure(error: unknown): Promise<LeashError> {
  if (!isLeashError(error)) return thrown(error)
  const unknown = unknownName.get(error)
  return unknown === undefined ? error : (await import('./suggest.js')).suggest(error, unknown)
}

function thrown(cause: unknown): LeashError {
  const error = new LeashError('invalid_config', `A middleware or a store threw ${messageOf(cause)}.`, { status: 500, cause })
  return inside(error, 'A middleware or a store of this server threw. The event `warning` of its leash says what.')
}
