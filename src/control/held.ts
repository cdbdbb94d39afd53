/** Reservations that are not settled. */
import { afterwardsMs } from '../core/afterwards.js'
import { Roster } from '../core/roster.js'
import type { Reservation } from '../core/store.js'
import type { LentScope } from './lent-scope.js'
import type { Part } from './slices.js'

interface Holding {
  readonly space: string
  readonly amount: number
  readonly of: readonly { readonly scope: LentScope; readonly parts: readonly Part[] }[]
  readonly expired: Reservation['expired']
  /** Milliseconds since 1970; then it becomes late, and a day later it is forgotten. */
  until: number
}

class Held implements Reservation {
  readonly id: string
  readonly holding: Holding
  late = false
  /** By whom it is held, and at which place; by nobody, once it is settled. */
  roster: Roster<Held> | undefined
  place = -1

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
  readonly #held = new Roster<Held>()
  #count = 0
  #nextExpiry = Number.POSITIVE_INFINITY

  get size(): number {
    return this.#held.size
  }

  add(holding: Holding): Reservation {
    const held = new Held(`${this.#prefix}:${this.#count++}`, holding)
    held.roster = this.#held
    held.place = this.#held.add(held)
    this.#nextExpiry = Math.min(this.#nextExpiry, holding.until)
    return held
  }

  /** @returns the scopes of which something has changed */
  settle(reservation: Reservation, actual: number): readonly LentScope[] {
    if (!(reservation instanceof Held) || reservation.roster !== this.#held) return []
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
    for (const held of this.#held.all()) {
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
    this.#held.remove(held.place)
    held.roster = undefined
  }
}

function scopesOf({ of }: Holding): LentScope[] {
  return of.map(({ scope }) => scope)
}
