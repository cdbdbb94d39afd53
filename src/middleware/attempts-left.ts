/** What is left of the attempts that a call may make, over all of its targets. */
import type { Call } from '../core/call.js'

/** `Infinity` where nothing bounds them. */
export function attemptsLeft({ options: { maxAttempts = Number.POSITIVE_INFINITY }, report }: Call): number {
  return maxAttempts - report.attempts.length
}

/** The call with one of them kept for each of so many others that may be asked: retries at the first must not use up all. */
export function keepingAttempts(call: Call, others: number): Call {
  const { options, report } = call
  if (options.maxAttempts === undefined) return call
  return { ...call, options: { ...options, maxAttempts: Math.max(report.attempts.length + 1, options.maxAttempts - others) } }
}
