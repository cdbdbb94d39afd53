/** Every route, asked by everybody who may not. */
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createApp } from '../../src/relay/app.js'
import { operations } from '../../src/relay/openapi/document.js'
import type { RelayContext } from '../../src/relay/routes/context.js'
import { rights } from '../../src/relay/routes/rights.js'
import { useMock } from '../helpers/mock.js'
import { openRelay, type TestRelay } from './helpers.js'

const mock = useMock()
afterEach(() => {
  vi.useRealTimers()
})

/** What anybody may ask: signs of life, the dashboard's own files, which hold nothing, and to be let in. */
const open = Object.entries(operations).flatMap(([route, { who }]) => (who === 'everybody' ? [route.split(' ')[1]] : []))

/** What the keys of a tenant are for. */
const ofTenants = /^\/v1\/(control|usage|traces|models|messages|responses|gateway|:provider)|^\/v1beta\//

const routes = createApp({} as RelayContext, () => {})
  .routes.filter(({ method, path }) => (method !== 'ALL' || path.includes(':provider')) && !open.includes(path))
  .map(({ method, path }) => ({ method: method === 'ALL' ? 'GET' : method, path, at: addressOf(path) }))

function addressOf(path: string): string {
  return path
    .replace('/models/*', '/models/gpt-4o-mini:countTokens')
    .replace('/:provider/*', '/openai/files')
    .replace(':slug', 'default')
    .replace(':id', 'abcd1234')
    .replace(':user', 'ada')
}

test('there are routes to ask', () => {
  expect(routes.length).toBeGreaterThan(15)
  expect(routes.map(({ path }) => path)).toEqual(expect.arrayContaining(['/v1/admin/tenants', '/v1/control/policy']))
})

interface Everybody {
  readonly relay: TestRelay
  readonly keys: Readonly<Record<string, string>>
}

async function everybody(): Promise<Everybody> {
  vi.useFakeTimers({ toFake: ['Date'] })
  const relay = await openRelay(mock.url)
  const make = async (more: object) => (await relay.ask('POST', '/v1/admin/keys', { tenant: 'default', ...more })).body
  await relay.ask('POST', '/v1/admin/tenants', { slug: 'other' })
  const expired = await make({ expiresAt: Date.now() + 60_000 })
  const revoked = await make({})
  await relay.ask('POST', `/v1/admin/keys/${revoked.id}/revoke`)
  await relay.ask('POST', '/v1/admin/tenants', { slug: 'suspended' })
  const suspended = (await relay.ask('POST', '/v1/admin/keys', { tenant: 'suspended' })).body
  await relay.ask('PATCH', '/v1/admin/tenants/suspended', { status: 'suspended' })
  const own = await make({})
  vi.setSystemTime(expired.expiresAt + 1)
  return {
    relay,
    keys: {
      none: '',
      unknown: 'lk_abcdefgh_nothing',
      expired: expired.key,
      revoked: revoked.key,
      'of a suspended tenant': suspended.key,
      "a tenant's own": own.key,
    },
  }
}

const bodyOf = (method: string) => (method === 'GET' || method === 'DELETE' ? undefined : {})

/** Of a failure, in whoever's words: Anthropic's say that they are one, too. */
function saidIn(body: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.keys(body).filter((name) => name !== 'type' || body.type !== 'error')
}

describe.each(['none', 'unknown', 'expired', 'revoked', 'of a suspended tenant'])('with a key that is %s', (who) => {
  test('every route refuses, and tells nothing', async () => {
    const { relay, keys } = await everybody()
    for (const { method, at } of routes) {
      const { status, body } = await relay.ask(method, at, bodyOf(method), keys[who])
      expect([method, at, status, saidIn(body)]).toEqual([method, at, 401, ['error']])
    }
  })
})

test("with a tenant's own key, the administration refuses", async () => {
  const { relay, keys } = await everybody()
  for (const { method, at } of routes.filter(({ path }) => !ofTenants.test(path))) {
    const { status, body } = await relay.ask(method, at, bodyOf(method), keys["a tenant's own"])
    expect([method, at, status]).toEqual([method, at, 403])
    expect(Object.keys(body)).toEqual(['error'])
  }
})

const admin = '/v1/admin'

/** Of the tenant that is spied upon. */
const marker = 'only-for-default'

/** Two tenants: of one everything bears the marker, of the other there is a key of each role. */
async function neighbours(): Promise<Everybody> {
  const relay = await openRelay(mock.url)
  const { ask } = relay
  await ask('PATCH', '/v1/admin/tenants/default', { name: marker, metadata: { marker } })
  await ask('POST', '/v1/admin/tenants/default/users', { id: 'ada', email: `ada@${marker}.example.com` })
  await ask('PUT', '/v1/admin/tenants/default/policy', { access: { models: { deny: [marker] } } })
  const { body: made } = await ask('POST', '/v1/admin/keys', { tenant: 'default', name: marker, user: marker })
  const chat = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hi' }] }
  await ask('POST', '/v1/chat/completions', chat, made.key)
  await ask('POST', '/v1/admin/tenants', { slug: 'other' })
  const keys: Record<string, string> = {}
  for (const role of ['owner', 'admin', 'member', 'viewer'])
    keys[role] = (await ask('POST', '/v1/admin/keys', { tenant: 'other', role, user: 'eve' })).body.key
  return { relay, keys }
}

describe.each(['owner', 'admin', 'member', 'viewer'])("another tenant's %s", (role) => {
  test('learns nothing, whatever is asked for, and changes nothing', async () => {
    const { relay, keys } = await neighbours()
    const { body: before } = await relay.ask('GET', '/v1/admin/keys?tenant=default')
    const [{ id }] = before.items
    for (const { method, path } of routes.filter(({ path }) => path.startsWith('/v1/admin/'))) {
      const at = path.replace(':slug', 'default').replace(':id', id).replace(':user', 'ada')
      for (const query of ['', '?tenant=default', `?user=${marker}`, '?tenant=default&tenant=other']) {
        const body = method === 'GET' ? undefined : { tenant: 'default', user: marker, version: 1, email: 'a@example.com' }
        const answer = await relay.ask(method, at + query, body, keys[role])
        expect([method, at + query, JSON.stringify(answer.body).includes(marker)]).toEqual([method, at + query, false])
        if (path.includes(':') || method !== 'GET' || query.startsWith('?tenant=default'))
          expect([method, at + query, answer.status]).toEqual([method, at + query, expect.toBeOneOf([400, 403, 404])])
      }
    }
    const { body: after } = await relay.ask('GET', '/v1/admin/keys?tenant=default')
    expect(after).toEqual(before)
    expect((await relay.ask('GET', '/v1/admin/tenants/default/policy/history')).body.items).toHaveLength(1)
  })
})

describe.each(['owner', 'admin', 'member', 'viewer'])("a tenant's own %s", (role) => {
  test('is kept from every route that the table of rights does not name', async () => {
    const relay = await openRelay(mock.url)
    const { key } = (await relay.ask('POST', '/v1/admin/keys', { tenant: 'default', role, user: 'ada' })).body
    const unnamed = routes.filter(
      ({ method, path }) => path.startsWith(admin) && !(`${method} ${path.slice(admin.length)}` in rights),
    )
    expect(unnamed.length).toBeGreaterThan(5)
    for (const { method, at } of unnamed) {
      const { status, body } = await relay.ask(method, at, bodyOf(method), key)
      expect([method, at, status, Object.keys(body)]).toEqual([method, at, 403, ['error']])
    }
  })
})

/** As a key of the tenant itself is answered, by its role. A route that is in nobody's list is for the relay's administrators. */
const policies = ['/tenants/:slug', '/keys/:id'].flatMap((of) =>
  ['policy', 'policy/history', 'policies/diff'].map((what) => `GET ${of}/${what}`),
)
const everybodys = ['GET /me', 'GET /tenants/:slug', ...policies]
const statements = ['GET /tenants/:slug/statements', 'GET /tenants/:slug/statements/:month']
const reports = ['GET /clients', 'GET /overview', 'GET /usage', 'GET /calls', 'GET /latency', 'GET /health', ...statements]
const people = ['GET /tenants/:slug/users', 'GET /tenants/:slug/users/:user']
const listed: Readonly<Record<string, readonly string[]>> = {
  viewer: [...everybodys, ...reports, ...people, 'GET /keys', 'GET /audit', 'GET /tenants/:slug/vendor-keys'],
  member: [...everybodys, ...reports, ...people, 'GET /keys', 'POST /keys', 'POST /keys/:id/revoke', 'POST /keys/:id/rotate'],
}
const own = ['PUT /tenants/:slug/users/:user/password']

describe.each(['viewer', 'member'])("a tenant's own %s", (role) => {
  test('may do what is listed for the role, and nothing else', async () => {
    const relay = await openRelay(mock.url)
    await relay.ask('POST', '/v1/admin/tenants/default/users', { id: 'ada', email: 'ada@example.com' })
    const { key } = (await relay.ask('POST', '/v1/admin/keys', { tenant: 'default', role, user: 'ada' })).body
    const may = [...(listed[role] ?? []), ...own]
    for (const { method, path, at } of routes.filter(({ path }) => path.startsWith('/v1/admin/'))) {
      const { status } = await relay.ask(method, at, bodyOf(method), key)
      const route = `${method} ${path.slice('/v1/admin'.length)}`
      expect([route, status !== 403]).toEqual([route, may.includes(route)])
    }
  })
})

test("a tenant's reports are of itself, whatever it asks for", async () => {
  const { relay } = await everybody()
  const { body: made } = await relay.ask('POST', '/v1/admin/keys', { tenant: 'other' })
  await relay.ask(
    'POST',
    '/v1/chat/completions',
    { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hi' }] },
    relay.call,
  )
  const { body } = await relay.ask('GET', '/v1/usage?by=tenant&tenant=default', undefined, made.key)
  expect(body.rows).toEqual([])
})
