/** What is good once: in this process, and among the relays that count together. */
import { LeashError } from '../../core/errors.js'
import type { MaybePromise } from '../../core/store.js'
import type { SharedCounts } from '../replicas/replicas.js'

/** Names that are remembered. More at a time are not taken: one that was forgotten could be used again. */
const mostNames = 500_000

export interface OnceOptions {
  /** What the names are, in the counts. */
  readonly what: string
  /** For how long a name could still be taken, in milliseconds. It is remembered for at least as long. */
  readonly keptMs: number
  /** Told to whoever comes when there is no room. */
  readonly full: string
  readonly most?: number
  readonly now?: () => number
  /** Of the relays that a name is good once for together. @defaultValue this process alone */
  readonly counts?: SharedCounts | undefined
}

export class Once {
  readonly #options: OnceOptions
  readonly #now: () => number
  /** Those of late, and of the time before. */
  #names = new Set<string>()
  #before = new Set<string>()
  #since: number

  constructor(options: OnceOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    this.#since = this.#now()
  }

  /** @returns whether it is the first time. @throws LeashError `rate_limited` */
  take(name: string): MaybePromise<boolean> {
    const { counts } = this.#options
    if (!this.#isFirstHere(name)) return false
    return counts ? this.#isFirstAmong(counts, name) : true
  }

  #isFirstHere(name: string): boolean {
    const { keptMs, full, most = mostNames } = this.#options
    const now = this.#now()
    if (now - this.#since > keptMs) {
      this.#before = now - this.#since > 2 * keptMs ? new Set() : this.#names
      this.#names = new Set()
      this.#since = now
    }
    if (this.#names.has(name) || this.#before.has(name)) return false
    if (this.#names.size >= most) throw new LeashError('rate_limited', full, { retryAfterMs: keptMs / 2 })
    this.#names.add(name)
    return true
  }

  /** When nobody can say, this process has said what it knows. */
  async #isFirstAmong(counts: SharedCounts, name: string): Promise<boolean> {
    const { what, keptMs } = this.#options
    const known = await counts.add(`${what} ${name}`, 1.5 * keptMs)
    return !known || known.count === 1
  }
}
