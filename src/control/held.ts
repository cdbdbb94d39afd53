/** Reservations that are not settled. */
import type { Reservation } from '../core/store.js'
import type { LentScope } from './lent-scope.js'
import type { Part } from './slices.js'

/** For so long a reservation that has expired may still be settled, and corrects what it was counted as. */
const afterwardsMs = 24 * 3600 * 1000

interface Holding {
  readonly space: string
  readonly amount: number
  readonly of: readonly { readonly scope: LentScope; readonly parts: readonly Part[] }[]
  readonly expired: Reservation['expired']
  /** Milliseconds since 1970; then it becomes late, and a day later it is forgotten. */
  until: number
}

/**
 * Linked to those before and after it. In a map, which lives for long and is made anew now and then, each would stay in memory
 * until the next full collection: V8 sees the map that was before as in use.
 */
class Held implements Reservation {
  readonly id: string
  readonly holding: Holding
  late = false
  /** None, once it is settled. */
  list: HeldReservations | undefined
  before: Held | undefined
  after: Held | undefined

  constructor(id: string, holding: Holding) {
    this.id = id
    this.holding = holding
  }
  get space(): string {
    return this.holding.space
  }
  get keys(): readonly string[] {
    return this.holding.of.map(({ scope }) => scope.key)
  }
  get amount(): number {
    return this.holding.amount
  }
  get expired(): Reservation['expired'] {
    return this.holding.expired
  }
}

export class HeldReservations {
  readonly #prefix = crypto.randomUUID()
  #last: Held | undefined
  #count = 0
  #size = 0
  #nextExpiry = Number.POSITIVE_INFINITY

  get size(): number {
    return this.#size
  }

  add(holding: Holding): Reservation {
    const held = new Held(`${this.#prefix}:${this.#count++}`, holding)
    held.list = this
    held.before = this.#last
    if (this.#last) this.#last.after = held
    this.#last = held
    this.#size++
    this.#nextExpiry = Math.min(this.#nextExpiry, holding.until)
    return held
  }

  /** @returns the scopes of which something has changed */
  settle(reservation: Reservation, actual: number): readonly LentScope[] {
    if (!(reservation instanceof Held) || reservation.list !== this) return []
    this.#remove(reservation)
    const { late, holding } = reservation
    for (const { scope, parts } of holding.of) {
      if (!late) scope.settle(parts, actual)
      else if (holding.expired === 'spent') scope.correct(parts, actual)
      else scope.settle([], actual)
    }
    return scopesOf(holding)
  }

  /** They are not in the order of their expiry: all are looked at, and that only when one has expired. */
  expire(now: number): readonly LentScope[] {
    if (this.#nextExpiry > now) return []
    this.#nextExpiry = Number.POSITIVE_INFINITY
    const changed: LentScope[] = []
    let next: Held | undefined
    for (let held = this.#last; held; held = next) {
      next = held.before
      const { holding } = held
      if (holding.until <= now && !held.late) {
        const actual = holding.expired === 'spent' ? holding.amount : 0
        for (const { scope, parts } of holding.of) scope.settle(parts, parts.length === 0 ? 0 : actual)
        changed.push(...scopesOf(holding))
        held.late = true
        holding.until += afterwardsMs
      }
      if (holding.until <= now) this.#remove(held)
      else this.#nextExpiry = Math.min(this.#nextExpiry, holding.until)
    }
    return changed
  }

  #remove(held: Held): void {
    const { before, after } = held
    if (before) before.after = after
    if (after) after.before = before
    else this.#last = before
    held.list = held.before = held.after = undefined
    this.#size--
  }
}

function scopesOf({ of }: Holding): LentScope[] {
  return of.map(({ scope }) => scope)
}
