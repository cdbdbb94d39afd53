import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import { createLeash } from '../../src/leash.js'
import { mockProviders } from '../../src/testing/index.js'
import { useMock } from '../helpers/mock.js'

const mock = useMock()
const messages = [{ role: 'user' as const, content: 'Hi' }]

function ask(headers: Record<string, string>, model: string, own: Record<string, string> = {}): Promise<Response> {
  const leash = createLeash({ providers: mockProviders(mock.url), headers })
  return leash.handle(
    new Request('http://leash.test/v1/chat/completions', {
      method: 'POST',
      headers: own,
      body: JSON.stringify({ model, max_tokens: 50, messages }),
    }),
  )
}

describe('headers', () => {
  test.each(['gpt-4o-mini', 'claude-haiku-4-5', 'gemini-2.5-flash'])('go to whoever answers: %s', async (model) => {
    expect((await ask({ 'X-Cost-Centre': '4711' }, model)).status).toBe(200)
    expect(mock.requests[0]?.headers['x-cost-centre']).toBe('4711')
  })

  test('go with each try of a call that a vendor’s own SDK has addressed', async () => {
    const leash = createLeash({ headers: { 'x-cost-centre': '4711' }, retry: { backoff: () => 0 } })
    const client = leash.wrap(new OpenAI({ baseURL: `${mock.url}/v1`, apiKey: 'mock' }))
    mock.script({ status: 503 })
    await client.chat.completions.create({ model: 'gpt-4o-mini', messages })
    expect(mock.requests.map(({ headers }) => [headers['x-cost-centre'], headers.authorization])).toEqual([
      ['4711', 'Bearer mock'],
      ['4711', 'Bearer mock'],
    ])
    await leash.close()
  })

  test.each([
    'Authorization',
    'x-api-key',
    'api-key',
    'x-goog-api-key',
    'cookie',
    'Host',
    'content-length',
    'proxy-x',
    'with blank',
    '',
  ])('are none that say who asks or keep the connection: %j', (name) => {
    expect(() => createLeash({ headers: { [name]: 'x' } })).toThrow(`headers.${name}`)
  })

  test.each(['with\nline', 'with\0', 'ü'.repeat(3), 'x'.repeat(2001)])('have values that fit into a header: %j', (value) => {
    expect(() => createLeash({ headers: { 'x-one': value } })).toThrow('headers.x-one')
  })
})
