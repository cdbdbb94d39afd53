import { LeashError } from '../../core/errors.js'

/**
 * Lets so many requests be worked on at once: more would only wait in memory.
 *
 * @param full what is said to one more
 */
export function atOnce(most: number, full: string): <T>(work: () => Promise<T>) => Promise<T> {
  let count = 0
  return async (work) => {
    if (count >= most) throw new LeashError('rate_limited', full, { retryAfterMs: 1000 })
    count++
    try {
      return await work()
    } finally {
      count--
    }
  }
}
