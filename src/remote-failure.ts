import type { Report } from './core/call.js'
import type { LeashError } from './core/errors.js'
import { toldOutside } from './core/inside.js'
import type { Engine } from './engine.js'

/** How a call has failed, as its caller over HTTP is told. What is kept back, the event `warning` tells. */
export function remoteFailure(error: LeashError, { emitter }: Engine, { id }: Report): LeashError {
  return toldOutside(error, (message) => emitter.emit('warning', { message: `${id}: ${message}` }))
}
