/** What a call ends with that has failed, where that is not as it was thrown. Loaded by the first such call. */
import type { Emitter } from './core/emitter.js'
import { isLeashError, LeashError, messageOf } from './core/errors.js'
import { inside, toldOutside } from './core/inside.js'
import { unknownName } from './resolve.js'

interface Failed {
  readonly id: string
  /** The call came over HTTP. */
  readonly remote: boolean | undefined
}

export async function callFailure(error: unknown, { id, remote }: Failed, emitter: Emitter): Promise<LeashError> {
  const failure = isLeashError(error) ? error : thrown(error)
  const unknown = unknownName.get(failure)
  if (unknown !== undefined) return (await import('./suggest.js')).suggest(failure, unknown)
  return remote ? toldOutside(failure, (message) => emitter.emit('warning', { message: `${id}: ${message}` })) : failure
}

function thrown(cause: unknown): LeashError {
  const error = new LeashError('invalid_config', `A middleware threw ${messageOf(cause)}.`, { status: 500, cause })
  return inside(error, 'A middleware of this server threw. The event `warning` of its leash says what.')
}
