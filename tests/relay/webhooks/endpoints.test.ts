import { expect, it } from 'vitest'
import { WebhookEndpoints } from '../../../src/relay/webhooks/endpoints.js'
import { WebhookQueue } from '../../../src/relay/webhooks/queue.js'
import { openStore } from '../store/open.js'

async function open() {
  const sql = await openStore()
  const [pepper, now] = ['a pepper of enough characters 1234', () => Date.parse('2026-11-21T12:00:00Z')]
  const endpoints = new WebhookEndpoints({ sql, pepper, now, check: (url) => new URL(url) })
  const queue = new WebhookQueue({ sql, now, receivers: (notice, sql) => endpoints.of(notice, sql) })
  return { sql, endpoints, queue }
}

const url = 'https://example.com/hook'

it('are a hundred at most, and there is room for another when one is deleted', async () => {
  const { endpoints } = await open()
  for (let count = 0; count < 100; count++) await endpoints.create({ url })
  await expect(endpoints.create({ url })).rejects.toMatchObject({ code: 'invalid_request', status: 409 })
  const [first] = await endpoints.list()
  await endpoints.delete(first?.id ?? '')
  expect(await endpoints.create({ url })).toMatchObject({ endpoint: { url } })
})

it('are told of what they want to hear, and of their own tenant alone', async () => {
  const { sql, endpoints } = await open()
  const [all, keys, red, off] = [
    await endpoints.create({ url }),
    await endpoints.create({ url, events: ['key.created', 'key.revoked'] }),
    await endpoints.create({ url, tenant: 'red' }),
    await endpoints.create({ url, enabled: false }),
  ].map(({ endpoint }) => endpoint.id)
  const told = async (type: 'key.created' | 'config.changed', tenant?: string) =>
    new Set(await endpoints.of({ type, ...(tenant !== undefined && { tenant }), data: {} }, sql))
  expect(await told('key.created', 'red')).toEqual(new Set([all, keys, red]))
  expect(await told('key.created', 'blue')).toEqual(new Set([all, keys]))
  expect(await told('config.changed')).toEqual(new Set([all]))
  await endpoints.update(off ?? '', { enabled: true })
  expect(await told('config.changed', 'blue')).toEqual(new Set([all, off]))
})

it('take what waits for them along when they are deleted, and nothing of others', async () => {
  const { endpoints, queue } = await open()
  const [gone, stays] = [await endpoints.create({ url }), await endpoints.create({ url })]
  await queue.publish({ type: 'key.created', data: {} })
  await endpoints.delete(gone.endpoint.id)
  expect((await queue.list({})).items).toMatchObject([{ endpoint: stays.endpoint.id }])
  for (const of of ['get', 'delete', 'rotate'] as const)
    await expect(endpoints[of](gone.endpoint.id)).rejects.toMatchObject({ code: 'not_found' })
  await expect(endpoints.update(gone.endpoint.id, { enabled: true })).rejects.toMatchObject({ code: 'not_found' })
  expect(await endpoints.target(gone.endpoint.id)).toBeUndefined()
})

it('are told of nothing else when a newer relay has written events that this one does not know', async () => {
  const { sql, endpoints } = await open()
  const { endpoint } = await endpoints.create({ url, events: ['key.created'] })
  await sql.run('UPDATE webhook_endpoints SET events = $1', ['["moon.risen"]'])
  expect(await endpoints.of({ type: 'key.created', data: {} }, sql)).toEqual([])
  expect(await endpoints.get(endpoint.id)).toMatchObject({ events: [] })
})
