/** Counts those who try to sign in as somebody, so that nobody guesses for long. */
import { LeashError } from '../../core/errors.js'
import { Recent } from '../../core/recent.js'
import type { MaybePromise } from '../../core/store.js'
import type { SharedCounts } from '../replicas/replicas.js'

const most = 10
const windowMs = 15 * 60_000
const mostKnown = 10_000

export class Attempts {
  readonly #now: () => number
  readonly #known = new Recent<string, { count: number; readonly until: number }>(mostKnown)
  readonly #counts: SharedCounts | undefined

  /** @param counts of the relays that count together; absent: this process by itself */
  constructor(counts?: SharedCounts, now: () => number = Date.now) {
    this.#counts = counts
    this.#now = now
  }

  /** Counted before anything is compared: tries that are made at once count too. @throws LeashError `rate_limited` */
  begin(who: string): MaybePromise<void> {
    const now = this.#now()
    const known = this.#known.get(who)
    const current = known && known.until > now ? known : { count: 0, until: now + windowMs }
    if (current.count >= most) throw tooMany(current.until - now)
    current.count++
    this.#known.set(who, current)
    if (this.#counts) return this.#among(this.#counts, who)
  }

  async succeeded(who: string): Promise<void> {
    this.#known.delete(who)
    await this.#counts?.forget(nameOf(who))
  }

  /** When nobody can say, this process has said what it knows. */
  async #among(counts: SharedCounts, who: string): Promise<void> {
    const known = await counts.add(nameOf(who), windowMs)
    if (known && known.count > most) throw tooMany(known.leftMs)
  }
}

const nameOf = (who: string) => `sign-in ${who}`

const tooMany = (retryAfterMs: number) =>
  new LeashError('rate_limited', 'Too many have tried to sign in here. Wait, or sign in by a key.', { retryAfterMs })
