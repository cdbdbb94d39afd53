/**
 * Lends slices of budgets to clients, which then hold their calls to them without asking. What is settled and lent never
 * passes a limit: a lease is a reservation in the very budget that the relay's own calls are held to.
 */
import { randomBytes } from 'node:crypto'
import type { Lease, LeaseRefusal } from '../../control/wire.js'
import { LeashError } from '../../core/errors.js'
import { mostNano } from '../../core/money.js'
import type { Balance, BudgetScope } from '../../core/store.js'
import type { Budget } from '../../middleware/budget/options.js'
import { space } from '../../middleware/budget/reserver.js'
import { prune } from '../store/prune.js'
import { places, type Sql } from '../store/sql.js'
import { type Asked, readRequest, readSettlement, type Settled } from './lease-body.js'
import { scopeFor } from './lease-scope.js'
import { SqlBudgets } from './sql-budgets.js'

/** Whoever asks, by the virtual key. */
export interface Holder {
  /** Of the key. */
  readonly id: string
  readonly tenant: string
  readonly user?: string
  /** It asks for every key of the tenant. */
  readonly ofAll?: true
}

export type Lent =
  | { readonly ok: true; readonly lease: Lease }
  /** Less is left than is of use. */
  | { readonly ok: false; readonly refusal: LeaseRefusal }

/** Somebody was lent nothing, since less is left than is of use. */
export interface Refused extends LeaseRefusal {
  readonly tenant: string
  /** As budgets name it in their store. */
  readonly scope: string
}

export interface LeasesOptions {
  readonly sql: Sql
  readonly now?: () => number
  /** How long a lease lasts, in milliseconds. @defaultValue 60000 */
  readonly ttlMs?: number
  /** Of what is left, one lease takes so much at most, unless that is too little to be of use. @defaultValue 0.1 */
  readonly share?: number
}

interface Row {
  readonly id: string
  readonly key_id: string
  readonly scope: string
  readonly amount: number
  readonly until: number
  readonly spent: number | null
  readonly beyond: number | null
}

const dayMs = 86_400_000

export class Leases {
  readonly #sql: Sql
  readonly #now: () => number
  readonly #ttlMs: number
  readonly #share: number
  readonly #refused: ((refused: Refused) => void)[] = []

  constructor({ sql, now = Date.now, ttlMs = 60_000, share = 0.1 }: LeasesOptions) {
    this.#sql = sql
    this.#now = now
    this.#ttlMs = ttlMs
    this.#share = share
  }

  onRefused(listener: (refused: Refused) => void): void {
    this.#refused.push(listener)
  }

  /**
   * @param budgets of the policy that holds for whoever asks: how much there is to lend is never the client's to say
   * @param request a `LeaseRequest`, as it came
   * @throws LeashError `invalid_request`, also for a window that is not now; `permission_denied` when the budget is another's;
   * `not_found` when there is none
   */
  async lend(holder: Holder, budgets: readonly Budget[], request: unknown): Promise<Lent> {
    const asked = readRequest(request)
    const now = this.#now()
    const { tenant } = holder
    const scope = scopeFor(asked.scope, holder.ofAll ? { tenant } : holder, budgets, now)
    const id = asked.id ?? randomBytes(16).toString('base64url')
    const lent = await this.#sql.transaction(async (sql) => {
      const made = await sql.run(
        `INSERT INTO leases (tenant, id, key_id, scope, amount, until) VALUES ($1, $2, $3, $4, 0, $5) ON CONFLICT DO NOTHING`,
        [holder.tenant, id, holder.id, scope.key, now + this.#ttlMs],
      )
      return made === 0 ? this.#again(sql, holder, id, scope, now) : this.#lend(sql, holder, { ...asked, id }, scope)
    })
    if (!lent.ok) for (const listener of this.#refused) listener({ tenant, scope: scope.key, ...lent.refusal })
    return lent
  }

  /**
   * Leases that are unknown are remembered, so that they are never lent afterwards. Those of other keys are passed over.
   *
   * @param settlement a `LeaseSettlement`, as it came
   * @throws LeashError `invalid_request` when it is malformed: then nothing is settled
   */
  async settle(holder: Holder, settlement: unknown): Promise<void> {
    const settled = readSettlement(settlement)
    if (settled.length === 0) return
    await this.#sql.transaction(async (sql) => {
      const known = await this.#known(sql, holder, settled)
      const unknown = settled.filter(({ id }) => !known.some((row) => row.id === id))
      // They may have been lent at this very moment.
      const late = (await this.#remember(sql, holder, unknown)) ? [] : await this.#known(sql, holder, unknown)
      // In one order, so that two who settle leases of the same budgets never wait for each other.
      for (const row of [...known, ...late].sort((a, b) => (a.scope < b.scope ? -1 : 1)))
        for (const one of settled) if (one.id === row.id && row.key_id === holder.id) await this.#settle(sql, holder, row, one)
    })
  }

  /** Forgets leases a day after their end: by then they count as spent for good. */
  async prune(): Promise<void> {
    await prune(this.#sql, 'leases', ['tenant', 'id'], 'until <= $1', [this.#now() - dayMs])
  }

  async #lend(sql: Sql, { tenant }: Holder, asked: Asked & { readonly id: string }, scope: BudgetScope): Promise<Lent> {
    const { id, least } = asked
    const { limit } = scope
    const reserved = await this.#budgets(sql).reserve(space, [scope], ([balance]) => this.#amount(asked, limit, balance), {
      id: reservationOf(tenant, id),
      ttlMs: this.#ttlMs,
    })
    if (!reserved.ok) {
      await sql.run('DELETE FROM leases WHERE tenant = $1 AND id = $2', [tenant, id])
      return { ok: false, refusal: { taken: takenOf(reserved.balance), limit } }
    }
    const { amount = least } = reserved.reservation
    await sql.run('UPDATE leases SET amount = $3 WHERE tenant = $1 AND id = $2', [tenant, id, amount])
    const taken = takenOf(reserved.balances[0])
    return { ok: true, lease: { id, scope: scope.key, amount, ttlMs: this.#ttlMs, taken, limit } }
  }

  #amount({ least, wanted }: Asked, limit: number, balance: Balance | undefined): number {
    const left = limit - takenOf(balance)
    return Math.min(wanted, Math.max(least, Math.floor(left * this.#share)))
  }

  /** Somebody has asked by this id before. */
  async #again(sql: Sql, { tenant, id: key }: Holder, id: string, scope: BudgetScope, now: number): Promise<Lent> {
    const [row] = await sql.all<Row>('SELECT * FROM leases WHERE tenant = $1 AND id = $2', [tenant, id])
    if (row && (row.key_id !== key || (row.scope !== scope.key && row.scope !== '')))
      throw new LeashError('invalid_request', 'Another lease has this id. Make a new one at random.', {
        status: 409,
        param: 'id',
      })
    const { limit } = scope
    const taken = takenOf(await this.#budgets(sql).read(space, scope.key))
    if (!row || row.spent !== null || row.until <= now) return { ok: false, refusal: { taken, limit } }
    return { ok: true, lease: { id, scope: scope.key, amount: row.amount, ttlMs: row.until - now, taken, limit } }
  }

  /** Nobody else settles them until the end of the transaction. */
  #known(sql: Sql, { tenant }: Holder, settled: readonly Settled[]): Promise<Row[]> {
    return sql.all<Row>(
      `UPDATE leases SET until = until WHERE tenant = $1 AND id IN ${places(1, settled.length, 2)} RETURNING *`,
      [tenant, ...settled.map(({ id }) => id)],
    )
  }

  /** @returns whether none of them was there after all */
  async #remember(sql: Sql, { tenant, id: key }: Holder, unknown: readonly Settled[]): Promise<boolean> {
    if (unknown.length === 0) return true
    const added = await sql.run(
      `INSERT INTO leases (tenant, id, key_id, scope, amount, until, spent, beyond) VALUES ${places(unknown.length, 8)}
       ON CONFLICT DO NOTHING`,
      unknown.flatMap(({ id }) => [tenant, id, key, '', 0, this.#now(), 0, 0]),
    )
    return added === unknown.length
  }

  async #settle(sql: Sql, { tenant }: Holder, row: Row, { id, spent, beyond }: Settled): Promise<void> {
    const least = Math.min(row.spent ?? spent, spent)
    const most = Math.max(row.beyond ?? beyond, beyond)
    const before = sum(row.spent, row.beyond)
    const total = sum(least, most)
    const budgets = this.#budgets(sql)
    if (row.spent === null) await budgets.settle(lentAs(tenant, row), total)
    else if (total !== before) await budgets.adjust(space, row.scope, total - before)
    await sql.run('UPDATE leases SET spent = $3, beyond = $4 WHERE tenant = $1 AND id = $2', [tenant, id, least, most])
  }

  #budgets(sql: Sql): SqlBudgets {
    return new SqlBudgets(sql, { now: this.#now })
  }
}

const reservationOf = (tenant: string, id: string) => `${tenant}/${id}`

function lentAs(tenant: string, { id, scope, amount }: Row) {
  return { id: reservationOf(tenant, id), space, keys: [scope], amount, expired: 'spent' } as const
}

function takenOf(balance: Balance | undefined): number {
  return balance ? balance.spent + balance.reserved : 0
}

function sum(spent: number | null, beyond: number | null): number {
  return Math.min(mostNano, (spent ?? 0) + (beyond ?? 0))
}
