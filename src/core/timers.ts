/** Timers that keep no process alive. */

type Timer = ReturnType<typeof setTimeout>

/** @returns a function that forgets it */
export function later(ms: number, action: () => void): () => void {
  const timer = idle(setTimeout(action, ms))
  return () => clearTimeout(timer)
}

/** Does it again and again. @returns a function that ends it */
export function every(ms: number, action: () => unknown): () => void {
  const timer = idle(setInterval(action, ms))
  return () => clearInterval(timer)
}

/** Over when the time is, or the signal fires. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted || ms <= 0) return resolve()
    const done = () => {
      forget()
      signal.removeEventListener('abort', done)
      resolve()
    }
    const forget = later(ms, done)
    signal.addEventListener('abort', done, { once: true })
  })
}

/** Only where a timer keeps the process alive is it more than a number. */
function idle(timer: Timer | number): Timer | number {
  if (typeof timer === 'object') timer.unref()
  return timer
}
