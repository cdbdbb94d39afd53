/** The endpoints in real hosts, asked over real sockets by the vendors' own SDKs. */
import { createServer, request } from 'node:http'
import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import express, { type ErrorRequestHandler } from 'express'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { asObject } from '../../src/core/json.js'
import { endpoints } from '../../src/integrations/express.js'
import { createLeash, type Leash, type LedgerLine } from '../../src/leash.js'
import { mockProviders } from '../../src/testing/index.js'
import { until, useMock } from '../helpers/mock.js'
import { asked, prompt } from '../helpers/sdks.js'
import type { Served } from '../helpers/serve.js'
import { callers } from '../testing/callers.js'
import { hosts, listening } from './hosts.js'

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
            description: 'The weather in a city.',
            parameters: weather,
            parse: JSON.parse,
            function: (args: unknown) => {
              cities.push(asObject(args).city)
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
    const read = async () => {
      for await (const _ of stream);
    }
    await expect(read()).rejects.toThrow(OpenAI.APIError)
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

const question = JSON.stringify({ model: 'gpt-4o-mini', messages: asked })
const post = (url: string, init: RequestInit = {}) => fetch(url, { method: 'POST', body: question, ...init })

describe('what the endpoints add to a stream', () => {
  test.each(callers.filter(({ protocol }) => protocol !== 'bedrock-converse'))(
    'comments between events of $protocol, when it pauses, and nothing within one',
    async ({ send, terminal }) => {
      const served = await listening(createServer(endpoints(leash, { keepAliveMs: 5 })))
      mock.script({ chunkDelayMs: 40 })
      const text = await (await send(served.url, 'one two three', true)).text()
      const comment = ': keep-alive\n\n'
      expect(text).toContain(comment)
      expect(text.replaceAll(comment, '')).toMatch(terminal)
      mock.script({})
      const plain = await (await send(served.url, 'one two three', true)).text()
      const shape = (stream: string) => stream.replaceAll(comment, '').replaceAll(/"[^"]*"|\d+/g, '')
      expect(shape(text)).toBe(shape(plain))
      await served.close()
    },
  )

  test('headers that keep proxies from holding it back', async () => {
    const served = await listening(createServer(endpoints(leash)))
    const { headers } = await post(`${served.url}/v1/chat/completions`, {
      body: JSON.stringify({ ...JSON.parse(question), stream: true }),
    })
    expect(headers.get('cache-control')).toBe('no-cache, no-transform')
    expect(headers.get('x-accel-buffering')).toBe('no')
    await served.close()
  })
})

describe('what is not a call to a model', () => {
  test('goes to the next handler', async () => {
    const app = express()
      .use(endpoints(leash))
      .use((request, response) => void response.send(`app: ${request.method}`))
    const { url, close } = await listening(createServer(app))
    const asks = [fetch(`${url}/v1/chat/completions`), post(`${url}/v1/other`), post(`${url}/v1/threads/1/messages`)]
    const texts = await Promise.all(asks.map(async (answer) => (await answer).text()))
    expect(texts).toEqual(['app: GET', 'app: POST', 'app: POST'])
    await close()
  })

  test('is not found where there is no next handler', async () => {
    const { url, close } = await listening(createServer(endpoints(leash)))
    expect((await post(`${url}/v1/other`)).status).toBe(404)
    await close()
  })
})

test('an error of the host’s own function is the host’s to answer', async () => {
  const call = () => {
    throw new TypeError('My own mistake.')
  }
  const app = express().use(endpoints(leash, { call }))
  app.use(((error, _request, response, _next) => void response.status(418).send(error.message)) satisfies ErrorRequestHandler)
  const { url, close } = await listening(createServer(app))
  const response = await post(`${url}/v1/chat/completions`)
  expect([response.status, await response.text()]).toEqual([418, 'My own mistake.'])
  expect(mock.requests).toEqual([])
  await close()
})

test('a caller who has left while another handler was at work is not answered, and nothing is sent', async () => {
  let [began, over] = [false, false]
  const app = express().use(express.json(), async (_request, response, next) => {
    began = true
    await until(() => response.destroyed)
    next()
  })
  const serve = endpoints(leash)
  app.use((request, response, next) =>
    serve(request, response, next).finally(() => {
      over = true
    }),
  )
  const { url, close } = await listening(createServer(app))
  const body = JSON.stringify({ model: 'gpt-4o-mini', messages: asked })
  const headers = { 'content-type': 'application/json' }
  const call = request(`${url}/v1/chat/completions`, { method: 'POST', headers }).on('error', () => {})
  call.end(body)
  await until(() => began)
  call.destroy()
  await until(() => over)
  expect(mock.requests).toEqual([])
  await close()
})

test('an address with a host in it chooses no host', async () => {
  const { url, close } = await listening(createServer(endpoints(leash)))
  const { hostname, port } = new URL(url)
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const headers = { 'content-type': 'application/json' }
    const asked = request({ hostname, port, method: 'POST', path: 'http://evil.example/v1/chat/completions', headers })
    asked.on('response', (response) => resolve(response.resume().statusCode)).on('error', reject)
    asked.end(question)
  })
  expect(status).toBe(200)
  expect(mock.requests).toHaveLength(1)
  await close()
})

test('a body that something has read, and kept, is told to the host', async () => {
  const app = express()
    .use((request, _response, next) => void request.resume().once('end', next))
    .use(endpoints(leash))
  app.use(((error, _request, response, _next) => void response.status(500).send(error.message)) satisfies ErrorRequestHandler)
  const { url, close } = await listening(createServer(app))
  expect(await (await post(`${url}/v1/chat/completions`)).text()).toContain('Mount the leash before it.')
  await close()
})

test('an option of another name is refused, for it may be the one that lets nobody in', () => {
  const options: object = { leash: () => ({ tenant: 'acme' }) }
  expect(() => endpoints(leash, options)).toThrow('unknown option `leash` (known: call, maxBodyBytes, keepAliveMs)')
})

test.each([{ keepAliveMs: 0 }, { keepAliveMs: 1.5 }, { maxBodyBytes: -1 }, { keepAliveMs: 2 ** 31 }])(
  'options that make no sense are refused when they are given: %j',
  (options) => {
    expect(() => endpoints(leash, options)).toThrow('[invalid_config]')
  },
)

test('hosts may call `leash.handle` with arguments of their own', async () => {
  const asHost: (request: Request, info: object) => Promise<Response> = leash.handle
  for (const info of [{ remoteAddr: {} }, { params: Promise.resolve({ path: ['v1'] }) }, { OPENAI_API_KEY: 'binding' }]) {
    const response = await asHost(new Request('http://host/v1/chat/completions', { method: 'POST', body: question }), info)
    expect(response.status).toBe(200)
  }
})
