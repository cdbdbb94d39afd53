import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createLeash, isLeashError } from '../../src/leash.js'
import { type Served, serve } from '../helpers/serve.js'

const key = 'Zq7kT3vB9xW1mN5pR8sD2fG6hJ4'
let vendor: Served

beforeAll(async () => {
  vendor = await serve(async ({ headers }) => {
    const shown = ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key'].map((name) => headers.get(name)).join(' ')
    return Response.json({ message: `No key: ${shown}`, error: { message: `No key: ${shown}` } }, { status: 401 })
  })
})
afterAll(() => vendor.close())

describe('a key that its vendor quotes', () => {
  const models = ['openai/gpt-4o-mini', 'anthropic/claude-haiku-4-5', 'google/gemini-2.5-flash', 'bedrock/amazon.nova-lite-v1:0']

  test.each(models)('is in no answer and in no error of %s', async (model) => {
    const errors: unknown[] = []
    const leash = createLeash({
      providers: {
        openai: { apiKey: key, baseURL: vendor.url },
        anthropic: { apiKey: key, baseURL: vendor.url },
        google: { apiKey: key, baseURL: vendor.url },
        bedrock: { apiKey: key, baseURL: vendor.url, region: 'us-east-1' },
      },
      retry: false,
      use: [(next) => (call) => next(call).catch((error) => Promise.reject(errors.push(error) && error))],
    })
    for (const path of ['v1/chat/completions', 'v1/messages', 'v1/responses']) {
      const body = JSON.stringify({ model, max_tokens: 5, messages: [{ role: 'user', content: 'Hello' }], input: 'Hello' })
      const response = await leash.handle(new Request(`http://host/${path}`, { method: 'POST', body }))
      const text = await response.text()
      expect([response.status, text]).toEqual([401, expect.stringContaining('***')])
      expect(text).not.toContain(key)
    }
    expect(errors).toHaveLength(3)
    for (const error of errors) expect(isLeashError(error) && error.message + error.upstream?.text).not.toContain(key)
  })

  test('is not in the answer to an SDK that has brought it', async () => {
    const response = await createLeash({ retry: false }).fetch(`${vendor.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}` },
      body: JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] }),
    })
    expect([response.status, await response.json()]).toMatchObject([
      401,
      { error: { message: expect.stringMatching(/Bearer \*\*\*/) } },
    ])
  })
})
