/** The endpoints in real hosts, asked over real sockets by the vendors' own SDKs. */
import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createLeash, type Leash, type LedgerLine } from '../../src/leash.js'
import { mockProviders } from '../../src/testing/index.js'
import { until, useMock } from '../helpers/mock.js'
import { asked, prompt } from '../helpers/sdks.js'
import type { Served } from '../helpers/serve.js'
import { callers } from '../testing/callers.js'
import { hosts } from './hosts.js'

const mock = useMock()
const lines: LedgerLine[] = []
let leash: Leash
beforeAll(() => {
  leash = createLeash({
    providers: mockProviders(mock.url),
    retry: { backoff: () => 0 },
    ledger: { sink: (written) => void lines.push(...written) },
  })
})

const weather = { type: 'object' as const, properties: { city: { type: 'string' } }, required: ['city'] }

describe.each(hosts)('$name', ({ open }) => {
  let served: Served
  let openai: OpenAI
  let anthropic: Anthropic
  let google: GoogleGenAI
  beforeAll(async () => {
    served = await open(leash, { maxBodyBytes: 100_000 })
    openai = new OpenAI({ apiKey: 'callers-own', baseURL: `${served.url}/v1`, maxRetries: 0 })
    anthropic = new Anthropic({ apiKey: 'callers-own', baseURL: served.url, maxRetries: 0, logLevel: 'off' })
    google = new GoogleGenAI({ apiKey: 'callers-own', httpOptions: { baseUrl: served.url } })
  })
  afterAll(() => served.close())

  test.each(['gpt-4o-mini', 'claude-haiku-4-5', 'gemini-2.5-flash'])('answers every SDK with %s', async (model) => {
    const chat = await openai.chat.completions.create({ model, messages: asked })
    const message = await anthropic.messages.create({ model, max_tokens: 99, messages: asked })
    const content = await google.models.generateContent({ model, contents: prompt })
    const responses = await openai.responses.create({ model, input: prompt })
    const said = [chat.choices[0]?.message.content, message.content.find(({ type }) => type === 'text'), content.text]
    expect(said).toEqual([`Echo: ${prompt}`, expect.objectContaining({ text: `Echo: ${prompt}` }), `Echo: ${prompt}`])
    expect(responses.output_text).toBe(`Echo: ${prompt}`)
  })

  test.each(['gpt-4o-mini', 'claude-haiku-4-5', 'gemini-2.5-flash'])('streams to every SDK with %s', async (model) => {
    const chat = await openai.chat.completions.stream({ model, messages: asked }).finalContent()
    const message = await anthropic.messages.stream({ model, max_tokens: 99, messages: asked }).finalText()
    let content = ''
    for await (const { text } of await google.models.generateContentStream({ model, contents: prompt })) content += text ?? ''
    expect([chat, message, content]).toEqual([`Echo: ${prompt}`, `Echo: ${prompt}`, `Echo: ${prompt}`])
  })

  test('lets OpenAI’s tool runner call tools of Claude', async () => {
    const cities: unknown[] = []
    const runner = openai.chat.completions.runTools({
      model: 'claude-haiku-4-5',
      messages: asked,
      tools: [
        {
          type: 'function',
          function: {
            name: 'get_weather',
            parameters: weather,
            parse: (text: string): { city: string } => JSON.parse(text),
            function: ({ city }: { city: string }) => {
              cities.push(city)
              return '24 degrees'
            },
          },
        },
      ],
    })
    expect(await runner.finalContent()).toContain('24 degrees')
    expect(cities).toEqual([expect.any(String)])
  })

  test('lets Anthropic’s SDK stream a tool call of GPT', async () => {
    const { content } = await anthropic.messages
      .stream({
        model: 'gpt-4o-mini',
        max_tokens: 99,
        messages: asked,
        tools: [{ name: 'get_weather', input_schema: weather }],
      })
      .finalMessage()
    expect(content).toContainEqual(
      expect.objectContaining({ type: 'tool_use', name: 'get_weather', input: { city: expect.any(String) } }),
    )
  })

  test('tells a failure as each caller’s own SDK knows it', async () => {
    mock.script({ status: 401, times: 9 })
    const chat = openai.chat.completions.create({ model: 'claude-haiku-4-5', messages: asked })
    await expect(chat).rejects.toThrow(OpenAI.AuthenticationError)
    const message = anthropic.messages.create({ model: 'gpt-4o-mini', max_tokens: 9, messages: asked })
    await expect(message).rejects.toThrow(Anthropic.AuthenticationError)
    await expect(google.models.generateContent({ model: 'gpt-4o-mini', contents: prompt })).rejects.toMatchObject({ status: 401 })
  })

  test('tells a stream that fails after it has begun', async () => {
    mock.script({ errorInStream: { message: 'Oh no', after: 5 }, times: 9 })
    const stream = await openai.chat.completions.create({ model: 'claude-haiku-4-5', messages: asked, stream: true })
    await expect(Array.fromAsync(stream)).rejects.toThrow(OpenAI.APIError)
  })

  test('stops asking the vendor when a caller of a stream leaves', async () => {
    mock.script({ hang: { afterEvents: 4 } })
    const stream = await openai.chat.completions.create({ model: 'gpt-4o-mini', messages: asked, stream: true })
    for await (const _ of stream) break
    await until(() => mock.requests[0]?.outcome === 'aborted')
  })

  test('stops asking the vendor when a caller leaves before the answer', async () => {
    mock.script({ hang: 'headers' })
    const left = new AbortController()
    const answer = anthropic.messages.create(
      { model: 'claude-haiku-4-5', max_tokens: 9, messages: asked },
      { signal: left.signal },
    )
    const failed = expect(answer).rejects.toThrow(Anthropic.APIUserAbortError)
    await until(() => mock.requests.length === 1)
    left.abort()
    await failed
    await until(() => mock.requests[0]?.outcome === 'aborted')
  })

  test.each([120_000, 4_000_000])('refuses a body of %d bytes, and keeps the connection for the next', async (length) => {
    const huge = { model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content: 'x'.repeat(length) }] }
    const refused = await openai.chat.completions.create(huge).catch((error: unknown) => error)
    expect(refused).toMatchObject({ status: 413, code: 'request_too_large' })
    expect(mock.requests).toEqual([])
    expect((await openai.chat.completions.create({ model: 'gpt-4o-mini', messages: asked })).object).toBe('chat.completion')
  })

  test('knows the tenant and the tags of each request', async () => {
    const headers = { 'x-tenant': 'acme' }
    lines.length = 0
    await openai.chat.completions.create({ model: 'gpt-4o-mini', messages: asked }, { headers })
    await until(() => lines.length > 0)
    expect(lines).toMatchObject([{ tenant: 'acme', tags: { from: 'header' } }])
  })

  test('refuses a request as the host wishes, in the caller’s protocol, before anything is sent', async () => {
    const headers = { 'x-tenant': 'stranger' }
    const chat = openai.chat.completions.create({ model: 'gpt-4o-mini', messages: asked }, { headers })
    await expect(chat).rejects.toThrow(OpenAI.PermissionDeniedError)
    const message = anthropic.messages.create({ model: 'gpt-4o-mini', max_tokens: 9, messages: asked }, { headers })
    await expect(message).rejects.toThrow(Anthropic.PermissionDeniedError)
    expect(mock.requests).toEqual([])
  })

  test('sends the vendor none of the caller’s credentials', async () => {
    await openai.chat.completions.create({ model: 'gpt-4o-mini', messages: asked }, { headers: { cookie: 'a=secret' } })
    expect(JSON.stringify(mock.requests[0]?.headers)).not.toMatch(/callers-own|a=secret/)
  })

  test.each(callers)('gives a stream of $protocol cut anywhere as it came', async ({ send, terminal }) => {
    mock.script({ chunkBytes: 7 })
    const response = await send(served.url, 'one two three', true)
    expect(response.status).toBe(200)
    expect(await response.text()).toMatch(terminal)
  })
})
