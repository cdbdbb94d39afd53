/** A `fetch` of somebody else's answers with classes of its own, which SDKs read as they read the platform's. */
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { fetch as undici } from 'undici'
import { describe, expect, test } from 'vitest'
import { LeashLLM } from '../../src/client.js'
import { adopted } from '../../src/core/adopted.js'
import type { Transport } from '../../src/core/transport.js'
import { createLeash } from '../../src/leash.js'
import { mockProviders } from '../../src/testing/index.js'
import { until, useMock } from '../helpers/mock.js'

const mock = useMock()

/** As node-fetch does it: headers of its own kind, and a stream of Node's. */
async function nodeFetch(url: string, { method = 'GET', headers, body, signal }: RequestInit): Promise<unknown> {
  const asked = request(url, { method, headers: Object.fromEntries(new Headers(headers)), ...(signal && { signal }) })
  asked.end(body)
  const answer: IncomingMessage = (await once(asked, 'response'))[0]
  const { statusCode: status = 0, statusMessage: statusText } = answer
  const listed = new Map(Object.entries(answer.headers).map(([name, value]) => [name, String(value)]))
  return { status, statusText, ok: status < 300, url, headers: listed, body: answer, text: async () => read(answer) }
}

/** A stand-in that has the whole answer, and no stream. */
async function whole(url: string, init: RequestInit): Promise<unknown> {
  const response = await fetch(url, init)
  const { status, ok, headers } = response
  const said = await response.text()
  return { status, ok, headers, text: async () => said }
}

async function read(stream: AsyncIterable<Uint8Array>): Promise<string> {
  let said = ''
  for await (const piece of stream) said += Buffer.from(piece).toString()
  return said
}

const fetches = { "undici's": undici, "node-fetch's": nodeFetch, 'a stand-in’s': whole }
const models = ['gpt-4o-mini', 'claude-haiku-4-5', 'gemini-2.5-flash']
const messages = [{ role: 'user' as const, content: 'Hello there' }]

describe.each(Object.entries(fetches))('%s answers', (_, answering) => {
  const transport = answering as unknown as Transport & typeof fetch
  const options = () => ({ apiKey: 'caller', baseURL: `${mock.url}/v1`, maxRetries: 1, fetch: transport })
  const clients = () => [
    new LeashLLM({ ...options(), providers: mockProviders(mock.url) }),
    createLeash({ providers: mockProviders(mock.url) }).wrap(new OpenAI(options())),
  ]

  test.each(models)('are read as a message of %s', async (model) => {
    for (const client of clients()) {
      const { data, response } = await client.chat.completions.create({ model, messages }).withResponse()
      expect(data.choices[0]?.message.content).toBe('Echo: Hello there')
      expect(response.headers.get('x-leash-attempts')).toBe('1')
    }
  })

  test.each(models)('are read as a stream of %s', async (model) => {
    for (const client of clients()) {
      let said = ''
      for await (const { choices } of await client.chat.completions.create({ model, messages, stream: true }))
        said += choices[0]?.delta.content ?? ''
      expect(said).toBe('Echo: Hello there')
    }
  })

  test('that refuse are tried again, and then told in the SDK’s own class', async () => {
    for (const client of clients()) {
      mock.script({ status: 429, headers: { 'retry-after-ms': '1' }, times: 2 })
      await expect(client.chat.completions.create({ model: 'gpt-4o-mini', messages })).rejects.toBeInstanceOf(
        OpenAI.RateLimitError,
      )
    }
    expect(mock.requests).toHaveLength(4)
  })

  test('are whole responses', async () => {
    for (const client of clients()) {
      const response = await client.embeddings.create({ model: 'text-embedding-3-small', input: 'x' }).asResponse()
      expect([response.status, response.ok, response instanceof Response]).toEqual([200, true, true])
      expect((await response.clone().json()).data).toHaveLength(1)
      expect(JSON.parse(await response.text()).data).toHaveLength(1)
    }
  })

  test('serve Anthropic’s client', async () => {
    const leash = createLeash({ providers: mockProviders(mock.url) })
    const client = leash.wrap(new Anthropic({ apiKey: 'caller', baseURL: mock.url, fetch: transport }))
    const said = await client.messages.stream({ model: 'claude-haiku-4-5', max_tokens: 99, messages }).finalText()
    expect(said).toBe('Echo: Hello there')
  })
})

test.each(['gpt-4o-mini', 'claude-haiku-4-5'])('who leaves a stream of %s closes Node’s', async (model) => {
  const client = new LeashLLM({ providers: mockProviders(mock.url), fetch: nodeFetch as unknown as typeof fetch })
  mock.script({ hang: { afterEvents: 5 } })
  for await (const { choices } of await client.chat.completions.create({ model, messages, stream: true }))
    if (choices[0]?.delta.content) break
  await until(() => mock.requests[0]?.outcome === 'aborted')
})

test('an answer keeps its status, its address and its headers', async () => {
  const headers = new Map([['retry-after', '7']])
  const url = 'https://llm.acme.example/v1'
  const response = await adopted({ status: 503, statusText: 'Busy', url, headers, json: async () => ({ error: 'busy' }) })
  expect(response).toMatchObject({ status: 503, statusText: 'Busy', url, ok: false })
  expect([response.headers.get('retry-after'), await response.json()]).toEqual(['7', { error: 'busy' }])
})

test('an answer without a body has none', async () => {
  const empty = { headers: new Headers(), text: async () => '' }
  expect((await adopted({ ...empty, status: 204 })).body).toBeNull()
  expect((await adopted({ status: 200, headers: new Headers(), body: null })).body).toBeNull()
})

test('an answer is read piece by piece, whatever the pieces are, and is left to whoever gave it', async () => {
  const bytes = new Uint8Array(Buffer.from('é'))
  const told: string[] = []
  async function* pieces() {
    try {
      for (const piece of ['One, ', bytes.subarray(0, 1), bytes.subarray(1), '.']) {
        told.push('asked')
        yield piece
      }
    } finally {
      told.push('left')
    }
  }
  const answer = () => adopted({ status: 200, headers: new Headers(), body: pieces() })
  expect(await (await answer()).text()).toBe('One, é.')
  told.length = 0
  const reader = (await answer()).body?.getReader()
  expect(told).toEqual([])
  await reader?.read()
  await reader?.cancel()
  expect(told).toEqual(['asked', 'left'])
})
