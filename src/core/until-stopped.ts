import type { Call } from './call.js'
import { abortError, onStop } from './signals.js'

/**
 * What a layer waits for that knows no signal, such as a store over a network: until it is there, the caller has left, or the
 * deadline has passed.
 *
 * @param late is done when it comes after that
 */
export function untilStopped<T>(work: Promise<T>, call: Pick<Call, 'signal' | 'deadline'>, late?: (made: T) => void): Promise<T> {
  const { signal, deadline } = call
  if (!signal && deadline === undefined) return work
  return new Promise((resolve, reject) => {
    const stop = (error: unknown) => {
      reject(error)
      work.then(late, () => {})
    }
    if (signal?.aborted) return stop(abortError(signal))
    const letGo = onStop(call, stop)
    work.then(letGo, letGo)
    work.then(resolve, reject)
  })
}
