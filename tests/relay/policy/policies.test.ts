import { expect, test } from 'vitest'
import { LeashLLM } from '../../../src/index.js'
import { Policies } from '../../../src/relay/policy/policies.js'
import { migrate } from '../../../src/relay/store/migrations.js'
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
