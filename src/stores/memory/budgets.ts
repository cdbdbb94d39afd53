import { afterwardsMs } from '../../core/afterwards.js'
import { checkNano } from '../../core/check-nano.js'
import { LeashError } from '../../core/errors.js'
import { nameIn } from '../../core/space.js'
import type { Balance, BudgetScope, Budgets, Reservation, Reserved, ReserveOptions } from '../../core/store.js'

interface Held {
  readonly amount: number
  readonly expired: Reservation['expired']
  /** Milliseconds since 1970; then it becomes late, and a day later it is forgotten. */
  until: number
  late: boolean
}

interface Scope {
  spent: number
  reserved: number
  readonly held: Map<string, Held>
  /** No reservation expires before. */
  nextExpiry: number
  /** Milliseconds since 1970 after which all of it may be forgotten. */
  forgetAt: number
}

export class MemoryBudgets implements Budgets {
  readonly #maxScopes: number
  readonly #scopes = new Map<string, Scope>()

  constructor(maxScopes: number) {
    this.#maxScopes = maxScopes
  }

  reserve(space: string, scopes: readonly BudgetScope[], amount: number, options: ReserveOptions): Reserved {
    checkNano(amount, ...scopes.map(({ limit }) => limit))
    const now = Date.now()
    const found = scopes.map(({ key, endsAt }) => this.#scope(space, key, endsAt, now))
    const refused = found.findIndex(({ spent, reserved }, at) => spent + reserved + amount > (scopes[at]?.limit ?? 0))
    const full = found[refused]
    if (full) return { ok: false, refused, balance: balanceOf(full) }
    const { ttlMs, expired = 'spent' } = options
    const id = crypto.randomUUID()
    for (const scope of found) {
      scope.reserved += amount
      scope.held.set(id, { amount, expired, until: now + ttlMs, late: false })
      scope.nextExpiry = Math.min(scope.nextExpiry, now + ttlMs)
    }
    const reservation: Reservation = { id, space, keys: scopes.map(({ key }) => key), amount, expired }
    return { ok: true, reservation, balances: found.map(balanceOf) }
  }

  settle({ id, space, keys, amount, expired }: Reservation, actual: number): void {
    checkNano(actual)
    const now = Date.now()
    for (const key of keys) {
      const scope = this.#scopes.get(nameIn(space, key))
      if (!scope) continue
      sweep(scope, now)
      const held = scope.held.get(id)
      if (!held) continue
      scope.held.delete(id)
      if (!held.late) scope.reserved -= amount
      scope.spent += held.late && expired === 'spent' ? actual - amount : actual
    }
  }

  release(reservation: Reservation): void {
    this.settle(reservation, 0)
  }

  read(space: string, key: string): Balance {
    const now = Date.now()
    const scope = this.#scopes.get(nameIn(space, key))
    if (!scope || scope.forgetAt <= now) return { spent: 0, reserved: 0 }
    sweep(scope, now)
    return balanceOf(scope)
  }

  #scope(space: string, key: string, endsAt: number | undefined, now: number): Scope {
    const name = nameIn(space, key)
    const forgetAt = endsAt === undefined ? Number.POSITIVE_INFINITY : endsAt + afterwardsMs
    const known = this.#scopes.get(name)
    if (known && known.forgetAt > now) {
      known.forgetAt = forgetAt
      sweep(known, now)
      return known
    }
    if (this.#scopes.size >= this.#maxScopes && !known) this.#makeRoom(now)
    const scope: Scope = { spent: 0, reserved: 0, held: new Map(), nextExpiry: Number.POSITIVE_INFINITY, forgetAt }
    this.#scopes.set(name, scope)
    return scope
  }

  /** A budget that is forgotten is one that nobody is held to, so a living one never makes room. */
  #makeRoom(now: number): void {
    for (const [name, { forgetAt }] of this.#scopes) if (forgetAt <= now) this.#scopes.delete(name)
    if (this.#scopes.size < this.#maxScopes) return
    throw new LeashError(
      'overloaded',
      `The memory store holds ${this.#maxScopes} budgets already. Raise \`maxBudgets\` of memory(), or use the Redis store.`,
    )
  }
}

const balanceOf = ({ spent, reserved }: Scope): Balance => ({ spent, reserved })

/** Reservations are not in the order of their expiry: all are looked at, and that only when one has expired. */
function sweep(scope: Scope, now: number): void {
  if (scope.nextExpiry > now) return
  scope.nextExpiry = Number.POSITIVE_INFINITY
  for (const [id, held] of scope.held) {
    if (held.until <= now && !held.late) {
      scope.reserved -= held.amount
      if (held.expired === 'spent') scope.spent += held.amount
      held.late = true
      held.until += afterwardsMs
    }
    if (held.until <= now) scope.held.delete(id)
    else scope.nextExpiry = Math.min(scope.nextExpiry, held.until)
  }
}
