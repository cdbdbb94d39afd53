import Anthropic from '@anthropic-ai/sdk'
import { describe, expect, test } from 'vitest'
import { type AnthropicOptions, anthropic } from '../../src/providers/anthropic.js'
import { bare, sent, upstream, wire } from './upstream.js'

const request = (headers: Record<string, string> = {}) =>
  wire({ protocol: 'anthropic-messages', model: 'claude-sonnet-4-5', headers })
const ask = (options: AnthropicOptions, headers?: Record<string, string>) =>
  Promise.resolve(anthropic({ env: bare, ...options }).prepare(request(headers)))

describe('anthropic', () => {
  test.each([
    ['https://gw.example', 'https://gw.example/v1/messages'],
    ['https://gw.example/', 'https://gw.example/v1/messages'],
    ['https://gw.example/v1', 'https://gw.example/v1/messages'],
    ['https://gw.example/v1?team=7', 'https://gw.example/v1/messages?team=7'],
    ['https://gw.example/anthropic/v1/', 'https://gw.example/anthropic/v1/messages'],
    [undefined, 'https://api.anthropic.com/v1/messages'],
  ])('a base of %s is asked at %s', async (baseURL, url) => {
    expect((await ask({ apiKey: 'k', baseURL })).url).toBe(url)
    if (baseURL) expect((await ask({ apiKey: 'k', env: { ANTHROPIC_BASE_URL: baseURL } })).url).toBe(url)
  })

  test('a key is sent as x-api-key, a token as bearer', async () => {
    expect((await ask({ apiKey: 'k' })).headers).toMatchObject({ 'x-api-key': 'k' })
    const { headers } = await ask({ authToken: 't' })
    expect(headers).toMatchObject({ authorization: 'Bearer t' })
    expect(headers).not.toHaveProperty('x-api-key')
  })

  test('an option stands above both variables, and the key above the token', async () => {
    const env = { ANTHROPIC_API_KEY: 'env-key', ANTHROPIC_AUTH_TOKEN: 'env-token' }
    expect((await ask({ env })).headers).toMatchObject({ 'x-api-key': 'env-key' })
    const { headers } = await ask({ env, authToken: 'own' })
    expect(headers.authorization).toBe('Bearer own')
    expect(headers).not.toHaveProperty('x-api-key')
    expect((await ask({ env: { ANTHROPIC_AUTH_TOKEN: 'env-token' } })).headers.authorization).toBe('Bearer env-token')
  })

  test('says which variables would do', () => {
    expect(anthropic({ env: bare }).missing()).toBe(
      'Set ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN, or pass `apiKey` or `authToken`.',
    )
  })

  test("the API's version is the one that is written for, unless the caller asks for another", async () => {
    expect((await ask({ apiKey: 'k' })).headers['anthropic-version']).toBe('2023-06-01')
    expect((await ask({ apiKey: 'k' }, { 'anthropic-version': '2027-01-01' })).headers['anthropic-version']).toBe('2027-01-01')
  })

  test("betas of the caller and of the options are joined, each once; none is added of one's own", async () => {
    expect((await ask({ apiKey: 'k' })).headers).not.toHaveProperty('anthropic-beta')
    expect((await ask({ apiKey: 'k' }, { 'anthropic-beta': 'a-1' })).headers['anthropic-beta']).toBe('a-1')
    const { headers } = await ask({ apiKey: 'k', headers: { 'Anthropic-Beta': 'b-2, a-1' } }, { 'anthropic-beta': 'a-1,c-3' })
    expect(headers['anthropic-beta']).toBe('a-1,c-3,b-2')
  })

  test("asks as Anthropic's own SDK does", async () => {
    await using server = await upstream(() => ({ body: { type: 'message', content: [] } }))
    const same = { apiKey: 'same', baseURL: server.url }
    const body = { model: 'claude-opus-5-5', max_tokens: 5, messages: [{ role: 'user' as const, content: 'hi' }] }
    await new Anthropic({ ...same, maxRetries: 0, logLevel: 'off' }).messages.create(body)
    const [theirs] = server.received
    const ours = await sent(anthropic({ ...same, env: bare }), { ...request(), body }, server)
    expect(ours.path).toBe(theirs?.path)
    expect(JSON.parse(ours.body)).toEqual(JSON.parse(theirs?.body ?? ''))
    expect(ours.headers['content-type']).toBe(theirs?.headers['content-type'])
    // Since its first major version the SDK sends keys as bearer tokens; Anthropic takes both, gateways made for it x-api-key.
    expect([`Bearer ${ours.headers['x-api-key']}`, theirs?.headers['x-api-key']]).toContain(theirs?.headers.authorization)
  })

  test.each([
    ['claude-3-5-sonnet-20241022', true, 'none', undefined],
    ['claude-sonnet-4-20250514', true, 'none', undefined],
    ['claude-sonnet-4-5', true, 'json-schema', undefined],
    ['claude-haiku-4-5-20251001', true, 'json-schema', undefined],
    ['claude-opus-4-6', false, 'json-schema', undefined],
    ['claude-opus-4-7', false, 'json-schema', ['temperature', 'top_p', 'top_k']],
    ['claude-sonnet-5-5', false, 'json-schema', ['temperature', 'top_p', 'top_k']],
    ['claude-mythos-preview', false, 'json-schema', ['temperature', 'top_p', 'top_k']],
  ])('%s: prefill %s, structured output %s, refuses %j', (model, supportsPrefill, structuredOutput, refuses) => {
    expect(anthropic({ env: bare }).traits(model)).toEqual({
      streamUsage: 'always',
      supportsPrefill,
      structuredOutput,
      ...(refuses && { refuses }),
    })
  })
})
