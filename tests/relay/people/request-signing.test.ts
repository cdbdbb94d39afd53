import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createLeash, type Leash } from '../../../src/leash.js'
import { Signatures, signatureOf } from '../../../src/relay/people/request-signing.js'
import { requestLine } from '../../../src/relay/people/tenant-of.js'
import { mockProviders } from '../../../src/testing/index.js'
import { useMock } from '../../helpers/mock.js'
import { openRelay } from '../helpers.js'

const mock = useMock()
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
let nonces = 0

interface Signing {
  readonly method: string
  readonly path: string
  readonly body?: string
  readonly at?: number
  readonly nonce?: string
}

function headersOf(
  secret: string,
  { method, path, body = '', at = Date.now(), nonce = `nonce-of-the-test-${nonces++}` }: Signing,
) {
  const [timestamp, digest] = [String(Math.floor(at / 1000)), sha256(body)]
  const signature = `v1=${signatureOf(secret, [method, path, timestamp, nonce, digest])}`
  return { 'x-leash-signature': signature, 'x-leash-timestamp': timestamp, 'x-leash-nonce': nonce, 'x-leash-digest': digest }
}

const path = '/v1/chat/completions'
const body = JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hi' }] })

async function relayWithSigner(more: object = {}) {
  const relay = await openRelay(mock.url)
  const made = (await relay.ask('POST', '/v1/admin/keys', { tenant: 'default', signed: true, ...more })).body
  const send = async (method: string, to: string, headers: object, sent?: string) => {
    const all = { authorization: `Bearer ${made.key}`, 'content-type': 'application/json', ...headers }
    const response = await fetch(relay.url + to, { method, headers: all, ...(sent !== undefined && { body: sent }) })
    return { status: response.status, text: await response.text() }
  }
  return { relay, made, send, secret: made.signingSecret as string }
}

describe('a key that wants its requests signed', () => {
  test('works with those that are, and with no others', async () => {
    const { send, secret } = await relayWithSigner()
    const good = headersOf(secret, { method: 'POST', path, body })
    expect((await send('POST', path, good, body)).status).toBe(200)
    const late = headersOf(secret, { method: 'POST', path, body, at: Date.now() - 301_000 })
    const early = headersOf(secret, { method: 'POST', path, body, at: Date.now() + 360_000 })
    const bad = [
      {},
      good,
      late,
      early,
      headersOf('another secret', { method: 'POST', path, body }),
      headersOf(secret, { method: 'GET', path, body }),
      headersOf(secret, { method: 'POST', path: '/v1/messages', body }),
      headersOf(secret, { method: 'POST', path, body, nonce: 'short' }),
      headersOf(secret, { method: 'POST', path, body, at: Number.NaN }),
      { ...headersOf(secret, { method: 'POST', path, body }), 'x-leash-digest': sha256('another') },
      { ...headersOf(secret, { method: 'GET', path, body }), [requestLine]: `GET ${path}` },
    ]
    const before = mock.requests.length
    for (const headers of bad) expect((await send('POST', path, headers, body)).status).toBe(401)
    expect(mock.requests).toHaveLength(before)
    // A client in a process and whoever signs by hand are told what by.
    const [unsigned = {}, , , , byAnother = {}] = bad
    expect((await send('POST', path, unsigned, body)).text).toMatch(/`signingSecret`.*LEASH_RELAY_SIGNING_SECRET/)
    expect((await send('POST', path, byAnother, body)).text).toMatch(/wrong.*`signingSecret` that was shown with the key/)
  })

  test('is not served a body that is another than the one that was signed', async () => {
    const { send, secret } = await relayWithSigner({ scopes: ['call', 'admin'] })
    const before = mock.requests.length
    const other = body.replace('Hi', 'Ho')
    expect((await send('POST', path, headersOf(secret, { method: 'POST', path, body }), other)).status).toBe(401)
    expect(mock.requests).toHaveLength(before)
    const tenants = '/v1/admin/tenants'
    const [red, blue] = ['{"slug":"red"}', '{"slug":"blue"}']
    expect((await send('POST', tenants, headersOf(secret, { method: 'POST', path: tenants, body: red }), blue)).status).toBe(401)
    expect((await send('POST', tenants, headersOf(secret, { method: 'POST', path: tenants, body: red }), red)).status).toBe(201)
    expect((await send('GET', tenants, headersOf(secret, { method: 'GET', path: tenants, body: red }))).status).toBe(401)
    expect((await send('GET', tenants, headersOf(secret, { method: 'GET', path: tenants }))).status).toBe(200)
  })

  test('has another secret when it is rotated, and its tokens want signatures too', async () => {
    const { relay, made, send, secret } = await relayWithSigner({ role: 'viewer' })
    const rotated = (await relay.ask('POST', `/v1/admin/keys/${made.id}/rotate`)).body
    expect(rotated.signed).toBe(true)
    expect(rotated.signingSecret).not.toBe(secret)
    const token = await send('POST', '/api/auth/token', headersOf(secret, { method: 'POST', path: '/api/auth/token' }))
    expect(token.status).toBe(200)
    const { access_token } = JSON.parse(token.text)
    expect((await relay.ask('GET', '/v1/admin/me', undefined, access_token)).status).toBe(401)
    expect(JSON.stringify((await relay.ask('GET', '/v1/admin/keys')).body)).not.toContain(secret)
  })
})

test('a client in the process signs what it says to the relay', async () => {
  const { relay, made, secret } = await relayWithSigner()
  await relay.ask('PUT', '/v1/admin/tenants/default/policy', { budgets: [{ limit: { requests: 2 }, per: 'day' }] })
  const open = (signingSecret?: string) =>
    createLeash({
      providers: mockProviders(mock.url),
      relay: { url: relay.url, key: made.key, folder: false, ...(signingSecret !== undefined && { signingSecret }) },
    })
  const call = (leash: Leash) => leash.handle(new Request(`http://leash.test${path}`, { method: 'POST', body }))
  const [signing, silent] = [open(secret), open()]
  expect([(await call(signing)).status, (await call(silent)).status]).toEqual([200, 401])
  // Its policy, its slice of the budget and its usage have all gone the same way, some of it packed.
  const tags = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`tag ${at}`, 'x'.repeat(100)]))
  await signing.handle(new Request(`http://leash.test${path}`, { method: 'POST', body }), { leash: { tags } })
  await Promise.all([signing.close(), silent.close()])
  const { rows } = (await relay.ask('GET', '/v1/admin/usage?by=key')).body
  expect(rows).toMatchObject([{ of: { key: made.id }, calls: 2 }])
})

describe('nonces', () => {
  const signed = (nonce: string, at: number) => {
    const headers = headersOf('secret', { method: 'GET', path: '/', nonce, at })
    return new Headers({ ...headers, [requestLine]: 'GET /' })
  }

  test('are good once, for as long as their timestamp is taken, whatever comes in between', () => {
    let now = 1_000_000_000
    const signatures = new Signatures({ now: () => now })
    const check = (nonce: string, at = now) => signatures.check('key', 'secret', signed(nonce, at))
    check('the-first-of-them')
    now += 300_000
    const at = now + 299_000
    check('0123456789abcdef', at)
    for (; now <= at + 300_000; now += 23_000) {
      check(`in-between-${now}`)
      expect(() => check('0123456789abcdef', at)).toThrow('used before')
    }
    expect(() => check('0123456789abcdef', at)).toThrow('of another time')
    signatures.check('other', 'secret', signed('0123456789abcdef', now))
  })

  test('are never forgotten to make room: then nothing more is taken', () => {
    const signatures = new Signatures({ now: () => 0, most: 2 })
    signatures.check('key', 'secret', signed('0123456789abcdef', 0))
    signatures.check('key', 'secret', signed('1123456789abcdef', 0))
    expect(() => signatures.check('key', 'secret', signed('2123456789abcdef', 0))).toThrow('Too many signed requests')
  })
})
