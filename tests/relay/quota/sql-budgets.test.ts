import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Reservation } from '../../../src/core/store.js'
import { SqlBudgets } from '../../../src/relay/quota/sql-budgets.js'
import { migrate } from '../../../src/relay/store/migrations.js'
import type { Sql } from '../../../src/relay/store/sql.js'
import { openSqlite } from '../../../src/relay/store/sqlite.js'
import { budgetScenarios } from '../../stores/scenarios.js'
import { openFile, openStore, temporaryFolder } from '../store/open.js'
import { asBudgets } from './as-budgets.js'

const hour = 3_600_000
const day = 24 * hour

describe('over SQLite', () => {
  let sql: Sql
  beforeAll(async () => {
    sql = await openSqlite({ file: ':memory:' })
    await migrate(sql)
  })
  afterAll(() => sql.close())
  budgetScenarios(() => asBudgets(new SqlBudgets(sql)))
})

async function reserve(budgets: SqlBudgets, amount: number, over: { limit?: number; ttlMs?: number; endsAt?: number } = {}) {
  const { limit = 1000, ttlMs = hour, endsAt } = over
  const scope = { key: 'team', limit, ...(endsAt !== undefined && { endsAt }) }
  const reserved = await asBudgets(budgets).reserve('s', [scope], amount, { ttlMs })
  if (!reserved.ok) throw new Error('refused')
  return reserved.reservation
}

it('knows after a restart what was spent and what was set aside', async () => {
  const file = join(temporaryFolder(), 'relay.db')
  const before = await openFile(file)
  const budgets = new SqlBudgets(before)
  await budgets.settle(await reserve(budgets, 300), 200)
  const open = await reserve(budgets, 100)
  await before.close()
  const after = new SqlBudgets(await openFile(file))
  expect(await after.read('s', 'team')).toEqual({ spent: 200, reserved: 100 })
  await after.settle(open, 50)
  expect(await after.read('s', 'team')).toEqual({ spent: 250, reserved: 0 })
})

it('sets aside what somebody makes of the balances, and nobody changes them meanwhile', async () => {
  const budgets = new SqlBudgets(await openStore())
  const seen: number[] = []
  await Promise.all(
    Array.from({ length: 20 }, (_, at) =>
      budgets.reserve(
        's',
        [{ key: 'team', limit: 1000 }],
        ([balance]) => {
          seen.push(balance?.reserved ?? -1)
          return 10
        },
        { id: `${at}`, ttlMs: hour },
      ),
    ),
  )
  expect(seen).toEqual(Array.from({ length: 20 }, (_, at) => at * 10))
})

it.each([
  ['spent', 400],
  ['returned', 0],
] as const)('corrects what has expired as %s also when others have reserved since', async (expired, spent) => {
  let now = 0
  const budgets = new SqlBudgets(await openStore(), { now: () => now })
  const scopes = [{ key: 'team', limit: 1000 }]
  const first = await asBudgets(budgets).reserve('s', scopes, 400, { ttlMs: hour, expired })
  if (!first.ok) throw new Error('refused')
  for (const later of [hour, 3 * day]) {
    now = later
    await budgets.settle(await reserve(budgets, 1), 0)
    expect(await budgets.read('s', 'team')).toEqual({ spent, reserved: 0 })
  }
  await budgets.settle(first.reservation, 100)
  await budgets.settle(first.reservation, 100)
  expect(await budgets.read('s', 'team')).toEqual({ spent: 100, reserved: 0 })
})

it('forgets a window a day after its end, with what was set aside in it, and nothing else', async () => {
  const sql = await openStore()
  let now = 0
  const budgets = new SqlBudgets(sql, { now: () => now })
  await reserve(budgets, 10, { endsAt: hour, ttlMs: hour })
  await asBudgets(budgets).reserve('s', [{ key: 'for ever', limit: 10 }], 5, { ttlMs: 100 * day })
  now = hour + day - 1
  await budgets.prune()
  expect(await budgets.read('s', 'team')).toEqual({ spent: 10, reserved: 0 })
  now += 1
  await budgets.prune()
  expect(await budgets.read('s', 'team')).toEqual({ spent: 0, reserved: 0 })
  expect(await budgets.read('s', 'for ever')).toEqual({ spent: 0, reserved: 5 })
  expect(await sql.all('SELECT name FROM reservations')).toEqual([{ name: 'for ever' }])
})

it('forgets what was set aside a day after it has expired, and until then takes what came of it', async () => {
  const sql = await openStore()
  let now = 0
  const budgets = new SqlBudgets(sql, { now: () => now })
  const kept = async () => (await sql.all('SELECT id FROM reservations')).length
  const [first] = [await reserve(budgets, 10, { ttlMs: hour }), await reserve(budgets, 20, { ttlMs: hour })]
  now = hour
  await budgets.settle(await reserve(budgets, 1), 0)
  now = hour + day - 1
  await budgets.prune()
  await budgets.settle(first, 4)
  expect(await budgets.read('s', 'team')).toEqual({ spent: 24, reserved: 0 })
  expect(await kept()).toBe(1)
  now += 1
  await budgets.prune()
  expect(await kept()).toBe(0)
  expect(await budgets.read('s', 'team')).toEqual({ spent: 24, reserved: 0 })
})

it('never sums to more than a number holds, and so can always be read', async () => {
  const budgets = new SqlBudgets(await openStore())
  const most = Number.MAX_SAFE_INTEGER
  for (let at = 0; at < 3; at++) {
    const reservation = await reserve(budgets, 0, { limit: most })
    await budgets.settle(reservation, most)
    expect(await budgets.read('s', 'team')).toEqual({ spent: most, reserved: 0 })
  }
})

it('fails when a settlement cannot be written', async () => {
  const sql = await openStore()
  const budgets = new SqlBudgets(sql)
  const reservation = await reserve(budgets, 10)
  await sql.run('DROP TABLE reservations')
  await expect(budgets.settle(reservation, 5)).rejects.toMatchObject({ code: 'overloaded' })
})

type Step =
  | { readonly do: 'reserve'; readonly amount: number; readonly ttlMs: number; readonly scopes: readonly number[] }
  | { readonly do: 'settle'; readonly which: number; readonly share: number }
  | { readonly do: 'wait'; readonly ms: number }

const steps = fc.array(
  fc.oneof(
    fc.record({
      do: fc.constant('reserve' as const),
      amount: fc.integer({ min: 0, max: 400 }),
      ttlMs: fc.integer({ min: 1, max: 50 }),
      scopes: fc.uniqueArray(fc.nat(2), { minLength: 1 }),
    }),
    fc.record({ do: fc.constant('settle' as const), which: fc.nat(20), share: fc.integer({ min: 0, max: 100 }) }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 60 }) }),
  ),
  { maxLength: 25 },
)

it('never lets spent and reserved pass a limit, whatever comes at once, expires and is settled late', async () => {
  const sql = await openStore()
  const limits = [1000, 700, 300]
  let round = 0
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 1, maxLength: 4 }), async (clients: Step[][]) => {
      let now = 0
      const space = `round ${round++}`
      const budgets = new SqlBudgets(sql, { now: () => now })
      const made: Reservation[] = []
      const check = async () => {
        for (const [at, limit] of limits.entries()) {
          const { spent, reserved } = await budgets.read(space, `${at}`)
          expect(Math.min(spent, reserved)).toBeGreaterThanOrEqual(0)
          expect(spent + reserved).toBeLessThanOrEqual(limit)
        }
      }
      const play = async (step: Step) => {
        if (step.do === 'wait') now += step.ms
        else if (step.do === 'settle') {
          const reservation = made[step.which % Math.max(1, made.length)]
          if (reservation) await budgets.settle(reservation, Math.floor((reservation.amount * step.share) / 100))
        } else {
          const scopes = step.scopes.map((at) => ({ key: `${at}`, limit: limits[at] ?? 0 }))
          const reserved = await asBudgets(budgets).reserve(space, scopes, step.amount, { ttlMs: step.ttlMs })
          if (reserved.ok) made.push(reserved.reservation)
        }
        await check()
      }
      await Promise.all(
        clients.map(async (steps) => {
          for (const step of steps) await play(step)
        }),
      )
    }),
    { numRuns: 25 },
  )
})
