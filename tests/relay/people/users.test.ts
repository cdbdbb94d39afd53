/** People of a tenant, and how they sign in. */
import { createServer } from 'node:http'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { afterEach, describe, expect, test } from 'vitest'
import { useMock } from '../../helpers/mock.js'
import { openRelay, type TestRelay, temporaryFolder } from '../helpers.js'

const mock = useMock()
const people = '/v1/admin/tenants/default/users'
const password = 'correct horse battery'

async function signIn(relay: TestRelay, body: object) {
  const response = await fetch(`${relay.url}/api/auth/token`, { method: 'POST', body: JSON.stringify(body) })
  return { status: response.status, body: await response.json() }
}

async function withPassword(relay: TestRelay, user: object): Promise<string> {
  const { body } = await relay.ask('POST', people, user)
  await relay.ask('PUT', `${people}/${body.id}/password`, { password })
  return body.id
}

describe('users', () => {
  test('are made, changed, suspended and taken out, each with an entry in the audit trail', async () => {
    const { ask } = await openRelay(mock.url)
    const made = await ask('POST', people, { id: 'ada', email: ' Ada@Example.com', name: 'Ada' })
    expect(made).toMatchObject({ status: 201, body: { id: 'ada', email: 'ada@example.com', role: 'member', status: 'active' } })
    expect((await ask('POST', people, { id: 'bob', email: 'ada@example.com' })).status).toBe(409)
    expect((await ask('PATCH', `${people}/ada`, { role: 'viewer', status: 'suspended' })).body).toMatchObject({ role: 'viewer' })
    expect((await ask('GET', people)).body.items).toMatchObject([{ id: 'ada', status: 'suspended', password: false }])
    expect((await ask('DELETE', `${people}/ada`)).status).toBe(204)
    expect((await ask('GET', `${people}/ada`)).status).toBe(404)
    expect((await ask('POST', people, { id: 'ada', email: 'other@example.com' })).status).toBe(409)
    expect((await ask('POST', people, { email: 'ada@example.com' })).status).toBe(201)
    const { body: audit } = await ask('GET', '/v1/admin/audit?target=ada')
    expect(audit.items.map(({ action }: { action: string }) => action)).toEqual(['user.delete', 'user.update', 'user.create'])
  })

  test('have no id that is no part of an address', async () => {
    const { ask } = await openRelay(mock.url)
    for (const id of ['.', '..']) expect((await ask('POST', people, { id, email: 'ada@example.com' })).status).toBe(400)
    expect((await ask('POST', people, { id: '.ada', email: 'ada@example.com' })).status).toBe(201)
  })

  test('who are suspended have no keys that work, and have them again afterwards', async () => {
    const { ask } = await openRelay(mock.url)
    await ask('POST', people, { id: 'ada', email: 'ada@example.com' })
    const { key } = (await ask('POST', '/v1/admin/keys', { tenant: 'default', user: 'ada' })).body
    const status = async () => (await ask('GET', '/v1/usage', undefined, key)).status
    expect(await status()).toBe(200)
    await ask('PATCH', `${people}/ada`, { status: 'suspended' })
    expect(await status()).toBe(401)
    await ask('PATCH', `${people}/ada`, { status: 'active' })
    expect(await status()).toBe(200)
  })

  test('stop no key of whoever has the same name in another tenant', async () => {
    const { ask } = await openRelay(mock.url)
    await ask('POST', '/v1/admin/tenants', { slug: 'other' })
    await ask('POST', '/v1/admin/tenants/other/users', { id: 'ada', email: 'ada@example.com' })
    const { key } = (await ask('POST', '/v1/admin/keys', { tenant: 'default', user: 'ada' })).body
    expect((await ask('PATCH', '/v1/admin/tenants/other/users/ada', { status: 'suspended' })).status).toBe(200)
    expect((await ask('GET', '/v1/usage', undefined, key)).status).toBe(200)
  })
})

describe('roles', () => {
  test('are given by nobody whose own is lower', async () => {
    const { ask } = await openRelay(mock.url)
    const { key: admin } = (await ask('POST', '/v1/admin/keys', { tenant: 'default', role: 'admin' })).body
    await ask('POST', people, { id: 'boss', email: 'boss@example.com', role: 'owner' })
    const refused = [
      await ask('POST', people, { email: 'x@example.com', role: 'owner' }, admin),
      await ask('PATCH', `${people}/boss`, { role: 'viewer' }, admin),
      await ask('PUT', `${people}/boss/password`, { password }, admin),
      await ask('POST', '/v1/admin/keys', { tenant: 'default', role: 'owner' }, admin),
      await ask('POST', '/v1/admin/keys', { tenant: 'default', scopes: ['admin'] }, admin),
      await ask('POST', '/v1/admin/keys', { tenant: 'default', scopes: ['call', 'metrics'] }, admin),
    ]
    expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 403))
    expect((await ask('POST', people, { email: 'x@example.com', role: 'admin' }, admin)).status).toBe(201)
  })

  test('open nothing to a tenant that lies beside its own at the vendor', async () => {
    const { ask } = await openRelay(mock.url, { policy: { access: { raw: ['groq'] } } })
    const { key: admin } = (await ask('POST', '/v1/admin/keys', { tenant: 'default', role: 'admin' })).body
    const { key: owner } = (await ask('POST', '/v1/admin/keys', { tenant: 'default', role: 'owner' })).body
    const at = '/v1/admin/tenants/default/policy'
    const opening = (...raw: string[]) => ({ access: { raw } })
    for (const key of [admin, owner]) expect((await ask('PUT', at, opening('openai'), key)).status).toBe(403)
    expect((await ask('PUT', `${at}?dry_run`, opening('openai'), admin)).status).toBe(403)
    // What the relay has opened may stay so, and what its administrators have, for as long as it is.
    expect((await ask('PUT', at, { ...opening('groq'), maxAttempts: 2 }, admin)).status).toBe(200)
    const { version } = (await ask('PUT', at, opening('groq', 'openai'))).body
    expect((await ask('PUT', at, { ...opening('openai'), maxAttempts: 3 }, admin)).status).toBe(200)
    expect((await ask('PUT', at, {}, admin)).status).toBe(200)
    expect((await ask('POST', `${at}/rollback`, { version }, admin)).status).toBe(403)
    expect((await ask('POST', `${at}/rollback`, { version: 0 }, admin)).status).toBe(200)
    expect((await ask('POST', `${at}/rollback`, { version })).status).toBe(200)
  })

  test('reach no further than what the relay denies to all, and what its administrators have opened', async () => {
    const models = { allow: ['gpt-*', 'ollama/*'], deny: ['gpt-5*'] }
    const { ask } = await openRelay(mock.url, { policy: { access: { models, providers: { deny: ['Ollama'] } } } })
    const { key: owner } = (await ask('POST', '/v1/admin/keys', { tenant: 'default', role: 'owner' })).body
    const at = '/v1/admin/tenants/default/policy'
    const put = async (policy: object, key?: string) => (await ask('PUT', at, policy, key)).status
    const providers = { deny: ['ollama'] }
    const wider = [
      {},
      { access: {} },
      { access: { models } },
      { access: { models: { deny: ['gpt-5*'] }, providers } },
      { access: { models: { allow: ['gpt-*', 'claude-*'], deny: ['gpt-5*'] }, providers } },
      { access: { models: { allow: ['gpt-*'], deny: ['gpt-5-pro'] }, providers } },
    ]
    for (const policy of wider) expect([policy, await put(policy, owner)]).toEqual([policy, 403])
    const narrower = { models: { allow: ['gpt-4o', 'gpt-4.1*'], deny: ['GPT-5*', 'gpt-4o-mini'] }, providers: { deny: ['ol*'] } }
    expect(await put({ access: narrower }, owner)).toBe(200)
    expect(await put({ access: { models, providers }, maxAttempts: 2 }, owner)).toBe(200)
    expect(await put({ access: { models: { deny: ['gpt-5*'] } } })).toBe(200)
    expect(await put({ access: { models: { deny: ['gpt-5*', 'gpt-4'] } } }, owner)).toBe(200)
    expect(await put({}, owner)).toBe(403)
    const { key, id } = (await ask('POST', '/v1/admin/keys', { tenant: 'default', user: 'ada' })).body
    expect((await ask('PUT', `/v1/admin/keys/${id}/policy`, { access: { models: { allow: ['*'] } } }, owner)).status).toBe(200)
    const chat = { model: 'gpt-5', messages: [{ role: 'user', content: 'Hi' }] }
    expect((await ask('POST', '/v1/chat/completions', chat, key)).status).toBe(403)
  })

  test("say no headers beside the relay's own keys, but for those that its administrators have said", async () => {
    const { ask } = await openRelay(mock.url, { policy: { headers: { 'x-cost-centre': '4711' } } })
    const { key: owner } = (await ask('POST', '/v1/admin/keys', { tenant: 'default', role: 'owner' })).body
    const { id } = (await ask('POST', '/v1/admin/keys', { tenant: 'default' })).body
    const headers = { 'openai-project': 'proj_other' }
    for (const at of [`/v1/admin/keys/${id}/policy`, '/v1/admin/tenants/default/policy']) {
      const put = async (said: object, key?: string) => (await ask('PUT', at, { headers: said }, key)).status
      expect(await put(headers, owner)).toBe(403)
      expect(await put({ 'x-cost-centre': '4712' }, owner)).toBe(403)
      expect(await put({ 'X-Cost-Centre': '4711' }, owner)).toBe(200)
      expect(await put(headers)).toBe(200)
      expect(await put(headers, owner)).toBe(200)
    }
  })

  test('write no policy that would hold up the calls of all tenants, and keep one that its administrators have written', async () => {
    const { ask } = await openRelay(mock.url)
    const { key: owner } = (await ask('POST', '/v1/admin/keys', { tenant: 'default', role: 'owner' })).body
    const { id } = (await ask('POST', '/v1/admin/keys', { tenant: 'default' })).body
    const budget = { limit: { usd: 5 }, per: 'day' }
    const fine = {
      budgets: Array.from({ length: 50 }, () => budget),
      cache: { maxBytes: 1024 * 1024 },
      redact: { deny: ['bluebird'], patterns: [{ name: 'staff', pattern: '\\bEMP-\\d{6}\\b' }] },
    }
    const heavy = [
      { budgets: Array.from({ length: 101 }, () => budget) },
      { redact: { deny: Array.from({ length: 1001 }, (_, at) => `word${at}`) } },
      { redact: { patterns: [{ name: 'long', pattern: '(x?){900}' }] } },
      { redact: { deny: ['q'.repeat(200_000)] } },
      { cache: { maxBytes: 2 ** 40 } },
      { cache: { maxEntries: 10_001 } },
      { coalesce: { maxBufferBytes: 2 ** 40 } },
      { resume: { times: 1000 } },
      { redact: { conversations: 1e9 } },
      { redact: { patterns: [{ name: 'reach', pattern: 'a', maxLength: 1e6 }] } },
      { modules: [{ use: 'content-filter', patterns: ['(', '[a-z]{400}', '[0-9]{400}'] }] },
    ]
    for (const at of [`/v1/admin/keys/${id}/policy`, '/v1/admin/tenants/default/policy']) {
      expect((await ask('PUT', at, fine, owner)).status).toBe(200)
      for (const policy of heavy)
        expect(await ask('PUT', at, policy, owner)).toMatchObject({
          status: 403,
          body: { error: { message: expect.stringContaining("Only the relay's administrators write") } },
        })
      for (const policy of heavy.slice(0, -1)) {
        expect((await ask('PUT', at, policy)).status).toBe(200)
        expect((await ask('PUT', at, { ...policy, maxAttempts: 2 }, owner)).status).toBe(200)
      }
    }
  })

  test("change no policy of a key of the relay's administrators, though it is of their tenant", async () => {
    const { ask } = await openRelay(mock.url)
    const { key: owner } = (await ask('POST', '/v1/admin/keys', { tenant: 'default', role: 'owner' })).body
    const { id } = (await ask('GET', '/v1/admin/me')).body
    const at = `/v1/admin/keys/${id}/policy`
    expect((await ask('PUT', at, { maxAttempts: 1 }, owner)).status).toBe(403)
    expect((await ask('POST', `${at}/rollback`, { version: 0 }, owner)).status).toBe(403)
    expect((await ask('PUT', at, { maxAttempts: 1 })).status).toBe(200)
  })

  test('are not passed by a key that is said to be of somebody higher', async () => {
    const { ask } = await openRelay(mock.url)
    const { key: admin } = (await ask('POST', '/v1/admin/keys', { tenant: 'default', role: 'admin' })).body
    await ask('POST', people, { id: 'boss', email: 'boss@example.com', role: 'owner' })
    const { key } = (await ask('POST', '/v1/admin/keys', { tenant: 'default', user: 'boss', role: 'admin' }, admin)).body
    expect((await ask('PUT', `${people}/boss/password`, { password }, key)).status).toBe(403)
  })

  test('who only looks writes nothing into the books and calls no model, and who is a member does, and reads his own', async () => {
    const relay = await openRelay(mock.url)
    await withPassword(relay, { id: 'vera', email: 'vera@example.com', role: 'viewer' })
    const { body: vera } = await signIn(relay, { email: 'vera@example.com', password })
    expect((await relay.ask('POST', '/v1/traces', { resourceSpans: [] }, vera.access_token)).status).toBe(401)
    const chat = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hi' }] }
    await relay.ask('POST', '/v1/chat/completions', chat, relay.call)
    await withPassword(relay, { id: 'ada', email: 'ada@example.com', role: 'member' })
    const { body: ada } = await signIn(relay, { email: 'ada@example.com', password })
    const rows = async (key: string) => (await relay.ask('GET', '/v1/usage?by=user', undefined, key)).body.rows
    await expect.poll(() => rows(vera.access_token)).toHaveLength(1)
    expect(await rows(ada.access_token)).toEqual([])
    const tried = async (key: string) => (await relay.ask('POST', '/v1/chat/completions', chat, key)).status
    expect([await tried(vera.access_token), await tried(ada.access_token)]).toEqual([403, 200])
  })

  test('end where the keys of the relay and its plans begin', async () => {
    const { ask, admin: relays } = await openRelay(mock.url)
    const { key: owner } = (await ask('POST', '/v1/admin/keys', { tenant: 'default', role: 'owner' })).body
    const id = relays.slice(3, 11)
    expect((await ask('POST', `/v1/admin/keys/${id}/revoke`, {}, owner)).status).toBe(403)
    expect((await ask('PATCH', '/v1/admin/tenants/default', { plan: 'gold' }, owner)).status).toBe(400)
    expect((await ask('PATCH', '/v1/admin/tenants/default', { name: 'We' }, owner)).body).toMatchObject({ name: 'We' })
  })

  test('of the tenant itself change what is noted of it, and not who pays for it', async () => {
    const { ask, admin } = await openRelay(mock.url)
    const { key: owner } = (await ask('POST', '/v1/admin/keys', { tenant: 'default', role: 'owner' })).body
    const noted = async (metadata: object, key: string) =>
      (await ask('PATCH', '/v1/admin/tenants/default', { metadata }, key)).status
    expect(await noted({ stripe_customer_id: 'cus_other' }, owner)).toBe(403)
    expect(await noted({ stripe_customer_id: 'cus_own' }, admin)).toBe(200)
    expect(await noted({ stripe_customer_id: 'cus_other' }, owner)).toBe(403)
    expect(await noted({ crm: '42' }, owner)).toBe(403)
    expect(await noted({ stripe_customer_id: 'cus_own', crm: '42' }, owner)).toBe(200)
  })

  test('of the tenant itself do not change who pays for it by whatever name the configuration says', async () => {
    const billing = { eventName: 'llm', customer: 'payer', file: join(temporaryFolder(), 'meter.ndjson') }
    const { ask } = await openRelay(mock.url, { billing })
    const { key: owner } = (await ask('POST', '/v1/admin/keys', { tenant: 'default', role: 'owner' })).body
    expect((await ask('PATCH', '/v1/admin/tenants/default', { metadata: { payer: 'x' } }, owner)).status).toBe(403)
  })

  test('a member makes, turns over and revokes keys of his own, and sees no other', async () => {
    const { ask } = await openRelay(mock.url)
    const { key } = (await ask('POST', '/v1/admin/keys', { tenant: 'default', role: 'member', user: 'ada' })).body
    await ask('POST', '/v1/admin/keys', { tenant: 'default', user: 'bob' })
    const made = await ask('POST', '/v1/admin/keys', { name: 'laptop' }, key)
    expect(made).toMatchObject({ status: 201, body: { tenant: 'default', user: 'ada' } })
    expect((await ask('POST', `/v1/admin/keys/${made.body.id}/rotate`, {}, key)).status).toBe(201)
    expect((await ask('POST', `/v1/admin/keys/${made.body.id}/revoke`, {}, key)).status).toBe(200)
    expect((await ask('POST', '/v1/admin/keys', { user: 'bob' }, key)).status).toBe(403)
    expect((await ask('POST', '/v1/admin/keys', { role: 'viewer' }, key)).status).toBe(403)
    const { items } = (await ask('GET', '/v1/admin/keys', undefined, key)).body
    expect(new Set(items.map(({ user }: { user: string }) => user))).toEqual(new Set(['ada']))
    expect((await ask('GET', '/v1/admin/me', undefined, key)).body).toMatchObject({
      role: 'member',
      user: 'ada',
      rights: { 'usage:read': 'own' },
    })
  })

  test('need a user where they are about what is its own', async () => {
    const { ask } = await openRelay(mock.url)
    expect((await ask('POST', '/v1/admin/keys', { tenant: 'default', role: 'member' })).status).toBe(400)
  })
})

describe('signing in', () => {
  test('by the first key gives a token that is taken wherever the key is', async () => {
    const { ask } = await openRelay(mock.url)
    const { body } = await ask('POST', '/api/auth/token')
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 900 })
    expect((await ask('GET', '/v1/admin/tenants', undefined, body.access_token)).status).toBe(200)
    const chat = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hi' }] }
    expect((await ask('POST', '/v1/chat/completions', chat, body.access_token)).status).toBe(200)
    const again = await ask('POST', '/api/auth/token', undefined, body.access_token)
    expect((await ask('GET', '/v1/admin/me', undefined, again.body.access_token)).body).toMatchObject({ administrator: true })
  })

  test('by an e-mail address and a password makes one what his role is, at every moment', async () => {
    const relay = await openRelay(mock.url)
    await withPassword(relay, { id: 'ada', email: 'ada@example.com', role: 'admin' })
    const { body } = await signIn(relay, { email: 'ADA@example.com', password })
    const asAda = async (method: string, path: string) => (await relay.ask(method, path, undefined, body.access_token)).status
    expect((await relay.ask('GET', '/v1/admin/me', undefined, body.access_token)).body).toMatchObject({
      user: 'ada',
      role: 'admin',
    })
    expect([await asAda('GET', people), await asAda('GET', '/v1/admin/tenants')]).toEqual([200, 403])
    await relay.ask('PATCH', `${people}/ada`, { role: 'member' })
    expect(await asAda('GET', '/v1/admin/audit')).toBe(403)
    await relay.ask('PATCH', `${people}/ada`, { status: 'suspended' })
    expect(await asAda('GET', '/v1/admin/me')).toBe(401)
  })

  test('is over for who has signed in by a password that is another by now, and for nobody else', async () => {
    const relay = await openRelay(mock.url)
    await withPassword(relay, { id: 'ada', email: 'ada@example.com', role: 'admin' })
    const { access_token: token } = (await signIn(relay, { email: 'ada@example.com', password })).body
    const key = (await relay.ask('POST', '/v1/admin/keys', { tenant: 'default', user: 'ada', role: 'member' })).body.key
    const byKey = (await relay.ask('POST', '/api/auth/token', undefined, key)).body.access_token
    const status = async (shown: string) => (await relay.ask('GET', '/v1/admin/me', undefined, shown)).status
    await relay.ask('PATCH', `${people}/ada`, { name: 'Ada' })
    expect([await status(token), await status(byKey)]).toEqual([200, 200])
    await relay.ask('PUT', `${people}/ada/password`, { password: 'another horse battery' })
    expect([await status(token), await status(byKey)]).toEqual([401, 200])
    expect((await relay.ask('POST', '/api/auth/token', undefined, token)).status).toBe(401)
  })

  test('counts no password as wrong that nobody has looked at, since too many came at once', async () => {
    const relay = await openRelay(mock.url)
    await withPassword(relay, { id: 'ada', email: 'ada@example.com' })
    const body = { email: 'ada@example.com', password: 'wrong horse battery' }
    const guesses = await Promise.all(Array.from({ length: 30 }, () => signIn(relay, body)))
    expect(guesses.filter(({ status }) => status === 429).length).toBeGreaterThan(10)
    expect((await signIn(relay, { ...body, password })).status).toBe(200)
  })

  test('is refused with a wrong password, to nobody, and to a key that is for calls', async () => {
    const relay = await openRelay(mock.url)
    await withPassword(relay, { id: 'ada', email: 'ada@example.com' })
    const wrong = await signIn(relay, { email: 'ada@example.com', password: 'wrong horse battery' })
    const nobody = await signIn(relay, { email: 'bob@example.com', password })
    expect(wrong).toEqual(nobody)
    expect(wrong.status).toBe(401)
    expect((await relay.ask('POST', '/api/auth/token', undefined, relay.call)).status).toBe(403)
    expect((await relay.ask('PUT', `${people}/ada/password`, { password: 'short' })).status).toBe(400)
  })

  test('by wrong passwords ends for an address as it does by wrong keys, whoever is tried', async () => {
    const relay = await openRelay(mock.url, { throttle: { wrongKeys: { perSecond: 0.001, burst: 2 } } })
    const seen: number[] = []
    for (const name of ['ada', 'bob', 'eve']) seen.push((await signIn(relay, { email: `${name}@example.com`, password })).status)
    expect(seen).toEqual([401, 401, 429])
    const body = JSON.stringify({ email: 'eve@example.com', password })
    expect((await fetch(`${relay.url}/%61pi/auth/token`, { method: 'POST', body })).status).toBe(429)
  })

  test('holds no longer than the key that it was done by', async () => {
    const { ask } = await openRelay(mock.url)
    const { id, key } = (await ask('POST', '/v1/admin/keys', { tenant: 'default', role: 'viewer' })).body
    const token = (await ask('POST', '/api/auth/token', undefined, key)).body.access_token
    expect((await ask('GET', '/v1/admin/audit', undefined, token)).status).toBe(200)
    await ask('POST', `/v1/admin/keys/${id}/revoke`)
    expect((await ask('GET', '/v1/admin/audit', undefined, token)).status).toBe(401)
    expect((await ask('POST', '/api/auth/token', undefined, token)).status).toBe(401)
  })

  test('by a token of another relay, of no relay, or changed, is refused', async () => {
    const { ask } = await openRelay(mock.url)
    const other = await openRelay(mock.url)
    const token: string = (await other.ask('POST', '/api/auth/token')).body.access_token
    const [head, , signature] = token.split('.')
    const none = Buffer.from('{"alg":"none"}').toString('base64url')
    const forged = [token, `${none}.${token.split('.')[1]}.`, `${head}.eyJzdWIiOiJ4In0.${signature}`, 'eyJ', 'eyJ.eyJ.eyJ']
    for (const one of forged) expect((await ask('GET', '/v1/admin/me', undefined, one)).status).toBe(401)
  })
})

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

/** An identity provider: its discovery document and its keys over HTTP, and tokens that are signed by them. */
async function openIssuer() {
  const { publicKey, privateKey } = await generateKeyPair('RS256')
  const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256' }
  const server = createServer((request, response) => {
    const answer = request.url === '/jwks' ? { keys: [jwk] } : { issuer, jwks_uri: `${issuer}/jwks` }
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => server.close())
  const address = server.address()
  const issuer = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  const sign = (claims: JWTPayload, key = privateKey) =>
    new SignJWT({ sub: 'ada', aud: 'leash', iss: issuer, exp: Math.floor(Date.now() / 1000) + 60, ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'one' })
      .sign(key)
  return { issuer, sign }
}

describe('an identity provider', () => {
  test('makes of its users what their groups say, and of others nobody', async () => {
    const { issuer, sign } = await openIssuer()
    const grants = { platform: { administrator: true }, leads: { tenant: 'default', role: 'admin' } } as const
    const relay = await openRelay(mock.url, { oidc: { issuer, audience: 'leash', grants } })
    const me = async (token: string) => (await relay.ask('GET', '/v1/admin/me', undefined, token)).body
    expect(await me(await sign({ groups: ['staff', 'leads'] }))).toMatchObject({
      id: 'oidc:ada',
      tenant: 'default',
      role: 'admin',
    })
    expect(await me(await sign({ groups: 'platform' }))).toMatchObject({ administrator: true })
    await relay.ask('POST', people, { id: 'gone', email: 'gone@example.com' })
    await relay.ask('DELETE', `${people}/gone`)
    expect(await me(await sign({ sub: 'gone', groups: ['leads'] }))).toMatchObject({ error: { code: 'authentication_failed' } })
    const stranger = (await generateKeyPair('RS256')).privateKey
    const refused = [
      await sign({ groups: ['staff'] }),
      await sign({}),
      await sign({ groups: ['leads'], aud: 'another' }),
      await sign({ groups: ['leads'], exp: Math.floor(Date.now() / 1000) - 120 }),
      await sign({ groups: ['leads'] }, stranger),
      await sign({ groups: ['leads'], iss: 'https://elsewhere.example.com' }),
    ]
    for (const token of refused) expect(await me(token)).toMatchObject({ error: { code: 'authentication_failed' } })
  })

  test('is one whose address cannot be read along the way', async () => {
    const oidc = { issuer: 'http://login.example.com', audience: 'leash', grants: {} }
    await expect(openRelay(mock.url, { oidc })).rejects.toThrow('`oidc.issuer` must be an `https:` address')
  })
})
