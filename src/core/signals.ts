import { LeashError } from './errors.js'

/** Waits, and stops waiting at once when the signal fires. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(abortError(signal))
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort)
      resolve()
    }, ms)
    function abort() {
      clearTimeout(timer)
      reject(abortError(signal))
    }
    signal?.addEventListener('abort', abort, { once: true })
  })
}

/** The caller's own wish to stop, as an error. */
export function abortError(signal?: AbortSignal): LeashError {
  return new LeashError('aborted', 'The caller aborted the call.', { cause: signal?.reason })
}

/** Milliseconds left until the deadline, at least 0; `Infinity` without one. */
export function timeLeft(deadline: number | undefined): number {
  return deadline === undefined ? Number.POSITIVE_INFINITY : Math.max(0, deadline - Date.now())
}
