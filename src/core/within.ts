import { later } from './timers.js'

/**
 * Fires with any of these signals, and when the time is over. By a timer of our own: a timeout of the platform's stays in memory
 * until its time is over, also when another has fired long before; and one that nobody holds may be collected, and never fires:
 * before 22.16 whatever listens to `AbortSignal.any`, since 24.16 while nobody listened.
 */
export function within(ms: number, ...signals: readonly AbortSignal[]): AbortSignal {
  const late = new AbortController()
  const forget = later(ms, () => late.abort(new DOMException('The time is over.', 'TimeoutError')))
  const first = AbortSignal.any([...signals, late.signal])
  first.addEventListener('abort', forget, { once: true })
  if (first.aborted) forget()
  return first
}
