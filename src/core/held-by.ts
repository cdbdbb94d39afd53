import { hidden } from './hidden.js'

const held = hidden<object>()

/**
 * What lives for as long as `by` is there, such as a request. Once Node has collected a request, its signal never fires,
 * whoever listens to it: https://github.com/nodejs/undici/issues/3644
 *
 * @param by it holds one thing, the newest; undefined where a runtime has no signals for the requests that it serves. Never a
 * signal that a request was made with: Node holds that one for as long as the request is there, and so both would stay for ever
 */
export function heldBy<T extends object>(by: object | null | undefined, it: T): T {
  if (by) held.set(by, it)
  return it
}
