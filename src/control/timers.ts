/** Timers that keep no process alive. */
type Timer = ReturnType<typeof setTimeout>

/** @returns a function that forgets it */
export function later(ms: number, action: () => void): () => void {
  const timer: Timer | number = setTimeout(action, ms)
  // Only where a timer keeps the process alive is it more than a number.
  if (typeof timer === 'object') timer.unref()
  return () => clearTimeout(timer)
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
