import { rmSync, writeFileSync } from 'node:fs'
import { Agent, type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import OpenAI from 'openai'
import { describe, expect, test, vi } from 'vitest'
import { LeashLLM } from '../../src/index.js'
import { startRelay } from '../../src/relay/relay.js'
import { until, useMock } from '../helpers/mock.js'
import { openRelay, type TestRelay, temporaryFolder } from './helpers.js'

const mock = useMock()
const messages = [{ role: 'user' as const, content: 'Hello' }]

describe('a relay', () => {
  test('shows its first keys at its first start, and knows them after the next', async () => {
    const folder = temporaryFolder()
    const first = await openRelay(mock.url, { folder })
    expect(first.admin).toMatch(/^lk_/)
    await first.close()
    const second = await openRelay(mock.url, { folder })
    expect(second.firstKeys).toBeUndefined()
    expect(second.publicKey).toBe(first.publicKey)
    expect((await second.ask('GET', '/v1/admin/tenants', undefined, first.admin)).body.items).toMatchObject([{ slug: 'default' }])
  })

  test('of which no administrator has a key any more shows new ones, and takes the others as before', async () => {
    const folder = temporaryFolder()
    const first = await openRelay(mock.url, { folder })
    await first.close()
    const database = new DatabaseSync(join(folder, 'relay.db'))
    database.exec(`DELETE FROM keys WHERE scopes LIKE '%admin%'`)
    database.close()
    const second = await openRelay(mock.url, { folder })
    expect((await second.ask('GET', '/v1/admin/tenants', undefined, first.admin)).status).toBe(401)
    expect((await second.ask('GET', '/v1/admin/tenants')).status).toBe(200)
    for (const key of [first.call, second.call])
      expect((await second.ask('POST', '/v1/chat/completions', { model: 'gpt-4o-mini', messages }, key)).status).toBe(200)
  })

  test.each([
    ['shows keys of another tenant', 'ops', /^ops$/],
    ['shows keys of a new one', undefined, /^default-\d+$/],
  ])('of which no administrator has a key, and whose first tenant is out of use, %s', async (_, other, whose) => {
    const folder = temporaryFolder()
    const first = await openRelay(mock.url, { folder })
    if (other) await first.ask('POST', '/v1/admin/tenants', { slug: other })
    await first.close()
    const database = new DatabaseSync(join(folder, 'relay.db'))
    database.exec(`DELETE FROM keys WHERE scopes LIKE '%admin%'; UPDATE tenants SET status = 'deleted' WHERE slug = 'default'`)
    database.close()
    const second = await openRelay(mock.url, { folder })
    expect((await second.ask('GET', '/v1/admin/me')).body).toMatchObject({ tenant: expect.stringMatching(whose) })
    expect((await second.ask('GET', '/v1/gateway/status', undefined, first.call)).status).toBe(401)
  })

  test('whose pepper is gone says that no key works', async () => {
    const folder = temporaryFolder()
    const first = await openRelay(mock.url, { folder })
    expect(first.warnings).toEqual([])
    await first.close()
    rmSync(join(folder, 'pepper'))
    const second = await openRelay(mock.url, { folder })
    expect(second.warnings).toEqual([
      expect.stringContaining('no key that is in the database works. Bring the file `pepper` back'),
    ])
    expect((await second.ask('GET', '/v1/admin/tenants', undefined, first.admin)).status).toBe(401)
  })

  test('says what it has to say on one line, whatever a caller calls a model', async () => {
    const { ask, call, warnings } = await openRelay(mock.url)
    const model = 'openai/a\r\nAll is well.\u001b[2J\u2028\u202eB'
    await ask('POST', '/v1/chat/completions', { model, messages: [{ role: 'user', content: 'Hello' }] }, call)
    await expect.poll(() => warnings).toEqual([expect.stringContaining('price')])
    expect(warnings.join()).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}]/u)
  })

  test('that could not listen shows its first keys when it can', async () => {
    const { url } = await openRelay(mock.url)
    const folder = temporaryFolder()
    const port = Number(new URL(url).port)
    await expect(startRelay({ folder, port })).rejects.toThrow('Choose another')
    const { admin, ask } = await openRelay(mock.url, { folder })
    expect(admin).toMatch(/^lk_/)
    expect((await ask('GET', '/v1/admin/tenants')).status).toBe(200)
  })

  test('that could not listen leaves nothing that goes on', async () => {
    const port = Number(new URL((await openRelay(mock.url)).url).port)
    const [begun, ended] = [vi.spyOn(globalThis, 'setInterval'), vi.spyOn(globalThis, 'clearInterval')]
    await expect(startRelay({ folder: temporaryFolder(), port })).rejects.toThrow('Choose another')
    const over = ended.mock.calls.map(([timer]) => timer)
    expect(begun.mock.results.length).toBeGreaterThan(0)
    expect(begun.mock.results.every(({ value }) => over.includes(value))).toBe(true)
    begun.mockRestore()
    ended.mockRestore()
  })

  test.each([
    ['signing-key.pem', 'signing-key.pem'],
    ['pepper', 'pepper'],
  ])('whose %s is broken names it', async (name, named) => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, name), 'nothing of use')
    await expect(startRelay({ port: 0, folder })).rejects.toMatchObject({
      code: 'invalid_config',
      message: expect.stringContaining(named),
    })
  })

  test('whose folder cannot be made, or that cannot listen where it should, names the option', async () => {
    const folder = join(temporaryFolder(), 'file')
    writeFileSync(folder, '')
    await expect(startRelay({ port: 0, folder })).rejects.toThrow('`folder`')
    await expect(startRelay({ host: '203.0.113.1', port: 0, folder: temporaryFolder() })).rejects.toThrow('`host`')
  })

  test('that listens everywhere says where this machine finds it', async () => {
    expect((await openRelay(mock.url, { host: '0.0.0.0' })).url).toMatch(/^http:\/\/127\.0\.0\.1:/)
  })

  test.each([
    [{ ledger: false }, 'leash.ledger'],
    [{ budgets: [{ limit: { usd: 1 }, per: 'day' }] }, 'policy'],
  ] as const)('refuses the options %j for its own calls', async (leash, why) => {
    await expect(startRelay({ port: 0, folder: temporaryFolder(), leash })).rejects.toThrow(why)
  })

  test('tells clients of a default policy that has changed while it was down', async () => {
    const folder = temporaryFolder()
    const first = await openRelay(mock.url, { folder })
    const asked = (relay: TestRelay, etag = '') =>
      fetch(`${relay.url}/v1/control/policy`, { headers: { authorization: `Bearer ${first.call}`, 'if-none-match': etag } })
    const etag = (await asked(first)).headers.get('etag') ?? ''
    expect((await asked(first, etag)).status).toBe(304)
    await first.close()
    const second = await openRelay(mock.url, { folder, policy: { maxAttempts: 1 } })
    expect((await asked(second, etag)).status).toBe(200)
  })

  test('says that it is there, and whether it can work', async () => {
    const { ask } = await openRelay(mock.url)
    expect(await ask('GET', '/health', undefined, '')).toMatchObject({ status: 200, body: { status: 'ok' } })
    expect(await ask('GET', '/ready', undefined, '')).toMatchObject({ status: 200 })
    expect(await ask('POST', '/v1/files')).toMatchObject({
      status: 404,
      body: {
        error: { code: 'not_found', message: expect.stringMatching(/at POST \/v1\/files\. .*\/docs.*\/v1\/\{provider\}\//) },
      },
    })
  })
})

describe("calls through a relay, by OpenAI's own client", () => {
  const client = (url: string, apiKey: string) => new OpenAI({ apiKey, baseURL: `${url}/v1`, maxRetries: 0 })

  test('reach any vendor, whole and as streams, and are counted for their key', async () => {
    const { url, call, ask } = await openRelay(mock.url)
    const answer = await client(url, call).chat.completions.create({ model: 'claude-haiku-4-5', messages })
    expect(answer.choices[0]?.message.content).toContain('Hello')
    let text = ''
    for await (const chunk of await client(url, call).chat.completions.create({ model: 'gpt-4o-mini', messages, stream: true }))
      text += chunk.choices[0]?.delta.content ?? ''
    expect(text).toContain('Hello')
    await until(async () => (await ask('GET', '/v1/admin/usage?by=tenant,model')).body.rows.length === 2)
    const { rows } = (await ask('GET', '/v1/admin/usage?by=tenant,provider,model')).body
    expect(rows.map(({ of }: { of: object }) => of)).toEqual(
      expect.arrayContaining([
        { tenant: 'default', provider: 'anthropic', model: 'claude-haiku-4-5' },
        { tenant: 'default', provider: 'openai', model: 'gpt-4o-mini' },
      ]),
    )
  })

  test.each([
    ['lk_nobody', 401, 'authentication_failed'],
    ['', 401, 'missing_key'],
  ])('with the key "%s" are refused, and nothing is sent', async (key, status, code) => {
    const { ask } = await openRelay(mock.url)
    const refused = await ask('POST', '/v1/chat/completions', { model: 'gpt-4o-mini', messages }, key)
    expect(refused).toMatchObject({ status, body: { error: { code } } })
    expect(mock.requests).toEqual([])
  })

  test('are held to the policy of their tenant, from the moment in which it changes', async () => {
    const { url, call, ask } = await openRelay(mock.url)
    const asking = () => client(url, call).chat.completions.create({ model: 'gpt-4o-mini', messages })
    await asking()
    await ask('PUT', '/v1/admin/tenants/default/policy', { access: { models: { allow: ['claude-*'] } } })
    await expect(asking()).rejects.toMatchObject({ status: 403, code: 'model_not_allowed' })
    await ask('POST', '/v1/admin/tenants/default/policy/rollback', { version: 1 })
    await expect(asking()).rejects.toMatchObject({ status: 403 })
    await ask('PUT', '/v1/admin/tenants/default/policy', {})
    await asking()
  })

  test('are held to a policy that came between a request that was none and the first call', async () => {
    const { url, call, ask } = await openRelay(mock.url)
    expect((await ask('POST', '/v1/chat/completions', {}, call)).status).toBe(400)
    await ask('PUT', '/v1/admin/tenants/default/policy', { access: { models: { deny: ['gpt-4o-mini'] } } })
    await expect(client(url, call).chat.completions.create({ model: 'gpt-4o-mini', messages })).rejects.toMatchObject({
      status: 403,
    })
  })

  test('are booked whatever their model is called', async () => {
    const { call, ask } = await openRelay(mock.url)
    await ask('POST', '/v1/chat/completions', { model: `openai/${'x'.repeat(300)}`, messages }, call)
    await ask('POST', '/v1/chat/completions', { model: 'gpt-4o-mini', messages }, call)
    await until(async () => (await ask('GET', '/v1/admin/usage?by=model')).body.rows.length === 2)
  })

  test('never pass the budget of their tenant, however many there are at once', async () => {
    const { url, call, ask } = await openRelay(mock.url)
    await ask('PUT', '/v1/admin/tenants/default/policy', { budgets: [{ limit: { requests: 10 }, per: 'day' }] })
    const asking = () => client(url, call).chat.completions.create({ model: 'gpt-4o-mini', messages })
    const settled = await Promise.allSettled(Array.from({ length: 30 }, asking))
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(10)
    expect(mock.requests).toHaveLength(10)
    await expect(asking()).rejects.toMatchObject({ status: 402, code: 'budget_exceeded' })
  })
})

test('a budget outlives the relay', async () => {
  const folder = temporaryFolder()
  const policy = { budgets: [{ limit: { requests: 10 }, per: 'day' }] } as const
  const first = await openRelay(mock.url, { folder, policy })
  const statusesOf = async ({ ask }: TestRelay, calls: number) => {
    const statuses: number[] = []
    for (let call = 0; call < calls; call++)
      statuses.push((await ask('POST', '/v1/chat/completions', { model: 'gpt-4o-mini', messages }, first.call)).status)
    return statuses
  }
  expect(await statusesOf(first, 4)).toEqual(Array(4).fill(200))
  await first.close()
  expect(await statusesOf(await openRelay(mock.url, { folder, policy }), 8)).toEqual([...Array(6).fill(200), 402, 402])
})

describe('a client under a relay', () => {
  const clientOf = (relay: { url: string; call: string }) =>
    new LeashLLM({
      apiKey: 'test',
      baseURL: `${mock.url}/v1`,
      maxRetries: 0,
      relay: { url: relay.url, key: relay.call, folder: temporaryFolder() },
    })

  test('calls its vendor by itself, and its usage is told to the relay', async () => {
    const relay = await openRelay('http://127.0.0.1:9')
    const client = clientOf(relay)
    await client.chat.completions.create({ model: 'gpt-4o-mini', messages })
    await client.leash.close()
    const { rows } = (await relay.ask('GET', '/v1/admin/usage?by=tenant,model')).body
    expect(rows).toMatchObject([{ of: { tenant: 'default', model: 'gpt-4o-mini' }, calls: 1 }])
    expect(Number(rows[0].cost)).toBeGreaterThan(0)
  })

  test('takes up another policy while it runs', async () => {
    const relay = await openRelay(mock.url)
    const client = clientOf(relay)
    const asking = () => client.chat.completions.create({ model: 'gpt-4o-mini', messages })
    await asking()
    await relay.ask('PUT', '/v1/admin/tenants/default/policy', { access: { models: { deny: ['gpt-4o-mini'] } } })
    const refusedNow = async () =>
      await asking().then(
        () => false,
        ({ code }) => code === 'model_not_allowed',
      )
    await until(refusedNow)
    await client.leash.close()
  })

  test.each([
    ['key is revoked', ({ ask }: TestRelay, id: string) => ask('POST', `/v1/admin/keys/${id}/revoke`)],
    ['tenant is suspended', ({ ask }: TestRelay) => ask('PATCH', '/v1/admin/tenants/red', { status: 'suspended' })],
  ])('makes no call any more as soon as its %s', async (_, takeBack) => {
    const relay = await openRelay(mock.url)
    await relay.ask('POST', '/v1/admin/tenants', { slug: 'red' })
    const { id, key } = (await relay.ask('POST', '/v1/admin/keys', { tenant: 'red' })).body
    const client = new LeashLLM({ baseURL: `${mock.url}/v1`, apiKey: 'mock', relay: { url: relay.url, key, folder: false } })
    const asked = () =>
      client.chat.completions.create({ model: 'gpt-4o-mini', messages }).then(
        () => 200,
        ({ status }) => status,
      )
    expect(await asked()).toBe(200)
    await takeBack(relay, id)
    await until(async () => (await asked()) === 401)
    await client.leash.close()
  })

  test('shares its budget with every other, and none of them passes it', async () => {
    const relay = await openRelay(mock.url)
    await relay.ask('PUT', '/v1/admin/tenants/default/policy', { budgets: [{ limit: { requests: 20 }, per: 'day' }] })
    const clients = Array.from({ length: 4 }, () => clientOf(relay))
    const calls = clients.flatMap((client) =>
      Array.from({ length: 15 }, () => client.chat.completions.create({ model: 'gpt-4o-mini', messages })),
    )
    const settled = await Promise.allSettled(calls)
    const answered = settled.filter(({ status }) => status === 'fulfilled').length
    expect(answered).toBe(mock.requests.length)
    expect(answered).toBeLessThanOrEqual(20)
    expect(answered).toBeGreaterThan(0)
    for (const client of clients) await client.leash.close()
  })

  test('with a key that the relay does not know makes no call', async () => {
    const relay = await openRelay(mock.url)
    const client = clientOf({ url: relay.url, call: 'lk_nobody' })
    await expect(client.chat.completions.create({ model: 'gpt-4o-mini', messages })).rejects.toMatchObject({ status: 401 })
    expect(mock.requests).toEqual([])
    await client.leash.close()
  })
})

describe('an administrator', () => {
  test('cannot lock himself out', async () => {
    const { ask, admin } = await openRelay(mock.url)
    const [own] = (await ask('GET', '/v1/admin/keys')).body.items.filter(({ scopes }: { scopes: string[] }) =>
      scopes.includes('admin'),
    )
    expect(admin).toContain(own.id)
    expect((await ask('POST', `/v1/admin/keys/${own.id}/revoke`)).status).toBe(409)
    expect((await ask('PATCH', '/v1/admin/tenants/default', { status: 'suspended' })).status).toBe(409)
    expect((await ask('DELETE', '/v1/admin/tenants/default')).status).toBe(409)
    expect((await ask('GET', '/v1/admin/tenants')).status).toBe(200)
  })
})

test('a relay stops at once, also where a connection is open on which nothing was asked', async () => {
  const relay = await openRelay(mock.url)
  const { hostname, port } = new URL(relay.url)
  const socket = connect(Number(port), hostname)
  const closed = new Promise((resolve) => socket.once('close', resolve))
  await new Promise((resolve) => socket.once('connect', resolve))
  await soon(relay.close())
  await closed
})

test('a relay that stops lets go of a connection as soon as what was asked on it is answered', async () => {
  const relay = await openRelay(mock.url)
  mock.script({ latencyMs: 300 })
  const agent = new Agent({ keepAlive: true })
  let stopped: Promise<void> | undefined
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const headers = { authorization: `Bearer ${relay.call}` }
    const asking = request(`${relay.url}/v1/chat/completions`, { method: 'POST', headers, agent }, resolve)
    asking.once('error', reject).end(JSON.stringify({ model: 'gpt-4o-mini', messages }))
    until(() => mock.requests.length > 0).then(() => {
      stopped = relay.close()
    }, reject)
  })
  answer.resume()
  expect(answer.statusCode).toBe(200)
  await soon(stopped)
  agent.destroy()
})

/** What is left after thirty seconds is cut off. */
async function soon(stopped: Promise<void> | undefined): Promise<void> {
  const began = performance.now()
  await stopped
  expect(performance.now() - began).toBeLessThan(25_000)
}
