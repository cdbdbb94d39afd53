/**
 * Budgets that are held together with all other clients of a relay, without asking it for each call: it lends slices of what
 * is left, and a call takes from what was lent.
 */
import { checkNano } from '../core/check-nano.js'
import { LeashError } from '../core/errors.js'
import { nameIn } from '../core/space.js'
import type { Balance, BudgetScope, Budgets, MaybePromise, Reservation, Reserved, ReserveOptions } from '../core/store.js'
import { later } from '../core/timers.js'
import { Borrower } from './borrower.js'
import type { Connection } from './connection.js'
import { fresh } from './fresh.js'
import { HeldReservations } from './held.js'
import { Lender } from './lender.js'
import { isLimitless, LentScope } from './lent-scope.js'

/** How often the relay is told of slices that are used up or over. */
const tickMs = 1000

/** While others take from the same slices, what is free may be gone before who has waited for it looks. */
const mostLooks = 50

const mostScopes = 50_000

/** Among fewer, nobody looks for those whose windows are over. */
const fewScopes = 1000

export interface LeasedBudgetsDeps {
  readonly connection: Pick<Connection, 'post'>
  /** What becomes of calls when nothing can be lent since the relay is away: they pass, or fail with `overloaded`. */
  readonly whenAway: () => 'open' | 'closed'
  readonly warn: (message: string) => void
}

/** What a reservation is made of. */
interface Wish {
  readonly space: string
  readonly scopes: readonly LentScope[]
  readonly amount: number
  readonly options: ReserveOptions
}

export class LeasedBudgets implements Budgets {
  readonly countsAlone = true
  readonly #deps: LeasedBudgetsDeps
  readonly #lender: Lender
  readonly #borrower: Borrower
  readonly #held = new HeldReservations()
  readonly #scopes = new Map<string, LentScope>()
  /** Of which the relay does not know all yet. */
  readonly #active = new Set<LentScope>()
  /** When there are so many scopes, it is looked which of them can go. */
  #room = fewScopes
  #ticking = false
  #telling: Promise<void> | undefined
  #passing = false

  constructor(deps: LeasedBudgetsDeps) {
    this.#deps = deps
    this.#lender = new Lender(deps.connection, deps.whenAway)
    this.#borrower = new Borrower(this.#lender, (scope) => {
      this.#passing = false
      this.#touch(scope)
    })
  }

  reserve(space: string, scopes: readonly BudgetScope[], amount: number, options: ReserveOptions): MaybePromise<Reserved> {
    checkNano(amount, ...scopes.map(({ limit }) => limit))
    const wish: Wish = { space, scopes: scopes.map((scope) => this.#scope(space, scope)), amount, options }
    return this.#try(wish, none) ?? this.#wait(wish)
  }

  settle(reservation: Reservation, actual: number): void {
    checkNano(actual)
    for (const scope of this.#held.settle(reservation, actual)) this.#touch(scope)
  }

  release(reservation: Reservation): void {
    this.settle(reservation, 0)
  }

  /** Of a scope from which nothing was taken here, nothing is known. */
  read(space: string, key: string): Balance {
    return this.#scopes.get(nameIn(space, key))?.balance ?? { spent: 0, reserved: 0 }
  }

  /** Gives back what is not set aside, and tells the relay of the rest. What is settled later is told as it comes. */
  async close(): Promise<void> {
    await Promise.all([...this.#active].filter(({ untold }) => untold).map((scope) => this.#borrower.ahead(scope)))
    await this.#borrower.close()
    await this.giveBack()
  }

  async giveBack(): Promise<void> {
    for (const scope of this.#active) scope.expire(Number.POSITIVE_INFINITY)
    await this.#tellAll()
  }

  /** Tells the relay what has become of slices that are over, as far as it can be reached. */
  async #tellAll(): Promise<void> {
    while (this.#telling) await this.#telling
    this.#telling = this.#tell().finally(() => {
      this.#telling = undefined
    })
    await this.#telling
  }

  /**
   * @param passing scopes that nobody can be asked for, and that hold nobody up
   * @returns undefined when something must be lent first
   */
  #try(wish: Wish, passing: ReadonlySet<LentScope>): Reserved | undefined {
    const { scopes, amount } = wish
    const now = Date.now()
    let short = false
    for (const [at, scope] of scopes.entries()) {
      scope.expire(now)
      if (scope.free >= amount || passing.has(scope)) continue
      if (scope.local) return { ok: false, refused: at, balance: scope.balance }
      short = true
    }
    return short ? undefined : this.#take(wish, passing, now)
  }

  #take({ space, scopes, amount, options }: Wish, passing: ReadonlySet<LentScope>, now: number): Reserved {
    const { ttlMs, expired = 'spent' } = options
    const of = scopes.map((scope) => ({ scope, parts: passing.has(scope) ? [] : scope.take(amount) }))
    const reservation = this.#held.add({ space, amount, of, expired, until: now + ttlMs })
    for (const scope of scopes) {
      scope.use(amount, now)
      if (scope.isLow(now)) void this.#borrower.ahead(scope)
    }
    this.#tickLater()
    return { ok: true, reservation, balances: scopes.map(({ balance }) => balance) }
  }

  async #wait(wish: Wish): Promise<Reserved> {
    const { scopes, amount } = wish
    const passing = new Set<LentScope>()
    for (let look = 0; look < mostLooks; look++) {
      const reserved = this.#try(wish, passing)
      if (reserved) return reserved
      const short = scopes.filter((scope) => scope.free < amount && !passing.has(scope))
      const outcomes = await Promise.all(short.map((scope) => this.#borrower.need(scope, amount)))
      for (const [at, scope] of short.entries()) {
        const outcome = outcomes[at]
        if (outcome?.kind === 'refused') return { ok: false, refused: scopes.indexOf(scope), balance: scope.balance }
        if (outcome?.kind === 'away') passing.add(this.#passed(scope, outcome.error))
      }
    }
    throw new LeashError('overloaded', 'Too many calls take from the same budget at once. Try again.', { retryable: true })
  }

  /** @throws LeashError unless calls go on while the relay is away */
  #passed(scope: LentScope, error: LeashError): LentScope {
    // What the relay may have lent unseen goes back, whether anybody asks for more or not.
    this.#tickLater()
    if (this.#deps.whenAway() === 'closed') throw fresh(error)
    if (!this.#passing) this.#deps.warn(`Calls are held to no shared budget until the relay is back. ${error.detail}`)
    this.#passing = true
    return scope
  }

  #scope(space: string, { key, limit, endsAt }: BudgetScope): LentScope {
    const name = nameIn(space, key)
    let scope = this.#scopes.get(name)
    if (!scope) {
      if (this.#scopes.size >= this.#room) this.#makeRoom()
      scope = this.#put(name, new LentScope(key, limit))
    } else if (isLimitless(limit) !== isLimitless(scope.limit)) {
      // The policy has changed: what was only counted is limited from now on, or the other way round.
      scope = this.#succeed(name, scope, new LentScope(key, limit))
    } else if (scope.askAgainAt <= Date.now()) void this.#askAgain(name, scope)
    scope.endsAt = endsAt ?? Number.POSITIVE_INFINITY
    return scope
  }

  #put(name: string, scope: LentScope): LentScope {
    this.#scopes.set(name, scope)
    return scope
  }

  /** What was spent of it and is not told by its own slices is told with those of the next. */
  #succeed(name: string, scope: LentScope, next: LentScope): LentScope {
    const { spent } = scope.balance
    const own = scope.handOver()
    if (next.local) next.elsewhere = spent - own
    next.settle([], own)
    next.endsAt = scope.endsAt
    scope.successor = next
    return this.#put(name, next)
  }

  /** Whether the relay knows by now what it did not know before. */
  async #askAgain(name: string, scope: LentScope): Promise<void> {
    scope.askAgainAt = Number.POSITIVE_INFINITY
    const next = new LentScope(scope.key, scope.limit)
    const known = await this.#borrower.ahead(next)
    if (known) this.#succeed(name, scope, next)
    else scope.askAgainAt = known === undefined ? Date.now() : next.askAgainAt
  }

  /**
   * What others hold to can be asked for again, and what is only counted holds nobody. What is held to here alone cannot go
   * while its window lasts. Each time, at least as many as are left come before it is looked again.
   */
  #makeRoom(): void {
    const now = Date.now()
    this.#forget((scope) => scope.isOver(now))
    if (this.#scopes.size >= mostScopes) this.#forget((scope) => scope.isIdle(now) || isLimitless(scope.limit))
    this.#room = Math.min(mostScopes, Math.max(fewScopes, 2 * this.#scopes.size))
    if (this.#scopes.size < mostScopes) return
    throw new LeashError('overloaded', `This process holds to ${mostScopes} budgets already. Count fewer things apart.`)
  }

  #forget(gone: (scope: LentScope) => boolean): void {
    for (const [name, scope] of this.#scopes) if (gone(scope)) this.#scopes.delete(name)
  }

  #touch(scope: LentScope): void {
    scope.successor?.settle([], scope.handOver())
    if (scope.successor) this.#touch(scope.successor)
    if (scope.local) return
    this.#active.add(scope)
    this.#tickLater()
  }

  #tickLater(): void {
    if (this.#ticking) return
    this.#ticking = true
    later(tickMs, () => void this.#tick())
  }

  async #tick(): Promise<void> {
    for (const scope of this.#held.expire(Date.now())) this.#touch(scope)
    if (!this.#lender.away) await this.#tellAll()
    this.#ticking = false
    if (this.#active.size > 0 || this.#held.size > 0 || this.#lender.lost > 0) this.#tickLater()
  }

  async #tell(): Promise<void> {
    const now = Date.now()
    const all = [...this.#active].flatMap((scope) => {
      scope.expire(now)
      scope.retire()
      if (scope.untold && scope.renewAfter <= now && !scope.asking) void this.#borrower.ahead(scope)
      return scope.claims().map((told) => ({ ...told, scope }))
    })
    for (const told of await this.#lender.settle(all)) told.scope.told(told)
    for (const scope of this.#active) if (scope.empty) this.#active.delete(scope)
  }
}

const none: ReadonlySet<LentScope> = new Set()
