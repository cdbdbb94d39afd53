import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished, test, vi } from 'vitest'
import { noUsage } from '../../../src/core/usage.js'
import { Audit } from '../../../src/relay/audit/audit.js'
import { Tenants } from '../../../src/relay/people/tenants.js'
import { Policies } from '../../../src/relay/policy/policies.js'
import { Leases } from '../../../src/relay/quota/leases.js'
import { Billing, type BillingOptions } from '../../../src/relay/usage/billing.js'
import { appendOnce } from '../../../src/relay/usage/billing-file.js'
import { UsageLog } from '../../../src/relay/usage/usage.js'
import { WebhookQueue } from '../../../src/relay/webhooks/queue.js'
import { Reporting } from '../../../src/relay/webhooks/reporting.js'
import { openReceiver } from '../receiver.js'
import { openStore, temporaryFolder } from '../store/open.js'

const hour = 3_600_000
const start = Date.parse('2026-11-21T10:20:00Z')
let count = 0

async function open(billing: BillingOptions) {
  const options: { billing?: BillingOptions } = { billing }
  const sql = await openStore()
  const clock = { now: start }
  const now = () => clock.now
  const [tenants, usage] = [new Tenants({ sql }), new UsageLog({ sql, now })]
  const make = () => {
    const reporting = new Reporting({
      ...{ sql, now, usage, tenants, warn: () => {}, pepper: 'a pepper of enough characters 1234' },
      ...{ audit: new Audit({ sql }), leases: new Leases({ sql }), policies: new Policies({ sql, usual: {} }) },
      options: () => ({ ...options, webhooks: { allow: ['127.0.0.1'] } }),
    })
    onTestFinished(() => reporting.close())
    return reporting
  }
  await tenants.create({ slug: 'red', metadata: { stripe_customer_id: 'cus_red' } })
  await tenants.create({ slug: 'free' })
  const use = (at: string, cost: number, tenant = 'red') =>
    usage.take({
      lines: [
        {
          ...{
            id: `line ${count++}`,
            callId: `c${count}`,
            attempt: 1,
            at: Date.parse(at),
            durationMs: 1,
            tenant,
            model: 'm',
            cost,
          },
          ...{
            provider: 'openai',
            protocol: 'openai-chat',
            outcome: 'ok',
            usage: { ...noUsage, input: 7, output: 3 },
            basis: 'complete',
          },
        },
      ],
    })
  return { sql, clock, options, tenants, use, make, reporting: make() }
}

it('exports each hour that is over once, and what comes late as what it adds', async () => {
  const receiver = await openReceiver()
  const { clock, use, reporting } = await open({ eventName: 'llm', url: receiver.url, key: 'sk_test' })
  await reporting.round()
  await use('2026-11-21T10:30:00Z', 1_500_000_001)
  await use('2026-11-21T10:31:00Z', 2)
  await use('2026-11-21T10:30:00Z', 5, 'free')
  clock.now = Date.parse('2026-11-21T11:04:59Z')
  await reporting.round()
  expect(receiver.received).toHaveLength(0)
  clock.now = Date.parse('2026-11-21T11:05:00Z')
  await reporting.round()
  await reporting.round()
  expect(receiver.received.map(({ body }) => body)).toEqual([
    {
      event_name: 'llm',
      timestamp: Date.parse('2026-11-21T10:00:00Z') / 1000,
      identifier: 'leash-red-2026-11-21T10-nanoUsd-1',
      payload: { stripe_customer_id: 'cus_red', value: '1500000003' },
    },
  ])
  expect(receiver.received[0]?.headers).toMatchObject({
    authorization: 'Bearer sk_test',
    'idempotency-key': 'leash-red-2026-11-21T10-nanoUsd-1',
  })
  await use('2026-11-21T10:59:00Z', 40)
  await use('2026-11-21T11:01:00Z', 100)
  clock.now += hour
  await reporting.round()
  expect(receiver.received.slice(1).map(({ body }) => [body.identifier, body.payload.value])).toEqual(
    expect.arrayContaining([
      ['leash-red-2026-11-21T10-nanoUsd-2', '40'],
      ['leash-red-2026-11-21T11-nanoUsd-1', '100'],
    ]),
  )
  await use('2026-11-21T10:58:00Z', 7)
  await reporting.round()
  await reporting.round()
  expect(receiver.received.slice(3).map(({ body }) => [body.identifier, body.payload.value])).toEqual([
    ['leash-red-2026-11-21T10-nanoUsd-3', '7'],
  ])
})

it('writes nothing about hours that have nothing new', async () => {
  const { sql, clock, tenants, use } = await open({ eventName: 'llm' })
  const queue = new WebhookQueue({ sql, receivers: async () => [], now: () => clock.now })
  const billing = new Billing({ sql, tenants, queue, options: () => ({ eventName: 'llm' }), now: () => clock.now })
  await billing.look()
  for (const at of ['10:30', '11:30', '12:30']) await use(`2026-11-21T${at}:00Z`, 7)
  clock.now += 4 * hour
  expect(await billing.look()).toBe(3)
  const transactions = vi.spyOn(sql, 'transaction')
  onTestFinished(() => transactions.mockRestore())
  expect(await billing.look()).toBe(0)
  // That which says when it was looked at.
  expect(transactions).toHaveBeenCalledTimes(1)
  await use('2026-11-21T11:31:00Z', 1)
  expect(await billing.look()).toBe(1)
})

it('sends an event again under the same identifier until it is taken', async () => {
  const receiver = await openReceiver()
  const { clock, use, reporting } = await open({ eventName: 'llm', url: receiver.url, unit: 'tokens' })
  await reporting.round()
  await use('2026-11-21T10:30:00Z', 1)
  receiver.answer({ status: 500 })
  clock.now += hour
  await reporting.round()
  clock.now += 5000
  await reporting.round()
  expect(receiver.received.map(({ body }) => [body.identifier, body.payload.value])).toEqual([
    ['leash-red-2026-11-21T10-tokens-1', '10'],
    ['leash-red-2026-11-21T10-tokens-1', '10'],
  ])
})

it('exports nothing of before it was switched on, or of what is three days late', async () => {
  const file = join(temporaryFolder(), 'meter.ndjson')
  const { clock, use, reporting } = await open({ eventName: 'llm', file })
  await use('2026-11-21T09:30:00Z', 1)
  await reporting.round()
  await use('2026-11-21T09:40:00Z', 1)
  clock.now += 80 * hour
  await reporting.round()
  await use('2026-11-21T10:40:00Z', 1)
  await reporting.round()
  expect(existsSync(file)).toBe(false)
})

it('loses no hour of a time in which no relay has run, however long that was', async () => {
  const file = join(temporaryFolder(), 'meter.ndjson')
  const { clock, use, reporting } = await open({ eventName: 'llm', file, unit: 'calls' })
  await reporting.round()
  await use('2026-11-21T10:30:00Z', 1)
  clock.now += 120 * hour
  // What clients have kept meanwhile.
  await use('2026-11-22T10:30:00Z', 1)
  await reporting.round()
  const hours = readFileSync(file, 'utf8').trim().split('\n')
  expect(hours.map((line) => JSON.parse(line).identifier).sort()).toEqual([
    'leash-red-2026-11-21T10-calls-1',
    'leash-red-2026-11-22T10-calls-1',
  ])
})

it('bills what a tenant has used before it was deleted', async () => {
  const file = join(temporaryFolder(), 'meter.ndjson')
  const { sql, clock, use, reporting } = await open({ eventName: 'llm', file, unit: 'calls' })
  await reporting.round()
  await use('2026-11-21T10:30:00Z', 1)
  await new Tenants({ sql, now: () => clock.now }).delete('red')
  clock.now += hour
  await reporting.round()
  expect(readFileSync(file, 'utf8')).toContain('leash-red-2026-11-21T10-calls-1')
})

it('bills every tenant, however many there are', async () => {
  const { sql, clock, tenants, use } = await open({ eventName: 'llm' })
  const billing = new Billing({
    ...{ sql, tenants, now: () => clock.now, options: () => ({ eventName: 'llm' }) },
    queue: new WebhookQueue({ sql, receivers: async () => [], now: () => clock.now }),
  })
  await billing.look()
  await sql.transaction(async (sql) => {
    const within = new Tenants({ sql })
    for (let at = 0; at < 1001; at++) await within.create({ slug: `a${at}` })
  })
  await use('2026-11-21T10:30:00Z', 1)
  clock.now += hour
  expect(await billing.look()).toBe(1)
})

it('goes on hour by hour when it was switched on more than a month ago', async () => {
  const file = join(temporaryFolder(), 'meter.ndjson')
  const { clock, use, reporting } = await open({ eventName: 'llm', file, unit: 'calls' })
  await reporting.round()
  clock.now += 31 * 24 * hour
  await reporting.round()
  await use(new Date(clock.now).toISOString(), 1)
  clock.now += 2 * hour
  await reporting.round()
  expect(readFileSync(file, 'utf8')).toContain('leash-red-2026-12-22T10-calls-1')
})

it('remembers for thirty days what it has exported of an hour', async () => {
  const { sql, clock, use, reporting } = await open({ eventName: 'llm', file: join(temporaryFolder(), 'meter.ndjson') })
  const hours = async () => (await sql.all(`SELECT hour FROM billing_hours WHERE tenant = 'red'`)).length
  await reporting.round()
  await use(new Date(clock.now).toISOString(), 1)
  clock.now += 2 * hour
  await reporting.round()
  expect(await hours()).toBe(1)
  clock.now += 28 * 24 * hour
  await reporting.round()
  expect(await hours()).toBe(1)
  clock.now += 2 * 24 * hour
  await reporting.round()
  expect(await hours()).toBe(0)
})

it('exports nothing of the time that it was switched off, and keeps what it could not deliver', async () => {
  const receiver = await openReceiver()
  const billing: BillingOptions = { eventName: 'llm', url: receiver.url, unit: 'calls' }
  const { clock, options, use, reporting } = await open(billing)
  await reporting.round()
  await use('2026-11-21T10:30:00Z', 1)
  receiver.answer({ status: 500 })
  clock.now += hour
  await reporting.round()
  expect(receiver.received).toHaveLength(1)
  delete options.billing
  for (let at = 0; at < 30; at++) {
    clock.now += hour
    await reporting.round()
  }
  expect((await reporting.queue.list({})).items).toMatchObject([{ status: 'pending', attempts: 1 }])
  await use('2026-11-22T12:30:00Z', 1)
  options.billing = billing
  await reporting.round()
  await use(new Date(clock.now).toISOString(), 1)
  clock.now += hour
  await reporting.round()
  await reporting.round()
  expect(receiver.received.slice(1).map(({ body }) => body.identifier)).toEqual([
    'leash-red-2026-11-21T10-calls-1',
    'leash-red-2026-11-22T17-calls-1',
  ])
})

it('goes on where it was when no relay has run, or one does not know of it yet', async () => {
  const file = join(temporaryFolder(), 'meter.ndjson')
  const { sql, clock, tenants, use, reporting } = await open({ eventName: 'llm', file, unit: 'calls' })
  await reporting.round()
  const other = new Billing({ sql, tenants, queue: reporting.queue, now: () => clock.now, options: () => undefined })
  for (let at = 0; at < 12; at++) {
    clock.now += 300_000
    await other.look()
    await reporting.round()
  }
  clock.now += 20 * hour
  await use('2026-11-21T10:30:00Z', 1)
  await use('2026-11-21T20:30:00Z', 1)
  await reporting.round()
  expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(2)
})

it('begins anew with another unit, and exports no hour in both', async () => {
  const file = join(temporaryFolder(), 'meter.ndjson')
  const { clock, options, use, reporting } = await open({ eventName: 'llm', file, unit: 'calls' })
  await reporting.round()
  await use('2026-11-21T10:30:00Z', 1)
  clock.now += hour
  await reporting.round()
  options.billing = { eventName: 'llm', file, unit: 'tokens' }
  await use('2026-11-21T11:10:00Z', 1)
  await reporting.round()
  clock.now += hour
  await reporting.round()
  const events = readFileSync(file, 'utf8').trim().split('\n')
  expect(events.map((line) => JSON.parse(line).identifier)).toEqual([
    'leash-red-2026-11-21T10-calls-1',
    'leash-red-2026-11-21T11-tokens-1',
  ])
})

it('exports nothing of the time of another unit when the first one is back', async () => {
  const file = join(temporaryFolder(), 'meter.ndjson')
  const { clock, options, use, reporting } = await open({ eventName: 'llm', file, unit: 'calls' })
  await reporting.round()
  options.billing = { eventName: 'llm', file, unit: 'tokens' }
  for (let at = 0; at < 36; at++) {
    await reporting.round()
    clock.now += 300_000
  }
  await use('2026-11-21T11:10:00Z', 1)
  options.billing = { eventName: 'llm', file, unit: 'calls' }
  await reporting.round()
  await use('2026-11-21T13:30:00Z', 1)
  clock.now += hour
  await reporting.round()
  const events = readFileSync(file, 'utf8').trim().split('\n')
  expect(events.map((line) => JSON.parse(line).identifier)).toEqual(['leash-red-2026-11-21T13-calls-1'])
})

it('goes on when the clock was far ahead for a time', async () => {
  const file = join(temporaryFolder(), 'meter.ndjson')
  const { clock, use, reporting } = await open({ eventName: 'llm', file, unit: 'calls' })
  await reporting.round()
  clock.now += 20 * 24 * hour
  await reporting.round()
  clock.now -= 20 * 24 * hour
  await use('2026-11-21T10:30:00Z', 1)
  clock.now += hour
  await reporting.round()
  expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(1)
})

it('is one export for all relays of a database', async () => {
  const file = join(temporaryFolder(), 'meter.ndjson')
  const { sql, clock, tenants, use, reporting } = await open({ eventName: 'llm', file, unit: 'calls' })
  await reporting.round()
  for (let at = 10; at < 14; at++) await use(`2026-11-21T${at}:30:00Z`, 1)
  clock.now += 5 * hour
  const { queue } = reporting
  const others = Array.from(
    { length: 4 },
    () => new Billing({ sql, tenants, queue, now: () => clock.now, options: () => ({ eventName: 'llm', file, unit: 'calls' }) }),
  )
  const made = await Promise.all(others.map((one) => one.look()))
  expect(made.reduce((sum, one) => sum + one, 0)).toBe(4)
  await reporting.round()
  const events = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(new Set(events.map(({ identifier }) => identifier)).size).toBe(4)
  expect(events).toHaveLength(4)
})

it('is a form where the billing system takes forms', async () => {
  const { createServer } = await import('node:http')
  const bodies: string[] = []
  const server = createServer((request, response) => {
    request.on('data', (chunk) => bodies.push(String(chunk)))
    request.on('end', () => response.end('{}'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/v1/billing/meter_events`
  const { clock, use, reporting } = await open({ eventName: 'llm', url, format: 'form' })
  await reporting.round()
  await use('2026-11-21T10:30:00Z', 25)
  clock.now += hour
  await reporting.round()
  expect(Object.fromEntries(new URLSearchParams(bodies[0]))).toEqual({
    event_name: 'llm',
    timestamp: '1795255200',
    identifier: 'leash-red-2026-11-21T10-nanoUsd-1',
    'payload[stripe_customer_id]': 'cus_red',
    'payload[value]': '25',
  })
})

test('a line that is in the file is not written again, and one that was cut off tears no other apart', async () => {
  const file = join(temporaryFolder(), 'meter.ndjson')
  const [one, two] = ['{"identifier":"1"}', '{"identifier":"2"}']
  expect(await appendOnce(file, one)).toBe('written')
  expect(await appendOnce(file, one)).toBe('known')
  writeFileSync(file, `${one}\n{"identifier":"2`)
  expect(await appendOnce(file, two)).toBe('written')
  expect(readFileSync(file, 'utf8')).toBe(`${one}\n{"identifier":"2\n${two}\n`)
  expect(await appendOnce(file, two)).toBe('known')
})

test('a line is looked for at the end of a file of any length', async () => {
  const file = join(temporaryFolder(), 'meter.ndjson')
  const line = (id: number) => JSON.stringify({ identifier: String(id), value: '1'.repeat(1000) })
  writeFileSync(file, Array.from({ length: 3000 }, (_, id) => `${line(id)}\n`).join(''))
  expect(await appendOnce(file, line(2999))).toBe('known')
  expect(await appendOnce(file, line(2500))).toBe('known')
  expect(await appendOnce(file, line(3000))).toBe('written')
})
