/** Budgets that outlive the relay: what is set aside and spent stands in the database before anybody hears of it. */
import { afterwardsMs } from '../../core/afterwards.js'
import { checkNano } from '../../core/check-nano.js'
import { mostNano } from '../../core/money.js'
import type { Balance, BudgetScope, Reservation, Reserved, ReserveOptions } from '../../core/store.js'
import { prune } from '../store/prune.js'
import { places, type Sql, type SqlValue } from '../store/sql.js'

interface BalanceRow extends Balance {
  readonly name: string
}

interface HeldRow {
  readonly name: string
  readonly amount: number
  readonly expired: Reservation['expired']
  readonly late: number
}

interface Change {
  readonly spent: number
  readonly reserved: number
}

export class SqlBudgets {
  readonly #sql: Sql
  readonly #now: () => number

  constructor(sql: Sql, { now = Date.now }: { readonly now?: () => number } = {}) {
    this.#sql = sql
    this.#now = now
  }

  /**
   * Sets aside what somebody makes of the balances, which nobody changes meanwhile.
   *
   * @param options with an id that no other reservation has
   */
  reserve(
    space: string,
    scopes: readonly BudgetScope[],
    amountOf: (balances: readonly Balance[]) => number,
    { id, ttlMs, expired = 'spent' }: ReserveOptions & { readonly id: string },
  ): Promise<Reserved> {
    return this.#sql.transaction(async (sql) => {
      const now = this.#now()
      const before = await this.#current(sql, space, scopes, now)
      const amount = amountOf(before)
      checkNano(amount)
      const refused = before.findIndex(({ spent, reserved }, at) => spent + reserved + amount > (scopes[at]?.limit ?? 0))
      const full = before[refused]
      if (full) return { ok: false, refused, balance: full }
      const keys = scopes.map(({ key }) => key)
      if (keys.length > 0) {
        await change(sql, space, keys, { spent: 0, reserved: amount })
        await sql.run(
          `INSERT INTO reservations (id, space, name, amount, expired, late, until) VALUES ${places(keys.length, 7)}`,
          keys.flatMap((key) => [id, space, key, amount, expired, 0, Math.ceil(now + ttlMs)]),
        )
      }
      const balances = before.map(({ spent, reserved }) => ({ spent, reserved: reserved + amount }))
      return { ok: true, reservation: { id, space, keys, amount, expired }, balances }
    })
  }

  /** @returns false when it had been settled before, or is forgotten */
  settle({ id, space, keys }: Reservation, actual: number): Promise<boolean> {
    if (keys.length === 0) return Promise.resolve(false)
    return this.#sql.transaction(async (sql) => {
      await lock(sql, space, keys)
      const held = await sql.all<HeldRow>(
        'DELETE FROM reservations WHERE id = $1 AND space = $2 RETURNING name, amount, expired, late',
        [id, space],
      )
      const inTime = held.filter(({ late }) => late === 0)
      const late = held.filter(({ late }) => late !== 0)
      const [first] = held
      if (!first) return false
      const { amount, expired } = first
      await change(sql, space, namesOf(inTime), { spent: actual, reserved: -amount })
      await change(sql, space, namesOf(late), { spent: expired === 'spent' ? actual - amount : actual, reserved: 0 })
      return true
    })
  }

  /** Books what was not set aside, or takes it back. */
  async adjust(space: string, key: string, spent: number): Promise<void> {
    await change(this.#sql, space, [key], { spent, reserved: 0 })
  }

  async read(space: string, key: string): Promise<Balance> {
    const due = (expired: string) =>
      `COALESCE((SELECT SUM(amount) FROM reservations
        WHERE space = $1 AND name = $2 AND late = 0 AND until <= $3 AND expired IN (${expired})), 0)`
    const [found] = await this.#sql.all<Balance>(
      `SELECT CAST(spent + ${due("'spent'")} AS BIGINT) AS spent, CAST(reserved - ${due("'spent', 'returned'")} AS BIGINT) AS reserved
       FROM budgets WHERE space = $1 AND name = $2`,
      [space, key, this.#now()],
    )
    return found ?? { spent: 0, reserved: 0 }
  }

  /** Forgets windows that ended more than a day ago. */
  async prune(): Promise<void> {
    const now = this.#now()
    const ofWindow = ['space', 'name']
    await prune(this.#sql, 'budgets', ofWindow, 'forget_at <= $1', [now])
    await prune(this.#sql, 'reservations', ['id', ...ofWindow], 'late = 1 AND until <= $1', [now])
    await prune(
      this.#sql,
      'reservations',
      ['id', ...ofWindow],
      `late = 0 AND until <= $1 AND NOT EXISTS
       (SELECT 1 FROM budgets WHERE budgets.space = reservations.space AND budgets.name = reservations.name)`,
      [now],
    )
  }

  /** What is there, without what has expired by now; from here to the end of the transaction nobody else changes it. */
  async #current(sql: Sql, space: string, scopes: readonly BudgetScope[], now: number): Promise<Balance[]> {
    if (scopes.length === 0) return []
    // In one order, so that two who want the same rows never wait for each other.
    const rows = sorted(scopes, ({ key }) => key).map(({ key, endsAt }): SqlValue[] => [
      space,
      key,
      0,
      0,
      endsAt === undefined ? null : Math.ceil(endsAt) + afterwardsMs,
    ])
    const found = await sql.all<BalanceRow>(
      `INSERT INTO budgets (space, name, spent, reserved, forget_at) VALUES ${places(rows.length, 5)}
       ON CONFLICT (space, name) DO UPDATE SET forget_at = excluded.forget_at RETURNING name, spent, reserved`,
      rows.flat(),
    )
    const balances = new Map(found.map(({ name, spent, reserved }) => [name, { spent, reserved }]))
    for (const { name, amount, expired } of await expire(sql, space, [...balances.keys()], now)) {
      const due = { spent: expired === 'spent' ? amount : 0, reserved: -amount }
      await change(sql, space, [name], due)
      const { spent, reserved } = balances.get(name) ?? { spent: 0, reserved: 0 }
      balances.set(name, { spent: spent + due.spent, reserved: reserved + due.reserved })
    }
    return scopes.map(({ key }) => balances.get(key) ?? { spent: 0, reserved: 0 })
  }
}

/** Those that have expired since the last look. For a day longer each can be settled late. */
function expire(sql: Sql, space: string, keys: readonly string[], now: number): Promise<HeldRow[]> {
  return sql.all<HeldRow>(
    `UPDATE reservations SET late = 1, until = until + $1
     WHERE space = $2 AND name IN ${places(1, keys.length, 4)} AND late = 0 AND until <= $3 RETURNING name, amount, expired, late`,
    [afterwardsMs, space, now, ...keys],
  )
}

/** Whoever changes reservations has the rows of their budgets first. */
async function lock(sql: Sql, space: string, keys: readonly string[]): Promise<void> {
  for (const key of sorted(keys, (key) => key))
    await sql.run('UPDATE budgets SET reserved = reserved WHERE space = $1 AND name = $2', [space, key])
}

async function change(sql: Sql, space: string, keys: readonly string[], { spent, reserved }: Change): Promise<void> {
  if (keys.length === 0) return
  // No sum passes what a number holds exactly: what cannot be read any more would hold nobody.
  await sql.run(
    `UPDATE budgets SET reserved = reserved + $2, spent = CASE WHEN spent + $3 > ${mostNano} THEN ${mostNano} ELSE spent + $3 END
     WHERE space = $1 AND name IN ${places(1, keys.length, 4)}`,
    [space, reserved, spent, ...keys],
  )
}

const namesOf = (held: readonly HeldRow[]) => held.map(({ name }) => name)

function sorted<T>(all: readonly T[], keyOf: (one: T) => string): T[] {
  return all.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
}
