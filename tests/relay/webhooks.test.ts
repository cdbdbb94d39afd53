import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished, test } from 'vitest'
import { Audit } from '../../src/relay/audit/audit.js'
import { Tenants } from '../../src/relay/people/tenants.js'
import { Policies } from '../../src/relay/policy/policies.js'
import { Leases } from '../../src/relay/quota/leases.js'
import { UsageLog } from '../../src/relay/usage/usage.js'
import { laneOf } from '../../src/relay/webhooks/queue.js'
import type { ReportOptions } from '../../src/relay/webhooks/report-options.js'
import { Reporting } from '../../src/relay/webhooks/reporting.js'
import { signedHeaders } from '../../src/relay/webhooks/sign.js'
import { until, useMock } from '../helpers/mock.js'
import { openRelay } from './helpers.js'
import { openReceiver } from './receiver.js'
import { openStore } from './store/open.js'

const mock = useMock()
const local: ReportOptions = { webhooks: { allow: ['127.0.0.1'] } }
const [second, minute, hour, day] = [1000, 60_000, 3_600_000, 86_400_000]

/** The relay's own parts, and a clock that stands still. */
async function open(options: ReportOptions = local) {
  const sql = await openStore()
  const clock = { now: Date.now() }
  const now = () => clock.now
  const warnings: string[] = []
  const make = () => {
    const audit = new Audit({ sql, now })
    const leases = new Leases({ sql, now })
    const policies = new Policies({ sql, now, usual: {} })
    const warn = (message: string) => void warnings.push(message)
    const [tenants, usage] = [new Tenants({ sql, now }), new UsageLog({ sql, now })]
    const deps = {
      sql,
      now,
      tenants,
      usage,
      audit,
      leases,
      policies,
      warn,
      pepper: 'a pepper of enough characters 1234',
      options: () => options,
    }
    const reporting = new Reporting(deps)
    onTestFinished(() => reporting.close())
    return { reporting, audit }
  }
  return { sql, clock, warnings, make, ...make() }
}

/** A receiver that lets everybody wait. */
async function openHanging() {
  const waiting: ServerResponse[] = []
  let open = false
  const server = createServer((_, response) => {
    if (open) response.end()
    else waiting.push(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    get count() {
      return waiting.length
    },
    answer() {
      open = true
      for (const response of waiting) response.end()
    },
  }
}

test('a signature is the one of the standard', () => {
  const headers = signedHeaders(
    ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
    'msg_p5jXN8AQM9LWM0D4loKWxJek',
    1_614_265_330_999,
    '{"test": 2432232314}',
  )
  expect(headers).toEqual({
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  })
})

describe('a delivery', () => {
  it('is signed, says what happened, and comes once to each who wants it', async () => {
    const { reporting, clock } = await open()
    const [all, some, others] = await Promise.all([openReceiver(), openReceiver(), openReceiver()])
    const { secret } = await reporting.endpoints.create({ url: all.url })
    await reporting.endpoints.create({ url: some.url, events: ['cost.anomaly'], tenant: 'red' })
    await reporting.endpoints.create({ url: others.url, events: ['key.created'] })
    await reporting.endpoints.create({ url: others.url, tenant: 'blue' })
    await reporting.endpoints.create({ url: others.url, enabled: false })
    await reporting.publish({ type: 'cost.anomaly', tenant: 'red', data: { tenant: 'red', spent: '1.5' } })
    await reporting.round()
    expect([all.received.length, some.received.length, others.received.length]).toEqual([1, 1, 0])
    const [got] = all.received
    expect(got?.body).toEqual({
      type: 'cost.anomaly',
      timestamp: new Date(clock.now).toISOString(),
      data: { tenant: 'red', spent: '1.5' },
    })
    if (got) await all.verify(got, secret)
    if (got) await expect(all.verify({ ...got, text: `${got.text} ` }, secret)).rejects.toThrow(/signature/i)
    const [other] = some.received
    if (other) await expect(all.verify(other, secret)).rejects.toThrow(/signature/i)
  })

  it('that is refused comes again later and later under the same id, and in the end is kept for whoever looks', async () => {
    const { reporting, clock, warnings } = await open()
    const receiver = await openReceiver()
    await reporting.endpoints.create({ url: receiver.url })
    receiver.answer(...Array.from({ length: 8 }, () => ({ status: 500 })))
    await reporting.publish({ type: 'key.created', data: {} })
    for (const wait of [0, 5 * second, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 10 * hour]) {
      const before = receiver.received.length
      if (wait > 0) {
        clock.now += wait / 2 - 1
        await reporting.round()
        expect(receiver.received).toHaveLength(before)
        clock.now += wait / 2 + 1
      }
      await reporting.round()
      expect(receiver.received).toHaveLength(before + 1)
    }
    expect(warnings).toEqual([expect.stringContaining('given up: It answered 500.')])
    clock.now += day
    await reporting.round()
    expect(receiver.received).toHaveLength(8)
    expect(new Set(receiver.received.map(({ id }) => id)).size).toBe(1)
    const { items } = await reporting.queue.list({ status: 'dead' })
    expect(items).toMatchObject([{ id: receiver.received[0]?.id, attempts: 8, last: 'It answered 500.', status: 'dead' }])
    await reporting.queue.retry(items[0]?.id ?? '')
    await reporting.round()
    expect(receiver.received).toHaveLength(9)
    expect((await reporting.queue.list({})).items).toMatchObject([{ status: 'delivered', last: 'It answered 204.' }])
  })

  it.each([
    ['in seconds', () => '600'],
    ['by a date', () => new Date(Date.now() + 600 * second).toUTCString()],
  ])('comes no sooner than the receiver asks for %s', async (_, later) => {
    const { reporting, clock } = await open()
    const receiver = await openReceiver()
    await reporting.endpoints.create({ url: receiver.url })
    receiver.answer({ status: 429, headers: { 'retry-after': later() } })
    await reporting.publish({ type: 'key.created', data: {} })
    await reporting.round()
    clock.now += 590 * second
    await reporting.round()
    expect(receiver.received).toHaveLength(1)
    clock.now += 12 * second
    await reporting.round()
    expect(receiver.received).toHaveLength(2)
  })

  it('survives the end of the relay, and of one that died while it sent', async () => {
    const { reporting, clock, make } = await open()
    const receiver = await openReceiver()
    await reporting.endpoints.create({ url: receiver.url })
    await reporting.queue.publish({ type: 'key.created', data: {} })
    expect(await reporting.queue.take({ most: 10 })).toHaveLength(1)
    await reporting.close()
    const { reporting: next } = make()
    await next.round()
    expect(receiver.received).toHaveLength(0)
    clock.now += minute
    await next.round()
    expect(receiver.received).toHaveLength(1)
    expect((await next.queue.list({})).items).toMatchObject([{ status: 'delivered', attempts: 2 }])
  })

  it('is taken by one relay alone', async () => {
    const { reporting, make } = await open()
    const { reporting: other } = make()
    const receiver = await openReceiver()
    await reporting.endpoints.create({ url: receiver.url })
    for (let at = 0; at < 30; at++) await reporting.queue.publish({ type: 'key.created', data: { at } })
    await Promise.all([reporting.round(), other.round()])
    await Promise.all([reporting.round(), other.round()])
    expect(receiver.received).toHaveLength(30)
  })

  it('is not held up by a receiver that does not answer, nor by the callbacks of one tenant', async () => {
    const { reporting, sql } = await open()
    const [receiver, hanging] = [await openReceiver(), await openHanging()]
    const { queue, endpoints } = reporting
    const { endpoint } = await endpoints.create({ url: hanging.url, events: ['key.created'] })
    await endpoints.create({ url: receiver.url, events: ['key.revoked'] })
    for (let at = 0; at < 100; at++) await queue.send(endpoint.id, { type: 'key.created', data: { at } })
    await reporting.publish({ type: 'key.revoked', data: {} })
    await receiver.arrived(1)
    await until(() => hanging.count >= 4)
    expect(hanging.count).toBe(4)
    hanging.answer()
    await reporting.round()
    expect((await queue.list({ status: 'pending' })).items).toEqual([])
    const job = (tenant: string, at: number) => ({ endpoint: `job ${tenant}/${at}`, type: 'job.ended', tenant, body: '{}' })
    for (let at = 0; at < 20; at++) await queue.hand({ ...job('red', at), id: `red ${at}` }, sql)
    await queue.hand({ ...job('blue', 0), id: 'blue' }, sql)
    const taken = await queue.take({ most: 64, ofEach: 4 })
    expect(taken.map(laneOf).sort()).toEqual(['job blue', ...Array(4).fill('job red')])
    expect(await queue.take({ most: 64, ofEach: 4, but: ['job red'] })).toEqual([])
  })

  it('to an address that is gone switches its webhook off', async () => {
    const { reporting } = await open()
    const receiver = await openReceiver()
    const { endpoint } = await reporting.endpoints.create({ url: receiver.url })
    receiver.answer({ status: 410 })
    await reporting.publish({ type: 'key.created', data: {} })
    await reporting.round()
    expect(await reporting.endpoints.get(endpoint.id)).toMatchObject({ enabled: false })
    await reporting.publish({ type: 'key.created', data: {} })
    expect((await reporting.queue.list({})).items).toMatchObject([{ status: 'dead' }])
  })

  it('is not sent to what became a private address, nor along a redirect', async () => {
    const options = { ...local }
    const { reporting } = await open(options)
    const [receiver, elsewhere] = await Promise.all([openReceiver(), openReceiver()])
    await reporting.endpoints.create({ url: receiver.url })
    receiver.answer({ status: 307, headers: { location: elsewhere.url } })
    await reporting.publish({ type: 'key.created', data: {} })
    await reporting.round()
    expect([receiver.received.length, elsewhere.received.length]).toEqual([1, 0])
    Object.assign(options, { webhooks: { allow: ['10.0.0.0/8'] } })
    await reporting.publish({ type: 'key.created', data: { again: true } })
    await reporting.round()
    expect(receiver.received).toHaveLength(1)
    expect((await reporting.queue.list({ status: 'dead' })).items).toMatchObject([{ last: expect.stringContaining('public') }])
  })

  it('of what is told once comes once, whoever publishes it', async () => {
    const { reporting, make } = await open()
    const receiver = await openReceiver()
    await reporting.endpoints.create({ url: receiver.url })
    const notice = { type: 'cost.anomaly', once: 'red 2026-11-21T18', data: {} } as const
    await Promise.all([reporting.publish(notice), make().reporting.publish(notice), reporting.publish(notice)])
    await reporting.round()
    expect(receiver.received).toHaveLength(1)
  })

  it('forgets what ended long enough ago', async () => {
    const { reporting, clock } = await open()
    const receiver = await openReceiver()
    await reporting.endpoints.create({ url: receiver.url })
    await reporting.publish({ type: 'key.created', data: {} })
    await reporting.round()
    await reporting.queue.prune(clock.now)
    expect((await reporting.queue.list({})).items).toHaveLength(1)
    await reporting.queue.prune(clock.now + 1)
    expect((await reporting.queue.list({})).items).toEqual([])
  })
})

it('signs by the old secret and the new for a day after it was turned over', async () => {
  const { reporting, clock } = await open()
  const receiver = await openReceiver()
  const { endpoint, secret } = await reporting.endpoints.create({ url: receiver.url })
  const next = await reporting.endpoints.rotate(endpoint.id)
  expect(next).not.toBe(secret)
  await reporting.publish({ type: 'key.created', data: {} })
  await reporting.round()
  clock.now += day
  await reporting.publish({ type: 'key.created', data: {} })
  await reporting.round()
  const [first, later] = receiver.received
  if (!first || !later) throw new Error('two were to come')
  await receiver.verify(first, secret)
  await receiver.verify(first, next)
  await receiver.verify(later, next, 2 * 86_400)
  await expect(receiver.verify(later, secret, 2 * 86_400)).rejects.toThrow(/signature/i)
})

describe('over HTTP', () => {
  it('webhooks are made, changed, tried, turned over and deleted, and every change is on record', async () => {
    const relay = await openRelay(mock.url, local)
    const receiver = await openReceiver()
    const made = await relay.ask('POST', '/v1/admin/webhooks', { url: receiver.url, events: ['key.created'] })
    expect(made).toMatchObject({ status: 201, body: { enabled: true, secret: expect.stringMatching(/^whsec_/) } })
    const at = `/v1/admin/webhooks/${made.body.id}`
    expect((await relay.ask('GET', at)).body).not.toHaveProperty('secret')
    expect((await relay.ask('POST', `${at}/test`)).status).toBe(202)
    await receiver.arrived(1)
    const { body: key } = await relay.ask('POST', '/v1/admin/keys', { tenant: 'default', name: 'x' })
    await receiver.arrived(2)
    const [, created] = receiver.received
    expect(created?.body).toMatchObject({
      type: 'key.created',
      data: { tenant: 'default', target: key.id, action: 'key.create' },
    })
    if (created) await receiver.verify(created, made.body.secret)
    expect(created?.text).not.toContain(key.key)
    expect((await relay.ask('PATCH', at, { enabled: false })).body).toMatchObject({ enabled: false })
    expect((await relay.ask('POST', `${at}/rotate`)).body.secret).not.toBe(made.body.secret)
    expect((await relay.ask('DELETE', at)).status).toBe(204)
    expect((await relay.ask('GET', at)).status).toBe(404)
    const { items } = (await relay.ask('GET', '/v1/admin/audit')).body
    expect(items.map(({ action }: { action: string }) => action)).toEqual(
      expect.arrayContaining(['webhook.create', 'webhook.update', 'webhook.rotate', 'webhook.delete']),
    )
    expect(relay.warnings).toEqual([])
  })

  it('what changes policies, keys and the configuration is told', async () => {
    const relay = await openRelay(mock.url, local)
    const receiver = await openReceiver()
    await relay.ask('POST', '/v1/admin/webhooks', { url: receiver.url })
    await relay.ask('PUT', '/v1/admin/tenants/default/policy', { strict: true })
    const { body: key } = await relay.ask('POST', '/v1/admin/keys', { tenant: 'default' })
    await relay.ask('POST', `/v1/admin/keys/${key.id}/revoke`)
    await relay.ask('PUT', '/v1/admin/config', { staleMs: 1000 })
    await receiver.arrived(4)
    expect(receiver.received.map(({ body }) => body.type).sort()).toEqual([
      'config.changed',
      'key.created',
      'key.revoked',
      'policy.changed',
    ])
  })

  it('what is no webhook is refused', async () => {
    const relay = await openRelay(mock.url)
    const url = 'https://example.com/'
    const refused: readonly (readonly [body: object, status: number])[] = [
      [{ url: 'https://169.254.169.254/latest' }, 400],
      [{ url: 'https://[::ffff:10.0.0.1]/' }, 400],
      [{ url: 'http://example.com/' }, 400],
      [{ url: 'https://user:secret@example.com/' }, 400],
      [{ url: 'nonsense' }, 400],
      [{}, 400],
      [{ url, events: ['everything'] }, 400],
      [{ url, events: [] }, 400],
      [{ url, enabled: 'yes' }, 400],
      [{ url, tenant: 'nobody' }, 404],
      [{ url, other: 1 }, 400],
      [{ url, description: 'x'.repeat(201) }, 400],
    ]
    for (const [body, status] of refused) {
      const answer = await relay.ask('POST', '/v1/admin/webhooks', body)
      expect([body, answer.status]).toEqual([body, status])
    }
    expect((await relay.ask('GET', '/v1/admin/webhooks')).body.items).toEqual([])
  })
})
