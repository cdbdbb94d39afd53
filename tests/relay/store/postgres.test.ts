import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Budget } from '../../../src/middleware/budget/options.js'
import { Audit } from '../../../src/relay/audit/audit.js'
import { Keys } from '../../../src/relay/keys/keys.js'
import { Tenants } from '../../../src/relay/people/tenants.js'
import { Leases } from '../../../src/relay/quota/leases.js'
import { SqlBudgets } from '../../../src/relay/quota/sql-budgets.js'
import { migrate } from '../../../src/relay/store/migrations.js'
import { openPostgres } from '../../../src/relay/store/postgres.js'
import type { Reads, Sql } from '../../../src/relay/store/sql.js'
import { UsageLog } from '../../../src/relay/usage/usage.js'
import { WebhookQueue } from '../../../src/relay/webhooks/queue.js'
import { hasPostgres, usePostgres } from '../../helpers/postgres.js'
import { budgetScenarios } from '../../stores/scenarios.js'
import { wayTo } from '../falls-silent.js'
import { asBudgets } from '../quota/as-budgets.js'
import { identityScenarios } from './identity-scenarios.js'
import { jobScenarios } from './job-scenarios.js'
import { reportScenarios } from './report-scenarios.js'
import { readingScenarios, sqlScenarios } from './scenarios.js'

describe.skipIf(!hasPostgres)('over Postgres', () => {
  const server = usePostgres()
  // Hundreds wait in line for a few connections, on whatever machine this is.
  const connect = () => openPostgres({ url: server.url, timeoutMs: 60_000 })
  const open = async () => {
    const sql = await connect()
    onTestFinished(() => sql.close())
    return sql
  }
  sqlScenarios(open)
  readingScenarios(open)

  describe('jobs', () =>
    jobScenarios(async () => {
      const sql = await open()
      await migrate(sql)
      await sql.run('DELETE FROM jobs')
      await sql.run(`DELETE FROM tenants WHERE slug LIKE 'jobs-%'`)
      return sql
    }))

  describe('who may come in', () =>
    identityScenarios(async () => {
      const sql = await open()
      await migrate(sql)
      return sql
    }))

  describe('a report', () =>
    reportScenarios(async () => {
      const sql = await openPostgres({ url: await server.another() })
      onTestFinished(() => sql.close())
      await migrate(sql)
      return sql
    }))

  it('says that a value is wrong where Postgres has none such', async () => {
    const sql = await open()
    await expect(sql.all('SELECT CAST($1 AS TEXT)', ['a\0b'])).rejects.toMatchObject({ code: 'invalid_request' })
    await expect(sql.all('SELECT CAST($1 AS BIGINT)', [1e300])).rejects.toMatchObject({ code: 'invalid_request' })
  })

  it('shows one moment to who reads several things', async () => {
    const [sql, other] = [await open(), await open()]
    await sql.run('CREATE TABLE moments (n BIGINT NOT NULL)')
    const count = async (reads: Reads) => (await reads.all<{ n: number }>('SELECT COUNT(*) AS n FROM moments'))[0]?.n
    const look = sql.snapshot(async (reads) => {
      const before = await count(reads)
      await other.run('INSERT INTO moments VALUES (1)')
      return [before, await count(reads), await count(sql)]
    })
    expect(await look).toEqual([0, 0, 1])
    await expect(sql.snapshot((reads) => reads.all('INSERT INTO moments VALUES (2) RETURNING n'))).rejects.toThrow(/read-only/)
  })

  it('does a transaction again that was in the way of another', async () => {
    const sql = await open()
    await sql.run('CREATE TABLE pairs (name TEXT PRIMARY KEY, n BIGINT NOT NULL)')
    await sql.run(`INSERT INTO pairs VALUES ('a', 0), ('b', 0)`)
    const both = (first: string, second: string) =>
      sql.transaction(async (inner) => {
        await inner.run('UPDATE pairs SET n = n + 1 WHERE name = $1', [first])
        await inner.all('SELECT pg_sleep(0.05)')
        await inner.run('UPDATE pairs SET n = n + 1 WHERE name = $1', [second])
      })
    await Promise.all([both('a', 'b'), both('b', 'a'), both('a', 'b')])
    expect(await sql.all('SELECT n FROM pairs')).toEqual([{ n: 3 }, { n: 3 }])
  })

  it('says what is wrong with a server that is not there', async () => {
    const sql = await openPostgres({ url: 'postgres://leash@127.0.0.1:1/postgres' })
    onTestFinished(() => sql.close())
    await expect(sql.all('SELECT 1')).rejects.toMatchObject({ code: 'overloaded', retryable: true })
    await expect(sql.transaction(async () => {})).rejects.toMatchObject({ code: 'overloaded', retryable: true })
  })

  it('makes connections anew on which the server says nothing any more', async () => {
    const way = await wayTo(server.url)
    const sql = await openPostgres({ url: way.url, connections: 2, timeoutMs: 2000, answerMs: 1000 })
    onTestFinished(() => sql.close())
    const ask = () => sql.all('SELECT 1 AS one')
    await Promise.all([ask(), ask()])
    way.fallSilent()
    const lost = await Promise.allSettled([ask(), sql.transaction((inner) => inner.all('SELECT 1 AS one'))])
    expect(lost.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(await ask()).toEqual([{ one: 1 }])
    expect(await sql.transaction((inner) => inner.all('SELECT 1 AS one'))).toEqual([{ one: 1 }])
  })

  it('gives up a statement that takes too long, unless it may take its time', async () => {
    const sql = await openPostgres({ url: server.url, answerMs: 200 })
    onTestFinished(() => sql.close())
    const sleep = (inner: Sql) => inner.all('SELECT 1 AS one FROM pg_sleep(1)')
    await expect(sleep(sql)).rejects.toMatchObject({ code: 'overloaded', retryable: true })
    await expect(sql.transaction(sleep)).rejects.toMatchObject({ code: 'overloaded' })
    expect(await sql.transaction(sleep, 'patient')).toEqual([{ one: 1 }])
  })

  describe('with two relays at once', () => {
    let relays: Sql[] = []
    beforeAll(async () => {
      relays = await Promise.all([connect(), connect()])
      await Promise.all(relays.map((sql) => migrate(sql)))
    })
    afterAll(() => Promise.all(relays.map((sql) => sql.close())))
    let next = 0
    const either = () => relays[next++ % relays.length] as Sql
    const many = <T>(count: number, work: (sql: Sql, at: number) => Promise<T>) =>
      Promise.all(Array.from({ length: count }, (_, at) => work(either(), at)))

    budgetScenarios(() => asBudgets(new SqlBudgets(either())))

    it('makes the tables once', async () => {
      await Promise.all(relays.map((sql) => migrate(sql)))
      const steps = await either().all<{ step: number }>('SELECT step FROM migrations ORDER BY step')
      expect(steps.map(({ step }) => step)).toEqual(steps.map((_, at) => at))
    })

    it('never lets settled and leased pass a limit, and settles each lease once', async () => {
      const holder = { id: 'key', tenant: 'red' }
      const budget: Budget = { name: 'total', limit: { tokens: 1000 }, per: 'total' }
      const scope = '["total","tokens","red"] total'
      const settled = await many(100, async (sql, at) => {
        const leases = new Leases({ sql })
        const lent = await leases.lend(holder, [budget], { scope, least: 15, wanted: 30, id: `${at >> 1}`.padEnd(22, 'x') })
        if (!lent.ok) return 0
        expect(lent.lease.taken).toBeLessThanOrEqual(1000)
        await Promise.all(relays.map((sql) => new Leases({ sql }).settle(holder, { leases: [{ id: lent.lease.id, spent: 7 }] })))
        return at % 2 === 0 ? 7 : 0
      })
      const { spent, reserved } = await new SqlBudgets(either()).read('budget', scope)
      expect(reserved).toBe(0)
      expect(spent % 7).toBe(0)
      expect(spent).toBeGreaterThanOrEqual(Math.max(...settled))
      expect(spent).toBeLessThanOrEqual(50 * 7)
    })

    it('counts once what is sent to both, and sums it up exactly', async () => {
      const usage = {
        input: 1,
        cacheRead: 0,
        cacheWrite: 0,
        cacheWrite1h: 0,
        audioInput: 0,
        output: 1,
        reasoning: 0,
        audioOutput: 0,
      }
      const line = (at: number) => ({
        id: `line ${at}`,
        callId: 'call',
        attempt: 1,
        at: Date.now() - at * 60_000,
        durationMs: 1,
        provider: 'openai',
        model: `m${at % 3}`,
        protocol: 'openai-chat',
        outcome: 'ok',
        usage,
        basis: 'complete',
        cost: 10 ** 10 + at,
      })
      const lines = Array.from({ length: 200 }, (_, at) => line(at))
      await many(10, (sql, at) =>
        new UsageLog({ sql }).take({ lines: at % 2 ? lines : lines.toReversed() }, { id: 'key', tenant: 'red' }),
      )
      const log = new UsageLog({ sql: either() })
      expect(await log.report({ by: ['tenant'] })).toMatchObject([{ calls: 200, cost: '2000.0000199', usage: { input: 200 } }])
      expect((await log.report({ by: ['month', 'model', 'hour'] })).reduce((sum, { calls }) => sum + calls, 0)).toBe(200)
      const { items, next } = await log.lines({ limit: 150 })
      const rest = await log.lines({ limit: 150, ...(next !== undefined && { after: next }) })
      expect([...items, ...rest.items].map(({ id }) => id)).toEqual(lines.map(({ id }) => id))
      expect(await log.prune({ linesBefore: Date.now() + 1, hoursBefore: Date.now() + 40 * 86_400_000 })).toBeGreaterThan(200)
    })

    it('chains what both write into one audit trail', async () => {
      await many(100, (sql, at) => new Audit({ sql }).append({ actor: 'ada', action: 'x', detail: { at } }))
      expect(await new Audit({ sql: either() }).verify()).toMatchObject({ ok: true, entries: 100 })
      expect((await new Audit({ sql: either() }).list({ actor: 'ada', from: 1, limit: 5 })).items).toHaveLength(5)
    })

    it('keeps a delivery that is begun anew in the moment in which it would be forgotten', async () => {
      const [one, other] = relays as [Sql, Sql]
      const queue = (sql: Sql) => new WebhookQueue({ sql, now: Date.now, receivers: async () => ['hook'] })
      await queue(one).publish({ type: 'key.created', data: {} })
      const told = async () => (await queue(one).list({ endpoint: 'hook' })).items
      const [dead] = await told()
      if (!dead) throw new Error('Nothing is to be told.')
      await queue(one).failed(dead, 'It answered 400.', true)
      const { forgetting } = await one.transaction(async (sql) => {
        await queue(sql).retry(dead.id)
        const forgetting = queue(other).prune(Date.now() + 1)
        await vi.waitFor(async () =>
          expect(
            await other.all(`SELECT 1 AS one FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'DELETE%'`),
          ).toHaveLength(1),
        )
        return { forgetting }
      })
      await forgetting
      expect(await told()).toMatchObject([{ id: dead.id, status: 'pending' }])
    })

    it('rotates a key once, and knows it in both', async () => {
      await new Tenants({ sql: either() }).create({ slug: 'red' })
      await new Tenants({ sql: either() }).update('red', { metadata: { a: 'b' } })
      const pepper = { secret: 'a pepper that is long enough for everybody' }
      const keys = await Promise.all(relays.map((sql) => Keys.open({ sql, pepper })))
      const [one, other] = keys as [Keys, Keys]
      const { key, record } = await one.create({ tenant: 'red', user: 'ada' })
      expect(await other.verify(key)).toMatchObject({ tenant: 'red', user: 'ada' })
      const rotated = await Promise.allSettled(keys.map((keys) => keys.rotate(record.id)))
      expect(rotated.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
      expect((await other.list({ tenant: 'red', user: 'ada' })).items).toHaveLength(2)
      await one.revoke(record.id)
      await Promise.all(keys.map((keys) => keys.close()))
      expect((await other.get(record.id))?.lastUsedAt).toBeDefined()
      expect((await new Tenants({ sql: either() }).list({ plan: 'default', status: 'active' })).items).toMatchObject([
        { slug: 'red' },
      ])
    })
  })
})
