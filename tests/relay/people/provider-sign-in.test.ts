/** Signing in at an identity provider, and whatever somebody might make of the ways there and back. */
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { decodeJwt } from 'jose'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { readConfig } from '../../../src/relay/config/file.js'
import type { OidcOptions, ProviderSignInOptions } from '../../../src/relay/people/oidc-options.js'
import { useMock } from '../../helpers/mock.js'
import { openRelay, type TestRelay, temporaryFolder } from '../helpers.js'
import { type IdentityProvider, openProvider } from './identity-provider.js'
import { away, begin, finish, home } from './signing-in.js'

const mock = useMock()
const grants = { platform: { administrator: true }, leads: { tenant: 'default', role: 'admin' } } as const

/** Of nobody who is a secret: the provider knows the relay as a public client. */
const oidcOf = ({ issuer }: IdentityProvider, signIn: Partial<ProviderSignInOptions> = {}, more: Partial<OidcOptions> = {}) => ({
  issuer,
  audience: 'leash',
  grants,
  ...more,
  signIn: { url: home, ...signIn },
})

async function open(signIn: Partial<ProviderSignInOptions> = {}) {
  const provider = await openProvider()
  provider.settings.claims = { groups: ['leads'] }
  const relay = await openRelay(mock.url, { oidc: oidcOf(provider, signIn) })
  return { provider, relay }
}

async function whole(relay: TestRelay) {
  const begun = await begin(relay)
  return finish(relay, await away(begun), begun.cookie)
}

const refusal = (status: number, message: string) => ({ status, body: { error: { message: expect.stringContaining(message) } } })
const exchanges = ({ asked }: IdentityProvider) => asked.filter(({ path }) => path === '/token')

afterEach(() => {
  vi.useRealTimers()
})

function later(ms: number): void {
  if (!vi.isFakeTimers()) vi.useFakeTimers({ toFake: ['Date'] })
  vi.setSystemTime(Date.now() + ms)
}

describe('somebody who has signed in at the provider', () => {
  test('has a session of the relay like any other, as what his groups make him', async () => {
    const { relay, provider } = await open()
    const { status, headers, body } = await whole(relay)
    expect([status, body]).toEqual([200, { access_token: expect.any(String), token_type: 'Bearer', expires_in: 900 }])
    expect(headers.get('cache-control')).toBe('no-store')
    const me = { id: 'oidc:ada', tenant: 'default', role: 'admin', user: 'ada', administrator: false }
    expect((await relay.ask('GET', '/v1/admin/me', undefined, body.access_token)).body).toMatchObject(me)
    const { body: renewed } = await relay.ask('POST', '/api/auth/token', undefined, body.access_token)
    expect((await relay.ask('GET', '/v1/admin/me', undefined, renewed.access_token)).body).toMatchObject(me)
    const { items } = (await relay.ask('GET', '/v1/admin/audit?action=auth.sign_in')).body
    expect(items).toMatchObject([{ actor: 'oidc:ada', tenant: 'default' }])
    provider.settings.claims = { groups: ['platform'] }
    const { access_token: token } = (await whole(relay)).body
    expect((await relay.ask('GET', '/v1/admin/me', undefined, token)).body).toMatchObject({ administrator: true })
  })

  test('was sent there with what binds the answer to him, and with nothing that is a secret', async () => {
    const { relay, provider } = await open({ scopes: ['groups'], secret: 'relay-secret-9f3c' })
    provider.settings.secret = 'relay-secret-9f3c'
    const begun = await begin(relay)
    const { state, nonce, code_challenge: challenge, ...query } = Object.fromEntries(begun.location.searchParams)
    expect(begun.location.origin).toBe(provider.issuer)
    expect(query).toEqual({
      response_type: 'code',
      client_id: 'leash',
      redirect_uri: `${home}/signed-in`,
      scope: 'openid groups',
      code_challenge_method: 'S256',
    })
    expect(begun.set).toMatch(/^__Host-leash-sign-in=[^;]+; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/)
    for (const one of [state, nonce, challenge]) expect(one).toMatch(/^[\w-]{43}$/)
    expect(new Set([state, nonce, challenge, begun.cookie.split('=')[1]?.split('.')[0]]).size).toBe(4)
    const ended = await finish(relay, await away(begun), begun.cookie)
    expect(ended.headers.get('set-cookie')).toMatch(/^__Host-leash-sign-in=; Max-Age=0; /)
    const verifier = exchanges(provider)[0]?.body.get('code_verifier') ?? ''
    expect(createHash('sha256').update(verifier).digest('base64url')).toBe(challenge)
    expect(JSON.stringify([begun, ended.body])).not.toContain(verifier)
  })

  test.each([
    ['as the provider has it by default', undefined, true],
    ['in the form, where it wants that', ['client_secret_post'], false],
  ])('came by a relay that shows its secret %s', async (_, methods, basic) => {
    const { relay, provider } = await open({ secret: 's p+c:ial' })
    provider.settings.secret = basic ? 's+p%2Bc%3Aial' : 's p+c:ial'
    provider.settings.discovery = { token_endpoint_auth_methods_supported: methods }
    expect((await whole(relay)).status).toBe(200)
    expect(exchanges(provider)[0]?.authorization !== undefined).toBe(basic)
  })

  test('is out when the tenant puts him out, when the time is over, and when his group has no grant any more', async () => {
    const { relay, provider } = await open({ sessionMs: 3_600_000 })
    const { access_token: token } = (await whole(relay)).body
    const status = async (shown = token, at = relay) => (await at.ask('GET', '/v1/admin/me', undefined, shown)).status
    await relay.ask('POST', '/v1/admin/tenants/default/users', { id: 'ada', email: 'ada@example.com' })
    expect(await status()).toBe(200)
    await relay.ask('PATCH', '/v1/admin/tenants/default/users/ada', { status: 'suspended' })
    expect(await status()).toBe(401)
    await relay.ask('PATCH', '/v1/admin/tenants/default/users/ada', { status: 'active' })
    expect(await status()).toBe(200)
    await relay.close()
    const { leads } = grants
    for (const [changed, expected] of [
      [{}, 200],
      [{ grants: { others: leads } }, 401],
      [{ issuer: `${provider.issuer}/another` }, 401],
    ] as const) {
      const again = await openRelay(mock.url, { folder: relay.folder, oidc: oidcOf(provider, {}, changed) })
      expect(await status(token, again)).toBe(expected)
      await again.close()
    }
  })

  test('is out while his tenant is', async () => {
    const provider = await openProvider()
    provider.settings.claims = { groups: ['leads'] }
    const oidc = oidcOf(provider, {}, { grants: { leads: { tenant: 'red', role: 'admin' } } })
    const relay = await openRelay(mock.url, { oidc })
    await relay.ask('POST', '/v1/admin/tenants', { slug: 'red' })
    const { access_token: token } = (await whole(relay)).body
    const statuses = async () => [
      (await relay.ask('GET', '/v1/admin/me', undefined, token)).status,
      (await relay.ask('GET', '/v1/admin/me', undefined, await provider.sign({}))).status,
      (await whole(relay)).status,
    ]
    expect(await statuses()).toEqual([200, 200, 200])
    await relay.ask('PATCH', '/v1/admin/tenants/red', { status: 'suspended' })
    expect(await statuses()).toEqual([401, 401, 403])
  })

  test('is out in whatever case the provider writes his address', async () => {
    const provider = await openProvider()
    const relay = await openRelay(mock.url, { oidc: oidcOf(provider, {}, { user: 'email' }) })
    await relay.ask('POST', '/v1/admin/tenants/default/users', { id: 'Ada@example.com', email: 'ada@example.com' })
    const status = async (email: string) => {
      const shown = await provider.sign({ groups: ['leads'], email })
      return (await relay.ask('GET', '/v1/admin/me', undefined, shown)).status
    }
    expect(await status('ada@Example.com')).toBe(200)
    await relay.ask('PATCH', '/v1/admin/tenants/default/users/Ada@example.com', { status: 'suspended' })
    expect([await status('ada@Example.com'), await status('Ada@example.com'), await status('bob@example.com')]).toEqual([
      401, 401, 200,
    ])
  })

  test('signs in again after as long as the configuration says, however often the session was renewed', async () => {
    later(0)
    const { relay } = await open({ sessionMs: 1_200_000 })
    let { access_token: token } = (await whole(relay)).body
    const renew = () => relay.ask('POST', '/api/auth/token', undefined, token)
    later(600_000)
    token = (await renew()).body.access_token
    const seen = async () => (await relay.ask('GET', '/v1/admin/me', undefined, token)).status
    later(599_000)
    expect(await seen()).toBe(200)
    later(2000)
    expect([await seen(), (await renew()).status]).toEqual([401, 401])
  })

  test('has no session that is longer than the configuration says, however short that is', async () => {
    later(0)
    const { relay } = await open({ sessionMs: 60_000 })
    const { access_token: token, expires_in: seconds } = (await whole(relay)).body
    expect(seconds).toBe(60)
    later(61_000)
    expect((await relay.ask('GET', '/v1/admin/me', undefined, token)).status).toBe(401)
  })

  test('is nobody by an e-mail address that the provider has not looked at', async () => {
    const provider = await openProvider()
    const oidc = oidcOf(provider, {}, { claim: 'email', grants: { 'ada@example.com': grants.leads } })
    const relay = await openRelay(mock.url, { oidc })
    for (const [verified, status] of [
      [false, 403],
      ['false', 403],
      ['False', 403],
      [null, 403],
      ['true', 200],
      [true, 200],
      [undefined, 200],
    ] as const) {
      provider.settings.claims = { email: 'ada@example.com', email_verified: verified }
      expect((await whole(relay)).status).toBe(status)
    }
  })

  test('is nobody by a name that is empty', async () => {
    const provider = await openProvider()
    provider.settings.claims = { groups: ['leads'], nick: '' }
    const relay = await openRelay(mock.url, { oidc: oidcOf(provider, {}, { user: 'nick' }) })
    expect((await whole(relay)).status).toBe(403)
  })

  test('is told that he is in no group that may come in', async () => {
    const { relay, provider } = await open()
    provider.settings.claims = { groups: ['toString', 'staff'] }
    expect(await whole(relay)).toMatchObject(refusal(403, 'no group there that may come in'))
  })
})

describe('an answer that was not meant for this browser', () => {
  test('has a wrong state', async () => {
    const { relay, provider } = await open()
    const begun = await begin(relay)
    const { code } = await away(begun)
    for (const state of ['', 'x'.repeat(43), undefined])
      expect(await finish(relay, { code, state }, begun.cookie)).toMatchObject(refusal(401, 'not begun in this browser'))
    expect(exchanges(provider)).toEqual([])
  })

  test('has the state of another browser', async () => {
    const { relay, provider } = await open()
    const [mine, another] = [await begin(relay), await begin(relay)]
    const returned = await away(another)
    for (const cookie of [mine.cookie, '', '__Host-leash-sign-in=', 'leash-sign-in=x'])
      expect(await finish(relay, returned, cookie)).toMatchObject(refusal(401, 'not begun in this browser'))
    expect(exchanges(provider)).toEqual([])
    expect((await finish(relay, returned, another.cookie)).status).toBe(200)
  })

  test('has a state that somebody has made with a ticket of his own', async () => {
    const { relay } = await open()
    const begun = await begin(relay)
    const { code = '', state = '' } = await away(begun)
    const [name, ticket = ''] = begun.cookie.split('=')
    const [random] = ticket.split('.')
    for (const forged of [`${random}.9999999999999`, `${'x'.repeat(43)}.9999999999999`, ticket.replace('.', '')])
      expect((await finish(relay, { code, state }, `${name}=${forged}`)).status).toBe(401)
  })

  test('was used before, and the provider is not asked again', async () => {
    const { relay, provider } = await open()
    const begun = await begin(relay)
    const returned = await away(begun)
    expect((await finish(relay, returned, begun.cookie)).status).toBe(200)
    expect(await finish(relay, returned, begun.cookie)).toMatchObject(refusal(401, 'used before'))
    expect(exchanges(provider)).toHaveLength(1)
  })

  test('is not used up by an error, which anybody can make up without end', async () => {
    const { relay } = await open()
    const begun = await begin(relay)
    const { code = '', state = '' } = await away(begun)
    for (const error of ['access_denied', 'made up', 'access_denied'])
      expect((await finish(relay, { error, state }, begun.cookie)).status).toBeGreaterThan(400)
    expect((await finish(relay, { code, state }, begun.cookie)).status).toBe(200)
  })

  test('comes twice at once, and is taken once', async () => {
    const { relay } = await open()
    const begun = await begin(relay)
    const returned = await away(begun)
    const both = await Promise.all([finish(relay, returned, begun.cookie), finish(relay, returned, begun.cookie)])
    expect(both.map(({ status }) => status).sort()).toEqual([200, 401])
  })

  test('comes after more than ten minutes', async () => {
    const { relay, provider } = await open()
    const begun = await begin(relay)
    const returned = await away(begun)
    later(600_001)
    expect(await finish(relay, returned, begun.cookie)).toMatchObject(refusal(401, 'more than ten minutes ago'))
    expect(exchanges(provider)).toEqual([])
  })
})

describe('a code', () => {
  test('that was used in another sign-in is refused by the provider, and the words are plain', async () => {
    const { relay } = await open()
    const [first, second] = [await begin(relay), await begin(relay)]
    const stolen = await away(first)
    expect((await finish(relay, stolen, first.cookie)).status).toBe(200)
    const { state } = await away(second)
    expect(await finish(relay, { code: stolen.code, state }, second.cookie)).toMatchObject(refusal(401, 'was used before, or'))
  })

  test('that was overheard and brought into a sign-in of somebody else is of no use: it wants the verifier of its own', async () => {
    const { relay } = await open()
    const [victim, thief] = [await begin(relay), await begin(relay)]
    const { code } = await away(victim)
    const { state } = await away(thief)
    expect((await finish(relay, { code, state }, thief.cookie)).status).toBe(401)
  })
})

describe('a token of the provider', () => {
  test.each([
    ['has a wrong nonce', { nonce: 'of another sign-in' }],
    ['has no nonce', { nonce: undefined }],
    ['has another issuer', { iss: 'https://elsewhere.example.com' }],
    ['is for another', { aud: 'another' }],
    ['is for another too, who has asked for it', { aud: ['leash', 'another'], azp: 'another' }],
    ['is for another too, and does not say who has asked for it', { aud: ['leash', 'another'] }],
    ['has expired', { exp: 1_000_000_000 }],
    ['does not say when it expires', { exp: undefined }],
  ])('that %s lets nobody in', async (_, claims) => {
    const { relay, provider } = await open()
    provider.settings.claims = { groups: ['leads'], ...claims }
    expect(await whole(relay)).toMatchObject(refusal(401, 'not for this sign-in'))
  })

  test('that nobody has signed, or that is signed by the secret, lets nobody in', async () => {
    const { relay, provider } = await open()
    const claims = decodeJwt(await provider.sign({ groups: ['leads'] }))
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    for (const alg of ['none', 'HS256']) {
      const token = `${part({ alg })}.${part(claims)}.${alg === 'none' ? '' : 'x'.repeat(43)}`
      provider.settings.token = (response) => response.end(JSON.stringify({ id_token: token }))
      expect((await whole(relay)).status).toBe(401)
    }
  })
})

describe('a provider', () => {
  test('that says in its answer that it is another is not believed', async () => {
    const { relay, provider } = await open()
    const begun = await begin(relay)
    const iss = 'https://elsewhere.example.com'
    const ended = await finish(relay, { ...(await away(begun)), iss }, begun.cookie)
    expect(ended).toMatchObject(refusal(401, 'another identity provider'))
    expect(exchanges(provider)).toEqual([])
  })

  test('that calls itself by another name is not gone to', async () => {
    const { relay, provider } = await open()
    provider.settings.discovery = { issuer: 'https://elsewhere.example.com' }
    expect((await relay.ask('POST', '/api/auth/provider/start', undefined, '')).status).toBe(503)
    expect((await relay.ask('GET', '/v1/admin/me', undefined, await provider.sign({}))).status).toBe(503)
  })

  test('that always says its name has to have said it', async () => {
    const { relay, provider } = await open()
    provider.settings.discovery = { authorization_response_iss_parameter_supported: true }
    const [silent, named] = [await begin(relay), await begin(relay)]
    expect((await finish(relay, await away(silent), silent.cookie)).status).toBe(401)
    const returned = { ...(await away(named)), iss: provider.issuer }
    expect((await finish(relay, returned, named.cookie)).status).toBe(200)
  })

  test.each([
    ['access_denied', 403, 'you have declined'],
    ['login_required', 403, 'wants something of you first'],
    ['temporarily_unavailable', 503, 'has failed'],
    ['unauthorized_client', 502, 'do not understand each other'],
    ['<script>alert(1)</script>\u2028', 502, 'do not understand each other'],
  ])('that refuses with %s is told in plain words, and none of them are its own', async (error, status, words) => {
    const { relay, provider } = await open()
    provider.settings.error = error
    const [ended] = [await whole(relay), await whole(relay)]
    expect(ended).toMatchObject(refusal(status, words))
    expect(JSON.stringify(ended.body)).not.toContain(error)
    expect(relay.warnings.join()).not.toContain('script')
    expect(relay.warnings).toHaveLength(status === 502 ? 1 : 0)
    expect(exchanges(provider)).toEqual([])
  })

  test('that is down is told so, and is asked again by the next', async () => {
    const { relay, provider } = await open()
    const begun = await begin(relay)
    const returned = await away(begun)
    provider.close()
    expect(await finish(relay, returned, begun.cookie)).toMatchObject(refusal(503, 'cannot be asked'))
    const { status } = await relay.ask('POST', '/api/auth/provider/start', undefined, '')
    expect(status).toBe(200)
    expect(relay.warnings).toEqual([expect.stringMatching(/^The identity provider cannot be asked: .+\.$/)])
  })

  test('that was never there is told so at the beginning', async () => {
    const provider = await openProvider()
    provider.close()
    const relay = await openRelay(mock.url, { oidc: oidcOf(provider) })
    expect(await relay.ask('POST', '/api/auth/provider/start', undefined, '')).toMatchObject(refusal(503, 'cannot be asked'))
  })

  test.each([
    ['redirects', 503, (response) => response.writeHead(307, { location: '/elsewhere' }).end()],
    ['answers with no JSON', 502, (response) => response.end('<h1>Welcome</h1>')],
    ['answers with nothing', 502, (response) => response.end()],
    ['answers with a token that is no text', 502, (response) => response.end('{"id_token":{"sub":"ada"}}')],
    ['answers with a token that is none', 401, (response) => response.end('{"id_token":"a.b.c"}')],
    ['never ends its answer', 503, (response) => void endless(response)],
    ['does not know the relay', 502, (response) => response.writeHead(401).end('{"error":"invalid_client"}')],
    ['fails', 503, (response) => response.writeHead(500).end('{"error":"server_error"}')],
  ] as const satisfies readonly [string, number, IdentityProvider['settings']['token']][])(
    'whose token endpoint %s lets nobody in, and nothing of it is shown',
    async (_, status, token) => {
      const { relay, provider } = await open({ secret: 'relay-secret-9f3c' })
      provider.settings.token = token
      const ended = await whole(relay)
      expect(ended).toMatchObject({ status, body: { error: { message: expect.stringMatching(/identity provider/) } } })
      expect(JSON.stringify([ended.body, relay.warnings])).not.toMatch(/Welcome|relay-secret-9f3c/)
      expect(provider.asked.map(({ path }) => path)).not.toContain('/elsewhere')
    },
  )

  test.each(['token', 'elsewhere'])(
    'whose keys cannot be read at /%s is taken for away, and the token not for wrong',
    async (path) => {
      const { relay, provider } = await open()
      provider.settings.discovery = { jwks_uri: `${provider.issuer}/${path}` }
      expect(await whole(relay)).toMatchObject(refusal(503, 'cannot be asked'))
      expect(relay.warnings.join()).toContain('JSON Web Key Set')
    },
  )

  test('whose keys have no end is taken for away', async () => {
    const { relay, provider } = await open()
    provider.settings.discovery = { jwks_uri: `${provider.issuer}/token` }
    provider.settings.token = endless
    const shown = await provider.sign({ groups: ['leads'] })
    expect(await relay.ask('GET', '/v1/admin/me', undefined, shown)).toMatchObject(refusal(503, 'cannot be asked'))
  })

  test('that would have people sign in where others can read along is not gone to', async () => {
    for (const authorization_endpoint of ['http://login.example.com/', 'javascript:alert(1)', '/authorize', 7]) {
      const { relay, provider } = await open()
      provider.settings.discovery = { authorization_endpoint }
      expect((await relay.ask('POST', '/api/auth/provider/start', undefined, '')).status).toBe(503)
    }
  })
})

function endless(response: ServerResponse): void {
  const more = () => {
    if (response.write('x'.repeat(64 * 1024))) setImmediate(more)
    else response.once('drain', more)
  }
  response.on('error', () => {})
  more()
}

describe('the way in', () => {
  test('comes back to where the configuration says, whatever host was asked', async () => {
    const { relay } = await open()
    const { location } = await begin(relay, { 'x-forwarded-host': 'evil.example.com', origin: home })
    expect(location.searchParams.get('redirect_uri')).toBe(`${home}/signed-in`)
    const headers = { origin: 'https://evil.example.com' }
    for (const path of ['start', 'token']) {
      const asked = await fetch(`${relay.url}/api/auth/provider/${path}`, { method: 'POST', headers, body: '{}' })
      expect([asked.status, asked.headers.get('set-cookie'), await asked.text()]).toEqual([
        403,
        null,
        expect.stringContaining(`Open that, and sign in there`),
      ])
    }
  })

  test('is closed for an address that has tried it too often, as it is by wrong keys', async () => {
    const provider = await openProvider()
    const relay = await openRelay(mock.url, {
      oidc: oidcOf(provider),
      throttle: { wrongKeys: { perSecond: 0.001, burst: 2 } },
    })
    const seen: number[] = []
    for (let at = 0; at < 3; at++) seen.push((await finish(relay, { code: 'guessed', state: 'guessed' })).status)
    expect(seen).toEqual([401, 401, 429])
    const headers = { authorization: 'Bearer eyJ' }
    const init = { method: 'POST', headers, body: '{"code":"guessed","state":"guessed"}' }
    expect((await fetch(`${relay.url}/api/auth/provider/token`, init)).status).toBe(429)
  })

  test('takes nothing else than what a provider sends', async () => {
    const { relay, provider } = await open()
    const { cookie } = await begin(relay)
    const send = async (body: string) => {
      const response = await fetch(`${relay.url}/api/auth/provider/token`, { method: 'POST', headers: { cookie }, body })
      return response.status
    }
    const odd = ['', '{', '[]', 'null', '7', '{"state":{}}', '{"code":["x"]}', '{"id_token":"x"}', `{"state":"\0\ud800"}`]
    for (const body of odd) expect([body, [400, 401].includes(await send(body))]).toEqual([body, true])
    expect(await send(JSON.stringify({ state: 'x'.repeat(20_000) }))).toBe(413)
    expect(exchanges(provider)).toEqual([])
    expect(relay.warnings).toEqual([])
  })

  test('is shown where there is one', async () => {
    const { relay } = await open({ name: 'Example' })
    expect((await relay.ask('GET', '/api/auth/provider', undefined, '')).body).toEqual({ name: 'Example' })
    const without = await openRelay(mock.url)
    expect((await without.ask('GET', '/api/auth/provider', undefined, '')).body).toEqual({})
    expect((await without.ask('POST', '/api/auth/provider/start', undefined, '')).status).toBe(404)
    expect((await finish(without, { state: 'x' })).status).toBe(404)
  })

  test('wants an address of the relay that nobody reads along, and keeps its secret', async () => {
    const provider = await openProvider()
    for (const url of ['http://relay.example.com', `${home}/leash`, 'relay.example.com', `https://a:b@relay.example.com`])
      await expect(openRelay(mock.url, { oidc: oidcOf(provider, { url }) })).rejects.toThrow('https://relay.example.com')
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'secret'), 'relay-secret-9f3c\n')
    writeFileSync(join(folder, 'leash.yaml'), JSON.stringify({ oidc: oidcOf(provider, { secret: { file: 'secret' } as never }) }))
    const { oidc } = readConfig(join(folder, 'leash.yaml'), {})
    expect(oidc?.signIn?.secret).toBe('relay-secret-9f3c')
    const relay = await openRelay(mock.url, { ...(oidc && { oidc }) })
    const { body } = await relay.ask('GET', '/v1/admin/config')
    expect(JSON.stringify(body)).not.toContain('relay-secret-9f3c')
    expect(body.config.oidc.signIn).toEqual({ url: home, secret: '<hidden>' })
  })
})
