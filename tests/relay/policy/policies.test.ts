import { expect, test } from 'vitest'
import { LeashLLM } from '../../../src/index.js'
import { Policies, type PolicyVersion, policyName } from '../../../src/relay/policy/policies.js'
import { migrate } from '../../../src/relay/store/migrations.js'
import type { Sql } from '../../../src/relay/store/sql.js'
import { openSqlite } from '../../../src/relay/store/sqlite.js'
import { useMock } from '../../helpers/mock.js'
import { openRelay } from '../helpers.js'

const mock = useMock()
const chat = { model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content: 'Hi' }] }

async function open(clocks: readonly (() => number)[]) {
  const sql = await openSqlite({ file: ':memory:' })
  await migrate(sql)
  return { sql, relays: clocks.map((now) => new Policies({ sql, usual: { maxAttempts: 9 }, now })) }
}

test('what one relay writes another sees within five seconds', async () => {
  let now = 1000
  const { sql, relays } = await open([() => now, () => now])
  const [one, other] = relays
  expect((await other?.inForce('red'))?.version).toBe(0)
  await one?.set('red', { maxAttempts: 2 }, 'ada')
  expect((await one?.inForce('red'))?.version).toBe(1)
  now += 5001
  expect(await other?.inForce('red')).toMatchObject({ version: 1, policy: { maxAttempts: 2 } })
  await one?.set('red', { maxAttempts: 3 }, 'ada')
  now -= 3_600_000
  expect(await other?.inForce('red')).toMatchObject({ version: 2, policy: { maxAttempts: 3 } })
  await sql.close()
})

test('a policy that has not changed stays the very same object', async () => {
  let now = 1000
  const { sql, relays } = await open([() => now])
  await relays[0]?.set('red', { maxAttempts: 2 }, 'ada')
  const before = await relays[0]?.inForce('red')
  now += 6000
  expect(await relays[0]?.inForce('red')).toBe(before)
  await sql.close()
})

test('a version is never older than the one before it, whatever the clocks say', async () => {
  const { sql, relays } = await open([() => 9000, () => 1000])
  await relays[0]?.set('red', {}, 'ada')
  const next = await relays[1]?.set('red', { maxAttempts: 1 }, 'ada')
  expect(next).toMatchObject({ version: 2, at: 9000 })
  await sql.close()
})

test('what was read while a policy was written is not kept', async () => {
  const { sql } = await open([])
  const read = Promise.withResolvers<void>()
  const answered = Promise.withResolvers<void>()
  const slow: Sql = {
    ...sql,
    transaction: (work) => sql.transaction(work),
    all: async (text, params) => {
      const rows = await sql.all<never>(text, params)
      read.resolve()
      await answered.promise
      return rows
    },
  }
  const policies = new Policies({ sql: slow, usual: {}, now: () => 1000 })
  const before = policies.inForce('red')
  await read.promise
  await new Policies({ sql, usual: {} }).set('red', { maxAttempts: 2 }, 'ada')
  policies.heard('red')
  answered.resolve()
  expect(await before).toMatchObject({ version: 0 })
  expect(await policies.inForce('red')).toMatchObject({ version: 1 })
  await sql.close()
})

test.each([
  ['a rule beside the one of `access`', { access: { also: { models: { deny: ['o3'] } } } }],
  ['a rule beside the one of its shadow', { shadow: { access: { also: { models: { deny: ['o3'] } } } } }],
  ['more than any client should load', { access: { models: { deny: Array.from({ length: 3000 }, () => 'x'.repeat(100)) } } }],
])('a policy with %s is not taken', async (_, policy) => {
  const { sql, relays } = await open([Date.now])
  await expect(relays[0]?.set('red', policy, 'ada')).rejects.toMatchObject({ code: 'invalid_config' })
  expect(await relays[0]?.inForce('red')).toMatchObject({ version: 0 })
  await sql.close()
})

test('a policy is written together with what tells of it, once, and not when it is only tried', async () => {
  const { sql } = await open([])
  const told: string[] = []
  const policies = new Policies({ sql, usual: {}, told: (name) => told.push(name) })
  const versions: number[] = []
  const also = async (_: Sql, { version }: PolicyVersion) => versions.push(version)
  const set = (dry: boolean) => policies.set('red', { maxAttempts: 2 }, 'ada', dry, also)
  expect(await set(true)).toMatchObject({ version: 1 })
  expect(await policies.inForce('red')).toMatchObject({ version: 0 })
  const both = await Promise.allSettled([set(false), set(false)])
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  expect(both).toContainEqual({ status: 'rejected', reason: expect.objectContaining({ status: 409 }) })
  expect([versions, told]).toEqual([[1], ['red']])
  const failing = policies.set('red', {}, 'ada', false, () => Promise.reject(new Error('no audit')))
  await expect(failing).rejects.toThrow('no audit')
  expect(await policies.inForce('red')).toMatchObject({ version: 1 })
  await sql.close()
})

test('whoever waits for a tenant hears of its keys too, and of another default, and is let go when he leaves', async () => {
  const { sql, relays } = await open([Date.now])
  const [policies] = relays
  const left = new AbortController()
  const changed = () => policies?.changed('red', left.signal)
  const ofKey = changed()
  await policies?.set(policyName('red', 'abcd1234'), {}, 'ada')
  await ofKey
  const ofAll = changed()
  policies?.use({ maxAttempts: 4 })
  await ofAll
  expect(await policies?.inForce('red')).toMatchObject({ version: 0, policy: { maxAttempts: 4 } })
  expect(await policies?.inForce(policyName('red', 'other123'))).toMatchObject({ version: 0, policy: {} })
  const nothing = changed()
  left.abort()
  await nothing
  await changed()
  await sql.close()
})

test('of a key and its tenant together, either is seen to change, and the later tells when', async () => {
  let now = 1000
  const { sql, relays } = await open([() => now])
  const [policies] = relays
  const inForce = () => policies?.inForceFor({ tenant: 'red', id: 'abcd1234' })
  const set = async (name: string, policy: object) => {
    now += 1000
    await policies?.set(name, policy, 'ada')
    return inForce()
  }
  expect(await set('red', { maxAttempts: 1 })).toMatchObject({ version: 1, at: 2000, policy: { maxAttempts: 1 } })
  const key = await set(policyName('red', 'abcd1234'), { strict: true })
  expect(key).toMatchObject({ version: 1, keyVersion: 1, at: 3000, policy: { maxAttempts: 1, strict: true } })
  expect(await inForce()).toBe(key)
  expect(await set(policyName('red', 'abcd1234'), { strict: false })).toMatchObject({ keyVersion: 2, policy: { strict: false } })
  expect(await set('red', { maxAttempts: 2 })).toMatchObject({ version: 2, keyVersion: 2, policy: { maxAttempts: 2 } })
  await sql.close()
})

test('a change of policy reaches a client before its next long wait is over', async () => {
  const relay = await openRelay(mock.url)
  const client = new LeashLLM({
    baseURL: `${mock.url}/v1`,
    apiKey: 'mock',
    relay: { url: relay.url, key: relay.call, folder: false },
  })
  await client.chat.completions.create(chat)
  const order: string[] = []
  const refused = async () => {
    while (
      await client.chat.completions.create(chat).then(
        () => true,
        () => false,
      )
    )
      await new Promise((resolve) => setTimeout(resolve, 20))
    order.push('refused')
  }
  const waiting = refused()
  order.push('changed')
  await relay.ask('PUT', '/v1/admin/tenants/default/policy', { access: { models: { allow: [] } } })
  // Two seconds are what is promised; a machine that is busy may take longer, and a client that polled would take 25.
  const late = new Promise((resolve) => setTimeout(resolve, 15_000, 'late'))
  expect(await Promise.race([waiting.then(() => 'in time'), late])).toBe('in time')
  expect(order).toEqual(['changed', 'refused'])
  await client.leash.close()
})

test('versions are listed page by page, the newest first, down to the first', async () => {
  const { ask } = await openRelay(mock.url)
  const path = '/v1/admin/tenants/default/policy'
  for (let count = 1; count <= 5; count++) await ask('PUT', path, { maxAttempts: count })
  const listed: number[] = []
  for (let after = ''; ; ) {
    const { body } = await ask('GET', `${path}/history?limit=2${after}`)
    listed.push(...body.items.map(({ version }: { version: number }) => version))
    if (body.next === undefined) break
    after = `&after=${body.next}`
  }
  expect(listed).toEqual([5, 4, 3, 2, 1])
  expect((await ask('GET', `${path}/history?after=yesterday`)).status).toBe(400)
})
