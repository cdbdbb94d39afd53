/** Vendors' own APIs through the relay. */
import { createServer, get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import fc from 'fast-check'
import OpenAI from 'openai'
import { afterEach, describe, expect, test } from 'vitest'
import type { Policy } from '../../src/policy.js'
import { addressAt, plainPath } from '../../src/relay/gateway/raw-path.js'
import { until, useMock } from '../helpers/mock.js'
import { openRelay, type TestRelay } from './helpers.js'

const mock = useMock()
const messages = [{ role: 'user' as const, content: 'Hello' }]
const request = { model: 'gpt-4o-mini', messages }

const send = ({ url, call }: TestRelay, method: string, path: string, body?: string, headers: Record<string, string> = {}) =>
  fetch(`${url}/v1/${path}`, {
    method,
    headers: { authorization: `Bearer ${call}`, ...headers },
    ...(body !== undefined && { body }),
  })

describe("a call at a vendor's own address", () => {
  test("comes back as the vendor wrote it, with the relay's own key", async () => {
    const relay = await openRelay(mock.url)
    const answer =
      '{ "id":"x", "choices": [ {"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"} ], "new_field" : 1.0 }'
    mock.script({ body: answer, headers: { 'content-type': 'application/json', 'x-new-header': 'yes' } })
    const response = await send(relay, 'POST', 'openai/chat/completions', JSON.stringify({ ...request, newer: true }))
    expect(await response.text()).toBe(answer)
    expect(response.headers.get('x-new-header')).toBe('yes')
    expect(mock.requests[0]).toMatchObject({
      path: '/v1/chat/completions',
      headers: { authorization: 'Bearer mock' },
      body: { model: 'gpt-4o-mini', newer: true },
    })
  })

  test("is made by each vendor's own SDK", async () => {
    const { url, call } = await openRelay(mock.url)
    const openai = new OpenAI({ apiKey: call, baseURL: `${url}/v1/openai/v1`, maxRetries: 0 })
    expect((await openai.chat.completions.create(request)).choices[0]?.message.content).toContain('Hello')
    const anthropic = new Anthropic({ apiKey: call, baseURL: `${url}/v1/anthropic`, maxRetries: 0 })
    const claude = { model: 'claude-haiku-4-5', max_tokens: 50, messages }
    expect(await anthropic.messages.stream(claude).finalText()).toContain('Hello')
    expect((await anthropic.messages.countTokens({ model: claude.model, messages })).input_tokens).toBeGreaterThan(0)
    const { models } = new GoogleGenAI({ apiKey: call, httpOptions: { baseUrl: `${url}/v1/google` } })
    expect((await models.generateContent({ model: 'gemini-2.5-flash', contents: 'Hello' })).text).toContain('Hello')
    expect((await openai.models.list()).data.map(({ id }) => id)).toContain('gpt-4o-mini')
    expect(mock.requests.map(({ path }) => path)).toEqual([
      '/v1/chat/completions',
      '/v1/messages',
      '/v1/messages/count_tokens',
      '/v1beta/models/gemini-2.5-flash:generateContent',
    ])
  })

  test('goes there, whatever the name of the model says, and in no other protocol', async () => {
    const relay = await openRelay(mock.url)
    await send(relay, 'POST', 'groq/chat/completions', JSON.stringify(request))
    await until(async () => (await relay.ask('GET', '/v1/admin/calls')).body.items[0]?.provider === 'groq')
    const other = await send(relay, 'POST', 'anthropic/v1/chat/completions', JSON.stringify(request))
    expect([other.status, mock.requests.length]).toEqual([400, 1])
  })

  test('is under the policy: access, budgets and rate limits', async () => {
    const status = async (policy: Policy) => {
      const relay = await openRelay(mock.url, { policy })
      await send(relay, 'POST', 'openai/chat/completions', JSON.stringify(request))
      const { status } = await send(relay, 'POST', 'openai/chat/completions', JSON.stringify(request))
      return status
    }
    expect(await status({ access: { models: { deny: ['openai/gpt-4o*'] } } })).toBe(403)
    expect(await status({ access: { providers: { allow: ['anthropic'] } } })).toBe(403)
    expect(await status({ budgets: [{ limit: { requests: 1 }, per: 'day' }] })).toBe(402)
    expect(await status({ rateLimit: [{ limit: { requests: 1 }, per: 'hour' }] })).toBe(429)
  })

  test('needs a key, and a provider that there is', async () => {
    const relay = await openRelay(mock.url)
    expect((await send({ ...relay, call: 'lk_nobody' }, 'POST', 'openai/chat/completions', '{}')).status).toBe(401)
    expect((await send({ ...relay, call: 'lk_nobody' }, 'GET', 'openai/files')).status).toBe(401)
    expect((await send(relay, 'POST', 'deepseek/chat/completions', JSON.stringify(request))).status).toBe(404)
    expect((await send(relay, 'GET', 'nobody/files')).status).toBe(404)
    expect(mock.requests).toHaveLength(0)
  })
})

describe('what is no call to a model', () => {
  /** A vendor that says what it was asked. */
  async function echo(answer: { status?: number; headers?: Record<string, string>; body?: string } = {}) {
    const asked: { method?: string | undefined; url?: string | undefined; headers: IncomingMessage['headers']; body: string }[] =
      []
    const server = createServer(async (incoming, outgoing) => {
      let body = ''
      for await (const chunk of incoming) body += chunk
      asked.push({ method: incoming.method, url: incoming.url, headers: incoming.headers, body })
      outgoing.writeHead(answer.status ?? 200, { 'content-type': 'application/json', 'set-cookie': 'a=b', ...answer.headers })
      outgoing.end(answer.body ?? '{ "ok":true }')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closing.push(() => server.close())
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const policy: Policy = { access: { raw: ['openai'] } }
    const openai = { baseURL: `${url}/v1`, apiKey: 'vendor-key' }
    return { asked, relay: await openRelay(mock.url, { policy, leash: { providers: { openai } } }) }
  }
  const closing: (() => void)[] = []
  afterEach(() => {
    for (const close of closing.splice(0)) close()
  })

  test('is refused unless the policy lets all of the API through', async () => {
    const relay = await openRelay(mock.url)
    for (const [method, path] of [
      ['GET', 'openai/files'],
      ['POST', 'openai/batches'],
      ['POST', 'openai/fine_tuning/jobs'],
      ['GET', 'openai/responses/resp_1'],
      ['POST', 'anthropic/v1/messages/batches'],
    ] as const) {
      const response = await send(relay, method, path, method === 'GET' ? undefined : '{}')
      expect([path, response.status]).toEqual([path, 403])
      expect((await response.json()).error.message).toContain('access: { raw:')
    }
    expect(mock.requests).toHaveLength(0)
  })

  test('is refused of a vendor that the policy does not open, or denies', async () => {
    const relay = await openRelay(mock.url, { policy: { access: { raw: ['openai'] } } })
    const asked = async (path: string) => {
      const response = await send(relay, 'GET', path)
      return [response.status, (await response.json()).error.code]
    }
    expect(await asked('anthropic/v1/files')).toEqual([403, 'permission_denied'])
    await relay.ask('PUT', '/v1/admin/tenants/default/policy', {
      access: { raw: ['openai'], providers: { deny: ['openai'] } },
    })
    expect(await asked('openai/files')).toEqual([403, 'model_not_allowed'])
    expect(mock.requests).toHaveLength(0)
  })

  test('leaves behind what its connection names', async () => {
    const { asked, relay } = await echo()
    const headers = { authorization: `Bearer ${relay.call}`, connection: 'close, X-Hop', 'x-hop': 'one', 'x-kept': 'two' }
    await new Promise((resolve, reject) => {
      get(`${relay.url}/v1/openai/files`, { headers }, (answer) => answer.resume().on('end', resolve)).on('error', reject)
    })
    expect(asked).toMatchObject([{ headers: { 'x-kept': 'two' } }])
    expect(asked[0]?.headers).not.toHaveProperty('x-hop')
  })

  test("is passed on byte for byte, without the caller's key, cookies and connection", async () => {
    const { asked, relay } = await echo({
      headers: { nel: '{"max_age":604800}', 'clear-site-data': '"*"', 'content-encoding': 'identity' },
    })
    const response = await send(relay, 'POST', 'openai/files?limit=2&key=lk_x', '{ "a" : 1 }', {
      cookie: 'session=1',
      'openai-organization': 'org-other',
      'x-forwarded-for': '10.0.0.1',
      'openai-beta': 'assistants=v2',
      'content-type': 'application/json; charset=utf-8',
    })
    expect([response.status, await response.text()]).toEqual([200, '{ "ok":true }'])
    for (const name of ['set-cookie', 'nel', 'clear-site-data', 'content-encoding']) expect(response.headers.get(name)).toBeNull()
    expect(asked).toMatchObject([{ method: 'POST', url: '/v1/files?limit=2', body: '{ "a" : 1 }' }])
    const { headers } = asked[0] ?? { headers: {} }
    expect(headers).toMatchObject({
      authorization: 'Bearer vendor-key',
      'openai-beta': 'assistants=v2',
      'content-type': 'application/json; charset=utf-8',
    })
    for (const name of ['cookie', 'openai-organization', 'x-forwarded-for', 'x-api-key']) expect(headers).not.toHaveProperty(name)
    expect(JSON.stringify(asked)).not.toContain('lk_')
  })

  test('follows no redirect, with which the key would go elsewhere', async () => {
    const { relay } = await echo({ status: 302, headers: { location: 'https://elsewhere.example/' } })
    const response = await send(relay, 'GET', 'openai/files/x/content')
    expect([response.status, response.headers.get('location')]).toEqual([502, null])
  })

  test("tells the vendor's own refusals as they are", async () => {
    const { relay } = await echo({ status: 418, body: '{"error":"tea"}' })
    const response = await send(relay, 'DELETE', 'openai/files/x')
    expect([response.status, await response.text()]).toEqual([418, '{"error":"tea"}'])
  })

  test('keeps a key to itself that the vendor quotes', async () => {
    const { relay } = await echo({ status: 401, body: '{"error":"Incorrect API key provided: vendor-key."}' })
    const response = await send(relay, 'GET', 'openai/files')
    expect([response.status, await response.text()]).toEqual([401, '{"error":"Incorrect API key provided: ***."}'])
  })

  test('is held to the number of requests of the rate limits', async () => {
    const { relay } = await echo()
    const policy = { access: { raw: ['openai'] }, rateLimit: [{ limit: { requests: 1, tokens: 1000 }, per: 'hour' }] }
    await relay.ask('PUT', '/v1/admin/tenants/default/policy', policy)
    expect((await send(relay, 'GET', 'openai/files')).status).toBe(200)
    expect((await send(relay, 'GET', 'openai/files')).status).toBe(429)
    // Another part of the policy is another.
    await relay.ask('PUT', '/v1/admin/tenants/default/policy', { ...policy, maxAttempts: 2 })
    expect((await send(relay, 'GET', 'openai/files')).status).toBe(429)
  })

  test('may be of a provider that the policy lets be asked, and by no other method or path', async () => {
    const { asked, relay } = await echo()
    expect((await send(relay, 'OPTIONS', 'openai/files')).status).toBe(405)
    expect((await send(relay, 'GET', 'anthropic/v1/files')).status).toBe(404)
    for (const path of ['openai//files', 'openai/a%2fb', 'openai/a%5Cb', 'openai/%00', 'openai/%252e%252e/x', 'openai/%zz'])
      expect([path, (await send(relay, 'GET', path)).status]).toEqual([path, 400])
    for (const path of ['openai/chat/complet%69ons', 'openai/%63hat/completions'])
      expect([path, (await send(relay, 'POST', path, JSON.stringify(request))).status]).toEqual([path, 400])
    expect(asked).toHaveLength(0)
  })
})

describe('an address', () => {
  test.each([
    ['https://api.example.com/v1/', '/files', 'https://api.example.com/v1/files'],
    ['https://api.example.com/v1', '/v1/files', 'https://api.example.com/v1/files'],
    ['https://api.example.com/v1beta/', '/v1alpha/models', 'https://api.example.com/v1alpha/models'],
    ['https://api.example.com/', '/v1/files', 'https://api.example.com/v1/files'],
    ['https://api.example.com/proxy/v1', '/v2/files', 'https://api.example.com/proxy/v2/files'],
  ])('below %s, %s is %s', (base, path, address) => {
    expect(addressAt(base, path)).toBe(address)
  })

  test('never leaves the base, whatever the path', () => {
    const part = fc.oneof(
      fc.constantFrom('..', '.', '%2e%2e', '%2f', '\\', '//', '@evil.example', ':80', '?', '#', 'v1'),
      fc.string(),
    )
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        let plain: string
        try {
          plain = plainPath(`/${parts.join('/')}`)
        } catch {
          return
        }
        const { href } = new URL(addressAt('https://api.example.com/base/v1', plain))
        expect(href.startsWith('https://api.example.com/base/')).toBe(true)
      }),
      { numRuns: 500 },
    )
  })
})
