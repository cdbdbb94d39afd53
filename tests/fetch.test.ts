/** `leash.fetch` takes the place of `fetch`: calls to models go through the stack, everything else passes. */
import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { createLeash, type LeashOptions } from '../src/leash.js'
import { mockProviders, type RecordedRequest } from '../src/testing/index.js'
import { until, useMock } from './helpers/mock.js'

const mock = useMock()
const leashFetch = (options: LeashOptions = {}) =>
  createLeash({ providers: mockProviders(mock.url), retry: { backoff: () => 0 }, ...options }).fetch

type Given = readonly [input: string | URL | Request, init?: RequestInit]
const messages = [{ role: 'user', content: 'Hello there' }]
const headers = { authorization: 'Bearer caller', 'content-type': 'application/json' }
const chat = (model: string, more: object = {}): RequestInit => ({
  method: 'POST',
  headers,
  body: JSON.stringify({ model, messages, ...more }),
})
const chatUrl = () => `${mock.url}/v1/chat/completions`
const textOf = async (response: Response) => (await response.json()).choices[0].message.content

describe('a call to a model', () => {
  test.each<[string, (url: string, init: RequestInit) => Given]>([
    ['a string', (url, init) => [url, init]],
    ['a URL', (url, init) => [new URL(url), init]],
    ['a Request', (url, init) => [new Request(url, init)]],
    ['a Request and options beside it', (url, init) => [new Request(url), init]],
    ['bytes', (url, init) => [url, { ...init, body: new TextEncoder().encode(String(init.body)) }]],
    ['a Blob', (url, init) => [url, { ...init, body: new Blob([String(init.body)]) }]],
    ['a buffer', (url, init) => [new URL(url), { ...init, body: new TextEncoder().encode(String(init.body)).buffer }]],
    ['a stream', (url, init) => [url, { ...init, body: new Blob([String(init.body)]).stream(), duplex: 'half' }]],
    ['a lower-case method', (url, init) => [url, { ...init, method: 'post' }]],
  ])('is one when given as %s', async (_, given) => {
    const response = await leashFetch()(...given(chatUrl(), chat('claude-sonnet-4-5')))
    expect(await textOf(response)).toBe('Echo: Hello there')
    expect(response.headers.get('x-leash-provider')).toBe('anthropic')
    expect(mock.requests.map(({ protocol }) => protocol)).toEqual(['anthropic-messages'])
  })

  test('that its SDK sends to its own vendor goes there as it is, address and headers and all', async () => {
    const url = `${chatUrl()}?api-version=7`
    const more = { 'x-team': 'blue', 'openai-organization': 'org' }
    await leashFetch()(url, { ...chat('gpt-4o-mini'), headers: { ...headers, ...more } })
    expect(mock.requests[0]).toMatchObject({ query: { 'api-version': '7' }, headers: { ...headers, ...more } })
    expect(mock.requests[0]?.text).toBe(chat('gpt-4o-mini').body)
  })

  test('that is refused in words of a proxy has its status in words too, which SDKs take for the message then', async () => {
    mock.script({ status: 502, body: '<h1>Sorry</h1>', times: 99 })
    const response = await leashFetch()(chatUrl(), chat('gpt-4o-mini'))
    expect([response.status, response.statusText, await response.clone().text()]).toEqual([502, 'Bad Gateway', '<h1>Sorry</h1>'])
    expect(response.clone().statusText).toBe('Bad Gateway')
  })

  test('that is signed by its SDK keeps the headers that it has signed, in every try', async () => {
    const signed = { 'x-amz-date': '20260101T000000Z', 'x-stainless-retry-count': '0' }
    mock.script({ status: 503 })
    await leashFetch()(chatUrl(), { ...chat('gpt-4o-mini'), headers: { ...headers, ...signed } })
    expect(mock.requests).toMatchObject([{ headers: signed }, { headers: signed }])
  })

  test.each([
    ['a record', (headers: Record<string, string>) => headers],
    ['Headers', (headers: Record<string, string>) => new Headers(headers)],
  ])('goes with the length of the body that is sent, and not with that which its SDK names in %s', async (_, make) => {
    const init = chat('gpt-4o-mini', { stream: true })
    const given = make({ ...headers, 'content-length': String(String(init.body).length) })
    const response = await leashFetch()(chatUrl(), { ...init, headers: given })
    expect(await response.text()).toMatch(/data: \[DONE\]\n\n$/)
    expect(mock.requests[0]?.headers['content-length']).toBe(String(mock.requests[0]?.text.length))
    expect(mock.requests[0]?.text).toContain('include_usage')
    expect(new Headers(given).get('content-length')).toBe(String(String(init.body).length))
  })

  test('goes by the SDK’s own options of fetch', async () => {
    const seen: (RequestInit & { dispatcher?: unknown })[] = []
    const transport = (url: string, init: RequestInit) => {
      seen.push(init)
      const { dispatcher: _, ...rest } = init as RequestInit & { dispatcher?: unknown }
      return fetch(url, rest)
    }
    const init = { ...chat('gpt-4o-mini'), dispatcher: 'pool', keepalive: true }
    await leashFetch({ fetch: transport })(chatUrl(), init)
    expect(seen).toMatchObject([{ dispatcher: 'pool', keepalive: true, method: 'POST' }])
  })

  test('does not carry the caller’s key to another vendor', async () => {
    await leashFetch()(chatUrl(), chat('claude-sonnet-4-5'))
    expect(JSON.stringify(mock.requests[0]?.headers)).not.toContain('caller')
  })

  test('streams', async () => {
    const response = await leashFetch()(chatUrl(), chat('claude-sonnet-4-5', { stream: true }))
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(await response.text()).toMatch(/^data: \{[\s\S]*data: \[DONE\]\n\n$/)
  })
})

describe('what is no call to a model passes', () => {
  test('as a stream that nobody has read', async () => {
    const body = new Blob(['{"prompt":"a cat"}']).stream()
    const bodies: unknown[] = []
    const transport = async (_: string, init: RequestInit) => {
      bodies.push(init.body)
      return Response.json({})
    }
    await leashFetch({ fetch: transport })(`${mock.url}/v1/images/generations`, {
      method: 'POST',
      body,
      duplex: 'half',
    } as RequestInit)
    expect(bodies).toEqual([body])
    expect(body.locked).toBe(false)
  })

  test.each<[string, () => Given]>([
    ['a GET', () => [`${mock.url}/v1/models`, { headers }]],
    ['a GET of a Request', () => [new Request(`${mock.url}/v1/models`, { headers })]],
    ['a POST elsewhere', () => [`${mock.url}/v1/files`, { method: 'POST', headers, body: '{"model":"gpt-4o"}' }]],
    ['a Request elsewhere', () => [new Request(`${mock.url}/v1/files`, { method: 'POST', headers, body: '{"a":1}' })]],
    ['a body that is no JSON', () => [chatUrl(), { method: 'POST', headers, body: 'model=gpt-4o' }]],
    ['a body that is no object', () => [chatUrl(), { method: 'POST', headers, body: '[1]' }]],
    [
      'a token count',
      () => [`${mock.url}/v1/messages/count_tokens`, { method: 'POST', headers, body: '{"model":"x"}' }] as const,
    ],
    ['a form', () => [chatUrl(), { method: 'POST', body: new URLSearchParams({ model: 'gpt-4o' }) }]],
  ])('%s', async (_, given) => {
    const tell = async (response: Response) => [response.status, await response.text(), mock.requests.map(asked)]
    const asked = ({ method, path, text }: RecordedRequest) => ({ method, path, text })
    const ours = await leashFetch()(...given())
    const told = await tell(ours)
    // The mock's ids count the requests that are alike.
    mock.reset()
    expect(told).toEqual(await tell(await fetch(...given())))
    expect([...ours.headers.keys()].filter((name) => name.startsWith('x-leash'))).toEqual([])
  })
})

describe('a failure', () => {
  test('is a response in the caller’s protocol, which no SDK is to repeat', async () => {
    mock.script({ status: 429, retryAfter: 1, times: 9 })
    const response = await leashFetch({ retry: false })(chatUrl(), chat('claude-sonnet-4-5'))
    expect([response.status, response.ok]).toEqual([429, false])
    expect(response.headers.get('x-should-retry')).toBe('false')
    expect(response.headers.get('x-leash-error')).toBe('rate_limited')
    expect(response.headers.get('retry-after')).toBe('1')
    expect(await response.json()).toMatchObject({ error: { code: 'rate_limited', message: expect.any(String) } })
  })

  test('of an unknown model names what is configured, and no key', async () => {
    const url = 'https://api.openai.com/v1/chat/completions'
    const response = await leashFetch({ providers: { mistral: { apiKey: 'secret-key' } } })(url, chat('claude-sonnet-4-5'))
    expect(response.status).toBe(401)
    const text = await response.text()
    expect(text).toContain('ANTHROPIC_API_KEY')
    expect(text).not.toContain('secret-key')
  })

  test('of the network is thrown as fetch throws it', async () => {
    mock.script({ reset: true, times: 9 })
    await expect(leashFetch({ retry: false })(chatUrl(), chat('gpt-4o-mini'))).rejects.toThrow(TypeError)
  })

  test('of time is thrown', async () => {
    mock.script({ hang: 'headers', times: 9 })
    const slow = leashFetch({ retry: false, timeouts: { attemptMs: 50 } })(chatUrl(), chat('gpt-4o-mini'))
    await expect(slow).rejects.toMatchObject({ code: 'timeout' })
  })

  test('by the caller’s own signal is thrown with its reason, as fetch does', async () => {
    mock.script({ hang: 'headers' })
    const controller = new AbortController()
    const answer = leashFetch()(chatUrl(), { ...chat('gpt-4o-mini'), signal: controller.signal })
    const reason = new Error('enough')
    const failed = expect(answer).rejects.toBe(reason)
    await until(() => mock.requests.length === 1)
    controller.abort(reason)
    await failed
    await until(() => mock.requests[0]?.outcome === 'aborted')
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
  })
})

test('static members of the transport are there on its leashed fetch', () => {
  class Marker extends Response {}
  const transport = Object.assign((url: string, init: RequestInit) => fetch(url, init), { Response: Marker })
  expect(leashFetch({ fetch: transport })).toHaveProperty('Response', Marker)
})
