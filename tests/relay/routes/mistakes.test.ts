/** What somebody who administers a relay may get wrong: nothing of it is to pass in silence, or to change what he did not mean. */
import { expect, test } from 'vitest'
import { useMock } from '../../helpers/mock.js'
import { openRelay } from '../helpers.js'

const mock = useMock()
const policyAt = '/v1/admin/tenants/default/policy'
const strict = { maxAttempts: 1 }

test.each(['null', '[]', '5', '"{}"', 'true'])('a body that is %s takes no policy and no configuration away', async (body) => {
  const { ask } = await openRelay(mock.url)
  await ask('PUT', policyAt, strict)
  await ask('PUT', '/v1/admin/config', { staleMs: 5000 })
  expect(await ask('PUT', policyAt, body)).toMatchObject({ status: 400, body: { error: { code: 'invalid_request' } } })
  expect((await ask('PUT', '/v1/admin/config', body)).status).toBe(400)
  expect((await ask('GET', policyAt)).body.policy).toEqual(strict)
  expect((await ask('GET', '/v1/admin/config')).body.changed).toEqual({ staleMs: 5000 })
})

test.each(['dry_run', 'dryRun', 'dry_run=1', 'dryRun=true'])('?%s only tries, wherever it stands', async (query) => {
  const { ask } = await openRelay(mock.url)
  expect((await ask('PUT', `${policyAt}?${query}`, strict)).status).toBe(200)
  expect((await ask('PUT', `/v1/admin/config?${query}`, { staleMs: 5000 })).status).toBe(200)
  expect((await ask('GET', policyAt)).body).toMatchObject({ version: 0, policy: {} })
  expect((await ask('GET', '/v1/admin/config')).body).toMatchObject({ version: 0, changed: {} })
})

test.each([
  ['/v1/admin/keys?limit=ten', 'limit'],
  ['/v1/admin/tenants?limit=0', 'limit'],
  ['/v1/admin/audit?limit=-1', 'limit'],
  ['/v1/admin/audit?before=yesterday', 'before'],
  ['/v1/admin/usage?format=xlsx', 'format'],
  ['/v1/admin/usage?top=0', 'top'],
  ['/v1/admin/usage?top=ten', 'top'],
  ['/v1/admin/usage?top=5&format=csv', 'top'],
  // By a filter that is mistyped, all would be told.
  ['/v1/admin/usage?by=key&tenent=acme', 'tenent'],
  ['/v1/usage?mode=gpt-4o', 'mode'],
  ['/v1/admin/audit?actr=ada', 'actr'],
  ['/v1/admin/keys?tenat=acme', 'tenat'],
  ['/v1/admin/tenants?afer=a', 'afer'],
  ['/v1/admin/tenants?status=gone', 'status'],
  ['/v1/admin/tenants?usedSince=yesterday', 'usedSince'],
  ['/v1/admin/overview?tenat=acme', 'tenat'],
  ['/v1/admin/tenants/default/users?page=2', 'page'],
  ['/v1/admin/clients?usr=ada', 'usr'],
  ['/v1/admin/webhooks/deliveries?state=dead', 'state'],
  ['/v1/gateway/jobs?state=done', 'state'],
])('%s is refused, and the answer names what is wrong', async (path, param) => {
  const { ask } = await openRelay(mock.url)
  const { status, body } = await ask('GET', path)
  expect([status, body.error.message]).toEqual([400, expect.stringContaining(param)])
})

test('a key is not made that has expired already, such as by a time in seconds', async () => {
  const { ask } = await openRelay(mock.url)
  const make = (expiresAt: unknown) => ask('POST', '/v1/admin/keys', { tenant: 'default', expiresAt })
  for (const past of ['2020-01-01', 1_798_761_600, Date.now() - 1])
    expect(await make(past)).toMatchObject({ status: 400, body: { error: { message: expect.stringContaining('expiresAt') } } })
  expect((await make(Date.now() + 60_000)).status).toBe(201)
})

test('a key ends when its date says, in UTC wherever the relay is, and not when something like a date may mean', async () => {
  const { ask } = await openRelay(mock.url)
  const make = (expiresAt: string) => ask('POST', '/v1/admin/keys', { tenant: 'default', expiresAt })
  expect((await make('2099-01-01T12:00')).body.expiresAt).toBe(Date.UTC(2099, 0, 1, 12))
  for (const vague of ['in 2099', '1/2/2099', '2099-02-30', '2099'])
    expect(await make(vague)).toMatchObject({ status: 400, body: { error: { message: expect.stringContaining('2027-01-01') } } })
})

test('a client may ask to wait for any part of a second', async () => {
  const { ask, call } = await openRelay(mock.url)
  expect((await ask('GET', '/v1/control/policy?wait=0.0005', undefined, call)).status).toBe(200)
})

test('who shows a token where a key is needed, or an old one, is told so', async () => {
  const { ask, admin } = await openRelay(mock.url)
  const { body } = await ask('POST', '/api/auth/token', undefined, admin)
  const job = await ask('POST', '/v1/gateway/jobs', { request: {} }, body.access_token)
  expect(job).toMatchObject({ status: 401, body: { error: { message: expect.stringContaining('a key is needed here') } } })
  const key = await ask('POST', '/v1/gateway/jobs', { request: {} }, 'lk_nobody')
  expect(key).toMatchObject({ status: 401, body: { error: { message: expect.stringContaining('This key is unknown') } } })
})

test('who may read may ask for the headers alone, and no more of what is not his', async () => {
  const { url, ask } = await openRelay(mock.url)
  const { key } = (await ask('POST', '/v1/admin/keys', { tenant: 'default', role: 'viewer' })).body
  const head = async (path: string) =>
    (await fetch(`${url}/v1/admin/${path}`, { method: 'HEAD', headers: { authorization: `Bearer ${key}` } })).status
  expect([await head('tenants/default'), await head('tenants/other'), await head('backup')]).toEqual([200, 403, 403])
})

test('tenants are told by their plan and status', async () => {
  const { ask } = await openRelay(mock.url)
  await ask('POST', '/v1/admin/tenants', { slug: 'red', plan: 'pro' })
  await ask('POST', '/v1/admin/tenants', { slug: 'blue', plan: 'pro' })
  await ask('DELETE', '/v1/admin/tenants/blue')
  const slugs = async (query: string) =>
    (await ask('GET', `/v1/admin/tenants?${query}`)).body.items.map(({ slug }: { slug: string }) => slug)
  expect(await slugs('plan=pro')).toEqual(['red'])
  expect(await slugs('plan=pro&status=deleted')).toEqual(['blue'])
  expect(await slugs('status=active')).toEqual(['default', 'red'])
})
