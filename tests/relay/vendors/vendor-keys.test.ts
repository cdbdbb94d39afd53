/** Keys at vendors that tenants bring: sealed at rest, shown to nobody, and used from the next call on. */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { Tenants } from '../../../src/relay/people/tenants.js'
import { migrate } from '../../../src/relay/store/migrations.js'
import type { Sql } from '../../../src/relay/store/sql.js'
import { openSqlite } from '../../../src/relay/store/sqlite.js'
import { VendorKeys } from '../../../src/relay/vendors/vendor-keys.js'
import { takesKey, withVendorKeys } from '../../../src/relay/vendors/vendor-options.js'
import { useMock } from '../../helpers/mock.js'
import { openRelay } from '../helpers.js'

const mock = useMock()
const path = '/v1/admin/tenants/default/vendor-keys'
const theirs = 'sk-brought-by-the-tenant-1234'
const chat = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hi' }] }

afterEach(() => vi.unstubAllEnvs())

const authorization = () => mock.requests.at(-1)?.headers.authorization

describe('a key that a tenant has brought', () => {
  test("takes the place of the relay's own for its calls alone, from the next one on", async () => {
    const relay = await openRelay(mock.url)
    await relay.ask('POST', '/v1/admin/tenants', { slug: 'other' })
    const { key: others } = (await relay.ask('POST', '/v1/admin/keys', { tenant: 'other' })).body
    const usedBy = async (key: string) => {
      await relay.ask('POST', '/v1/chat/completions', chat, key)
      return authorization()
    }
    expect(await usedBy(relay.call)).toBe('Bearer mock')
    const set = await relay.ask('PUT', `${path}/openai`, { key: theirs })
    expect(set).toMatchObject({ status: 200, body: { provider: 'openai', last4: '1234' } })
    expect([await usedBy(relay.call), await usedBy(others)]).toEqual([`Bearer ${theirs}`, 'Bearer mock'])
    await relay.ask('PUT', `${path}/openai`, { key: `${theirs}-next` })
    expect(await usedBy(relay.call)).toBe(`Bearer ${theirs}-next`)
    expect((await relay.ask('DELETE', `${path}/openai`)).status).toBe(204)
    expect(await usedBy(relay.call)).toBe('Bearer mock')
  })

  test('is shown to nobody, in no answer, audit entry or database, and outlives the relay', async () => {
    const relay = await openRelay(mock.url)
    const { folder } = relay
    const answers = [
      await relay.ask('PUT', `${path}/openai`, { key: theirs }),
      await relay.ask('GET', path),
      await relay.ask('GET', '/v1/admin/audit'),
      await relay.ask('PUT', `${path}/openai`, { key: `${theirs} ` }),
      await relay.ask('PUT', `${path}/nobody`, { key: theirs }),
      await relay.ask('PUT', `${path}/openai`, { key: 'x'.repeat(15) }),
      await relay.ask('DELETE', `${path}/groq`),
    ]
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 400, 400, 400, 404])
    expect(JSON.stringify(answers)).not.toContain(theirs)
    expect(answers[2]?.body.items).toContainEqual(expect.objectContaining({ action: 'vendor_key.set', target: 'openai' }))
    await relay.close()
    const sql = await openSqlite({ file: join(folder, 'relay.db') })
    expect(JSON.stringify(await sql.all('SELECT * FROM vendor_keys'))).not.toContain(theirs)
    await sql.close()
    const again = await openRelay(mock.url, { folder })
    await again.ask('POST', '/v1/chat/completions', chat, relay.call)
    expect(authorization()).toBe(`Bearer ${theirs}`)
  })

  test('is not passed over when it cannot be opened: the call fails', async () => {
    vi.stubEnv('LEASH_RELAY_MASTER_KEY', randomBytes(32).toString('base64'))
    const relay = await openRelay(mock.url)
    await relay.ask('PUT', `${path}/openai`, { key: theirs })
    await relay.close()
    vi.stubEnv('LEASH_RELAY_MASTER_KEY', randomBytes(32).toString('base64'))
    const again = await openRelay(mock.url, { folder: relay.folder })
    const before = mock.requests.length
    expect((await again.ask('POST', '/v1/chat/completions', chat, relay.call)).status).toBe(503)
    expect(mock.requests).toHaveLength(before)
    expect(again.warnings).toEqual([expect.stringContaining('the master key is another')])
    expect(existsSync(join(relay.folder, 'master-key'))).toBe(false)
  })

  test("brings none of the relay's own credentials along", () => {
    vi.stubEnv('OPENAI_ORG_ID', 'org-of-the-relay')
    const own = {
      type: 'openai',
      baseURL: 'https://proxy.example.com/v1',
      organization: 'org',
      headers: { authorization: 'Bearer x' },
    } as const
    const { openai, groq } = withVendorKeys({ openai: own, groq: { apiKey: 'relay' } }, { openai: theirs })
    expect(openai).toEqual({
      type: 'openai',
      baseURL: own.baseURL,
      apiKey: theirs,
      env: expect.not.objectContaining({ OPENAI_ORG_ID: expect.anything() }),
    })
    expect(groq).toEqual({ apiKey: 'relay' })
  })
})

async function database(): Promise<Sql> {
  const sql = await openSqlite({ file: ':memory:' })
  await migrate(sql)
  for (const slug of ['red', 'blue']) await new Tenants({ sql }).create({ slug })
  return sql
}

describe('keys that are at hand', () => {
  test('stay the very same object until one of them is another, whoever has changed it', async () => {
    const [sql, clock] = [await database(), { now: 1000 }]
    const master = { secret: randomBytes(32).toString('base64') }
    const open = () => new VendorKeys({ sql, master, now: () => clock.now })
    const [here, elsewhere] = [open(), open()]
    await here.set('red', 'openai', theirs, 'ada')
    const before = await here.of('red')
    clock.now += 60_000
    expect(await here.of('red')).toBe(before)
    await elsewhere.set('red', 'openai', `${theirs}-next`, 'ada')
    clock.now += 60_000
    expect(await here.of('red')).toEqual({ openai: `${theirs}-next` })
    await sql.close()
  })

  test('are not those that were read while one was changed', async () => {
    const sql = await database()
    const [read, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    let held = true
    const slow: Sql = {
      ...sql,
      run: (text, params) => sql.run(text, params),
      transaction: (work) => sql.transaction(work),
      all: async (text, params) => {
        const rows = await sql.all<never>(text, params)
        read.resolve()
        if (held) await answered.promise
        return rows
      },
    }
    const keys = new VendorKeys({ sql: slow, master: { secret: randomBytes(32).toString('base64') }, now: () => 1000 })
    const before = keys.of('red')
    await read.promise
    held = false
    await keys.set('red', 'openai', theirs, 'ada')
    answered.resolve()
    expect(await before).toEqual({})
    expect(await keys.of('red')).toEqual({ openai: theirs })
    await sql.close()
  })

  test('are brought for no provider that makes its own requests', () => {
    const mine = { name: 'mine', prepare: async () => ({ url: '', headers: {}, body: '' }) }
    expect([takesKey({ openai: {} }, 'openai'), takesKey({ mine: mine as never }, 'mine'), takesKey({}, 'nobody')]).toEqual([
      true,
      false,
      false,
    ])
  })
})

describe('the master key', () => {
  const [old, next] = [randomBytes(32).toString('base64'), randomBytes(32).toString('hex')]
  const open = async (sql: Sql, secret: string) => new VendorKeys({ sql, master: { secret } })

  test('is turned over without a vendor key being written anew', async () => {
    const sql = await database()
    const before = await open(sql, old)
    await before.set('red', 'openai', theirs, 'ada')
    await before.set('blue', 'openai', theirs, 'ada')
    const sealed = await sql.all('SELECT sealed FROM vendor_keys')
    expect(await (await open(sql, `${next},${old}`)).rewrap()).toBe(2)
    const after = await open(sql, next)
    expect(await after.rewrap()).toBe(0)
    expect(await after.of('red')).toEqual({ openai: theirs })
    expect(await sql.all('SELECT sealed FROM vendor_keys')).toEqual(sealed)
    await expect((async () => (await open(sql, old)).of('red'))()).rejects.toThrow('the master key is another')
    await sql.close()
  })

  test('opens no row that was moved to another tenant or provider, or was changed', async () => {
    const sql = await database()
    await (await open(sql, old)).set('red', 'openai', theirs, 'ada')
    await (await open(sql, old)).set('blue', 'openai', `${theirs}-blue`, 'ada')
    const opened = async () => (await open(sql, old)).of('red')
    await sql.run(`UPDATE vendor_keys SET provider = 'groq' WHERE tenant = 'red'`)
    await expect(opened()).rejects.toThrow('cannot be opened')
    await sql.run(`UPDATE vendor_keys SET provider = 'openai', sealed = (SELECT sealed FROM vendor_keys WHERE tenant = 'blue')`)
    await expect(opened()).rejects.toThrow('cannot be opened')
    await sql.run(`UPDATE data_keys SET wrapped = (SELECT wrapped FROM data_keys WHERE tenant = 'blue') WHERE tenant = 'red'`)
    await expect(opened()).rejects.toThrow('the master key is another')
    await sql.close()
  })

  test.each(['', 'short', 'x'.repeat(44)])('is 32 bytes, and not %j', async (secret) => {
    const sql = await database()
    await expect((await open(sql, secret)).set('red', 'openai', theirs, 'ada')).rejects.toThrow('32 bytes')
    await sql.close()
  })
})

test('a master key that is none is told at the start, and not to the first who brings a key', async () => {
  vi.stubEnv('LEASH_RELAY_MASTER_KEY', 'too short')
  const { warnings } = await openRelay(mock.url)
  expect(warnings).toEqual([expect.stringContaining('32 bytes in base64 or hexadecimal')])
})
