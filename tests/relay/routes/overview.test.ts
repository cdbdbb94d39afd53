/** What the dashboard reads of usage: the dearest of many, and beside a list what those on it used. */
import { expect, test } from 'vitest'
import { noUsage } from '../../../src/core/usage.js'
import { useMock } from '../../helpers/mock.js'
import { openRelay } from '../helpers.js'

const mock = useMock()

/** Two tenants: one has used a dozen models, the dearest of which the other has used too. */
async function used() {
  const relay = await openRelay(mock.url)
  await relay.ask('POST', '/v1/admin/tenants', { slug: 'red' })
  const { key, id } = (await relay.ask('POST', '/v1/admin/keys', { tenant: 'red', name: 'checkout' })).body
  const line = (cost: number) => ({
    ...{ id: `line ${cost}`, callId: 'call', attempt: 1, at: Date.now(), durationMs: 1, provider: 'openai' },
    ...{ model: `m${cost}`, protocol: 'openai-chat', outcome: 'ok', basis: 'complete', cost, usage: noUsage },
  })
  await relay.ask('POST', '/v1/usage', { lines: Array.from({ length: 12 }, (_, at) => line(at + 1)) }, relay.call)
  await relay.ask('POST', '/v1/usage', { lines: [line(12)] }, key)
  const ask = async (path: string, by = relay.admin) => (await relay.ask('GET', `/v1/admin/${path}`, undefined, by)).body
  return { relay, ask, id }
}

test('the overview has the dearest, and the sum of all', async () => {
  const { ask, id } = await used()
  const { byModel, byWhom, total } = await ask('overview')
  expect(byModel.map(({ nano }: { nano: number }) => nano)).toEqual([24, 11, 10, 9, 8, 7, 6, 5, 4])
  expect(byWhom).toMatchObject([
    { of: { tenant: 'default' }, nano: 78 },
    { of: { tenant: 'red' }, nano: 12 },
  ])
  expect(total).toMatchObject({ calls: 13, nano: 90 })
  const red = await ask('overview?tenant=red')
  expect(red.byModel).toMatchObject([{ of: { model: 'm12' }, nano: 12 }])
  expect(red.byWhom).toMatchObject([{ of: { key: id }, name: 'checkout', nano: 12 }])
  expect(red.total).toMatchObject({ calls: 1, nano: 12 })
})

test('the overview of another tenant is for administrators of the relay', async () => {
  const { relay, ask } = await used()
  const { key } = (await relay.ask('POST', '/v1/admin/keys', { tenant: 'red', role: 'viewer' })).body
  expect((await ask('overview', key)).total).toMatchObject({ nano: 12 })
  expect((await ask('overview?tenant=red', key)).total).toMatchObject({ nano: 12 })
  expect((await relay.ask('GET', '/v1/admin/overview?tenant=default', undefined, key)).status).toBe(403)
})

test('a list of tenants says of each what it has used since a time, when asked for that', async () => {
  const { relay, ask } = await used()
  await relay.ask('POST', '/v1/admin/tenants', { slug: 'unused' })
  const since = Date.now() - 3_600_000
  const { items } = await ask(`tenants?usedSince=${since}`)
  expect(items.map(({ slug, usage }: { slug: string; usage?: { nano: number } }) => [slug, usage?.nano])).toEqual([
    ['default', 78],
    ['red', 12],
    ['unused', undefined],
  ])
  expect(await ask(`tenants?limit=1&after=default&usedSince=${since}`)).toMatchObject({
    items: [{ usage: { nano: 12 } }],
    next: 'red',
  })
  expect((await ask(`tenants?search=red&usedSince=${Date.now() + 7_200_000}`)).items[0]).not.toHaveProperty('usage')
  expect((await ask('tenants')).items[0]).not.toHaveProperty('usage')
})
