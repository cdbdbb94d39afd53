import { heldBy } from './held-by.js'

/**
 * Fires with any of these signals, and when the time is over. What is given to `AbortSignal.any` is not held by it: before
 * 22.16, Node collects a timeout that nobody else holds, and it never fires; since 24.16, one that has fired while nobody listened.
 */
export function within(ms: number, ...signals: readonly AbortSignal[]): AbortSignal {
  const late = AbortSignal.timeout(ms)
  const first = AbortSignal.any([...signals, late])
  heldBy(first, late)
  return first
}
