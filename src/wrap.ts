/** Puts an instance of a vendor's own SDK on the leash. */
import { LeashError } from './core/errors.js'
import type { LeashInside } from './leash.js'

export function wrap<T extends object>(client: T, _leash: LeashInside): T {
  throw new LeashError('unsupported', `Cannot wrap ${client.constructor.name}.`)
}
