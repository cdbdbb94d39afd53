import { LeashError } from '../../core/errors.js'

/**
 * Lets so many requests be worked on at once: more would only wait in memory.
 *
 * @param what they are, for the refusal
 */
export function atOnce(most: number, what: string): <T>(work: () => Promise<T>) => Promise<T> {
  let count = 0
  return async (work) => {
    if (count >= most)
      throw new LeashError('rate_limited', `Too many ${what} at once. Send this one again.`, { retryAfterMs: 1000 })
    count++
    try {
      return await work()
    } finally {
      count--
    }
  }
}
