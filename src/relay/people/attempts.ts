/** Counts those who try to sign in as somebody, so that nobody guesses for long. */
import { LeashError } from '../../core/errors.js'
import { Recent } from '../../core/recent.js'

const most = 10
const windowMs = 15 * 60_000
const mostKnown = 10_000

export class Attempts {
  readonly #now: () => number
  readonly #known = new Recent<string, { count: number; readonly until: number }>(mostKnown)

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  /** Counted before anything is compared: tries that are made at once count too. @throws LeashError `rate_limited` */
  begin(who: string): void {
    const now = this.#now()
    const known = this.#known.get(who)
    const current = known && known.until > now ? known : { count: 0, until: now + windowMs }
    if (current.count >= most)
      throw new LeashError('rate_limited', 'Too many have tried to sign in here. Wait, or sign in by a key.', {
        retryAfterMs: current.until - now,
      })
    current.count++
    this.#known.set(who, current)
  }

  succeeded(who: string): void {
    this.#known.delete(who)
  }
}
