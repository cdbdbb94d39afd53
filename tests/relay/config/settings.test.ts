import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { Audit } from '../../../src/relay/audit/audit.js'
import { relayShape } from '../../../src/relay/config/config.js'
import { fixed, Settings } from '../../../src/relay/config/settings.js'
import { watchConfig } from '../../../src/relay/config/watch.js'
import { until, useMock } from '../../helpers/mock.js'
import { openRelay, type TestRelay, temporaryFolder } from '../helpers.js'

const mock = useMock()
const ping = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] }
const nobody = { access: { models: { deny: ['*'] } } }

describe('a configuration that is read again', () => {
  test('holds from the next call on, for the default policy and for what calls are made with', async () => {
    const relay = await openRelay(mock.url)
    const asked = async () => (await relay.ask('POST', '/v1/chat/completions', ping, relay.call)).status
    expect(await asked()).toBe(200)
    const { leash } = relay.options
    expect(await relay.reload({ ...relay.options, policy: nobody })).toMatchObject([{ path: 'policy' }])
    expect(await asked()).toBe(403)
    await relay.reload({ ...relay.options, leash: { ...leash, routes: { 'gpt-4o-mini': 'anthropic/claude-haiku-4-5' } } })
    expect(await asked()).toBe(200)
    expect(mock.requests.map(({ path }) => path)).toEqual([
      expect.stringContaining('/chat/completions'),
      expect.stringContaining('/messages'),
    ])
    const { items } = (await relay.ask('GET', '/v1/admin/audit?action=config.reload')).body
    expect(items.map(({ detail }: { detail: object }) => detail)).toEqual([
      { members: ['leash.routes', 'policy'] },
      { members: ['policy'] },
    ])
  })

  test('reaches clients that wait for a change, and tells them how long they may go on alone', async () => {
    const relay = await openRelay(mock.url)
    const asked = (etag: string) =>
      fetch(`${relay.url}/v1/control/policy?wait=20`, {
        headers: { authorization: `Bearer ${relay.call}`, 'if-none-match': etag },
      })
    const first = await asked('')
    const next = asked(first.headers.get('etag') ?? '')
    await relay.reload({ ...relay.options, policy: nobody, staleMs: 5000 })
    const { payload } = JSON.parse(await (await next).text())
    expect(JSON.parse(payload)).toMatchObject({ policy: nobody, staleMs: 5000 })
  })

  test('that is wrong changes nothing, and what cannot change is told', async () => {
    const relay = await openRelay(mock.url, { policy: nobody })
    await expect(relay.reload(JSON.parse('{ "policy": { "acess": {} } }'))).rejects.toThrow('acess')
    expect(await relay.reload({ ...relay.options, port: 1, host: '0.0.0.0' })).toEqual([])
    expect(relay.warnings).toEqual(['To change host, port, the relay has to be started anew.'])
    expect((await relay.ask('POST', '/v1/chat/completions', ping, relay.call)).status).toBe(403)
  })

  test('is not taken up while the audit cannot tell of it', async () => {
    const relay = await openRelay(mock.url)
    const away = vi.spyOn(Audit.prototype, 'append').mockRejectedValueOnce(new Error('the database is away'))
    onTestFinished(() => away.mockRestore())
    await expect(relay.reload({ ...relay.options, policy: nobody })).rejects.toThrow('is away')
    const asked = async () => (await relay.ask('POST', '/v1/chat/completions', ping, relay.call)).status
    expect(await asked()).toBe(200)
    expect(await relay.reload({ ...relay.options, policy: nobody })).toMatchObject([{ path: 'policy' }])
    expect(await asked()).toBe(403)
  })

  test('is taken up as a whole or not at all', () => {
    const settings = new Settings({})
    const held: unknown[] = []
    settings.onChange(({ policy }) => held.push(policy))
    settings.onChange(({ policy }) => {
      if (policy) throw new Error('This one cannot go on with it.')
    })
    expect(() => settings.change({ policy: nobody })).toThrow('cannot go on')
    expect([held, settings.now]).toEqual([[nobody, undefined], {}])
  })
})

test('what the administration has set holds over a file that says otherwise, which is told', async () => {
  const relay = await openRelay(mock.url)
  await relay.ask('PUT', '/v1/admin/config', { policy: nobody })
  expect(await relay.reload({ ...relay.options, policy: { maxAttempts: 2 } })).toEqual([])
  expect(relay.warnings).toEqual(['The administration has set policy otherwise, and that holds.'])
})

test('every option is known to change when it is read again, or to be told of', async () => {
  const changing = [
    ...[
      'policy',
      'leash',
      'staleMs',
      'whenStale',
      'tls',
      'limits',
      'throttle',
      'trustedProxies',
      'tenantFrom',
      'cors',
      'metrics',
    ],
    ...['webhooks', 'mail', 'anomaly', 'retention', 'billing', 'clickhouse'],
  ]
  expect([...fixed, ...changing].sort()).toEqual(Object.keys(relayShape.members).sort())
  const relay = await openRelay(mock.url)
  const limits = { headersMs: 5, bodyBytes: 10_000 }
  expect(await relay.reload({ ...relay.options, limits, jobs: { atOnce: 1 } })).toEqual([
    { path: 'limits', after: { bodyBytes: 10_000 } },
  ])
  expect(relay.warnings).toEqual(['To change jobs, limits.headersMs, the relay has to be started anew.'])
})

describe('the configuration over HTTP', () => {
  test('is shown without secrets', async () => {
    const relay = await openRelay(mock.url, { pepper: 'p'.repeat(32) })
    const { body } = await relay.ask('GET', '/v1/admin/config')
    expect(body).toMatchObject({ version: 0, changed: {}, config: { port: 0, pepper: '<hidden>' } })
    expect(body.config.leash.providers.openai.apiKey).toBe('<hidden>')
  })

  test('changes by versions, which can be tried and taken back, and outlive the relay', async () => {
    const folder = temporaryFolder()
    const relay = await openRelay(mock.url, { folder })
    const asked = async () => (await relay.ask('POST', '/v1/chat/completions', ping, relay.call)).status
    const changes = [{ path: 'policy', after: nobody }]
    expect(await relay.ask('PUT', '/v1/admin/config?dryRun=1', { policy: nobody })).toMatchObject({
      status: 200,
      body: { version: 1, changes },
    })
    expect(await asked()).toBe(200)
    expect((await relay.ask('PUT', '/v1/admin/config', { policy: nobody })).body).toEqual({ version: 1, changes })
    expect(await asked()).toBe(403)
    expect((await relay.ask('POST', '/v1/admin/config/rollback', { version: 0 })).body).toMatchObject({ version: 2 })
    expect(await asked()).toBe(200)
    expect((await relay.ask('POST', '/v1/admin/config/rollback', { version: 1 })).body).toMatchObject({ version: 3 })
    const { items } = (await relay.ask('GET', '/v1/admin/config/versions')).body
    expect(items.map(({ version, changed }: { version: number; changed: object }) => [version, changed])).toEqual([
      [3, { policy: nobody }],
      [2, {}],
      [1, { policy: nobody }],
    ])
    const actions = (await relay.ask('GET', '/v1/admin/audit')).body.items.map(({ action }: { action: string }) => action)
    expect(actions.filter((action: string) => action.startsWith('config.'))).toEqual([
      'config.rollback',
      'config.rollback',
      'config.set',
    ])
    await relay.close()
    const next = await openRelay(mock.url, { folder })
    expect((await next.ask('POST', '/v1/chat/completions', ping, relay.call)).status).toBe(403)
  })

  test.each([
    [{ port: 1 }, '`port` is not to be changed here'],
    [{ leash: {} }, "The rest is in the relay's file"],
    [{ staleMs: 'long' }, '`staleMs`'],
    [{ policy: { redact: { hashKey: '<hidden>' } } }, '<hidden>'],
  ])('%j is refused', async (body, said) => {
    const relay = await openRelay(mock.url)
    expect(await relay.ask('PUT', '/v1/admin/config', body)).toMatchObject({
      status: 400,
      body: { error: { message: expect.stringContaining(said) } },
    })
  })
})

test('a file that is written anew, or replaced, is told once, and other files of its folder are not', async () => {
  const folder = temporaryFolder()
  const file = join(folder, 'leash.yaml')
  writeFileSync(file, 'a')
  let told = 0
  const stop = watchConfig(file, () => told++)
  writeFileSync(join(folder, 'log'), 'x')
  writeFileSync(file, 'b')
  writeFileSync(file, 'c')
  await until(() => told === 1)
  writeFileSync(join(folder, 'new'), 'd')
  renameSync(join(folder, 'new'), file)
  await until(() => told === 2)
  stop()
})

test('a file that is empty for as long as it is being written, or since the disk is full, is not taken for a configuration', async () => {
  const folder = temporaryFolder()
  const file = join(folder, 'leash.yaml')
  writeFileSync(file, 'a')
  const told: string[] = []
  const stop = watchConfig(file, () => told.push(readFileSync(file, 'utf8')))
  for (const text of ['', '\n', 'b']) {
    writeFileSync(file, text)
    // Longer than it takes for the folder to be quiet.
    await new Promise((resolve) => setTimeout(resolve, 400))
  }
  await until(() => told.length > 0)
  expect(told).toEqual(['b'])
  stop()
})

test('a pepper that is given lies in no file, and with another no key works', async () => {
  const folder = temporaryFolder()
  const first = await openRelay(mock.url, { folder, pepper: 'p'.repeat(32) })
  const status = async ({ ask }: TestRelay) => (await ask('GET', '/v1/admin/tenants', undefined, first.admin)).status
  expect(existsSync(join(folder, 'pepper'))).toBe(false)
  expect(await status(first)).toBe(200)
  await first.close()
  vi.stubEnv('LEASH_RELAY_PEPPER', 'q'.repeat(32))
  const other = await openRelay(mock.url, { folder })
  expect(await status(other)).toBe(401)
  await other.close()
  vi.stubEnv('LEASH_RELAY_PEPPER', 'p'.repeat(32))
  expect(await status(await openRelay(mock.url, { folder }))).toBe(200)
})
