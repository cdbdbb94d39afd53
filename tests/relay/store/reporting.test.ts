/** What the relay tells, exports and forgets, over a real Postgres that several relays share. */
import { describe, expect, it, onTestFinished } from 'vitest'
import { noUsage } from '../../../src/core/usage.js'
import { Audit } from '../../../src/relay/audit/audit.js'
import { Outbox } from '../../../src/relay/clickhouse/outbox.js'
import { Tenants } from '../../../src/relay/people/tenants.js'
import { migrate } from '../../../src/relay/store/migrations.js'
import { openPostgres } from '../../../src/relay/store/postgres.js'
import { Billing } from '../../../src/relay/usage/billing.js'
import { UsageLog } from '../../../src/relay/usage/usage.js'
import { WebhookQueue } from '../../../src/relay/webhooks/queue.js'
import { hasPostgres, usePostgres } from '../../helpers/postgres.js'

const noon = Date.parse('2026-11-21T12:00:00Z')
const hour = 3_600_000

describe.skipIf(!hasPostgres)('over Postgres', () => {
  const server = usePostgres()
  const open = async () => {
    const sql = await openPostgres({ url: server.url })
    onTestFinished(() => sql.close())
    await migrate(sql)
    return sql
  }
  const line = (id: string, more: object = {}) => ({
    ...{
      id,
      callId: id,
      attempt: 1,
      at: noon,
      durationMs: 1,
      tenant: 'red',
      provider: 'openai',
      model: 'm',
      protocol: 'openai-chat',
    },
    ...{ outcome: 'ok', usage: noUsage, basis: 'complete', cost: 5, ...more },
  })

  it('is told once, and each delivery is taken by one relay alone', async () => {
    const sql = await open()
    const queues = [sql, await open()].map((sql) => new WebhookQueue({ sql, now: () => noon, receivers: async () => ['a', 'b'] }))
    const told = await Promise.all(queues.map((queue) => queue.publish({ type: 'cost.anomaly', once: 'x', data: {} })))
    expect(told.sort()).toEqual([0, 2])
    for (let at = 0; at < 20; at++) await queues[0]?.publish({ type: 'key.created', data: { at } })
    const taken = (await Promise.all([...queues, ...queues].map((queue) => queue.take({ most: 15 })))).flat().map(({ id }) => id)
    expect(new Set(taken).size).toBe(taken.length)
    const [queue] = queues
    const [one] = taken
    if (!queue || one === undefined) throw new Error('nothing was taken')
    await queue.delivered(one, 'It answered 204.')
    expect((await queue.list({ status: 'delivered' })).items.map(({ id }) => id)).toEqual([one])
    await queue.prune(noon + 1)
    expect((await queue.list({ status: 'delivered' })).items).toEqual([])
  })

  it('waits for ClickHouse in parcels, each of which one relay takes', async () => {
    const [sql, other] = [await open(), await open()]
    const [outbox, others] = [sql, other].map((sql) => new Outbox({ sql, now: () => noon }))
    const usage = new UsageLog({ sql, now: () => noon, also: async (lines, sql) => outbox?.add(lines, sql) })
    for (let at = 0; at < 40; at++) await usage.take({ lines: [line(`parcel ${at}`, { tags: { of: 'ü\u{1f600}\n' } })] })
    expect((await sql.all('SELECT CAST(SUM(lines) AS BIGINT) AS n FROM clickhouse_outbox'))[0]).toEqual({ n: 40 })
    const claimed = await Promise.all([outbox?.claim(15), others?.claim(15), outbox?.claim(15), others?.claim(15)])
    const parcels = claimed.flatMap((some) => some ?? [])
    expect(new Set(parcels.map(({ id }) => id)).size).toBe(parcels.length)
    expect(parcels[0]?.lines[0]?.tags).toEqual({ of: 'ü\u{1f600}\n' })
    await outbox?.release(parcels.slice(0, 5))
    expect(await others?.claim(100)).toHaveLength(45 - parcels.length)
    await outbox?.delivered(parcels.slice(5))
    expect(await outbox?.prune(noon + 1)).toBe(45 - parcels.length)
    expect(await outbox?.lateBy()).toBe(0)
  })

  it('is exported for billing once, whoever comes first', async () => {
    const [sql, other] = [await open(), await open()]
    await new Tenants({ sql }).create({ slug: 'red', metadata: { stripe_customer_id: 'cus_red' } })
    const clock = { now: noon }
    const make = (sql: typeof other) => {
      const queue = new WebhookQueue({ sql, now: () => clock.now, receivers: async () => [] })
      const options = () => ({ eventName: 'llm', file: '/dev/null' })
      return new Billing({ sql, queue, tenants: new Tenants({ sql }), now: () => clock.now, options })
    }
    await make(sql).look()
    await new UsageLog({ sql, now: () => clock.now }).take({ lines: [line('a'), line('b', { at: noon + hour })] })
    clock.now += 3 * hour
    const made = await Promise.all([make(sql), make(other), make(sql), make(other)].map((one) => one.look()))
    expect(made.reduce((sum, one) => sum + one, 0)).toBe(2)
  })

  it('is reported by tags, and forgotten in its time', async () => {
    const sql = await open()
    const usage = new UsageLog({ sql, now: () => noon })
    await usage.take({ lines: [line('c', { tenant: 'blue', tags: { team: 'a' } }), line('d', { tenant: 'blue' })] })
    const rows = await usage.report({ by: ['tag:team'], where: { tenant: 'blue' } })
    expect(rows.map(({ of, nano }) => [of['tag:team'], nano]).sort()).toEqual([
      ['', 5],
      ['a', 5],
    ])
    let time = 0
    const audit = new Audit({ sql, now: () => time++ })
    for (let at = 0; at < 5; at++) await audit.append({ actor: 'ada', action: 'x' })
    expect(await audit.prune(3)).toBe(3)
    expect(await audit.verify()).toMatchObject({ ok: true, entries: 3 })
  })
})
