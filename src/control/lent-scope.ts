/** One scope as this client sees it: what it was lent, who waits for more, and how fast it is used. */
import { afterwardsMs } from '../core/afterwards.js'
import type { LeashError } from '../core/errors.js'
import { mostNano } from '../core/money.js'
import { fresh } from './fresh.js'
import { Slices } from './slices.js'
import type { Lease } from './wire.js'

/** What has become of a need for more. */
export type Outcome =
  | { readonly kind: 'look' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'away'; readonly error: LeashError }

export interface Need {
  readonly amount: number
  resolve(outcome: Outcome): void
  reject(error: unknown): void
}

/**
 * A slice is to last for so many seconds at the rate of the last one. How much of what is left may go to one client is for the
 * relay to say; a slice that is small at a high rate would have calls wait for the next.
 */
const seconds = 2

export class LentScope extends Slices {
  readonly key: string
  /** Of who asks: the relay has its own. */
  readonly limit: number
  /** Of its window, in milliseconds since 1970. */
  endsAt = Number.POSITIVE_INFINITY
  /** Nobody is held to it together with others. */
  local = false
  /** In its place from now on; calls that are under way are settled here none the less. */
  successor: LentScope | undefined
  needs: Need[] = []
  asking = false
  /** The relay knew nothing of it, and may know better by then, in milliseconds since 1970. */
  askAgainAt = Number.POSITIVE_INFINITY
  /** Not to be asked for ahead of need before then, in milliseconds since 1970. */
  renewAfter = 0
  #second = 0
  #used = 0
  #usedBefore = 0
  /** Of the last slice. */
  #lent = 0
  #halfTime = Number.POSITIVE_INFINITY
  #last = 0

  constructor(key: string, limit: number) {
    super()
    this.key = key
    this.limit = limit
    if (isLimitless(limit)) this.keep()
  }

  /** Nobody else is held to it, or is asked. */
  keep(): void {
    this.local = true
    this.add('', this.limit, Number.POSITIVE_INFINITY)
  }

  /** Nothing is lost with it. @param now milliseconds since 1970 */
  isIdle(now: number): boolean {
    if (this.local) return this.endsAt + afterwardsMs <= now
    return this.empty && this.needs.length === 0 && !this.asking
  }

  /** Nor is anybody to take from it again. */
  isOver(now: number): boolean {
    return this.endsAt <= now && this.isIdle(now)
  }

  /** @param until milliseconds since 1970 */
  lend({ id, amount, taken }: Lease, until: number): void {
    this.add(id, amount, until)
    this.taken = taken
    this.#lent = amount
    this.#halfTime = (Date.now() + until) / 2
    this.renewAfter = 0
  }

  /** Something is about to be taken. */
  use(amount: number, now: number): void {
    const second = Math.floor(now / 1000)
    if (second !== this.#second) {
      this.#usedBefore = second === this.#second + 1 ? this.#used : 0
      this.#used = 0
      this.#second = second
    }
    this.#used += amount
    this.#last = amount
  }

  /** Half of the last slice is used, or half of its time is over. */
  isLow(now: number): boolean {
    return !this.local && !this.asking && (this.free < this.#lent / 2 || now > this.#halfTime) && now >= this.renewAfter
  }

  /** What to ask for: for those who wait, or ahead of the next. */
  request(): { readonly least: number; readonly wanted: number } {
    const amounts = this.needs.map(({ amount }) => amount)
    const waiting = amounts.reduce((sum, amount) => sum + amount, 0)
    const least = Math.max(1, amounts.length === 0 ? this.#last : Math.min(...amounts) - this.free)
    const rate = Math.max(this.#used, this.#usedBefore) + waiting
    return { least, wanted: Math.min(mostNano, Math.max(least, seconds * rate - this.free)) }
  }

  /** Whoever waits looks again, or is told why not. */
  answer(outcome: (need: Need) => Outcome): void {
    const { needs } = this
    this.needs = []
    for (const need of needs) need.resolve(outcome(need))
  }

  fail(error: unknown): void {
    const { needs } = this
    this.needs = []
    for (const { reject } of needs) reject(fresh(error))
  }
}

/** Nobody limits it: it is only counted. */
export function isLimitless(limit: number): boolean {
  return limit === mostNano
}
