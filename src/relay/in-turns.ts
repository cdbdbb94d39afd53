import { setImmediate as turn } from 'node:timers/promises'

/** Takes a millisecond or a few. */
const atOnce = 1000

/** Many, some at a time, each in a turn of its own of the event loop: calls come in between. */
export async function* inTurns<T>(all: readonly T[]): AsyncGenerator<readonly T[]> {
  for (let at = 0; at < all.length; at += atOnce) {
    if (at > 0) await turn()
    yield all.slice(at, at + atOnce)
  }
}
