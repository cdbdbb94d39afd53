/** What this client has been lent of one scope, and what it has made of it. */
import type { LeaseSettlement } from './wire.js'

export type Claim = LeaseSettlement['leases'][number]

/** What is to be told of a slice. */
export interface Told {
  readonly slice: Slice
  readonly claim: Claim
}

/** A lease. `spent + reserved` is never more than `amount`. */
export interface Slice {
  readonly id: string
  readonly amount: number
  /** Milliseconds since 1970; nothing is taken from it afterwards. */
  readonly until: number
  spent: number
  reserved: number
  /** Spent beyond every lease. */
  beyond: number
  /** As the relay has it by now: what this client has of it. */
  known: number
  knownBeyond: number
  /** Whether the relay was told that it is over. */
  told: boolean
}

/** Of one reservation. */
export interface Part {
  readonly slice: Slice
  readonly amount: number
}

export class Slices {
  /** Could be set aside at once. Below 0 only for what nobody lends, when more was used than was set aside. */
  free = 0
  /** Settled and lent in all, by the relay's last word and what it has been told since. */
  taken = 0
  /** Spent with no lease to tell it by. */
  owed = 0
  /** Spent by others, or told of already, where the relay is not asked. */
  elsewhere = 0
  #spent = 0
  #reserved = 0
  #known = 0
  #handedOver = 0
  /** The one that ends first comes first. */
  #live: Slice[] = []
  /** Nothing is taken from them any more, but the relay does not know all of it. */
  readonly #over = new Set<Slice>()

  /** What all clients have spent, as far as it is known here, and what this one has set aside. */
  get balance(): { readonly spent: number; readonly reserved: number } {
    const byOthers = this.elsewhere + Math.max(0, this.taken - this.#known)
    return { spent: this.#spent + byOthers, reserved: this.#reserved }
  }

  /** What was spent, since the last time, of what nobody lends: no slice tells of it. */
  handOver(): number {
    const spent = this.#live.reduce((sum, { until, spent }) => (until === Number.POSITIVE_INFINITY ? sum + spent : sum), 0)
    const more = Math.max(0, spent - this.#handedOver)
    this.#handedOver += more
    return more
  }

  /** Whether there is nothing left to be done with them. */
  get empty(): boolean {
    return this.#live.length === 0 && this.#over.size === 0 && this.owed === 0
  }

  /** Something was spent while nobody could be asked, and there is no lease to tell it by. */
  get untold(): boolean {
    return this.owed > 0 && this.#live.length === 0 && this.#over.size === 0
  }

  add(id: string, amount: number, until: number): Slice {
    const slice: Slice = { id, amount, until, spent: 0, reserved: 0, beyond: 0, known: amount, knownBeyond: 0, told: false }
    this.#live.push(slice)
    this.#live.sort((a, b) => a.until - b.until)
    this.free += amount
    this.#known += amount
    return slice
  }

  /** There must be so much {@link free}. */
  take(amount: number): Part[] {
    const parts: Part[] = []
    let left = amount
    for (const slice of this.#live) {
      const part = Math.min(left, slice.amount - slice.spent - slice.reserved)
      if (part <= 0 && left > 0) continue
      slice.reserved += part
      parts.push({ slice, amount: part })
      left -= part
      if (left <= 0) break
    }
    this.free -= amount
    this.#reserved += amount
    return parts
  }

  /** Replaces what was set aside by what was spent. What is more comes out of what is free, and is owed where nothing is. */
  settle(parts: readonly Part[], actual: number): void {
    let left = actual
    for (const part of parts) {
      const spent = Math.min(left, part.amount)
      left -= spent
      this.#settlePart(part, spent)
    }
    if (left > 0) this.#overspend(left)
  }

  /** What was counted as spent, since nobody had said otherwise in time, was less or more. */
  correct(parts: readonly Part[], actual: number): void {
    for (const { slice, amount } of parts) {
      slice.spent -= amount
      slice.reserved += amount
      this.#spent -= amount
      this.#reserved += amount
    }
    this.settle(parts, actual)
  }

  /** Nothing is taken any more from slices whose time is over. @param now milliseconds since 1970 */
  expire(now: number): void {
    if (now < this.endsFirst) return
    for (const slice of this.#live.filter(({ until }) => until <= now && until < Number.POSITIVE_INFINITY)) this.#end(slice)
  }

  /** Slices of which all is spent are of no further use. */
  retire(): void {
    for (const slice of this.#live.filter(({ spent, amount, until }) => spent === amount && until < Number.POSITIVE_INFINITY)) {
      this.#end(slice)
    }
  }

  /** When the first slice ends, in milliseconds since 1970. */
  get endsFirst(): number {
    return this.#live[0]?.until ?? Number.POSITIVE_INFINITY
  }

  /** What the relay is to be told. What is set aside by slices that are over counts as spent, until it is settled. */
  claims(): Told[] {
    const [first] = this.#over
    if (first) {
      first.beyond += this.owed
      this.owed = 0
    }
    return [...this.#over].filter(isNews).map((slice) => ({
      slice,
      claim: { id: slice.id, spent: slice.spent + slice.reserved, ...(slice.beyond > 0 && { beyond: slice.beyond }) },
    }))
  }

  /** The relay has been told. */
  told({ slice, claim: { spent, beyond = 0 } }: Told): void {
    const more = spent - slice.known + beyond - slice.knownBeyond
    this.taken += more
    this.#known += more
    slice.told = true
    slice.known = spent
    slice.knownBeyond = beyond
    if (slice.reserved > 0 || slice.spent !== spent || slice.beyond !== beyond) return
    this.#over.delete(slice)
  }

  #settlePart({ slice, amount }: Part, spent: number): void {
    slice.reserved -= amount
    slice.spent += spent
    this.#reserved -= amount
    this.#spent += spent
    if (this.#live.includes(slice)) this.free += amount - spent
    else this.#over.add(slice)
  }

  #overspend(amount: number): void {
    let left = amount
    this.#spent += amount
    for (const slice of this.#live) {
      const room = slice.until === Number.POSITIVE_INFINITY ? left : slice.amount - slice.spent - slice.reserved
      const part = Math.min(left, room)
      slice.spent += part
      this.free -= part
      left -= part
    }
    this.owed += left
  }

  #end(slice: Slice): void {
    this.#live.splice(this.#live.indexOf(slice), 1)
    this.#over.add(slice)
    this.free -= slice.amount - slice.spent - slice.reserved
  }
}

function isNews({ told, spent, reserved, known, beyond, knownBeyond }: Slice): boolean {
  return !told || spent + reserved !== known || beyond !== knownBeyond
}
