/** Clients say which policy they hold to. */
import { expect, test } from 'vitest'
import { LeashLLM } from '../../../src/index.js'
import { Keys } from '../../../src/relay/keys/keys.js'
import { Tenants } from '../../../src/relay/people/tenants.js'
import { Clients } from '../../../src/relay/policy/clients.js'
import { migrate } from '../../../src/relay/store/migrations.js'
import { openSqlite } from '../../../src/relay/store/sqlite.js'
import { useMock } from '../../helpers/mock.js'
import { openRelay } from '../helpers.js'

const mock = useMock()
const chat = { model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content: 'Hi' }] }

test('a client that has taken up a policy is seen to hold to it', async () => {
  const relay = await openRelay(mock.url)
  const { key, id } = (await relay.ask('POST', '/v1/admin/keys', { tenant: 'default', user: 'ada' })).body
  const client = new LeashLLM({ baseURL: `${mock.url}/v1`, apiKey: 'mock', relay: { url: relay.url, key, folder: false } })
  const clients = async (by?: string) => (await relay.ask('GET', '/v1/admin/clients', undefined, by)).body.items
  expect(await clients()).toEqual([])
  await client.chat.completions.create(chat)
  await expect.poll(() => clients()).toMatchObject([{ key: id, tenant: 'default', user: 'ada', revision: '0', current: true }])
  await relay.ask('PUT', '/v1/admin/tenants/default/policy', { maxAttempts: 2 })
  await relay.ask('PUT', `/v1/admin/keys/${id}/policy`, { maxAttempts: 1 })
  await expect.poll(() => clients(), { timeout: 10_000 }).toMatchObject([{ revision: '1.1', inForce: '1.1', current: true }])
  expect((await relay.ask('GET', '/v1/admin/overview')).body.clients).toEqual({ count: 1, behind: 0 })
  const { key: member } = (await relay.ask('POST', '/v1/admin/keys', { tenant: 'default', user: 'bob', role: 'member' })).body
  expect(await clients(member)).toEqual([])
  await client.leash.close()
})

test('who has not asked for minutes is not there, and nobody names more than a thousand', async () => {
  let now = 1_000_000
  const sql = await openSqlite({ file: ':memory:' })
  await migrate(sql)
  await new Tenants({ sql }).create({ slug: 'red' })
  const keys = await Keys.open({ sql, pepper: { secret: 'x'.repeat(32) } })
  const { record } = await keys.create({ tenant: 'red' })
  const warnings: string[] = []
  const clients = new Clients({ sql, now: () => now, warn: (message) => warnings.push(message) })
  for (const odd of [undefined, '', 'short', 'x'.repeat(65), 'with blank']) clients.seen(record, odd, '1')
  for (const odd of [undefined, '', 'x', '1.2.3', '-1']) clients.seen(record, 'client-one', odd)
  expect((await clients.list()).items).toEqual([])
  clients.seen(record, 'client-one', '1')
  expect((await clients.list({ tenant: 'red' })).items).toMatchObject([{ client: 'client-one', revision: '1', seenAt: now }])
  expect((await clients.list({ tenant: 'blue' })).items).toEqual([])
  now += 30_000
  clients.seen(record, 'client-one', '2')
  expect((await clients.list()).items).toMatchObject([{ revision: '2' }])
  now += 300_001
  expect((await clients.list()).items).toEqual([])
  await sql.run(
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) INSERT INTO clients SELECT $1, 'many-' || i, 'red', '1', $2 FROM n",
    [record.id, now],
  )
  clients.seen(record, 'client-two', '1')
  expect((await clients.list({ limit: 1000 })).items.filter(({ client }) => client === 'client-two')).toEqual([])
  expect(warnings).toEqual([])
  await clients.close()
  await sql.close()
})
