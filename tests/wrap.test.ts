/** Instances of vendors' own SDKs on the leash: of the same class, with every model behind them. */
import { createHash } from 'node:crypto'
import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import OpenAI from 'openai'
import { bedrock } from 'openai/providers/bedrock'
import { describe, expect, test } from 'vitest'
import { createLeash, type Leash, type Report } from '../src/leash.js'
import { mockProviders } from '../src/testing/index.js'
import { until, useMock } from './helpers/mock.js'
import { asked, prompt, sdks } from './helpers/sdks.js'

const mock = useMock()
const echo = `Echo: ${prompt}`

/** A leash, and the reports of its calls. */
function leashed(): Leash & { readonly reports: Report[] } {
  const leash = createLeash({ providers: mockProviders(mock.url), retry: { backoff: () => 0 } })
  const reports: Report[] = []
  leash.on('result', (report) => reports.push(report))
  return { ...leash, reports }
}

describe.each(sdks)('$name on the leash', ({ name, own, make, ask, stream }) => {
  const others = sdks.map((other) => other.own).filter((model) => model !== own)
  /** AWS's SDK reads its own protocol, into which we translate no answers. */
  const alone = name === 'BedrockRuntimeClient'

  test('is of the same class', () => {
    const client = make(mock.url)
    expect(leashed().wrap(client).constructor).toBe(client.constructor)
  })

  test('asks and streams its own vendor’s models, with its own key', async () => {
    const leash = leashed()
    const client = leash.wrap(make(mock.url))
    expect(await ask(client, own)).toBe(echo)
    expect(await stream(client, own)).toBe(echo)
    for (const { headers } of mock.requests) expect(JSON.stringify(headers)).toContain(own.includes('nova') ? 'AKIDOWN' : 'own')
    expect(leash.reports).toMatchObject([
      { model: own, ended: true },
      { model: own, ended: true },
    ])
  })

  test.each(alone ? [] : others)('asks and streams %s', async (model) => {
    const leash = leashed()
    const client = leash.wrap(make(mock.url))
    expect(await ask(client, model)).toBe(echo)
    expect(await stream(client, model)).toBe(echo)
    expect(leash.reports).toMatchObject([{ model }, { model }])
    for (const { headers } of mock.requests) expect(JSON.stringify(headers)).not.toMatch(/AKIDOWN|"own"|Bearer own/)
  })

  test.each(alone ? others : [])('says that %s cannot be reached by it', async (model) => {
    await expect(ask(leashed().wrap(make(mock.url)), model)).rejects.toThrow(
      /\[unsupported\].*can only reach providers that speak it too/,
    )
    expect(mock.requests).toEqual([])
  })

  test('is wrapped once, however often it is', async () => {
    const leash = leashed()
    const client = leash.wrap(leash.wrap(make(mock.url)))
    expect(await ask(client, own)).toBe(echo)
    expect(leash.reports).toHaveLength(1)
  })

  test('retries once, and not once in each of two loops', async () => {
    const client = leashed().wrap(make(mock.url))
    mock.script({ status: 503, times: 2 })
    expect(await ask(client, own)).toBe(echo)
    expect(mock.requests).toHaveLength(3)
    mock.reset()
    mock.script({ status: 503, times: 99 })
    await expect(ask(client, own)).rejects.toThrow()
    expect(mock.requests).toHaveLength(3)
  })

  test.each([400, 401, 404, 429, 500])('fails with status %i as its SDK does', async (status) => {
    mock.script({ status, headers: { 'x-should-retry': 'false' }, times: 99 })
    const failure = (client: object) =>
      ask(client, own).then(
        () => 'none',
        (error: Error) => error.constructor.name,
      )
    const [ours, theirs] = [await failure(leashed().wrap(make(mock.url))), await failure(make(mock.url))]
    expect(ours).toBe(theirs)
  })
})

describe('wrapping', () => {
  test('leaves the instance that it copied as it was', async () => {
    for (const { make, ask, own, name } of sdks.slice(0, 2)) {
      const leash = leashed()
      const client = make(mock.url)
      expect(leash.wrap(client), name).not.toBe(client)
      await ask(client, own)
      expect(leash.reports).toEqual([])
    }
  })

  test('changes in place what cannot be copied', () => {
    for (const { make } of sdks.slice(2)) {
      const client = make(mock.url)
      expect(leashed().wrap(client)).toBe(client)
    }
  })

  test('refuses anything else, and names what it knows', () => {
    expect(() => leashed().wrap(new Map())).toThrow(
      /\[unsupported\] Cannot wrap an instance of Map\. Known: OpenAI from openai 5/,
    )
    expect(() => leashed().wrap(Object.create(null))).toThrow('no class')
  })

  test('keeps what the SDK asks for itself: its retries, its timeout, its signal', async () => {
    const client = leashed().wrap(new OpenAI({ apiKey: 'own', baseURL: `${mock.url}/v1`, maxRetries: 1 }))
    mock.script({ status: 500, times: 99 })
    await expect(client.chat.completions.create({ model: 'gpt-4o-mini', messages: asked })).rejects.toThrow()
    expect(mock.requests).toHaveLength(2)
    mock.reset()
    mock.script({ hang: 'headers', times: 99 })
    const slow = client.chat.completions.create({ model: 'gpt-4o-mini', messages: asked }, { timeout: 50, maxRetries: 0 })
    await expect(slow).rejects.toBeInstanceOf(OpenAI.APIConnectionTimeoutError)
    const signal = AbortSignal.timeout(50)
    const aborted = client.chat.completions.create({ model: 'gpt-4o-mini', messages: asked }, { signal })
    await expect(aborted).rejects.toBeInstanceOf(OpenAI.APIUserAbortError)
  })

  test.each(['gemini-2.5-flash', 'gpt-4o-mini'])(
    'a stream of %s that Google’s SDK leaves has ended, and its vendor is stopped',
    async (model) => {
      const leash = leashed()
      const google = leash.wrap(new GoogleGenAI({ apiKey: 'own', httpOptions: { baseUrl: mock.url } }))
      mock.script({ hang: { afterEvents: 4 } })
      for await (const _ of await google.models.generateContentStream({ model, contents: prompt })) break
      await until(() => mock.requests[0]?.outcome === 'aborted')
      expect(leash.reports).toMatchObject([{ ended: true, attempts: [{ outcome: 'cancelled' }] }])
    },
  )

  test.each(sdks.slice(0, 2))('a copy that $name makes of itself is on the leash as it is', async ({ make, ask, own }) => {
    const leash = leashed()
    const seen: string[] = []
    const fetched = (url: string, init?: RequestInit) => {
      seen.push(url)
      return fetch(url, init)
    }
    // What each SDK has, and none of their types in common.
    const client = leash.wrap(make(mock.url)) as OpenAI
    const copy = client.withOptions({ timeout: 5000 }).withOptions({ fetch: fetched as typeof fetch })
    expect(await ask(copy, own)).toBe(echo)
    expect(leash.reports).toMatchObject([{ attempts: [{ outcome: 'ok' }] }])
    mock.script({ reset: true, times: 99 })
    await expect(ask(copy, own)).rejects.toThrow()
    expect(seen).toHaveLength(1 + 3)
  })

  test('what a copy is asked for is heeded', async () => {
    const leash = leashed()
    const client = leash.wrap(new OpenAI({ apiKey: 'own', baseURL: `${mock.url}/v1` })).withOptions({ maxRetries: 1 })
    const asking = { leash: { tenant: 'acme' } }
    await client.chat.completions.create({ model: 'gpt-4o-mini', messages: asked }, asking)
    expect(leash.usage({ by: ['tenant'] })).toMatchObject([{ of: { tenant: 'acme' } }])
    mock.script({ status: 500, times: 99 })
    await expect(client.chat.completions.create({ model: 'gpt-4o-mini', messages: asked })).rejects.toThrow()
    expect(mock.requests).toHaveLength(1 + 2)
  })

  test('lets everything pass that is no call to a model', async () => {
    const leash = leashed()
    const openai = leash.wrap(new OpenAI({ apiKey: 'own', baseURL: `${mock.url}/v1` }))
    const anthropic = leash.wrap(new Anthropic({ apiKey: 'own', baseURL: mock.url, logLevel: 'off' }))
    const google = leash.wrap(new GoogleGenAI({ apiKey: 'own', httpOptions: { baseUrl: mock.url } }))
    expect((await openai.models.list()).data.length).toBeGreaterThan(0)
    expect((await anthropic.models.list()).data.length).toBeGreaterThan(0)
    const counted = await anthropic.messages.countTokens({ model: 'claude-haiku-4-5', messages: asked })
    expect(counted.input_tokens).toBeGreaterThan(0)
    expect((await google.models.countTokens({ model: 'gemini-2.5-flash', contents: prompt })).totalTokens).toBeGreaterThan(0)
    expect(leash.reports).toEqual([])
  })

  test('keeps a fetch that the SDK was given', async () => {
    const seen: string[] = []
    const own = (url: string | URL | Request, init?: RequestInit) => {
      seen.push(String(url))
      return fetch(url, init)
    }
    const client = leashed().wrap(new Anthropic({ apiKey: 'own', baseURL: mock.url, fetch: own, logLevel: 'off' }))
    await client.messages.create({ model: 'claude-haiku-4-5', max_tokens: 9, messages: asked })
    expect(seen).toEqual([`${mock.url}/v1/messages`])
  })
})

describe("a thread of Anthropic's", () => {
  const turns = (count: number) => Array.from({ length: count }, (_, turn) => `Turn ${turn}.`)

  test.each(['gpt-4o-mini', 'gemini-2.5-flash'])('is sent whole to %s, which holds none', async (model) => {
    const anthropic = createLeash({ providers: mockProviders(mock.url) }).wrap(
      new Anthropic({ apiKey: 'mock', baseURL: mock.url }),
    )
    const thread = anthropic.beta.messages.thread({ model, max_tokens: 100 })
    for (const content of turns(3)) await thread.send({ role: 'user', content })
    expect(thread.messages).toHaveLength(6)
    for (const turn of turns(3)) expect(mock.requests.at(-1)?.text).toContain(turn)
    expect(mock.requests).toHaveLength(3)
  })

  test('is kept by the tool runner, which calls tools of another vendor', async () => {
    const anthropic = createLeash({ providers: mockProviders(mock.url) }).wrap(
      new Anthropic({ apiKey: 'mock', baseURL: mock.url }),
    )
    const { content } = await anthropic.beta.messages.toolRunner({
      model: 'gpt-4o-mini',
      max_tokens: 200,
      messages: [{ role: 'user', content: 'Weather?' }],
      tools: [
        {
          name: 'get_weather',
          description: 'The weather, now.',
          input_schema: { type: 'object', properties: {} },
          run: async () => 'sunny',
          parse: (input: unknown) => input,
        },
      ],
    })
    expect(content).toMatchObject([{ type: 'text', text: expect.stringContaining('sunny') }])
  })

  test('may be begun with another vendor where nothing may be lost, for nothing is', async () => {
    const leash = createLeash({ providers: mockProviders(mock.url), strict: true })
    const lost: unknown[] = []
    leash.on('result', ({ warnings }) => lost.push(...warnings))
    const anthropic = leash.wrap(new Anthropic({ apiKey: 'mock', baseURL: mock.url }))
    const thread = anthropic.beta.messages.thread({ model: 'gpt-4o-mini', max_tokens: 100 })
    for (const content of turns(2)) await thread.send({ role: 'user', content })
    expect(mock.requests.at(-1)?.body).toMatchObject({ messages: [{ content: 'Turn 0.' }, {}, { content: 'Turn 1.' }] })
    expect(lost).toEqual([])
  })

  test('goes on with Anthropic itself as it is', async () => {
    const anthropic = createLeash({ providers: mockProviders(mock.url) }).wrap(
      new Anthropic({ apiKey: 'mock', baseURL: mock.url }),
    )
    const thread = anthropic.beta.messages.thread({ model: 'claude-haiku-4-5', max_tokens: 100 })
    await thread.send({ role: 'user', content: 'Hello' })
    await thread.send({ role: 'user', content: 'More' })
    expect(mock.requests.map(({ body }) => body)).toMatchObject([
      { thread: { type: 'create' } },
      { thread: { type: 'continue', previous_message_id: expect.any(String) }, messages: [{ content: 'More' }] },
    ])
  })
})

describe("a client of Anthropic's for another cloud", () => {
  const signed = (body: unknown) => createHash('sha256').update(String(body)).digest('hex')
  /** As those for Bedrock and Vertex AI do it: the form of that cloud, and a signature over all of it, inside of every middleware. */
  class OnVertex extends Anthropic {
    protected override backendMiddleware(): ReturnType<Anthropic['backendMiddleware']> {
      return [
        (request, next) => {
          const { model, ...body } = JSON.parse(String(request.body))
          const text = JSON.stringify({ ...body, anthropic_version: 'vertex-2023-10-16' })
          const headers = new Headers(request.headers)
          headers.set('authorization', 'Bearer own')
          headers.set('x-signature', signed(`${text} ${headers.get('x-stainless-retry-count')}`))
          const path = '/v1/projects/p/locations/l/publishers/anthropic/models'
          return next({ ...request, headers, url: `${mock.url}${path}/${model}:rawPredict`, body: text })
        },
      ]
    }
  }
  const make = () => new OnVertex({ apiKey: 'own', baseURL: mock.url, logLevel: 'off' })
  const asking = { max_tokens: 99, messages: [{ role: 'user' as const, content: 'Write to ada@example.com.' }] }
  const textOf = ({ content }: Anthropic.Message) => content.map((block) => (block.type === 'text' ? block.text : '')).join('')

  test('sends what layers have made of a call in the form of that cloud, and signs that, in every try', async () => {
    const leash = createLeash({
      providers: mockProviders(mock.url),
      redact: true,
      retry: { backoff: () => 0 },
      routes: { fast: 'anthropic/claude-haiku-4-5' },
    })
    mock.script({ status: 503 })
    const message = await leash
      .wrap(leash.wrap(make()))
      .withOptions({ timeout: 5000 })
      .messages.create({ model: 'fast', ...asking })
    expect(textOf(message)).toBe('Echo: Write to ada@example.com.')
    expect(mock.requests).toHaveLength(2)
    for (const { path, headers, text, body } of mock.requests) {
      expect(path).toMatch(/models\/claude-haiku-4-5:rawPredict$/)
      expect(body).toMatchObject({ anthropic_version: 'vertex-2023-10-16', messages: [{ content: 'Write to <EMAIL_1>.' }] })
      expect(body).not.toHaveProperty('model')
      expect(headers['x-signature']).toBe(signed(`${text} ${headers['x-stainless-retry-count']}`))
    }
  })

  test('reaches the models of others, and what is no call to a model as it is', async () => {
    const leash = leashed()
    const client = leash.wrap(make())
    expect(textOf(await client.messages.create({ model: 'openai/gpt-4o-mini', ...asking }))).toContain('Echo')
    expect(mock.requests.map(({ protocol }) => protocol)).toEqual(['openai-chat'])
    mock.script({ status: 404 })
    const counting = client.messages.countTokens({ model: 'count-tokens', messages: asking.messages })
    await expect(counting).rejects.toMatchObject({ status: 404 })
    expect(mock.requests.at(-1)?.path).toContain('count-tokens:rawPredict')
  })

  test('is refused where it rewrites a request that the leash has taken over', () => {
    class OldBedrock extends OpenAI {
      readonly awsSecretKey = 'own'
    }
    expect(() => leashed().wrap(new OldBedrock({ apiKey: 'own' }))).toThrow(/\[unsupported\].*OldBedrock .*bedrock-sdk 1/)
  })
})

test("a client of OpenAI's for another cloud signs each try, of what layers have made of the call", async () => {
  const tokens = ['first', 'second']
  const provider = bedrock({ baseURL: `${mock.url}/v1`, tokenProvider: async () => tokens.shift() ?? 'none' })
  const client = leashed().wrap(new OpenAI({ provider })).withOptions({ timeout: 5000 })
  mock.script({ status: 503 })
  const stream = await client.chat.completions.create({ model: 'gpt-4o-mini', messages: asked, stream: true })
  for await (const _ of stream);
  expect(mock.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer first', 'Bearer second'])
  expect(tokens).toEqual([])
})

test('what a middleware of Anthropic’s SDK has made of a request is what the layers see', async () => {
  const leash = createLeash({ providers: mockProviders(mock.url), redact: true })
  const client = leash.wrap(
    new Anthropic({
      apiKey: 'own',
      baseURL: mock.url,
      middleware: [
        (request, next) => {
          const body = { ...JSON.parse(String(request.body)), model: 'claude-haiku-4-5', metadata: { user_id: 'ada' } }
          return next({ ...request, body: JSON.stringify(body) })
        },
      ],
    }),
  )
  await client.messages.create({
    model: 'claude-opus-4-6',
    max_tokens: 9,
    messages: [{ role: 'user', content: 'I am ada@example.com.' }],
  })
  expect(mock.requests).toMatchObject([
    { body: { model: 'claude-haiku-4-5', metadata: { user_id: 'ada' }, messages: [{ content: 'I am <EMAIL_1>.' }] } },
  ])
  expect(leash.usage({ by: ['model'] })).toMatchObject([{ of: { model: 'claude-haiku-4-5' } }])
})

test('Anthropic’s SDK finds the request’s id in an answer and in a refusal of another vendor', async () => {
  const anthropic = leashed().wrap(new Anthropic({ apiKey: 'own', baseURL: mock.url }))
  const request = { model: 'gpt-4o-mini', max_tokens: 9, messages: [{ role: 'user' as const, content: prompt }] }
  mock.script({ headers: { 'x-request-id': 'req_1' } }, { status: 400, headers: { 'x-request-id': 'req_2' } })
  expect((await anthropic.messages.create(request))._request_id).toBe('req_1')
  await expect(anthropic.messages.create(request)).rejects.toMatchObject({ requestID: 'req_2' })
})

test('a leash under another has the call as the outer one left it, also where it translates', async () => {
  const providers = mockProviders(mock.url)
  const inner = createLeash({ providers, routes: { 'gpt-4o-mini': 'anthropic/claude-sonnet-4-5' } })
  const outer = createLeash({ providers, redact: true })
  const client = outer.wrap(inner.wrap(new OpenAI({ baseURL: `${mock.url}/v1`, apiKey: 'test' })))
  const messages = [{ role: 'user' as const, content: 'Write to ada@example.com.' }]
  const answer = await client.chat.completions.create({ model: 'gpt-4o-mini', messages })
  expect(answer.choices[0]?.message.content).toContain('ada@example.com')
  expect(JSON.stringify(mock.requests.map(({ body }) => body))).not.toContain('ada@')
})
