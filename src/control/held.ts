/** Reservations that are not settled. */
import type { Reservation } from '../core/store.js'
import type { LentScope } from './lent-scope.js'
import type { Part } from './slices.js'

/** For so long a reservation that has expired may still be settled, and corrects what it was counted as. */
const afterwardsMs = 24 * 3600 * 1000

export interface Held {
  readonly amount: number
  readonly of: readonly { readonly scope: LentScope; readonly parts: readonly Part[] }[]
  readonly expired: Reservation['expired']
  /** Milliseconds since 1970; then it becomes late, and a day later it is forgotten. */
  until: number
  late: boolean
}

export class HeldReservations {
  readonly #prefix = crypto.randomUUID()
  readonly #held = new Map<string, Held>()
  #count = 0
  #nextExpiry = Number.POSITIVE_INFINITY

  get size(): number {
    return this.#held.size
  }

  /** @returns its id */
  add(held: Held): string {
    const id = `${this.#prefix}:${this.#count++}`
    this.#held.set(id, held)
    this.#nextExpiry = Math.min(this.#nextExpiry, held.until)
    return id
  }

  /** @returns the scopes of which something has changed */
  settle(id: string, actual: number): readonly LentScope[] {
    const held = this.#held.get(id)
    if (!held) return []
    this.#held.delete(id)
    const { of, late, expired } = held
    for (const { scope, parts } of of) {
      if (!late) scope.settle(parts, actual)
      else if (expired === 'spent') scope.correct(parts, actual)
      else scope.settle([], actual)
    }
    return scopesOf(held)
  }

  /** They are not in the order of their expiry: all are looked at, and that only when one has expired. */
  expire(now: number): readonly LentScope[] {
    if (this.#nextExpiry > now) return []
    this.#nextExpiry = Number.POSITIVE_INFINITY
    const changed: LentScope[] = []
    for (const [id, held] of this.#held) {
      if (held.until <= now && !held.late) {
        const actual = held.expired === 'spent' ? held.amount : 0
        for (const { scope, parts } of held.of) scope.settle(parts, parts.length === 0 ? 0 : actual)
        changed.push(...scopesOf(held))
        held.late = true
        held.until += afterwardsMs
      }
      if (held.until <= now) this.#held.delete(id)
      else this.#nextExpiry = Math.min(this.#nextExpiry, held.until)
    }
    return changed
  }
}

function scopesOf({ of }: Held): LentScope[] {
  return of.map(({ scope }) => scope)
}
