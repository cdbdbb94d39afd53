import { X509Certificate } from 'node:crypto'
import { copyFileSync, readFileSync } from 'node:fs'
import { type IncomingHttpHeaders, request as plainRequest } from 'node:http'
import { request } from 'node:https'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib'
import OpenAI, { APIError } from 'openai'
import { describe, expect, test } from 'vitest'
import { until, useMock } from '../../helpers/mock.js'
import { openRelay, type TestRelay, temporaryFolder } from '../helpers.js'

const mock = useMock()
const fixture = (name: string) => fileURLToPath(new URL(`../../fixtures/tls/${name}`, import.meta.url))
const pem = (name: string) => readFileSync(fixture(name), 'utf8')
const ping = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] }

/** Over TLS, with an own authority. @returns the status, and whose certificate it was */
function secure(
  url: string,
  {
    path = '/health',
    body,
    ...own
  }: { cert?: string; key?: string; path?: string; method?: string; body?: string; headers?: Record<string, string> } = {},
): Promise<{ status?: number; whose: string }> {
  return new Promise((resolve, reject) => {
    const asking = request(`${url}${path}`, { ca: pem('ca.pem'), agent: false, ...own }, (response) => {
      const { subject } = (response.socket as TLSSocket).getPeerCertificate()
      response.resume()
      response.once('end', () =>
        resolve({ ...(response.statusCode && { status: response.statusCode }), whose: String(subject.CN) }),
      )
    })
    asking.once('error', reject)
    asking.end(body)
  })
}

describe('over TLS', () => {
  test('the relay answers, and takes a new certificate without a new start', async () => {
    const folder = temporaryFolder()
    const use = (name: string) => {
      for (const kind of ['pem', 'key']) copyFileSync(fixture(`${name}.${kind}`), join(folder, `now.${kind}`))
    }
    use('server')
    const tls = { cert: join(folder, 'now.pem'), key: join(folder, 'now.key') }
    const relay = await openRelay(mock.url, { tls })
    expect(relay.url).toMatch(/^https:/)
    expect(await secure(relay.url)).toEqual({ status: 200, whose: 'the relay' })
    use('renewed')
    await relay.reload(relay.options)
    expect(await secure(relay.url)).toEqual({ status: 200, whose: 'the relay, renewed' })
    copyFileSync(fixture('server.pem'), join(folder, 'now.pem'))
    const headers = { authorization: `Bearer ${relay.admin}` }
    expect(
      await secure(relay.url, { path: '/v1/admin/config', method: 'PUT', body: '{ "staleMs": 5000 }', headers }),
    ).toMatchObject({
      status: 200,
    })
    const nobody = { access: { models: { deny: ['*'] } } }
    await expect(relay.reload({ ...relay.options, policy: nobody })).rejects.toThrow('belong together')
    expect(await secure(relay.url)).toMatchObject({ whose: 'the relay, renewed' })
    expect(await secure(relay.url, { path: '/v1/models/gpt-4o-mini', headers: { 'x-api-key': relay.call } })).toMatchObject({
      status: 200,
    })
  })

  test('with an authority for clients, whoever shows no certificate of it is refused', async () => {
    const tls = { cert: fixture('server.pem'), key: pem('server.key'), clientCa: fixture('ca.pem') }
    const { url } = await openRelay(mock.url, { tls })
    expect(await secure(url, { cert: pem('client.pem'), key: pem('client.key') })).toMatchObject({ status: 200 })
    await expect(secure(url)).rejects.toThrow()
    await expect(secure(url, { cert: pem('server.pem'), key: pem('server.key') })).rejects.toThrow()
  })

  test('that clients are asked for a certificate, or no more, takes a new start, which is said', async () => {
    const tls = { cert: fixture('server.pem'), key: pem('server.key') }
    const strict = { ...tls, clientCa: fixture('ca.pem') }
    for (const [before, after] of [
      [tls, strict],
      [strict, tls],
    ] as const) {
      const relay = await openRelay(mock.url, { tls: before })
      const { folder, options } = relay
      expect(await relay.reload({ ...options, tls: after, staleMs: 5000 })).toMatchObject([{ path: 'staleMs' }])
      expect(relay.warnings).toEqual(['To change tls, the relay has to be started anew.'])
      await relay.close()
      const { url } = await openRelay(mock.url, { folder, tls: after })
      if (after === strict) await expect(secure(url)).rejects.toThrow()
      else expect(await secure(url)).toMatchObject({ status: 200 })
    }
  })

  test('a key that belongs to a certificate works with no other, nor without one', async () => {
    const own = { cert: pem('client.pem'), key: pem('client.key') }
    const { fingerprint256 } = new X509Certificate(own.cert)
    const other = new X509Certificate(pem('server.pem')).fingerprint256
    const folder = temporaryFolder()
    const plain = await openRelay(mock.url, { folder })
    const { admin } = plain
    const make = async (certificate: string) =>
      (await plain.ask('POST', '/v1/admin/keys', { tenant: 'default', certificate })).body as { key: string; id: string }
    const [bound, elsewhere] = [await make(fingerprint256), await make(other.replaceAll(':', '').toLowerCase())]
    expect((await plain.ask('POST', '/v1/admin/keys', { tenant: 'default', certificate: 'ab:cd' })).status).toBe(400)
    const rotated = (await plain.ask('POST', `/v1/admin/keys/${bound.id}/rotate`)).body
    expect(rotated.certificate).toBe(fingerprint256.replaceAll(':', '').toLowerCase())
    const shown = 'x-leash-client-certificate'
    const claimed = { authorization: `Bearer ${bound.key}`, [shown]: rotated.certificate }
    expect((await fetch(`${plain.url}/v1/models`, { headers: claimed })).status).toBe(401)
    expect((await plain.ask('POST', '/v1/chat/completions', ping, bound.key)).status).toBe(401)
    await plain.close()
    const tls = { cert: fixture('server.pem'), key: pem('server.key'), clientCa: fixture('ca.pem') }
    const { url } = await openRelay(mock.url, { folder, tls })
    const asked = async (key: string, more: object = {}) =>
      (await secure(url, { ...own, path: '/v1/models', headers: { authorization: `Bearer ${key}`, ...more } })).status
    expect([await asked(bound.key), await asked(rotated.key), await asked(admin)]).toEqual([200, 200, 200])
    expect(await asked(elsewhere.key)).toBe(401)
    expect(await asked(elsewhere.key, { [shown]: other.replaceAll(':', '').toLowerCase() })).toBe(401)
  })

  test.each([
    [{ cert: 'nowhere.pem', key: 'nowhere.key' }, 'cannot be read'],
    [{ cert: fixture('server.pem'), key: fixture('client.key') }, 'belong together'],
  ])('what is no certificate is told before anything is served', async (tls, said) => {
    await expect(openRelay(mock.url, { tls })).rejects.toThrow(said)
  })
})

describe('bounds', () => {
  test('a body that is too large is refused by its announced length, and by what comes', async () => {
    const { call, ask, url } = await openRelay(mock.url, { limits: { bodyBytes: 500 }, policy: { access: { raw: ['openai'] } } })
    const large = { ...ping, messages: [{ role: 'user', content: 'x'.repeat(600) }] }
    expect(await ask('POST', '/v1/chat/completions', large, call)).toMatchObject({
      status: 413,
      body: { error: { code: 'request_too_large' } },
    })
    for (const path of ['/v1/chat/completions', '/v1/messages/count_tokens', '/v1/gateway/chat', '/v1/openai/files']) {
      const body = new Blob([JSON.stringify(large)]).stream()
      const init = { method: 'POST', body, duplex: 'half', headers: { authorization: `Bearer ${call}` } }
      expect((await fetch(`${url}${path}`, init)).status).toBe(413)
    }
    expect((await ask('POST', '/v1/chat/completions', ping, call)).status).toBe(200)
    expect(mock.requests).toHaveLength(1)
  })

  test('who asks whether a body may come is told so, or that it is too large, and sends it in no case for nothing', async () => {
    const { call, url } = await openRelay(mock.url, { limits: { bodyBytes: 1000 } })
    const body = JSON.stringify(ping)
    const asking = (length: number) =>
      new Promise<string>((resolve) => {
        const socket = connect(Number(new URL(url).port), '127.0.0.1')
        const head = ['POST /v1/chat/completions HTTP/1.1', 'host: relay', `authorization: Bearer ${call}`, 'connection: close']
        socket.write([...head, `content-length: ${length}`, 'expect: 100-continue', '', ''].join('\r\n'))
        let said = ''
        socket.on('data', (chunk) => {
          if (said === '' && String(chunk).startsWith('HTTP/1.1 100')) socket.write(body)
          said += chunk
        })
        socket.once('close', () => resolve(said))
      })
    expect(await asking(5000)).toMatch(/^HTTP\/1\.1 413 /)
    expect(await asking(body.length)).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /)
  })

  test('a body that is no UTF-8 or is packed is refused, and no vendor is asked in other words', async () => {
    const { call, url } = await openRelay(mock.url)
    const text = JSON.stringify({ ...ping, messages: [{ role: 'user', content: 'Café' }] })
    const ask = (body: BodyInit, headers?: Record<string, string>) =>
      fetch(`${url}/v1/chat/completions`, { method: 'POST', body, headers: { authorization: `Bearer ${call}`, ...headers } })
    const latin = await ask(new Uint8Array(Buffer.from(text, 'latin1')), {
      'content-type': 'application/json; charset=iso-8859-1',
    })
    expect(latin.status).toBe(400)
    expect(await latin.json()).toMatchObject({ error: { code: 'invalid_request', message: expect.stringContaining('UTF-8') } })
    const packed = await ask(new Uint8Array(gzipSync(text)), { 'content-encoding': 'gzip' })
    expect(packed.status).toBe(415)
    expect(await packed.json()).toMatchObject({
      error: { code: 'invalid_request', message: expect.stringContaining('as it is') },
    })
    expect(mock.requests).toEqual([])
    expect((await ask(text, { 'content-encoding': 'identity' })).status).toBe(200)
  })

  test('headers that are too many, or too late, end the connection', async () => {
    const { url } = await openRelay(mock.url, { limits: { headerBytes: 2048, headersMs: 100 } })
    expect((await fetch(`${url}/health`, { headers: { 'x-much': 'x'.repeat(3000) } })).status).toBe(431)
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    socket.write('GET /health HTTP/1.1\r\nHost: relay\r\n')
    let said = ''
    socket.on('data', (chunk) => {
      said += chunk
    })
    await until(() => said.startsWith('HTTP/1.1 408'))
    socket.destroy()
  })
})

test('a slash at the end of an address is no other address', async () => {
  const { ask, call, admin } = await openRelay(mock.url)
  const path = '/v1/admin/tenants/default/policy'
  const { body } = await ask('POST', '/v1/admin/keys', { tenant: 'default', role: 'viewer' })
  for (const [method, at, key] of [
    ['GET', '/health', call],
    ['GET', '/v1/models', call],
    ['GET', '/v1/models/openai/gpt-4o-mini', call],
    ['GET', '/v1beta/models', call],
    ['GET', '/v1/admin/tenants', admin],
    ['GET', path, body.key],
    ['PUT', path, body.key],
  ] as const) {
    const sent = method === 'PUT' ? {} : undefined
    const [plain, slashed] = [await ask(method, at, sent, key), await ask(method, `${at}/`, sent, key)]
    expect(plain.status).toBe(method === 'PUT' ? 403 : 200)
    expect([at, slashed.status, slashed.body]).toEqual([at, plain.status, plain.body])
  }
})

test('a method of which the platform makes no request is refused, and no failure', async () => {
  const relay = await openRelay(mock.url)
  const status = await new Promise((resolve, reject) => {
    plainRequest(`${relay.url}/health`, { method: 'TRACE' }, (response) => resolve(response.resume().statusCode))
      .once('error', reject)
      .end()
  })
  expect(status).toBe(405)
  expect(relay.warnings).toEqual([])
})

describe('throttles', () => {
  const statuses = async (count: number, ask: () => Promise<Response>) => {
    const all: Response[] = []
    for (let time = 0; time < count; time++) all.push(await ask())
    return all.map(({ status, headers }) => [status, headers.get('retry-after')])
  }
  const slow = { perSecond: 0.001, burst: 2 }
  const from = (relay: TestRelay, address: string, key = relay.call) =>
    fetch(`${relay.url}/v1/control/policy`, { headers: { authorization: `Bearer ${key}`, 'x-forwarded-for': address } })

  test('of all requests together say when to come again', async () => {
    const { url } = await openRelay(mock.url, { throttle: { all: slow } })
    expect(await statuses(3, () => fetch(`${url}/ready`))).toEqual([
      [200, null],
      [200, null],
      [429, expect.stringMatching(/^\d+$/)],
    ])
  })

  test('let by who looks whether the relay runs, lest one that has much to do is taken for dead', async () => {
    const { url } = await openRelay(mock.url, { throttle: { all: slow, address: slow } })
    const all = await statuses(4, () => fetch(`${url}/health`))
    expect(all.map(([status]) => status)).toEqual([200, 200, 200, 200])
  })

  test('of an address count it as a trusted proxy tells it, and nobody else', async () => {
    const trusting = await openRelay(mock.url, { throttle: { address: slow }, trustedProxies: ['127.0.0.0/8', '10.0.0.1'] })
    for (const address of ['203.0.113.1', '203.0.113.2, 10.0.0.1'])
      expect((await statuses(3, () => from(trusting, address))).map(([status]) => status)).toEqual([200, 200, 429])
    // What stands before the address that a proxy has added, its client may have written.
    expect((await from(trusting, '198.51.100.9, 203.0.113.1')).status).toBe(429)
    const alone = await openRelay(mock.url, { throttle: { address: slow } })
    const mine = [await from(alone, '203.0.113.1'), await from(alone, '203.0.113.2'), await from(alone, '203.0.113.3')]
    expect(mine.map(({ status }) => status)).toEqual([200, 200, 429])
  })

  test('of wrong keys hold back the next ones of their address, and not those who have a right one', async () => {
    const relay = await openRelay(mock.url, { throttle: { wrongKeys: slow }, trustedProxies: ['127.0.0.1'] })
    const [here, elsewhere] = ['203.0.113.1', '203.0.113.2']
    expect((await from(relay, here)).status).toBe(200)
    const token = (await relay.ask('POST', '/api/auth/token')).body.access_token
    expect((await statuses(3, () => from(relay, here, 'lk_wrong'))).map(([status]) => status)).toEqual([401, 401, 429])
    const seen = await fetch(`${relay.url}/v1/admin/me`, {
      headers: { authorization: `Bearer ${token}`, 'x-forwarded-for': here },
    })
    expect(seen.status).toBe(200)
    expect((await from(relay, here)).status).toBe(200)
    // Something of the tenant has changed, so that its keys are looked at anew.
    expect((await relay.ask('PATCH', '/v1/admin/tenants/default', { name: 'Red' })).status).toBe(200)
    expect((await from(relay, here)).status).toBe(200)
    expect((await from(relay, elsewhere, 'lk_wrong')).status).toBe(401)
    expect((await fetch(`${relay.url}/health`, { headers: { 'x-forwarded-for': here } })).status).toBe(200)
  })

  test('of a key that is revoked hold its address back as others do', async () => {
    const relay = await openRelay(mock.url, { throttle: { wrongKeys: slow }, trustedProxies: ['127.0.0.1'] })
    const here = '203.0.113.1'
    const { key, id } = (await relay.ask('POST', '/v1/admin/keys', { tenant: 'default' })).body
    expect((await from(relay, here, key)).status).toBe(200)
    await relay.ask('POST', `/v1/admin/keys/${id}/revoke`)
    expect((await statuses(3, () => from(relay, here, key))).map(([status]) => status)).toEqual([401, 401, 429])
  })

  test('of wrong keys count none of a vendor, which refuses the key of the relay', async () => {
    const relay = await openRelay(mock.url, { throttle: { wrongKeys: slow } })
    mock.script({ status: 401, times: 5 })
    const refused = await statuses(5, () =>
      fetch(`${relay.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${relay.call}` },
        body: JSON.stringify(ping),
      }),
    )
    expect(refused.map(([status]) => status)).toEqual([401, 401, 401, 401, 401])
    expect((await relay.ask('GET', '/v1/admin/me')).status).toBe(200)
  })

  test('of wrong keys count those of web sockets too, wherever they are shown', async () => {
    const relay = await openRelay(mock.url, { throttle: { wrongKeys: slow } })
    const opening = (headers: Record<string, string>) =>
      new Promise<unknown>((resolve, reject) => {
        const wanted = { connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': 'x' }
        plainRequest(`${relay.url}/v1/gateway/ws`, { headers: { ...wanted, ...headers } }, (response) =>
          resolve(response.resume().statusCode),
        )
          .once('error', reject)
          .end()
      })
    const protocols = { 'sec-websocket-protocol': 'leash, leash.key.lk_wrong' }
    expect([await opening(protocols), await opening(protocols), await opening(protocols)]).toEqual([401, 401, 429])
    expect(await opening({ authorization: 'Bearer lk_wrong' })).toBe(429)
  })

  test('hold back who guesses passwords', async () => {
    const { url } = await openRelay(mock.url, { throttle: { wrongKeys: slow } })
    const body = (at: number) => JSON.stringify({ email: `somebody-${at}@example.com`, password: 'a guess of no worth' })
    const guesses: number[] = []
    for (let at = 0; at < 3; at++) guesses.push((await fetch(`${url}/api/auth/token`, { method: 'POST', body: body(at) })).status)
    expect(guesses).toEqual([401, 401, 429])
  })
})

describe('answers', () => {
  test.each([
    ['br, gzip', 'br', brotliDecompressSync],
    ['gzip', 'gzip', gunzipSync],
    ['gzip;q=0, br;q=0', null, (bytes: Uint8Array) => Buffer.from(bytes)],
  ] as const)('in JSON are packed for who accepts %s', async (accepted, encoding, unpack) => {
    const { url, admin, ask } = await openRelay(mock.url)
    for (let at = 0; at < 12; at++) await ask('POST', '/v1/admin/tenants', { slug: `tenant-${at}` })
    const asking = { authorization: `Bearer ${admin}`, 'accept-encoding': accepted }
    const { headers, bytes } = await raw(`${url}/v1/admin/tenants`, asking)
    expect(headers['content-encoding'] ?? null).toBe(encoding)
    expect(JSON.parse(unpack(bytes).toString()).items).toHaveLength(13)
    for (const path of ['/v1/models', '/v1beta/models'])
      expect([path, (await raw(url + path, asking)).headers['content-encoding'] ?? null]).toEqual([path, encoding])
    expect((await raw(`${url}/health`, asking)).headers['content-encoding']).toBeUndefined()
  })

  test.each([
    ['embeddings', { model: 'text-embedding-3-small', input: Array.from({ length: 64 }, (_, at) => `Text ${at}`) }],
    ['chat/completions', { ...ping, messages: [{ role: 'user', content: 'Say much. '.repeat(8000) }] }],
  ])('of models are packed where they are long: %s', async (path, asked) => {
    const { url, call } = await openRelay(mock.url)
    const asking = { authorization: `Bearer ${call}`, 'content-type': 'application/json' }
    const ask = (accepted: string, body: object) =>
      raw(`${url}/v1/${path}`, { ...asking, 'accept-encoding': accepted }, JSON.stringify(body))
    const plain = await ask('identity', asked)
    const packed = await ask('gzip, deflate', asked)
    expect(plain.headers['content-encoding']).toBeUndefined()
    expect(packed.headers).toMatchObject({ 'content-encoding': 'gzip', 'content-length': String(packed.bytes.length) })
    expect(packed.bytes.length).toBeLessThan(plain.bytes.length / 2)
    expect(Object.keys(JSON.parse(gunzipSync(packed.bytes).toString()))).toEqual(Object.keys(JSON.parse(plain.bytes.toString())))
    expect(
      (await ask('gzip', { ...asked, ...('input' in asked ? { input: 'x' } : ping) })).headers['content-encoding'],
    ).toBeUndefined()
  })

  test('that are streams are not packed, however long they become', async () => {
    const { url, call } = await openRelay(mock.url)
    const asking = { authorization: `Bearer ${call}`, 'accept-encoding': 'br, gzip' }
    const long = [{ role: 'user', content: 'Say much. '.repeat(3500) }]
    const { headers, bytes } = await raw(
      `${url}/v1/chat/completions`,
      asking,
      JSON.stringify({ ...ping, messages: long, stream: true }),
    )
    expect(headers['content-encoding']).toBeUndefined()
    expect(bytes.toString()).toContain('data: [DONE]')
  })

  test('are for pages of sites that are named alone', async () => {
    const { url, call } = await openRelay(mock.url, { cors: { origins: ['https://app.example'] } })
    const preflight = (origin: string) =>
      fetch(`${url}/v1/chat/completions`, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
      })
    const asked = (origin: string) => fetch(`${url}/v1/control/policy`, { headers: { origin, authorization: `Bearer ${call}` } })
    const allowed = ({ headers }: Response) => headers.get('access-control-allow-origin')
    const known = await preflight('https://app.example')
    expect([known.status, allowed(known), known.headers.get('access-control-allow-headers')]).toEqual([
      204,
      'https://app.example',
      'authorization',
    ])
    expect(allowed(await asked('https://app.example'))).toBe('https://app.example')
    expect([allowed(await preflight('https://evil.example')), allowed(await asked('https://evil.example'))]).toEqual([null, null])
    expect(known.headers.get('access-control-allow-credentials')).toBeNull()
    // What is kept of an answer for one site is not to be shown to another.
    for (const origin of ['https://app.example', 'https://evil.example'])
      expect((await preflight(origin)).headers.get('vary')).toContain('origin')
    const called = (origin: string) => {
      const headers = { origin, authorization: `Bearer ${call}`, 'sec-fetch-site': 'cross-site' }
      return raw(`${url}/v1/chat/completions`, headers, JSON.stringify(ping))
    }
    expect((await called('https://app.example')).status).toBe(200)
    expect((await called('https://evil.example')).status).toBe(403)
    const closed = await openRelay(mock.url)
    const refused = await fetch(`${closed.url}/health`, { headers: { origin: 'https://app.example' } })
    expect(allowed(refused)).toBeNull()
  })

  test('show such pages what a vendor’s SDK goes by: a failure that the relay has seen to is not sent again', async () => {
    const { url, call } = await openRelay(mock.url, { cors: { origins: ['https://app.example'] }, leash: { retry: false } })
    let asked = 0
    const asInBrowsers: typeof fetch = async (input, init) => {
      asked++
      const headers = new Headers(init?.headers)
      headers.set('origin', 'https://app.example')
      const { body, status, headers: all } = await fetch(input, { ...init, headers })
      const exposed = all.get('access-control-expose-headers')?.split(', ') ?? []
      const isShown = (name: string) => name === 'content-type' || exposed.includes('*') || exposed.includes(name)
      return new Response(body, { status, headers: [...all].filter(([name]) => isShown(name)) })
    }
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: call, fetch: asInBrowsers })
    mock.script({ status: 500, times: 9 })
    const messages = [{ role: 'user' as const, content: 'Hello' }]
    const error = await client.chat.completions.create({ model: 'gpt-4o-mini', messages }).catch((error: unknown) => error)
    expect(asked).toBe(1)
    expect(error).toBeInstanceOf(APIError)
    expect(error instanceof APIError && error.headers?.get('x-leash-error')).toBe('upstream_error')
  })
})

describe('metrics', () => {
  test('are for keys of their scope, and count requests, lines and what tenants call', async () => {
    const relay = await openRelay(mock.url, { leash: { metrics: true } })
    const { body } = await relay.ask('POST', '/v1/admin/keys', { tenant: 'default', scopes: ['metrics'] })
    expect((await relay.ask('GET', '/metrics', undefined, relay.call)).status).toBe(403)
    await relay.ask('POST', '/v1/chat/completions', ping, relay.call)
    await relay.ask('GET', `/v1/admin/nothing-${'x'.repeat(50)}`)
    await until(async () => (await relay.ask('GET', '/v1/admin/usage')).body.rows.length === 1)
    const { headers, body: text } = await relay.ask('GET', '/metrics', undefined, body.key)
    expect(headers.get('content-type')).toContain('version=0.0.4')
    expect(text).toContain('leash_relay_requests_total{route="calls",method="POST",status="200"} 1\n')
    expect(text).toContain('leash_relay_usage_lines_total{result="taken"} 1\n')
    expect(text.match(/^leash_relay_backlog.*/gm)).toEqual(
      ['jobs queued', 'jobs running', 'deliveries pending', 'deliveries dead', 'lines for ClickHouse', 'leases'].map(
        (what) => `leash_relay_backlog{what="${what}"} 0`,
      ),
    )
    expect(text).toMatch(/leash_relay_request_duration_seconds_count\{route="calls"\} 1\n/)
    expect(text).toMatch(
      /leash_requests_total\{tenant="default",provider="openai",model="gpt-4o-mini",operation="chat",code="ok"\} 1\n/,
    )
    expect(text).toContain('leash_tenant_requests_total{tenant="default",code="ok"} 1\n')
    expect(text).not.toContain('nothing-')
    for (const family of text.match(/^# TYPE \S+/gm) ?? []) expect(text.split(`${family} `)).toHaveLength(2)
  })

  test('tell questions beside calls apart by the route, and count as one what strangers make up', async () => {
    const relay = await openRelay(mock.url, { metrics: 'open' })
    const asked: readonly (readonly [path: string, route: string])[] = [
      ['/v1/messages/count_tokens', 'count_tokens'],
      ['/v1/anthropic/v1/messages/count_tokens?beta=true', 'count_tokens'],
      ['/v1beta/models/gemini-2.5-flash:countTokens', 'count_tokens'],
      ['/v1/responses/input_tokens', 'count_tokens'],
      ['/v1beta/models/gemini-2.5-flash:generateContent', 'calls'],
      ['/v1/openai/v1/chat/completions', 'calls'],
      ['/v1/models/gpt-4o-mini', 'models'],
      ['/v1beta/models', 'models'],
      ['/v1beta/models/gemini-2.5-flash', 'models'],
      ['/v1/openai/v1/files', 'raw'],
      ['/v1/anthropic/v1/messages/batches/any', 'raw'],
      ['/v1/nobody/v1/files', 'other'],
      ['/v1betas/models', 'other'],
      ['/v1beta/modelsX', 'other'],
    ]
    const count = async (route: string) => {
      const { body: text } = await relay.ask('GET', '/metrics')
      const counts = text.matchAll(new RegExp(`^leash_relay_requests_total\\{route="${route}".*\\} (\\d+)$`, 'gm'))
      return [...counts].reduce((sum: number, [, counted]: RegExpExecArray) => sum + Number(counted), 0)
    }
    for (const [path, route] of asked) {
      const before = await count(route)
      await relay.ask('POST', path, {}, relay.call)
      await until(async () => (await count(route)) > before)
    }
  })

  test('tell of a key with a policy of its own beside its tenant, and of all that either has called', async () => {
    const relay = await openRelay(mock.url, { metrics: 'open', leash: { metrics: true } })
    const { body: own } = await relay.ask('POST', '/v1/admin/keys', { tenant: 'default' })
    await relay.ask('PUT', `/v1/admin/keys/${own.id}/policy`, { maxAttempts: 2 })
    for (const key of [relay.call, own.key, relay.call]) await relay.ask('POST', '/v1/chat/completions', ping, key)
    const { body: text } = await relay.ask('GET', '/metrics')
    expect(text.match(/^leash_tenant_requests_total.*/gm)).toEqual([
      `leash_tenant_requests_total{key="${own.id}",tenant="default",code="ok"} 1`,
      'leash_tenant_requests_total{tenant="default",code="ok"} 2',
    ])
    for (const family of text.match(/^# TYPE \S+/gm) ?? []) expect(text.split(`${family} `)).toHaveLength(2)
  })

  test('tell of a hundred tenants, which are those that called last', async () => {
    const relay = await openRelay(mock.url, { metrics: 'open', leash: { metrics: true } })
    const call = (key: string) => relay.ask('POST', '/v1/chat/completions', ping, key)
    await call(relay.call)
    for (let at = 0; at < 100; at++) {
      await relay.ask('POST', '/v1/admin/tenants', { slug: `t${at}` })
      await call((await relay.ask('POST', '/v1/admin/keys', { tenant: `t${at}` })).body.key)
    }
    await call(relay.call)
    const { body: text } = await relay.ask('GET', '/metrics')
    const told = [...text.matchAll(/^leash_tenant_requests_total\{tenant="(\w+)"/gm)].map(([, tenant]) => tenant)
    expect([told.length, told.includes('default'), told.includes('t0'), told.includes('t1')]).toEqual([100, true, false, true])
  })

  test('are open where that is said', async () => {
    const { url } = await openRelay(mock.url, { metrics: 'open' })
    expect((await fetch(`${url}/metrics`)).status).toBe(200)
  })
})

/** `fetch` would unpack what comes, and sends no header that is a browser's to send. */
function raw(url: string, headers: Record<string, string>, body?: string) {
  return new Promise<{ status: number; headers: IncomingHttpHeaders; bytes: Buffer }>((resolve, reject) => {
    const asking = plainRequest(url, { headers, method: body === undefined ? 'GET' : 'POST' }, async (response) =>
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        bytes: Buffer.concat(await response.toArray()),
      }),
    )
    asking.once('error', reject)
    asking.end(body)
  })
}
