/** Calls that nobody waits for. */
import { createHmac } from 'node:crypto'
import { cpSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { JobStore } from '../../../src/relay/jobs/store.js'
import type { Sql } from '../../../src/relay/store/sql.js'
import { until, useMock } from '../../helpers/mock.js'
import { serve } from '../../helpers/serve.js'
import { openRelay, type TestRelay, temporaryFolder } from '../helpers.js'
import { openReceiver } from '../receiver.js'
import { jobScenarios } from '../store/job-scenarios.js'
import { openStore } from '../store/open.js'

const mock = useMock()
const request = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] }

const submit = async ({ ask, call }: TestRelay, body: unknown = { request }, key = call) =>
  ask('POST', '/v1/gateway/jobs', body, key)
const look = async ({ ask, call }: TestRelay, path: string, key = call) => ask('GET', `/v1/gateway/jobs${path}`, undefined, key)
const cancel = ({ ask, call }: TestRelay, id: string, key = call) => ask('POST', `/v1/gateway/jobs/${id}/cancel`, {}, key)
const isNow = async (relay: TestRelay, id: string, status: string) =>
  until(async () => (await look(relay, `/${id}`)).body.status === status)

describe('a job', () => {
  test('is taken at once, made, and kept until it is fetched', async () => {
    const relay = await openRelay(mock.url)
    const { status, headers, body } = await submit(relay)
    expect(status).toBe(202)
    expect(headers.get('location')).toBe(`/v1/gateway/jobs/${body.id}`)
    expect(body).toMatchObject({ model: 'gpt-4o-mini', status: 'queued', createdAt: expect.any(Number) })
    await isNow(relay, body.id, 'done')
    const result = await look(relay, `/${body.id}/result`)
    expect(result.status).toBe(200)
    expect(result.body.choices[0].message.content).toContain('Hello')
    expect(result.body.leash).toMatchObject({ provider: 'openai', ended: true, cost: { usd: expect.any(Number) } })
    expect((await look(relay, '')).body.items).toMatchObject([{ id: body.id, status: 'done', endedAt: expect.any(Number) }])
    expect(JSON.stringify((await look(relay, '')).body)).not.toContain('default')
  })

  test('is one job, however often it is submitted under one name', async () => {
    const relay = await openRelay(mock.url)
    const headers = { authorization: `Bearer ${relay.call}`, 'idempotency-key': 'mine' }
    const send = async () =>
      (await fetch(`${relay.url}/v1/gateway/jobs`, { method: 'POST', headers, body: JSON.stringify({ request }) })).json()
    const [one, two] = [await send(), await send()]
    expect(two.id).toBe(one.id)
    await isNow(relay, one.id, 'done')
    expect((await send()).status).toBe('done')
    expect(mock.requests).toHaveLength(1)
  })

  test('is not taken for another that was submitted under its name', async () => {
    const relay = await openRelay(mock.url)
    const headers = { authorization: `Bearer ${relay.call}`, 'idempotency-key': 'mine' }
    const send = (body: object) =>
      fetch(`${relay.url}/v1/gateway/jobs`, { method: 'POST', headers, body: JSON.stringify(body) }).then(async (answer) => ({
        status: answer.status,
        body: await answer.json(),
      }))
    const one = await send({ request, ttlMs: 5000 })
    const { model, messages } = request
    expect(await send({ ttlMs: 5000, request: { messages, model } })).toMatchObject({ status: 202, body: { id: one.body.id } })
    const others = [{ request }, { request: { ...request, max_tokens: 1 }, ttlMs: 5000 }]
    for (const other of others)
      expect(await send(other)).toMatchObject({
        status: 422,
        body: { error: { code: 'invalid_request', message: expect.stringContaining('`Idempotency-Key`') } },
      })
  })

  test('that fails has the failure as its result, with the attempts', async () => {
    const relay = await openRelay(mock.url, { leash: { retry: false } })
    mock.script({ status: 400 })
    const { id } = (await submit(relay)).body
    await isNow(relay, id, 'failed')
    expect((await look(relay, `/${id}`)).body.code).toBe('invalid_request')
    expect(await look(relay, `/${id}/result`)).toMatchObject({
      status: 400,
      body: { error: { code: 'invalid_request' }, leash: { attempts: [{ status: 400 }] } },
    })
  })

  test('is refused at once when it cannot be understood', async () => {
    const relay = await openRelay(mock.url)
    const bad = [
      {},
      request,
      { request: {} },
      { request, ttlMs: 1 },
      { request: { ...request, leash: { key: 'x' } } },
      { request: { ...request, model: 'a\0b' } },
    ]
    for (const body of bad) expect([body, (await submit(relay, body)).status]).toEqual([body, 400])
    expect((await submit(relay, { request }, 'lk_nobody')).status).toBe(401)
  })

  test('is under the policy that holds when it is made', async () => {
    const relay = await openRelay(mock.url, { policy: { access: { models: { deny: ['gpt-4o-mini'] } } } })
    const { id } = (await submit(relay)).body
    await isNow(relay, id, 'failed')
    expect((await look(relay, `/${id}`)).body.code).toBe('model_not_allowed')
  })

  test('that an administrator submits for a tenant is made for that one, under its policy', async () => {
    const relay = await openRelay(mock.url, { tenantFrom: { header: 'x-tenant' }, trustedProxies: ['127.0.0.1'] })
    await relay.ask('POST', '/v1/admin/tenants', { slug: 'other' })
    const asOther = async (method: string, path = '') => {
      const headers = { authorization: `Bearer ${relay.admin}`, 'x-tenant': 'other' }
      const body = method === 'POST' && { body: JSON.stringify({ request }) }
      return (await fetch(`${relay.url}/v1/gateway/jobs${path}`, { method, headers, ...body })).json()
    }
    const ended = async (status: string) => {
      const { id } = await asOther('POST')
      await until(async () => (await asOther('GET', `/${id}`)).status === status)
    }
    await ended('done')
    const calls = async () => (await relay.ask('GET', '/v1/admin/calls')).body.items
    await until(async () => (await calls()).length > 0)
    expect(await calls()).toMatchObject([{ tenant: 'other' }])
    await relay.ask('PUT', '/v1/admin/tenants/other/policy', { access: { models: { deny: ['gpt-4o-mini'] } } })
    await ended('failed')
  })

  test('is cancelled, and its vendor is left', async () => {
    const relay = await openRelay(mock.url, { jobs: { perTenant: 1 } })
    mock.script({ hang: 'headers' })
    const first = (await submit(relay)).body
    const second = (await submit(relay)).body
    await until(() => mock.requests.length === 1)
    expect((await look(relay, `/${second.id}/result`)).status).toBe(202)
    expect((await cancel(relay, second.id)).body.status).toBe('cancelled')
    expect((await cancel(relay, first.id)).body.status).toBe('cancelled')
    await until(() => mock.requests[0]?.outcome === 'aborted')
    expect((await look(relay, `/${first.id}/result`)).status).toBe(409)
    expect((await look(relay, '?status=cancelled')).body.items).toHaveLength(2)
    expect(mock.requests).toHaveLength(1)
  })

  test("of another tenant is not there, nor is that of a tenant's other user", async () => {
    const relay = await openRelay(mock.url)
    await relay.ask('POST', '/v1/admin/tenants', { slug: 'other' })
    const keyOf = async (owner: object) => (await relay.ask('POST', '/v1/admin/keys', owner)).body.key
    const [other, ada, bob] = [
      await keyOf({ tenant: 'other' }),
      await keyOf({ tenant: 'default', user: 'ada' }),
      await keyOf({ tenant: 'default', user: 'bob' }),
    ]
    const { id } = (await submit(relay, { request }, ada)).body
    for (const key of [other, bob]) {
      expect((await look(relay, `/${id}`, key)).status).toBe(404)
      expect((await look(relay, `/${id}/result`, key)).status).toBe(404)
      expect((await cancel(relay, id, key)).status).toBe(404)
      expect((await look(relay, '', key)).body.items).toEqual([])
    }
    expect((await look(relay, `/${id}`, ada)).status).toBe(200)
    expect((await look(relay, `/${id}`)).status).toBe(200)
  })

  test.each([
    ['that was revoked', ({ ask }: TestRelay, id: string) => ask('POST', `/v1/admin/keys/${id}/revoke`)],
    [
      'of a user who was suspended',
      ({ ask }: TestRelay) => ask('PATCH', '/v1/admin/tenants/default/users/ada', { status: 'suspended' }),
    ],
    ['of a user who was deleted', ({ ask }: TestRelay) => ask('DELETE', '/v1/admin/tenants/default/users/ada')],
  ])('is not made with a key %s meanwhile', async (_, takeBack) => {
    const relay = await openRelay(mock.url, { jobs: { perTenant: 1 } })
    mock.script({ hang: 'headers' })
    const first = (await submit(relay)).body
    await relay.ask('POST', '/v1/admin/tenants/default/users', { id: 'ada', email: 'ada@example.com' })
    const made = (await relay.ask('POST', '/v1/admin/keys', { tenant: 'default', user: 'ada' })).body
    const { id } = (await submit(relay, { request }, made.key)).body
    await until(() => mock.requests.length === 1)
    await takeBack(relay, made.id)
    await cancel(relay, first.id)
    await isNow(relay, id, 'failed')
    expect((await look(relay, `/${id}`)).body.code).toBe('authentication_failed')
    expect(mock.requests).toHaveLength(1)
  })

  test('waits for its turn, and not more of them than may', async () => {
    const answering = Promise.withResolvers<void>()
    let [working, most] = [0, 0]
    const vendor = await serve(async () => {
      most = Math.max(most, ++working)
      await answering.promise
      working--
      const message = { role: 'assistant', content: 'Hi' }
      return Response.json({ choices: [{ index: 0, message, finish_reason: 'stop' }] })
    })
    onTestFinished(() => vendor.close())
    const relay = await openRelay(vendor.url, { jobs: { perTenant: 2, queued: 3 } })
    for (const _ of [1, 2]) await submit(relay)
    await until(() => working === 2)
    for (const _ of [1, 2, 3]) expect((await submit(relay)).status).toBe(202)
    expect(await submit(relay)).toMatchObject({ status: 429, body: { error: { code: 'rate_limited' } } })
    answering.resolve()
    await until(async () => (await look(relay, '?status=done')).body.items.length === 5)
    expect(most).toBe(2)
  })
})

describe('the end of a job', () => {
  async function receiver() {
    const told: { headers: IncomingHttpHeaders; body: string }[] = []
    const server = createServer(async (incoming, outgoing) => {
      let body = ''
      for await (const chunk of incoming) body += chunk
      told.push({ headers: incoming.headers, body })
      outgoing.end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    return { told, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/done` }
  }

  test('is told at the address that came with it, signed with a secret that the tenant can read', async () => {
    const { told, url } = await receiver()
    const relay = await openRelay(mock.url, { webhooks: { allow: ['127.0.0.1'] } })
    const { id, callback } = (await submit(relay, { request, callback: url })).body
    expect(callback).toBe(url)
    await until(() => told.length === 1)
    const { headers, body } = told[0] ?? { headers: {}, body: '' }
    expect(JSON.parse(body)).toMatchObject({
      type: 'job.ended',
      data: { id, status: 'done', model: 'gpt-4o-mini', result: `/v1/gateway/jobs/${id}/result` },
    })
    expect(body).not.toContain('Hello')
    const { secret } = (await look(relay, '/callback-secret')).body
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
    expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`)
    await relay.ask('POST', '/v1/admin/tenants', { slug: 'other' })
    const other = (await relay.ask('POST', '/v1/admin/keys', { tenant: 'other' })).body.key
    expect((await look(relay, '/callback-secret', other)).body.secret).not.toBe(secret)
  })

  test('is told of one that was cancelled, too', async () => {
    const { told, url } = await receiver()
    const relay = await openRelay(mock.url, { webhooks: { allow: ['127.0.0.1'] } })
    mock.script({ hang: 'headers' })
    const { id } = (await submit(relay, { request, callback: url })).body
    await until(() => mock.requests.length === 1)
    await cancel(relay, id)
    await until(() => told.length === 1)
    expect(JSON.parse(told[0]?.body ?? '')).toMatchObject({ data: { id, status: 'cancelled' } })
  })

  test('is told as such of one whose time was over while a provider worked on it', async () => {
    const { told, url } = await receiver()
    const relay = await openRelay(mock.url, { webhooks: { allow: ['127.0.0.1'] } })
    mock.script({ hang: 'headers' })
    const { id } = (await submit(relay, { request, callback: url, ttlMs: 1000 })).body
    await until(() => told.length === 1)
    expect(JSON.parse(told[0]?.body ?? '')).toMatchObject({ data: { id, status: 'failed', code: 'deadline_exceeded' } })
  })

  test('is told no second time at an address that is gone', async () => {
    const receiver = await openReceiver()
    receiver.answer({ status: 410 })
    const relay = await openRelay(mock.url, { webhooks: { allow: ['127.0.0.1'] } })
    await submit(relay, { request, callback: receiver.url })
    const given = async () => (await relay.ask('GET', '/v1/admin/webhooks/deliveries?status=dead')).body.items
    await until(async () => (await given()).length === 1)
    expect(await given()).toMatchObject([{ type: 'job.ended', attempts: 1, last: 'It answered 410, and is told no more.' }])
  })

  test('is told nowhere inside', async () => {
    const relay = await openRelay(mock.url)
    const inside = [
      'http://127.0.0.1/x',
      'https://127.1/x',
      'https://[::1]/',
      'https://169.254.169.254/latest',
      'http://example.com',
      'file:///etc/passwd',
      'x',
      1,
    ]
    for (const callback of inside)
      expect([callback, (await submit(relay, { request, callback })).status]).toEqual([callback, 400])
    expect((await look(relay, '')).body.items).toEqual([])
  })
})

describe('a relay that was killed', () => {
  test('sends nothing again that a provider may have worked on, and makes the rest', async () => {
    const relay = await openRelay(mock.url, { jobs: { perTenant: 1 } })
    mock.script({ hang: 'headers' })
    const [one, two] = [(await submit(relay)).body, (await submit(relay)).body]
    await until(() => mock.requests.length === 1)
    // What is on the disk at this moment is what a relay finds that comes after one that was killed.
    const folder = temporaryFolder()
    cpSync(relay.folder, folder, { recursive: true, filter: (path) => !path.endsWith('-shm') && !path.endsWith('.lock') })
    const next = { ...(await openRelay(mock.url, { folder })), call: relay.call }
    await isNow(next, two.id, 'done')
    expect((await look(next, `/${one.id}`)).body).toMatchObject({ status: 'failed', code: 'interrupted' })
    expect((await look(next, `/${one.id}/result`)).status).toBe(502)
    expect(mock.requests).toHaveLength(2)
    await cancel(relay, one.id)
    await cancel(relay, two.id)
  })
})

describe('a relay that was stopped', () => {
  test('makes the jobs after its next start that nobody had begun with', async () => {
    const folder = temporaryFolder()
    const first = await openRelay(mock.url, { folder, jobs: { perTenant: 1 } })
    mock.script({ latencyMs: 100 })
    const [one, two] = [(await submit(first)).body, (await submit(first)).body]
    await until(() => mock.requests.length === 1)
    await first.close()
    const second = await openRelay(mock.url, { folder })
    const relay = { ...second, call: first.call }
    await isNow(relay, two.id, 'done')
    expect((await look(relay, `/${one.id}`)).body.status).toBe('done')
    expect(mock.requests).toHaveLength(2)
  })
})

describe('jobs in the database', () => {
  jobScenarios(openStore)

  test('are found without looking through all that wait', async () => {
    const sql = await openStore()
    const asked: string[] = []
    const noting = (sql: Sql): Sql => ({
      ...sql,
      all: (text, params) => {
        asked.push(text)
        return sql.all(text, params)
      },
      transaction: (work) => sql.transaction((inner) => work(noting(inner))),
    })
    const store = new JobStore({ sql: noting(sql), now: Date.now })
    await store.claim({ owner: 'one', holdMs: 1000 }, 4)
    const plan = await sql.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${asked[0]}`)
    const reads = plan.map(({ detail }) => detail).filter((detail) => /^(SCAN|SEARCH) (?!waiting)/.test(detail))
    expect(reads.filter((detail) => /^SCAN (?!CONSTANT)/.test(detail))).toEqual([])
    expect(reads.filter((detail) => detail.includes('jobs_in_order (status=? AND tenant'))).toHaveLength(3)
  })
})
