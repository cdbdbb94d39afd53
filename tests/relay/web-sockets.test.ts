/** Conversations over web sockets. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Agent, createServer, request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type ClientOptions, WebSocket } from 'ws'
import { until, useMock } from '../helpers/mock.js'
import { openRelay, type TestRelay } from './helpers.js'

const mock = useMock()

// biome-ignore lint/suspicious/noExplicitAny: an answer is looked into by tests alone, which know what they wait for
type Told = any

interface Client {
  readonly socket: WebSocket
  readonly told: Told[]
  say(message: unknown): void
  /** Waits for the next of this type, and takes it and all before it away. */
  next(type: string): Promise<Told>
  readonly closed: Promise<{ readonly code: number }>
}

const address = ({ url }: TestRelay) => `${url.replace('http', 'ws')}/v1/gateway/ws`
const byHeader = ({ call }: TestRelay): ClientOptions => ({ headers: { authorization: `Bearer ${call}` } })

async function open(relay: TestRelay, options: ClientOptions = byHeader(relay), protocols: string[] = []): Promise<Client> {
  const socket = new WebSocket(address(relay), protocols, options)
  onTestFinished(() => socket.terminate())
  const told: Told[] = []
  socket.on('message', (data) => told.push(JSON.parse(String(data))))
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  socket.on('error', () => {})
  return {
    socket,
    told,
    say: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    async next(type) {
      const place = () => told.findIndex((one) => one.type === type)
      await until(() => place() >= 0)
      return told.splice(0, place() + 1).at(-1)
    },
    closed: new Promise((resolve) => socket.once('close', (code) => resolve({ code }))),
  }
}

/** The status with which it is refused. */
function refused(
  relay: TestRelay,
  options: ClientOptions,
  at = address(relay),
  protocols: string[] = [],
): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(at, protocols, options)
    socket.on('unexpected-response', (_, { statusCode }) => {
      resolve(statusCode)
      socket.terminate()
    })
    socket.on('open', () => reject(new Error('It is open.')))
    socket.on('error', () => {})
  })
}

const message = (content: string, more: object = {}) => ({ type: 'message', content, ...more })
const first = message('Hello', { model: 'gpt-4o-mini' })
const sent = (at: number) =>
  (mock.requests[at]?.body as { messages: { role: string; content: unknown }[] } | undefined)?.messages ?? []

describe('a conversation', () => {
  test('is answered piece by piece, with what it costs, and remembered', async () => {
    const { say, next, told } = await open(await openRelay(mock.url))
    await next('ready')
    say(first)
    await until(() => told.at(-1)?.type === 'done')
    const { report } = told.at(-1)
    expect(report).toMatchObject({ provider: 'openai', ended: true, cost: { usd: expect.any(Number) } })
    const deltas = told.filter(({ type }) => type === 'delta')
    const text = deltas.map(({ content = '' }) => content).join('')
    expect(text).toContain('Hello')
    expect(deltas[0].cost.usd).toBeGreaterThan(0)
    expect(deltas.at(-1).finish_reason).toBe('stop')
    say(message('And now?', { model: 'claude-haiku-4-5', options: { max_tokens: 20 } }))
    await next('done')
    await next('done')
    expect(mock.requests[1]?.path).toBe('/v1/messages')
    expect(JSON.stringify(sent(1))).toContain(text)
    expect(sent(1).map(({ role }) => role)).toEqual(['user', 'assistant', 'user'])
  })

  test('goes on after a call to a tool, and begins anew when it is told to', async () => {
    const { say, next, told } = await open(await openRelay(mock.url))
    const tools = [{ type: 'function', function: { name: 'weather', parameters: { type: 'object', properties: {} } } }]
    say(message('Weather?', { model: 'gpt-4o-mini', options: { tools, tool_choice: 'required' } }))
    await until(() => told.at(-1)?.type === 'done')
    const calls = told.splice(0)
    const call = calls.find(({ tool_calls }) => tool_calls?.[0].id)?.tool_calls[0]
    say({ type: 'message', messages: [{ role: 'tool', tool_call_id: call.id, content: 'Rain' }], options: { tools } })
    await next('done')
    const [, answer] = sent(1) as unknown as { tool_calls: { function: { name: string; arguments: string } }[] }[]
    expect(answer?.tool_calls[0]?.function.name).toBe('weather')
    expect(() => JSON.parse(answer?.tool_calls[0]?.function.arguments ?? '')).not.toThrow()
    say({ type: 'reset' })
    say(message('Hello'))
    await next('done')
    expect(sent(mock.requests.length - 1)).toHaveLength(1)
  })

  test('is cancelled without its end, and its vendor is left', async () => {
    const { say, next } = await open(await openRelay(mock.url))
    mock.script({ chunkDelayMs: 20 })
    say(message('word '.repeat(300), { model: 'gpt-4o-mini' }))
    await next('delta')
    say(message('And?'))
    expect((await next('error')).error.message).toContain('under way')
    say({ type: 'cancel' })
    expect((await next('cancelled')).report.attempts).toMatchObject([{ outcome: 'cancelled' }])
    await until(() => mock.requests[0]?.outcome === 'aborted')
    say(message('Hello'))
    await next('done')
    expect(sent(1).map(({ role }) => role)).toEqual(['user', 'assistant', 'user'])
  })

  test('says what went wrong, and can be asked again', async () => {
    const { say, next } = await open(await openRelay(mock.url, { leash: { retry: false } }))
    mock.script({ status: 500 })
    say(first)
    expect(await next('error')).toMatchObject({ error: { code: 'upstream_error' }, report: { attempts: [{ status: 500 }] } })
    say(message('Hello'))
    await next('done')
    expect(sent(1)).toHaveLength(1)
  })

  test('goes on where a vendor has refused the key of the relay, which is not its own', async () => {
    const { say, next } = await open(await openRelay(mock.url))
    mock.script({ status: 401 })
    say(first)
    expect((await next('error')).error.code).toBe('authentication_failed')
    say(message('Hello'))
    await next('done')
  })

  test('is told of messages that are not understood', async () => {
    const { say, next, socket } = await open(await openRelay(mock.url))
    await next('ready')
    const bad = [
      '',
      'x',
      '[]',
      { type: 'x' },
      { type: 'message' },
      message('Hello'),
      message('Hello', { key: 'x' }),
      message('x', { options: { stream: false } }),
      message('x', { model: 'm', options: { n: 2 } }),
    ]
    for (const one of [...bad, { type: 'message', messages: [] }, message('x', { model: 'm', leash: { tenant: 'other' } })]) {
      say(one)
      expect([one, (await next('error')).error.code]).toEqual([one, 'invalid_request'])
    }
    say({ type: 'ping' })
    expect((await next('error')).error.message).toContain('`type`: must be "message" or "cancel" or "reset".')
    socket.send(Buffer.from([1, 2]))
    expect((await next('error')).error.code).toBe('invalid_request')
    expect(mock.requests).toHaveLength(0)
  })

  test('is under the policy, and ends when its key is taken back', async () => {
    const relay = await openRelay(mock.url, { policy: { access: { models: { deny: ['gpt-5'] } } } })
    const made = (await relay.ask('POST', '/v1/admin/keys', { tenant: 'default' })).body
    const { say, next, closed } = await open({ ...relay, call: made.key })
    say(message('Hello', { model: 'gpt-5' }))
    expect((await next('error')).error.code).toBe('model_not_allowed')
    await relay.ask('POST', `/v1/admin/keys/${made.id}/revoke`)
    say(first)
    expect((await next('error')).error.code).toBe('authentication_failed')
    expect((await closed).code).toBe(1008)
  })
})

describe('a web socket', () => {
  test('goes on for a tenant as long as that is served, whoever acts for it', async () => {
    const relay = await openRelay(mock.url, { tenantFrom: { domain: 'relay.example.com' } })
    await relay.ask('POST', '/v1/admin/tenants', { slug: 'other' })
    const headers = { authorization: `Bearer ${relay.admin}`, host: 'other.relay.example.com' }
    const client = await open(relay, { headers })
    client.say(first)
    await client.next('done')
    await relay.ask('PATCH', '/v1/admin/tenants/other', { status: 'suspended' })
    client.say(first)
    expect((await client.next('error')).error.code).toBe('permission_denied')
    expect(mock.requests).toHaveLength(1)
  })

  test('goes on as long as the role of who has signed in lets him make calls', async () => {
    const relay = await openRelay(mock.url)
    const [people, password] = ['/v1/admin/tenants/default/users', 'correct horse battery']
    await relay.ask('POST', people, { id: 'ada', email: 'ada@example.com' })
    await relay.ask('PUT', `${people}/ada/password`, { password })
    const asked = await fetch(`${relay.url}/api/auth/token`, {
      method: 'POST',
      body: JSON.stringify({ email: 'ada@example.com', password }),
    })
    const client = await open(relay, byHeader({ ...relay, call: (await asked.json()).access_token }))
    client.say(first)
    await client.next('done')
    await relay.ask('PATCH', `${people}/ada`, { role: 'viewer' })
    client.say(first)
    expect((await client.next('error')).error.code).toBe('permission_denied')
    expect(mock.requests).toHaveLength(1)
  })

  test('is opened by a page of a site that may, with the key among the protocols', async () => {
    const relay = await openRelay(mock.url, { cors: { origins: ['https://app.example'] } })
    const protocols = ['leash', `leash.key.${relay.call}`]
    const client = await open(relay, { origin: 'https://app.example' }, protocols)
    await client.next('ready')
    expect(client.socket.protocol).toBe('leash')
    const own = await open(relay, { origin: relay.url }, [`leash.key.${relay.call}`])
    await own.next('ready')
    expect(await refused(relay, { origin: 'https://other.example' }, address(relay), protocols)).toBe(403)
  })

  test('is refused without a right key, at another address, and to strangers when nothing is said of sites', async () => {
    const relay = await openRelay(mock.url)
    expect(await refused(relay, {})).toBe(401)
    expect(await refused(relay, { headers: { authorization: 'Bearer lk_nobody' } })).toBe(401)
    expect(await refused(relay, {}, address(relay), ['leash.key.lk_nobody'])).toBe(401)
    expect(await refused(relay, { ...byHeader(relay), origin: 'https://app.example' })).toBe(403)
    expect(await refused(relay, byHeader(relay), `${relay.url.replace('http', 'ws')}/v1/other`)).toBe(404)
    const { body } = await relay.ask('POST', '/v1/admin/keys', { tenant: 'default', scopes: ['usage'] })
    expect(await refused(relay, byHeader({ ...relay, call: body.key }))).toBe(403)
    expect(relay.warnings).toEqual([])
  })

  test('is closed when a message is too large', async () => {
    const { say, next, closed } = await open(await openRelay(mock.url))
    await next('ready')
    say(message('x'.repeat(1024 * 1024)))
    expect((await closed).code).toBe(1009)
  })

  test('leaves its vendor when it is closed', async () => {
    const { say, next, socket } = await open(await openRelay(mock.url))
    mock.script({ chunkDelayMs: 20 })
    say(message('word '.repeat(300), { model: 'gpt-4o-mini' }))
    await next('delta')
    socket.close()
    await until(() => mock.requests[0]?.outcome === 'aborted')
  })

  test('is told when the relay stops, after the answer under way', async () => {
    const relay = await openRelay(mock.url)
    const [idle, busy] = [await open(relay), await open(relay)]
    await Promise.all([idle.next('ready'), busy.next('ready')])
    mock.script({ chunkDelayMs: 5 })
    busy.say(message('word '.repeat(10), { model: 'gpt-4o-mini' }))
    await busy.next('delta')
    await relay.close()
    expect((await idle.closed).code).toBe(1001)
    expect((await busy.closed).code).toBe(1001)
    expect(busy.told.map(({ type }) => type)).toContain('done')
  })

  test('that is refused is over for both, and holds the relay up no longer than others', async () => {
    const relay = await openRelay(mock.url)
    const lines = ['GET /v1/gateway/ws HTTP/1.1', 'host: relay', 'connection: upgrade', 'upgrade: websocket', '', '']
    const socket = connect({ port: Number(new URL(relay.url).port), host: '127.0.0.1', allowHalfOpen: true })
    onTestFinished(() => void socket.destroy())
    let said = ''
    socket.on('data', (chunk) => {
      said += chunk
    })
    socket.write(lines.join('\r\n'))
    await until(() => said.includes('missing_key'))
    expect(said).toMatch(/^HTTP\/1.1 401 [\s\S]*connection: close/i)
    await relay.close()
  })

  test('that is no web socket at all harms nobody', async () => {
    const relay = await openRelay(mock.url)
    const { port } = new URL(relay.url)
    const speak = (lines: string[]) =>
      new Promise<string>((resolve) => {
        let heard = ''
        const socket = connect(Number(port), '127.0.0.1', () => socket.write(`${lines.join('\r\n')}\r\n\r\n`))
        socket.on('data', (data) => {
          heard += data
        })
        socket.on('close', () => resolve(heard))
        socket.on('error', () => {})
      })
    const upgrade = [`GET /v1/gateway/ws HTTP/1.1`, 'Host: x', 'Connection: Upgrade', `Authorization: Bearer ${relay.call}`]
    expect(await speak([...upgrade, 'Upgrade: websocket', 'Sec-WebSocket-Key: x', 'Sec-WebSocket-Version: 13'])).toMatch(
      /^HTTP\/1\.1 400/,
    )
    expect(await speak(['GET //[ HTTP/1.1', 'Host: x', 'Connection: Upgrade', 'Upgrade: websocket'])).toMatch(
      /^HTTP\/1\.1 [45]\d\d|^$/,
    )
    // Asked for before what was asked first is answered.
    const waiting = ['GET /v1/control/policy?wait=5 HTTP/1.1', 'Host: x', `Authorization: Bearer ${relay.call}`]
    const { headers: known } = await relay.ask('GET', '/v1/control/policy', undefined, relay.call)
    const held = [...waiting, `If-None-Match: ${known.get('etag')}`, '', '']
    expect(await speak([...held, ...upgrade, 'Upgrade: websocket'])).toBe('')
    const offered = ['GET /v1/gateway/ws HTTP/1.1', 'Host: x', 'Connection: Upgrade, close', 'Upgrade: h2c']
    // A Node that does not ask first takes it for the same.
    const asks = 'shouldUpgradeCallback' in createServer()
    expect(await speak([...held, ...offered])).toMatch(asks ? /^HTTP\/1\.1 304[\s\S]*HTTP\/1\.1 4\d\d/ : /^$/)
    const client = await open(relay)
    await client.next('ready')
    client.socket.send(randomBytes(100))
    await client.next('error')
    expect((await relay.ask('GET', '/health', undefined, '')).status).toBe(200)
    expect(relay.warnings).toEqual([])
  })

  test('is not what every request to go on otherwise wants: one for HTTP/2 is answered as any other', async () => {
    const relay = await openRelay(mock.url)
    const body = JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] })
    const ask = (path: string, later: boolean) =>
      new Promise<IncomingMessage & { text: string }>((resolve, reject) => {
        const headers = {
          authorization: `Bearer ${relay.call}`,
          connection: 'Upgrade, HTTP2-Settings',
          upgrade: 'h2c',
          'http2-settings': 'AAMAAABkAARAAAAAAAIAAAAA',
          'content-type': 'application/json',
          'content-length': String(body.length),
        }
        const request = httpRequest(`${relay.url}${path}`, { method: 'POST', headers }, async (response) => {
          let text = ''
          for await (const chunk of response) text += chunk
          resolve(Object.assign(response, { text }))
        })
        request.on('error', reject)
        request.write(body.slice(0, 10))
        setTimeout(() => request.end(body.slice(10)), later ? 30 : 0)
      })
    for (const later of [false, true]) {
      const { statusCode, text } = await ask('/v1/chat/completions', later)
      expect([statusCode, JSON.parse(text).choices[0].message.content]).toEqual([200, expect.stringContaining('Hello')])
    }
    expect((await ask('/v1/gateway/chat', true)).statusCode).toBe(200)
    expect((await relay.ask('GET', '/v1/gateway/ws')).status).toBe(426)
  })

  test('goes over TLS, as does who asks for HTTP/2 in passing', async () => {
    const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/tls/${name}`, import.meta.url))
    const relay = await openRelay(mock.url, { tls: { cert: fixture('server.pem'), key: fixture('server.key') } })
    const ca = readFileSync(fixture('ca.pem'))
    const { say, next } = await open(relay, { ...byHeader(relay), ca })
    say(first)
    await next('done')
    const status = await new Promise((resolve, reject) => {
      const headers = { connection: 'Upgrade', upgrade: 'h2c' }
      httpsRequest(`${relay.url}/health`, { ca, headers }, ({ statusCode }) => resolve(statusCode))
        .on('error', reject)
        .end()
    })
    expect(status).toBe(200)
  })

  test('wanted with each request of a connection, as Java wants it, leaves nothing on that', async () => {
    const relay = await openRelay(mock.url)
    const warned: Error[] = []
    const hear = (warning: Error) => warned.push(warning)
    process.on('warning', hear)
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    for (let time = 0; time < 12; time++) {
      const { statusCode } = await new Promise<IncomingMessage>((resolve, reject) => {
        const headers = { connection: 'Upgrade', upgrade: 'h2c' }
        httpRequest(`${relay.url}/health`, { agent, headers }, (response) =>
          response.resume().once('end', () => resolve(response)),
        )
          .on('error', reject)
          .end()
      })
      expect(statusCode).toBe(200)
    }
    agent.destroy()
    process.off('warning', hear)
    expect(warned).toEqual([])
  })
})
