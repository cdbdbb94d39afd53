import { expect, it } from 'vitest'
import { Tenants } from '../../../src/relay/people/tenants.js'
import { openStore } from '../store/open.js'

async function open() {
  let time = 1000
  return new Tenants({ sql: await openStore(), now: () => time++ })
}

it('makes a tenant and finds it again', async () => {
  const tenants = await open()
  const made = await tenants.create({ slug: 'red', name: 'The red team', plan: 'pro', metadata: { crm: '42' } })
  expect(made).toEqual({
    slug: 'red',
    name: 'The red team',
    plan: 'pro',
    status: 'active',
    metadata: { crm: '42' },
    createdAt: 1000,
    updatedAt: 1000,
  })
  expect(await tenants.get('red')).toEqual(made)
  expect(await tenants.get('blue')).toBeUndefined()
  expect(await tenants.create({ slug: 'blue' })).toMatchObject({ name: 'blue', plan: 'default', metadata: {} })
})

it('gives a slug away once, also after its tenant is deleted', async () => {
  const tenants = await open()
  await tenants.create({ slug: 'red' })
  const taken = { code: 'invalid_request', status: 409, param: 'slug' }
  await expect(tenants.create({ slug: 'red' })).rejects.toMatchObject(taken)
  await tenants.delete('red')
  await expect(tenants.create({ slug: 'red' })).rejects.toMatchObject(taken)
})

it.each(['', 'Red', '-red', 'red-', 'r d', 'rüd', 'a'.repeat(64), 'red\n'])('refuses the slug %j', async (slug) => {
  await expect((await open()).create({ slug })).rejects.toMatchObject({ code: 'invalid_request', param: 'slug' })
})

it.each([
  ['name', { name: '' }],
  ['name', { name: 'a'.repeat(513) }],
  ['plan', { plan: 'a\0b' }],
  ['metadata', { metadata: { a: 'a'.repeat(513) } }],
  ['metadata', { metadata: Object.fromEntries(Array.from({ length: 33 }, (_, at) => [`n${at}`, 'x'])) }],
])('refuses a %s beyond its bounds', async (param, members) => {
  const tenants = await open()
  await expect(tenants.create({ slug: 'red', ...members })).rejects.toMatchObject({ code: 'invalid_request', param })
  await tenants.create({ slug: 'blue' })
  await expect(tenants.update('blue', members)).rejects.toMatchObject({ code: 'invalid_request', param })
})

it('changes what it is told to and nothing else', async () => {
  const tenants = await open()
  await tenants.create({ slug: 'red', plan: 'pro', metadata: { crm: '42' } })
  expect(await tenants.update('red', { status: 'suspended', name: 'Red' })).toEqual({
    slug: 'red',
    name: 'Red',
    plan: 'pro',
    status: 'suspended',
    metadata: { crm: '42' },
    createdAt: 1000,
    updatedAt: 1001,
  })
  expect(await tenants.update('red', { metadata: {} })).toMatchObject({ metadata: {}, status: 'suspended' })
})

it('knows nothing of a tenant that is not there or deleted, when it is to be changed', async () => {
  const tenants = await open()
  const missing = { code: 'not_found' }
  await expect(tenants.update('red', { plan: 'pro' })).rejects.toMatchObject(missing)
  await expect(tenants.delete('red')).rejects.toMatchObject(missing)
  await tenants.create({ slug: 'red' })
  await tenants.delete('red')
  expect(await tenants.get('red')).toMatchObject({ status: 'deleted' })
  await expect(tenants.update('red', { plan: 'pro' })).rejects.toMatchObject(missing)
  await expect(tenants.delete('red')).rejects.toMatchObject(missing)
})

it('lists page by page, and the deleted only when they are asked for', async () => {
  const tenants = await open()
  for (const slug of ['e', 'c', 'a', 'd', 'b']) await tenants.create({ slug, plan: slug < 'c' ? 'pro' : 'free' })
  await tenants.update('b', { status: 'suspended' })
  await tenants.delete('c')
  const slugs = async (query: Parameters<Tenants['list']>[0]) => (await tenants.list(query)).items.map(({ slug }) => slug)
  expect(await slugs({})).toEqual(['a', 'b', 'd', 'e'])
  expect(await slugs({ status: 'suspended' })).toEqual(['b'])
  expect(await slugs({ status: 'deleted' })).toEqual(['c'])
  expect(await slugs({ plan: 'pro', status: 'active' })).toEqual(['a'])
  await tenants.create({ slug: 'f-1', name: '100% Fun_ny GmbH' })
  expect(await slugs({ search: 'F-' })).toEqual(['f-1'])
  expect(await slugs({ search: 'fun_NY' })).toEqual(['f-1'])
  expect([await slugs({ search: '%' }), await slugs({ search: '_1' })]).toEqual([['f-1'], []])
  expect(await slugs({ search: 'f', after: 'f-1' })).toEqual([])
  await tenants.delete('f-1')
  const first = await tenants.list({ limit: 3 })
  expect(first.items.map(({ slug }) => slug)).toEqual(['a', 'b', 'd'])
  expect(await tenants.list({ limit: 3, after: first.next ?? '' })).toMatchObject({ items: [{ slug: 'e' }] })
  expect(await tenants.list({ limit: 4 })).not.toHaveProperty('next')
  await expect(tenants.list({ limit: 0 })).rejects.toMatchObject({ code: 'invalid_request', param: 'limit' })
})
