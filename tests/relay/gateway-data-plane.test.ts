/** Vendors' own SDKs, pointed at the relay. */
import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import { useMock } from '../helpers/mock.js'
import { openRelay, type TestRelay } from './helpers.js'

const mock = useMock()
const messages = [{ role: 'user' as const, content: 'Hello' }]

const openai = ({ url, call }: TestRelay) => new OpenAI({ apiKey: call, baseURL: `${url}/v1`, maxRetries: 0 })
const anthropic = ({ url, call }: TestRelay) => new Anthropic({ apiKey: call, baseURL: url, maxRetries: 0 })
const google = ({ url, call }: TestRelay) => new GoogleGenAI({ apiKey: call, httpOptions: { baseUrl: url } })

describe("OpenAI's SDK", () => {
  test('has answers, streams, responses and embeddings of any vendor', async () => {
    const client = openai(await openRelay(mock.url))
    const answer = await client.chat.completions.create({ model: 'gemini-2.5-flash', messages })
    expect(answer.choices[0]?.message.content).toContain('Hello')
    let text = ''
    for await (const chunk of await client.chat.completions.create({ model: 'claude-haiku-4-5', messages, stream: true }))
      text += chunk.choices[0]?.delta.content ?? ''
    expect(text).toContain('Hello')
    expect((await client.responses.create({ model: 'gpt-4o-mini', input: 'Hello' })).output_text).toContain('Hello')
    const { data } = await client.embeddings.create({ model: 'text-embedding-3-small', input: 'Hello' })
    expect(data[0]?.embedding.length).toBeGreaterThan(0)
  })

  test('lists the models that its key may call, and no others', async () => {
    const access = { models: { allow: ['openai/gpt-4o*', 'openai/ft:gpt-4o-mini:acme'] }, providers: { allow: ['openai'] } }
    const relay = await openRelay(mock.url, { policy: { access, routes: { fast: 'openai/gpt-4o-mini', other: 'groq/llama' } } })
    const listed = await openai(relay).models.list()
    expect(listed.data.map(({ id }) => id)).toEqual(['fast', 'openai/gpt-4o', 'openai/gpt-4o-mini', 'openai/ft:gpt-4o-mini:acme'])
    expect(await openai(relay).models.retrieve('gpt-4o-mini')).toMatchObject({ id: 'openai/gpt-4o-mini', owned_by: 'openai' })
    await expect(openai(relay).models.retrieve('gpt-5')).rejects.toMatchObject({ status: 404 })
    await expect(openai({ ...relay, call: 'lk_nobody' }).models.list()).rejects.toMatchObject({ status: 401 })
  })

  test('lists what servers say of which no model is known, as far as the policy goes', async () => {
    const acme = { baseURL: `${mock.url}/v1`, apiKey: 'mock' }
    const away = { baseURL: 'http://127.0.0.1:1/v1', apiKey: 'mock' }
    const access = { providers: { allow: ['acme', 'away'] }, models: { deny: ['gpt-5*'] } }
    const relay = await openRelay(mock.url, { leash: { providers: { acme, away } }, policy: { access } })
    const list = async () => (await openai(relay).models.list()).data.map(({ id }) => id)
    expect(await list()).toEqual(['acme/gpt-4.1-mini', 'acme/text-embedding-3-small'])
    expect(await list()).toHaveLength(2)
    expect(mock.requests.map(({ path }) => path)).toEqual(['/v1/models'])
  })

  test('calls each model by the name in the list', async () => {
    const client = openai(await openRelay(mock.url, { policy: { routes: { fast: 'anthropic/claude-haiku-4-5' } } }))
    for (const model of ['fast', 'google/gemini-2.5-flash'])
      expect((await client.chat.completions.create({ model, messages })).choices[0]?.message.content).toContain('Hello')
  })

  test('counts the tokens of a response before it is made', async () => {
    const { input_tokens } = await openai(await openRelay(mock.url)).responses.inputTokens.count({
      model: 'gpt-4o-mini',
      input: 'Hello, how are you?',
    })
    expect(input_tokens).toBeGreaterThan(2)
    // The mock does not know the address, and so it is guessed.
    expect(mock.requests).toMatchObject([{ path: '/v1/responses/input_tokens' }])
  })
})

test('a key that is refused is refused in the words of whose SDK shows it', async () => {
  const relay = { ...(await openRelay(mock.url)), call: 'lk_nobody' }
  const failure = (call: Promise<unknown>) =>
    call.then(
      () => ({}),
      ({ status, error, message }) => ({ status, error, message }),
    )
  const message = expect.stringContaining('[authentication_failed]')
  expect(await failure(openai(relay).chat.completions.create({ model: 'gpt-4o-mini', messages }))).toMatchObject({
    status: 401,
    error: { type: 'authentication_error', code: 'authentication_failed', message },
  })
  expect(await failure(anthropic(relay).messages.create({ model: 'claude-haiku-4-5', max_tokens: 9, messages }))).toMatchObject({
    status: 401,
    error: { type: 'error', error: { type: 'authentication_error', message } },
  })
  const asked = google(relay).models.generateContent({ model: 'gemini-2.5-flash', contents: 'Hello' })
  expect(await failure(asked)).toMatchObject({ status: 401, message: expect.stringContaining('"status":"UNAUTHENTICATED"') })
  expect(mock.requests).toEqual([])
})

test('what is asked beside calls is refused in the words of whose SDK asks, also where nothing is served', async () => {
  const relay = await openRelay(mock.url)
  const { models, beta } = anthropic(relay)
  const notFound = { status: 404, error: { type: 'error', error: { type: 'not_found_error' } } }
  await expect(models.retrieve('nonesuch')).rejects.toMatchObject(notFound)
  await expect(beta.files.list()).rejects.toMatchObject(notFound)
  const theirs = { type: 'error', error: { type: 'authentication_error' } }
  await expect(anthropic({ ...relay, call: 'lk_nobody' }).models.list()).rejects.toMatchObject({ status: 401, error: theirs })
  const { models: known, caches } = google(relay)
  const missing = { status: 404, message: expect.stringContaining('"status":"NOT_FOUND"') }
  await expect(known.get({ model: 'nonesuch' })).rejects.toMatchObject(missing)
  await expect(caches.list()).rejects.toMatchObject(missing)
  await expect(openai(relay).files.list()).rejects.toMatchObject({ status: 404, code: 'not_found' })
  expect(mock.requests).toEqual([])
})

test("a key may stand in an address of Google's, as Google has it, and goes to no vendor", async () => {
  const { url, call } = await openRelay(mock.url, { policy: { access: { raw: ['google'] } } })
  const body = JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'Hello' }] }] })
  const ask = async (path: string, key: string) =>
    (await fetch(`${url}${path}key=${key}`, path.includes(':') ? { method: 'POST', body } : {})).status
  for (const base of ['/v1beta', '/v1/google/v1beta']) {
    for (const asked of ['generateContent?', 'streamGenerateContent?alt=sse&', 'countTokens?'])
      expect(await ask(`${base}/models/gemini-2.5-flash:${asked}`, call)).toBe(200)
    expect(await ask(`${base}/models/gemini-2.5-flash:generateContent?`, 'lk_nobody')).toBe(401)
  }
  expect(await ask('/v1beta/models?', call)).toBe(200)
  expect(await ask('/v1/models?', call)).toBe(401)
  expect(mock.requests.length).toBeGreaterThan(0)
  expect(JSON.stringify(mock.requests)).not.toContain(call)
})

test.each(['gpt-4o-mini', 'claude-haiku-4-5'])(
  "the model that an SDK of Azure's names in the address alone is asked: %s",
  async (model) => {
    const { ask, call } = await openRelay(mock.url)
    const path = `/openai/deployments/${model}/chat/completions?api-version=2024-10-21`
    expect(await ask('POST', path, { messages, max_tokens: 9 }, call)).toMatchObject({ status: 200 })
    expect(mock.requests).toMatchObject([{ body: { model } }])
  },
)

test.each(['/v1beta', '/v1/google/v1beta'])('a stream of Gemini without `alt=sse` is one list of JSON, at %s', async (base) => {
  const { url, call } = await openRelay(mock.url)
  const response = await fetch(`${url}${base}/models/gemini-2.5-flash:streamGenerateContent`, {
    method: 'POST',
    headers: { 'x-goog-api-key': call },
    body: JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'Hello' }] }] }),
  })
  expect(response.headers.get('content-type')).toContain('application/json')
  expect(await response.json()).toContainEqual(expect.objectContaining({ usageMetadata: expect.any(Object) }))
})

describe("Anthropic's SDK", () => {
  test('has answers and streams of any vendor, and lists models as Anthropic does', async () => {
    const client = anthropic(await openRelay(mock.url))
    const answer = await client.messages.create({ model: 'gpt-4o-mini', max_tokens: 100, messages })
    expect(answer.content[0]).toMatchObject({ type: 'text', text: expect.stringContaining('Hello') })
    const stream = client.messages.stream({ model: 'claude-haiku-4-5', max_tokens: 100, messages })
    expect(await stream.finalText()).toContain('Hello')
    const ids: string[] = []
    for await (const model of client.models.list()) ids.push(model.id)
    expect(ids).toContain('anthropic/claude-haiku-4-5')
    expect(await client.models.retrieve('claude-haiku-4-5')).toMatchObject({ type: 'model', id: 'anthropic/claude-haiku-4-5' })
  })

  test('counts tokens for any vendor, and not for a model that the policy denies', async () => {
    const relay = await openRelay(mock.url, { policy: { access: { models: { deny: ['gpt-5'] } } } })
    const count = (model: string) => anthropic(relay).messages.countTokens({ model, messages, system: 'Be brief.' })
    expect((await count('claude-haiku-4-5')).input_tokens).toBeGreaterThan(2)
    expect(mock.requests).toMatchObject([
      { path: '/v1/messages/count_tokens', headers: { 'x-api-key': 'mock' }, body: { model: 'claude-haiku-4-5', messages } },
    ])
    expect((await count('gpt-4o-mini')).input_tokens).toBeGreaterThan(2)
    const refusal = {
      type: 'error',
      error: { type: 'permission_error', message: expect.stringContaining('[model_not_allowed]') },
    }
    await expect(count('gpt-5')).rejects.toMatchObject({ status: 403, error: refusal })
  })
})

test('tokens are counted where a budget has too little left for the longest answer', async () => {
  const relay = await openRelay(mock.url, { policy: { budgets: [{ limit: { usd: 0.01 }, per: 'day' }] } })
  const [claude, gpt, gemini] = await Promise.all([
    anthropic(relay).messages.countTokens({ model: 'claude-opus-4-5', messages }),
    openai(relay).responses.inputTokens.count({ model: 'gpt-5', input: 'Hello' }),
    google(relay).models.countTokens({ model: 'gemini-2.5-pro', contents: 'Hello' }),
  ])
  for (const tokens of [claude.input_tokens, gpt.input_tokens, gemini.totalTokens]) expect(tokens).toBeGreaterThan(0)
})

test('tokens are guessed where the vendor does not answer, or is not to see what the request says', async () => {
  mock.script({ status: 500 })
  const count = async (relay: TestRelay) =>
    (await anthropic(relay).messages.countTokens({ model: 'claude-haiku-4-5', messages })).input_tokens
  expect(await count(await openRelay(mock.url))).toBeGreaterThan(0)
  expect(mock.requests).toHaveLength(1)
  const filter = { use: 'content-filter' as const, keywords: ['bluebird'] }
  for (const policy of [{ redact: true }, { modules: [filter] }])
    expect(await count(await openRelay(mock.url, { policy }))).toBeGreaterThan(0)
  expect(mock.requests).toHaveLength(1)
  mock.script({ status: 500, body: '{"input_tokens":777}' })
  expect(await count(await openRelay(mock.url))).not.toBe(777)
})

test('tokens are counted as often as the rate limits let anybody ask a vendor', async () => {
  const relay = await openRelay(mock.url, { policy: { rateLimit: [{ limit: { requests: 1 }, per: 'hour' }] } })
  const count = () => anthropic(relay).messages.countTokens({ model: 'claude-haiku-4-5', messages })
  expect((await count()).input_tokens).toBeGreaterThan(0)
  await expect(count()).rejects.toMatchObject({ status: 429 })
  expect(mock.requests).toHaveLength(1)
})

describe("Google's SDK", () => {
  test('has answers, streams and embeddings, counts tokens and lists models', async () => {
    const { models } = google(await openRelay(mock.url))
    const model = 'gemini-2.5-flash'
    expect((await models.generateContent({ model, contents: 'Hello' })).text).toContain('Hello')
    let text = ''
    for await (const chunk of await models.generateContentStream({ model: 'claude-haiku-4-5', contents: 'Hello' }))
      text += chunk.text ?? ''
    expect(text).toContain('Hello')
    expect((await models.countTokens({ model, contents: 'Hello, how are you?' })).totalTokens).toBeGreaterThan(2)
    const { embeddings } = await models.embedContent({ model: 'gemini-embedding-001', contents: 'Hello' })
    expect(embeddings?.[0]?.values?.length).toBeGreaterThan(0)
    const byListedName = await models.embedContent({ model: 'google/gemini-embedding-001', contents: 'Hello' })
    expect(byListedName.embeddings).toEqual(embeddings)
    const names: (string | undefined)[] = []
    for await (const found of await models.list()) names.push(found.name)
    expect(names).toContain('models/google/gemini-2.5-flash')
    expect(await models.get({ model })).toMatchObject({ name: 'models/google/gemini-2.5-flash' })
  })
})

test.each([
  '/v1beta/models/gemini-2.5-flash%3AgenerateContent',
  '/v1/google/v1beta/models/gemini-2.5-flash%3agenerateContent',
  '/v1beta/models/gemini-2.5-flash%3AcountTokens',
])('the colon in front of a method of Google may be escaped, as Google has it: %s', async (path) => {
  const { ask, call } = await openRelay(mock.url)
  const { status } = await ask('POST', path, { contents: [{ role: 'user', parts: [{ text: 'Hello' }] }] }, call)
  expect(status).toBe(200)
})
