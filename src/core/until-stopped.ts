import type { Call } from './call.js'
import { abortError } from './signals.js'

/**
 * What a layer waits for that knows no signal, such as a store over a network: until it is there, or the caller has left.
 *
 * @param late is done when it comes after that
 */
export function untilStopped<T>(work: Promise<T>, { signal }: Pick<Call, 'signal'>, late?: () => void): Promise<T> {
  if (!signal) return work
  return new Promise((resolve, reject) => {
    const stop = () => {
      reject(abortError(signal))
      work.then(late, () => {})
    }
    if (signal.aborted) return stop()
    signal.addEventListener('abort', stop, { once: true })
    const letGo = () => signal.removeEventListener('abort', stop)
    work.then(letGo, letGo)
    work.then(resolve, reject)
  })
}
