/** Two relays on one database: whoever is asked, however it is told, it is the same to the last nano-dollar. */
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { LedgerLine } from '../../../src/core/ledger.js'
import { parseUsd } from '../../../src/core/money.js'
import { noUsage } from '../../../src/core/usage.js'
import { Tenants } from '../../../src/relay/people/tenants.js'
import { openPostgres } from '../../../src/relay/store/postgres.js'
import type { Sql } from '../../../src/relay/store/sql.js'
import { Billing } from '../../../src/relay/usage/billing.js'
import { WebhookQueue } from '../../../src/relay/webhooks/queue.js'
import { useMock } from '../../helpers/mock.js'
import { hasPostgres, usePostgres } from '../../helpers/postgres.js'
import { openRelay } from '../helpers.js'

const mock = useMock()
const [hour, day] = [3_600_000, 86_400_000]

const now = Date.now()
const month = new Date(now).toISOString().slice(0, 7)
const began = Date.parse(`${month}-01T00:00:00Z`)

/** Of two months and their border, with prices that nobody knows, and answers that were given again. */
const lines: readonly LedgerLine[] = fc
  .sample(
    fc.record({
      at: fc.oneof(
        fc.integer({ min: began - 40 * day, max: now }),
        fc.constantFrom(began - 1, began, began + 1, now, now - hour, now + 60_000),
      ),
      cost: fc.oneof(fc.constantFrom(null, 0, 1, 900_000_000_000), fc.integer({ min: 0, max: 1e9 })),
      model: fc.constantFrom('a', 'b', '=c'),
      provider: fc.constantFrom('p', 'q'),
      user: fc.constantFrom('', 'ann', 'ben'),
      tags: fc.constantFrom({}, { team: 'x' }, { team: 'y,"z"\n' }),
      cached: fc.boolean(),
    }),
    { numRuns: 300, seed: 7 },
  )
  .map(({ cached, cost, user, ...rest }, at) => ({
    ...{ id: `line ${at}`, callId: `call ${at}`, durationMs: 5, protocol: 'openai-chat', outcome: 'ok', basis: 'complete' },
    ...rest,
    ...(user && { user }),
    ...(cached ? { cached, attempt: 0, cost: 0, saved: cost, usage: noUsage } : { attempt: 1, cost, searches: 3 }),
    usage: { ...noUsage, input: 10 },
  }))

const costOf = (some: readonly LedgerLine[]) => some.reduce((sum, { cost }) => sum + (cost ?? 0), 0)
const nanoOf = (rows: readonly { readonly nano: number }[]) => rows.reduce((sum, { nano }) => sum + nano, 0)
/** The last column but one. */
const nanoIn = (csv: string) =>
  csv
    .trim()
    .split('\r\n')
    .slice(1)
    .reduce((sum, row) => sum + parseUsd(row.split(',').at(-2) ?? ''), 0)

describe.skipIf(!hasPostgres)('two relays on one Postgres', () => {
  const server = usePostgres()

  it('tell the same of what both were told, and so do reports, statements, the dashboard and meter events', async () => {
    const shared = { database: server.url, pepper: 'a pepper that is long enough for everybody' }
    const [one, two] = [await openRelay(mock.url, shared), await openRelay(mock.url, shared)]
    const relays = [one, two]
    // In batches of which each begins with what the one before has ended with, to both at once.
    const told = await Promise.all(
      Array.from({ length: 30 }, (_, at) =>
        (relays[at % 2] ?? one).ask('POST', '/v1/usage', { lines: lines.slice(at * 10, at * 10 + 17) }, one.call),
      ),
    )
    expect(told.map(({ status }) => status)).toEqual(told.map(() => 200))
    expect((await two.ask('POST', '/v1/usage', { lines }, one.call)).body).toEqual({ taken: 0, known: lines.length })

    const ofMonth = costOf(lines.filter(({ at }) => new Date(at).toISOString().startsWith(month)))
    const statement = `/v1/admin/tenants/default/statements/${month}`
    for (const relay of relays) {
      const ask = async (path: string) => (await relay.ask('GET', path, undefined, one.admin)).body
      for (const by of ['key', 'user', 'hour', 'day', 'month', 'tag:team', 'provider,model,key,user', 'tag:team,month']) {
        const { rows } = await ask(`/v1/admin/usage?by=${by}`)
        expect([by, nanoOf(rows)]).toEqual([by, costOf(lines)])
        expect([by, nanoIn(await ask(`/v1/admin/usage?by=${by}&format=csv`))]).toEqual([by, costOf(lines)])
      }
      const { total, byModel, byKey, byUser, byDay } = await ask(statement)
      for (const part of [[total], byModel, byKey, byUser, byDay]) expect(nanoOf(part)).toBe(ofMonth)
      expect(nanoIn(await ask(`${statement}?format=csv`))).toBe(ofMonth)
      const overview = await ask('/v1/admin/overview')
      for (const part of [overview.byDay, overview.byModel, overview.byProvider, overview.byWhom])
        expect(nanoOf(part)).toBe(overview.total.nano)
    }

    const open = async () => {
      const sql = await openPostgres({ url: server.url })
      onTestFinished(() => sql.close())
      return sql
    }
    const [sql, other] = [await open(), await open()]
    await new Tenants({ sql }).update('default', { metadata: { stripe_customer_id: 'cus' } })
    const clock = { now: now - 20 * day }
    const look = (sql: Sql) => {
      const queue = new WebhookQueue({ sql, now: () => clock.now, receivers: async () => [] })
      const options = () => ({ eventName: 'llm', file: '/dev/null' })
      return new Billing({ sql, queue, tenants: new Tenants({ sql }), now: () => clock.now, options }).look()
    }
    await look(sql)
    const since = clock.now - (clock.now % hour)
    clock.now = now
    await Promise.all([look(sql), look(other), look(other)])
    // Set back, while something comes late.
    clock.now -= 5 * hour
    await look(other)
    const late = lines.slice(0, 20).map((line) => ({ ...line, id: `late ${line.id}`, at: now - 3 * hour }))
    await two.ask('POST', '/v1/usage', { lines: late }, one.call)
    clock.now = now
    await Promise.all([look(sql), look(other)])
    const events = await sql.all<{ body: string }>(`SELECT body FROM webhook_deliveries WHERE endpoint = 'billing'`)
    const isOver = ({ at }: LedgerLine) => at >= since && at - (at % hour) + hour + 300_000 <= now
    const exported = events.reduce((sum, { body }) => sum + Number(JSON.parse(body).payload.value), 0)
    expect(exported).toBe(costOf([...lines.filter(isOver), ...late]))
  })
})
