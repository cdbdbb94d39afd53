/** Garbage collections, forced. */
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { until } from './mock.js'

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

/** A signal is let go of in the turn after that in which its request is. */
export async function collectAll(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) {
    await sleep(10)
    collect()
  }
}

/** Waits until nobody holds it any more. */
export const collected = (one: WeakRef<object>): Promise<void> =>
  until(() => {
    collect()
    return one.deref() === undefined
  })
