/** How often somebody may come: a bucket each, which is filled as time goes by. In memory, and of a bounded number. */
import { Recent } from '../../core/recent.js'
import type { Rate } from './options.js'

interface Bucket {
  left: number
  at: number
}

/** Whoever has not come for the longest time is forgotten first, and has a full bucket when he comes again. */
const mostBuckets = 50_000

export class TokenBuckets {
  readonly #perMs: number
  readonly #burst: number
  readonly #now: () => number
  readonly #buckets = new Recent<string, Bucket>(mostBuckets)

  constructor({ perSecond, burst = Math.max(1, Math.ceil(perSecond)) }: Rate, now: () => number = () => performance.now()) {
    this.#perMs = perSecond / 1000
    this.#burst = burst
    this.#now = now
  }

  /** @returns milliseconds until there would be room; 0 when there was, and it is taken */
  take(whose: string): number {
    const bucket = this.#of(whose)
    if (bucket.left < 1) return Math.ceil((1 - bucket.left) / this.#perMs)
    bucket.left--
    return 0
  }

  /** As {@link take}, without taking it. */
  wait(whose: string): number {
    const { left } = this.#of(whose)
    return left < 1 ? Math.ceil((1 - left) / this.#perMs) : 0
  }

  #of(whose: string): Bucket {
    const now = this.#now()
    let bucket = this.#buckets.get(whose)
    if (!bucket) {
      bucket = { left: this.#burst, at: now }
      this.#buckets.set(whose, bucket)
    }
    bucket.left = Math.min(this.#burst, bucket.left + (now - bucket.at) * this.#perMs)
    bucket.at = now
    return bucket
  }
}
