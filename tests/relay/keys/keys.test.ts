import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { newId, newSecret, readKey, writeKey } from '../../../src/relay/keys/format.js'
import { type KeyRecord, Keys } from '../../../src/relay/keys/keys.js'
import { openKeys } from '../../../src/relay/keys/open-keys.js'
import { Tenants } from '../../../src/relay/people/tenants.js'
import type { Sql } from '../../../src/relay/store/sql.js'
import { openStore, temporaryFolder } from '../store/open.js'

const secret = 'a pepper that is long enough for everybody'
const [second, minute, day] = [1000, 60_000, 86_400_000]

/** Keys over a database whose questions are counted. */
async function open() {
  const store = await openStore()
  const clock = { now: 1_000_000 }
  let asked = 0
  const sql: Sql = {
    ...wrapped(store),
    all: (text, params) => {
      asked++
      return store.all(text, params)
    },
  }
  const tenants = new Tenants({ sql: store })
  await tenants.create({ slug: 'red' })
  const make = () => Keys.open({ sql, pepper: { secret }, now: () => clock.now })
  return { keys: await make(), make, sql: store, tenants, clock, asked: () => asked }
}

function wrapped(sql: Sql): Sql {
  return {
    all: (text, params) => sql.all(text, params),
    run: (text, params) => sql.run(text, params),
    transaction: (work) => sql.transaction(work),
    snapshot: (work) => sql.snapshot(work),
    close: () => sql.close(),
  }
}

const changed = (key: string, at: number) => key.slice(0, at) + (key[at] === 'A' ? 'B' : 'A') + key.slice(at + 1)

it('makes a key that is known again, with what it is for', async () => {
  const { keys, clock } = await open()
  const { key, record } = await keys.create({ tenant: 'red', user: 'ada', name: 'laptop', scopes: ['usage', 'call'] })
  expect(key).toMatch(/^lk_[a-z0-9]{8}_[\w-]{43}[0-9A-Za-z]{6}$/)
  expect(record).toEqual({
    id: key.slice(3, 11),
    prefix: key.slice(0, 11),
    tenant: 'red',
    user: 'ada',
    name: 'laptop',
    scopes: ['call', 'usage'],
    createdAt: clock.now,
  })
  expect(await keys.verify(key)).toMatchObject({ id: record.id, tenant: 'red' })
  expect(await keys.get(record.id)).toMatchObject(record)
})

it('makes no client of a key for the administration, unless it is said', async () => {
  const { keys } = await open()
  expect((await keys.create({ tenant: 'red' })).record.scopes).toEqual(['call', 'usage', 'control'])
  expect((await keys.create({ tenant: 'red', role: 'admin' })).record.scopes).toEqual([])
  expect((await keys.create({ tenant: 'red', role: 'admin', scopes: ['call'] })).record.scopes).toEqual(['call'])
  await expect(keys.create({ tenant: 'red', role: 'member' })).rejects.toMatchObject({ code: 'invalid_request' })
})

it('keeps nothing from which the key could be told', async () => {
  const { keys, sql } = await open()
  const { key, record } = await keys.create({ tenant: 'red' })
  await keys.verify(key)
  const kept = JSON.stringify([await sql.all('SELECT * FROM keys'), record])
  const { secret: told = '' } = readKey(key) ?? {}
  expect(told).toHaveLength(43)
  for (let at = 0; at + 8 <= told.length; at++) expect(kept).not.toContain(told.slice(at, at + 8))
})

it('refuses a key with any one character changed, cut or added, without asking the database', async () => {
  const { keys, asked } = await open()
  const { key } = await keys.create({ tenant: 'red' })
  const before = asked()
  for (let at = 0; at < key.length; at++) {
    expect(keys.verify(changed(key, at))).toBeUndefined()
    expect(keys.verify(key.slice(0, at))).toBeUndefined()
  }
  for (const other of [`${key}x`, ` ${key}`, `${key}\n`, key.toUpperCase(), '']) expect(keys.verify(other)).toBeUndefined()
  expect(asked()).toBe(before)
})

it('refuses a well-made key that it has not made, and one with the id of another', async () => {
  const { keys } = await open()
  const { record } = await keys.create({ tenant: 'red' })
  expect(await keys.verify(writeKey({ id: newId(), secret: newSecret() }))).toBeUndefined()
  expect(await keys.verify(writeKey({ id: record.id, secret: newSecret() }))).toBeUndefined()
})

it('refuses every key when the pepper is another', async () => {
  const { keys, sql } = await open()
  const { key } = await keys.create({ tenant: 'red' })
  const other = await Keys.open({ sql, pepper: { secret: secret.toUpperCase() } })
  expect(await other.verify(key)).toBeUndefined()
})

it('asks the database once in five seconds, and answers at once in between', async () => {
  const { keys, clock, asked } = await open()
  const { key } = await keys.create({ tenant: 'red' })
  await keys.verify(key)
  const before = asked()
  for (let at = 0; at < 100; at++) expect(keys.verify(key)).toMatchObject({ tenant: 'red' })
  expect(asked()).toBe(before)
  clock.now += 5 * second
  await keys.verify(key)
  expect(asked()).toBe(before + 1)
})

it('holds a revoked key good nowhere: at once here, and after five seconds in other processes', async () => {
  const { keys, make, clock } = await open()
  const other = await make()
  const { key, record } = await keys.create({ tenant: 'red' })
  await Promise.all([keys.verify(key), other.verify(key)])
  expect(await keys.revoke(record.id)).toMatchObject({ revokedAt: clock.now })
  expect(await keys.verify(key)).toBeUndefined()
  clock.now += 5 * second
  expect(await other.verify(key)).toBeUndefined()
  expect(await keys.revoke(record.id)).toMatchObject({ revokedAt: clock.now - 5 * second })
  const next = await keys.create({ tenant: 'red' })
  expect(await other.verify(next.key)).toBeDefined()
  await keys.revoke(next.record.id)
  clock.now -= 3600 * second
  expect(await other.verify(next.key)).toBeUndefined()
  await expect(keys.revoke('nobodyis')).rejects.toMatchObject({ code: 'not_found' })
})

it('does not keep a key that was revoked while the database answered for it', async () => {
  const { sql } = await open()
  let answer = () => {}
  const held = new Promise<void>((resolve) => {
    answer = resolve
  })
  const slow: Sql = {
    ...wrapped(sql),
    all: async (text, params) => {
      const rows = await sql.all<never>(text, params)
      if (text.includes('JOIN')) await held
      return rows
    },
  }
  const keys = await Keys.open({ sql: slow, pepper: { secret } })
  const { key, record } = await keys.create({ tenant: 'red' })
  const asking = keys.verify(key)
  await keys.revoke(record.id)
  answer()
  await asking
  expect(await keys.verify(key)).toBeUndefined()
})

it('refuses a key from the moment on at which it expires, also one that it has just held good', async () => {
  const { keys, clock } = await open()
  const { key } = await keys.create({ tenant: 'red', expiresAt: clock.now + second })
  expect(await keys.verify(key)).toBeDefined()
  clock.now += second - 1
  expect(await keys.verify(key)).toBeDefined()
  clock.now += 1
  expect(await keys.verify(key)).toBeUndefined()
  await expect(keys.create({ tenant: 'red', expiresAt: clock.now })).rejects.toMatchObject({ code: 'invalid_request' })
})

it('knows whom it held good of late, also when he is to be looked at again, until he has expired or was refused', async () => {
  const { keys, clock } = await open()
  const short = await keys.create({ tenant: 'red', expiresAt: clock.now + second })
  expect(keys.knows(short.key)).toBe(false)
  await keys.verify(short.key)
  keys.forget('red')
  expect(keys.knows(short.key)).toBe(true)
  clock.now += second
  expect(keys.knows(short.key)).toBe(false)
  const { key, record } = await keys.create({ tenant: 'red' })
  await keys.verify(key)
  await keys.revoke(record.id)
  await keys.verify(key)
  expect(keys.knows(key)).toBe(false)
})

it('asks the database again for the keys of the tenant that has changed, and of no other', async () => {
  const { keys, tenants, asked } = await open()
  await tenants.create({ slug: 'blue' })
  const [red, blue] = [await keys.create({ tenant: 'red' }), await keys.create({ tenant: 'blue' })]
  await Promise.all([keys.verify(red.key), keys.verify(blue.key)])
  const before = asked()
  keys.forget('red')
  await keys.verify(blue.key)
  expect(asked()).toBe(before)
  await keys.verify(red.key)
  expect(asked()).toBe(before + 1)
})

it('refuses the keys of a tenant that is suspended, and takes them when it is active again', async () => {
  const { keys, tenants } = await open()
  const { key } = await keys.create({ tenant: 'red' })
  await keys.verify(key)
  await tenants.update('red', { status: 'suspended' })
  keys.forget('red')
  expect(await keys.verify(key)).toBeUndefined()
  await expect(keys.create({ tenant: 'red' })).rejects.toMatchObject({ code: 'not_found' })
  await tenants.update('red', { status: 'active' })
  expect(await keys.verify(key)).toBeDefined()
})

it('rotates a key into another that is the same, while the old one goes on for a time: a day, unless it is said', async () => {
  const { keys, clock } = await open()
  const old = await keys.create({ tenant: 'red', user: 'ada', name: 'laptop', scopes: ['call'] })
  const made = await keys.rotate(old.record.id, { overlapMs: minute })
  expect(made.record).toMatchObject({ tenant: 'red', user: 'ada', name: 'laptop', scopes: ['call'] })
  expect(await keys.get(old.record.id)).toMatchObject({ rotatedTo: made.record.id, expiresAt: clock.now + minute })
  expect(await keys.verify(old.key)).toBeDefined()
  expect(await keys.verify(made.key)).toBeDefined()
  clock.now += minute
  expect(await keys.verify(old.key)).toBeUndefined()
  expect(await keys.verify(made.key)).toBeDefined()
  await keys.rotate(made.record.id)
  expect(await keys.get(made.record.id)).toMatchObject({ expiresAt: clock.now + day })
})

it('rotates a key into one that may do no more and has to show no less', async () => {
  const { keys } = await open()
  const kind = { role: 'viewer', signed: true, certificate: 'ab'.repeat(32), scopes: ['metrics'] } as const
  const old = await keys.create({ tenant: 'red', ...kind })
  const made = await keys.rotate(old.record.id)
  expect(made.record).toMatchObject(kind)
  expect(made.signingSecret).toEqual(expect.any(String))
  expect(made.signingSecret).not.toBe(old.signingSecret)
})

it('stops the old key at once where a rotation leaves it no time', async () => {
  const { keys } = await open()
  const old = await keys.create({ tenant: 'red' })
  expect(await keys.verify(old.key)).toBeDefined()
  const made = await keys.rotate(old.record.id, { overlapMs: 0 })
  expect(await keys.verify(old.key)).toBeUndefined()
  expect(await keys.holding(old.record.id)).toBeUndefined()
  expect(await keys.holding(made.record.id)).toMatchObject({ id: made.record.id })
})

it('never lets a rotation make a key last longer', async () => {
  const { keys, clock } = await open()
  const { record } = await keys.create({ tenant: 'red', expiresAt: clock.now + minute })
  const made = await keys.rotate(record.id, { overlapMs: day })
  expect(await keys.get(record.id)).toMatchObject({ expiresAt: clock.now + minute })
  expect(made.record).toMatchObject({ expiresAt: clock.now + minute })
})

it('rotates a key once, and none that no longer holds', async () => {
  const { keys } = await open()
  const { record } = await keys.create({ tenant: 'red' })
  const all = await Promise.allSettled([keys.rotate(record.id), keys.rotate(record.id)])
  expect(all.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  expect((await keys.list()).items).toHaveLength(2)
  const revoked = await keys.create({ tenant: 'red' })
  await keys.revoke(revoked.record.id)
  await expect(keys.rotate(revoked.record.id)).rejects.toMatchObject({ code: 'invalid_request', status: 409 })
  await expect(keys.rotate('nobodyis')).rejects.toMatchObject({ code: 'not_found' })
})

it('writes down when a key was used, once in a minute at most', async () => {
  const { keys, make, clock } = await open()
  const { key, record } = await keys.create({ tenant: 'red' })
  const lastUsed = async () => (await keys.get(record.id))?.lastUsedAt
  const start = clock.now
  const use = async (keys: Keys): Promise<KeyRecord | undefined> => {
    const found = await keys.verify(key)
    await keys.close()
    return found
  }
  await use(keys)
  expect(await lastUsed()).toBe(start)
  clock.now += minute - 1
  await use(keys)
  await use(await make())
  expect(await lastUsed()).toBe(start)
  clock.now += 1
  await use(keys)
  expect(await lastUsed()).toBe(start + minute)
})

it('holds a key good also when the time of its use cannot be written', async () => {
  const { sql } = await open()
  const errors: unknown[] = []
  const failing: Sql = { ...wrapped(sql), run: () => Promise.reject(new Error('full')) }
  const keys = await Keys.open({ sql: failing, pepper: { secret }, onError: (error) => errors.push(error) })
  const { key } = await keys.create({ tenant: 'red' })
  expect(await keys.verify(key)).toBeDefined()
  await keys.close()
  expect(errors).toHaveLength(1)
})

it('writes the time of many uses once, and ends when it is written', async () => {
  const { sql } = await open()
  let written = 0
  const slow: Sql = {
    ...wrapped(sql),
    run: async (text, params) => {
      const changed = await sql.run(text, params)
      written++
      return changed
    },
  }
  const keys = await Keys.open({ sql: slow, pepper: { secret } })
  const { key } = await keys.create({ tenant: 'red' })
  for (let at = 0; at < 3; at++) await keys.verify(key)
  await keys.close()
  expect(written).toBe(1)
})

it('lists keys by tenant and user, page by page', async () => {
  const { keys, tenants } = await open()
  await tenants.create({ slug: 'blue' })
  for (const user of ['ada', 'bob', 'ada']) await keys.create({ tenant: 'red', user })
  const { record } = await keys.create({ tenant: 'blue', user: 'ada' })
  expect((await keys.list({ tenant: 'red', user: 'ada' })).items).toHaveLength(2)
  expect((await keys.list({ tenant: 'blue' })).items).toEqual([record])
  const first = await keys.list({ limit: 3 })
  const rest = await keys.list({ limit: 3, after: first.next ?? '' })
  const ids = [...first.items, ...rest.items].map(({ id }) => id)
  expect(ids).toEqual([...new Set(ids)].sort())
  expect(ids).toHaveLength(4)
})

it.each([
  ['user', { user: '' }],
  ['user', { user: 'a'.repeat(201) }],
  ['name', { name: 'a\0b' }],
  ['scopes', { scopes: [] }],
  ['expiresAt', { expiresAt: 0.5 }],
])('refuses a %s that is none', async (param, members) => {
  const { keys } = await open()
  await expect(async () => keys.create({ tenant: 'red', ...members })).rejects.toMatchObject({ code: 'invalid_request', param })
})

it('makes its pepper at the first start, readable by its owner alone, and finds it at the next, or is told it', async () => {
  const { sql } = await open()
  const file = join(temporaryFolder(), 'data', 'pepper')
  const [one, other] = await Promise.all([Keys.open({ sql, pepper: { file } }), Keys.open({ sql, pepper: { file } })])
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(Buffer.from(readFileSync(file, 'utf8').trim(), 'base64url')).toHaveLength(32)
  const { key } = await one.create({ tenant: 'red' })
  expect(await other.verify(key)).toBeDefined()
  const told = await Keys.open({ sql, pepper: { secret: readFileSync(file, 'utf8').trim() } })
  expect(await told.verify(key)).toBeDefined()
})

it('says of a pepper that it is lost when there are keys of it, and not when another makes both at the same moment', async () => {
  const [store, folder, told] = [await openStore(), temporaryFolder(), [] as string[]]
  const pepper = { file: join(folder, 'pepper') }
  const warn = (message: string) => void told.push(message)
  const begun = Promise.withResolvers<void>()
  const slow: Sql = { ...wrapped(store), all: (text, params) => begun.promise.then(() => store.all(text, params)) }
  const later = openKeys({ sql: slow, pepper }, warn)
  const first = await openKeys({ sql: store, pepper }, warn)
  await new Tenants({ sql: store }).create({ slug: 'red' })
  const { key } = await first.create({ tenant: 'red' })
  begun.resolve()
  expect(await (await later).verify(key)).toMatchObject({ tenant: 'red' })
  expect(told).toEqual([])
  const elsewhere = await openKeys({ sql: store, pepper: { file: join(temporaryFolder(), 'pepper') } }, warn)
  expect(told).toEqual([expect.stringContaining('had no pepper')])
  expect(await elsewhere.verify(key)).toBeUndefined()
})

it('starts with no pepper that is too short', async () => {
  const { sql } = await open()
  const file = join(temporaryFolder(), 'pepper')
  writeFileSync(file, '')
  await expect(Keys.open({ sql, pepper: { file } })).rejects.toMatchObject({ code: 'invalid_config' })
  await expect(Keys.open({ sql, pepper: { secret: 'x'.repeat(31) } })).rejects.toMatchObject({ code: 'invalid_config' })
  expect(await Keys.open({ sql, pepper: { secret: 'x'.repeat(32) } })).toBeInstanceOf(Keys)
})

it('reads every key that it writes, and nothing else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
      const parts = { id: newId(), secret: Buffer.from(bytes).toString('base64url') }
      expect(readKey(writeKey(parts))).toEqual(parts)
    }),
  )
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(readKey(text)).toBeUndefined()
    }),
  )
})
