import { afterEach, expect, it, vi } from 'vitest'
import { noUsage } from '../../src/core/usage.js'
import { Audit } from '../../src/relay/audit/audit.js'
import { Outbox } from '../../src/relay/clickhouse/outbox.js'
import { Leases } from '../../src/relay/quota/leases.js'
import { SqlBudgets } from '../../src/relay/quota/sql-budgets.js'
import type { Sql } from '../../src/relay/store/sql.js'
import { startUpkeep } from '../../src/relay/upkeep.js'
import { UsageLog } from '../../src/relay/usage/usage.js'
import { WebhookQueue } from '../../src/relay/webhooks/queue.js'
import { asBudgets } from './quota/as-budgets.js'
import { openStore } from './store/open.js'

const day = 86_400_000
const soon = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 10_000, interval: 5 })

let stop: (() => Promise<void>) | undefined
afterEach(() => stop?.())

async function open() {
  const sql = await openStore()
  const clock = { now: Date.now() }
  const now = () => clock.now
  const start = (over: Partial<Parameters<typeof startUpkeep>[0]> = {}) => {
    stop = startUpkeep({
      sql,
      now,
      usage: new UsageLog({ sql, now }),
      leases: new Leases({ sql, now }),
      audit: new Audit({ sql, now }),
      outbox: new Outbox({ sql, now }),
      queue: new WebhookQueue({ sql, now, receivers: async () => ['somebody'] }),
      retention: () => ({}),
      everyMs: 5,
      warn: () => {},
      ...over,
    })
  }
  const count = async (table: string) => (await sql.all<{ n: number }>(`SELECT COUNT(*) AS n FROM ${table}`))[0]?.n
  return { sql, clock, now, start, count }
}

const line = (id: string, at: number) => ({
  id,
  callId: id,
  attempt: 1,
  at,
  durationMs: 1,
  provider: 'openai',
  model: 'gpt-5',
  protocol: 'openai-chat',
  outcome: 'ok',
  usage: noUsage,
  basis: 'complete',
  cost: 1,
})

it('forgets what is over, and keeps what is not', async () => {
  const { sql, clock, now, start, count } = await open()
  const budgets = new SqlBudgets(sql, { now })
  const scopes = [
    { key: 'over', limit: 10, endsAt: clock.now },
    { key: 'lasting', limit: 10 },
  ]
  await asBudgets(budgets).reserve('s', scopes, 1, { ttlMs: 1000 })
  const budget = { name: 'total', limit: { tokens: 100 }, per: 'total' } as const
  await new Leases({ sql, now }).lend({ id: 'key', tenant: 'red' }, [budget], {
    scope: '["total","tokens","red"] total',
    least: 1,
    wanted: 1,
  })
  await new UsageLog({ sql, now }).take({ lines: [line('old', clock.now - 89 * day), line('new', clock.now)] })
  clock.now += 2 * day
  start()
  await soon(async () => {
    expect(await count('usage_lines')).toBe(1)
  })
  expect(await count('leases')).toBe(0)
  expect(await count('budgets')).toBe(2)
  expect(await count('usage_hours')).toBe(2)
  expect(await budgets.read('s', 'lasting')).toEqual({ spent: 1, reserved: 0 })
})

it('keeps lines and hours for as long as it is told', async () => {
  const { sql, clock, now, start, count } = await open()
  await new UsageLog({ sql, now }).take({ lines: [line('a', clock.now - 33 * day), line('b', clock.now)] })
  start({ retention: () => ({ lines: 2, hours: 2 }) })
  await soon(async () => {
    expect([await count('usage_lines'), await count('usage_hours')]).toEqual([1, 1])
  })
})

it('tells of a round that failed, and goes on with the next', async () => {
  const { sql, start } = await open()
  const warnings: string[] = []
  const failing: Sql = { ...sql, run: () => Promise.reject(new Error('the disk is full')) }
  start({ sql: failing, warn: (message) => warnings.push(message) })
  await soon(() => expect(warnings.length).toBeGreaterThan(2))
  expect(warnings[0]).toContain('the disk is full')
})

it('forgets the rest when something cannot be forgotten', async () => {
  const { sql, clock, now, start, count } = await open()
  const usage = new UsageLog({ sql, now })
  await usage.take({ lines: [line('a', clock.now)] })
  const leases = Object.assign(new Leases({ sql, now }), { prune: () => Promise.reject(new Error('the disk is full')) })
  const warnings: string[] = []
  clock.now += 91 * day
  start({ leases, warn: (message) => warnings.push(message) })
  await soon(async () => expect(await count('usage_lines')).toBe(0))
  await soon(() => expect(warnings[0]).toBe('The upkeep of the relay failed: the disk is full'))
})

it('does no more when it has stopped, and waits for the round under way', async () => {
  const { start, sql, now } = await open()
  let rounds = 0
  const leases = new Leases({ sql, now })
  const counted = Object.assign(Object.create(leases), {
    prune: async () => {
      rounds++
      await leases.prune()
    },
  })
  start({ leases: counted })
  await soon(() => expect(rounds).toBeGreaterThan(1))
  await stop?.()
  const before = rounds
  await new Promise((resolve) => setTimeout(resolve, 30))
  expect(rounds).toBe(before)
})

it('says when lines are given up that ClickHouse has not taken', async () => {
  const { sql, clock, now, start, count } = await open()
  const outbox = new Outbox({ sql, now })
  const usage = new UsageLog({ sql, now, also: (lines, sql) => outbox.add(lines, sql) })
  await usage.take({ lines: [line('a', clock.now), line('b', clock.now)] })
  clock.now += 80 * day
  await usage.take({ lines: [line('c', clock.now)] })
  clock.now += 11 * day
  const warnings: string[] = []
  start({ warn: (message) => warnings.push(message) })
  await soon(async () => expect(await count('clickhouse_outbox')).toBe(1))
  await soon(() => expect(warnings).toEqual(['ClickHouse has not taken 2 lines of usage for 90 days: they are given up.']))
})

it('deletes what is over a few thousand rows at a time, so that others come in between', async () => {
  const { sql, start, count } = await open()
  const numbers = (table: string, columns: string, values: string) =>
    sql.run(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20500)
      INSERT INTO ${table} (${columns}) SELECT ${values} FROM n`)
  await numbers('leases', 'tenant, id, key_id, scope, amount, until', `'red', 'l' || i, 'k', 's', 1, i`)
  await numbers('budgets', 'space, name, spent, reserved, forget_at', `'budget', 'b' || i, 0, 0, i`)
  await numbers(
    'webhook_deliveries',
    'id, endpoint, type, tenant, body, status, attempts, created_at, next_at, ended_at, last',
    `'d' || i, 'e', 't', 'red', '', 'delivered', 1, i, i, i, ''`,
  )
  await numbers('webhook_marks', 'name, forget_at', `'m' || i, i`)
  await numbers('audit', 'seq, at, actor, action, tenant, target, detail, previous, hash', `i, i, '', '', '', '', '{}', '', ''`)
  await sql.run('UPDATE audit_head SET seq = 20500 WHERE id = 1')
  const deleted: number[] = []
  const heard = (sql: Sql): Sql => ({
    all: (text, params) => sql.all(text, params),
    async run(text, params) {
      const rows = await sql.run(text, params)
      if (text.startsWith('DELETE')) deleted.push(rows)
      return rows
    },
    transaction: (work, pace) => sql.transaction((within) => work(heard(within)), pace),
    snapshot: (work) => sql.snapshot(work),
    close: () => sql.close(),
  })
  const told = heard(sql)
  const queue = new WebhookQueue({ sql: told, now: Date.now, receivers: async () => [] })
  start({ sql: told, leases: new Leases({ sql: told }), audit: new Audit({ sql: told }), queue, retention: () => ({ audit: 1 }) })
  const tables = ['leases', 'budgets', 'webhook_deliveries', 'webhook_marks']
  await soon(async () => expect(await Promise.all(tables.map(count))).toEqual([0, 0, 0, 0]))
  // What is left tells of what was taken out.
  await soon(async () => expect(await sql.all(`SELECT seq FROM audit WHERE action <> 'audit.prune'`)).toEqual([]))
  expect(Math.max(...deleted)).toBeLessThanOrEqual(10_000)
})
