/** What users of other gateways have met with their bills. Each test is named after the thread that tells of it. */
import type OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import { openPrices } from '../../src/catalog/prices/open.js'
import { usdOf } from '../../src/core/money.js'
import { costOf } from '../../src/core/price.js'
import { buckets, outputTotal, total, usageOf } from '../../src/core/usage.js'
import { LeashLLM } from '../../src/index.js'
import type { Leash, LeashOptions, LedgerLine } from '../../src/leash.js'
import { fold } from '../../src/ledger/fold.js'
import { until } from '../helpers/mock.js'

const vendors = { openai: { apiKey: 'k' }, anthropic: { apiKey: 'k' }, google: { apiKey: 'k' } }

/** Dollars for a million tokens, so chosen that each bucket shows in a sum. */
const rates = { input: 1, cacheRead: 0.1, cacheWrite: 1.25, cacheWrite1h: 2, output: 10 }
const prices = { 'openai/*': rates, 'anthropic/*': rates, 'google/*': rates }

type Answer = (url: string, init: RequestInit) => Response | Promise<Response>

interface Billed {
  readonly leash: Leash
  readonly client: LeashLLM
  readonly lines: LedgerLine[]
  readonly sent: { url: string; body: Record<string, unknown> }[]
}

/** A client whose vendors give these answers, one after another, the last of them again and again. */
function billed(...given: (Answer | LeashOptions)[]): Billed {
  const answers = given.filter((one) => typeof one === 'function')
  const options = given.find((one) => typeof one !== 'function')
  const lines: LedgerLine[] = []
  const sent: Billed['sent'] = []
  const client = new LeashLLM({
    apiKey: 'k',
    providers: vendors,
    prices,
    maxRetries: 0,
    ledger: { sink: (more) => void lines.push(...more) },
    ...options,
    fetch: async (input, init = {}) => {
      const url = String(input instanceof Request ? input.url : input)
      sent.push({ url, body: JSON.parse(String(init.body ?? '{}')) })
      const answer = answers[Math.min(sent.length, answers.length) - 1] ?? expect.fail()
      return answer(url, init)
    },
  })
  return { leash: client.leash, client, lines, sent }
}

const json =
  (body: unknown): Answer =>
  () =>
    Response.json(body)
/** Cut in the middle. */
const unread: Answer = () => new Response('{"id":"c","cho', { headers: { 'content-type': 'application/json' } })
const silent: Answer = (_, { signal }) =>
  new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
const sse =
  (...events: readonly unknown[]): Answer =>
  () =>
    streamOf(events, true)
/** Never ends by itself. */
const endless =
  (...events: readonly unknown[]): Answer =>
  () =>
    streamOf(events, false)

function streamOf(events: readonly unknown[], ends: boolean): Response {
  const bytes = new TextEncoder()
  const named = (event: unknown) => {
    const type = Object(event).type
    const data = typeof event === 'string' ? event : JSON.stringify(event)
    return bytes.encode(`${typeof type === 'string' ? `event: ${type}\n` : ''}data: ${data}\n\n`)
  }
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const event of events) controller.enqueue(named(event))
      if (ends) controller.close()
    },
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}

const chatUsage = {
  prompt_tokens: 1000,
  completion_tokens: 100,
  total_tokens: 1100,
  prompt_tokens_details: { cached_tokens: 900 },
  completion_tokens_details: { reasoning_tokens: 64 },
}
const chat = (usage: unknown = chatUsage) => ({
  id: 'c',
  object: 'chat.completion',
  created: 1,
  model: 'gpt-4o',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hi', refusal: null }, finish_reason: 'stop', logprobs: null }],
  usage,
})
const chunk = (delta: object, finish_reason: string | null = null) => ({
  id: 'c',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'gpt-4o',
  choices: [{ index: 0, delta, finish_reason }],
})
const usageChunk = { ...chunk({}), choices: [], usage: chatUsage }
const chatStream = sse(chunk({ role: 'assistant', content: 'Hi' }), chunk({}, 'stop'), usageChunk, '[DONE]')

const claudeUsage = { input_tokens: 10, cache_creation_input_tokens: 1000, cache_read_input_tokens: 100, output_tokens: 5 }
const claude = (usage: unknown = claudeUsage) => ({
  id: 'm',
  type: 'message',
  role: 'assistant',
  model: 'claude-haiku-4-5',
  content: [{ type: 'text', text: 'Hi' }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage,
})
const claudeStream = (first: object, last: object) =>
  sse(
    { type: 'message_start', message: { ...claude(first), content: [], stop_reason: null } },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hi' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: last },
    { type: 'message_stop' },
  )

const messages = [{ role: 'user' as const, content: 'How many moons?' }]
const ask = (client: OpenAI, model = 'gpt-4o') => client.chat.completions.create({ model, messages })
async function streamed(client: OpenAI, model = 'gpt-4o') {
  const chunks: OpenAI.ChatCompletionChunk[] = []
  for await (const chunk of await client.chat.completions.create({ model, messages, stream: true })) chunks.push(chunk)
  return chunks
}

/** Nano-dollars: a thousand for a token at a dollar for a million. */
const nano = (dollars: number) => Math.round(dollars * 1000)

test('BerriAI/litellm#11789: a stream with cached tokens costs what the whole answer does', async () => {
  const { client, leash, lines } = billed(json(chat()), chatStream)
  await ask(client)
  await streamed(client)
  await leash.close()
  const cost = nano(100 * 1 + 900 * 0.1 + 100 * 10)
  expect(lines.map((line) => [line.cost, line.basis])).toEqual([
    [cost, 'complete'],
    [cost, 'complete'],
  ])
})

test('BerriAI/litellm#9812: what Anthropic writes to its cache is charged once', async () => {
  const { client, leash, lines } = billed(json(claude()), claudeStream(claudeUsage, { output_tokens: 5 }))
  await ask(client, 'claude-haiku-4-5')
  await streamed(client, 'claude-haiku-4-5')
  await leash.close()
  for (const { cost, usage } of lines) {
    expect(total(usage)).toBe(10 + 1000 + 100 + 5)
    expect(cost).toBe(nano(10 + 1000 * 1.25 + 100 * 0.1 + 5 * 10))
  }
  expect(lines).toHaveLength(2)
})

test('BerriAI/litellm#16377: above 200,000 tokens what was cached costs more too', async () => {
  const book = await openPrices().book.get()
  const price = book.price({ provider: { name: 'google' }, model: 'gemini-2.5-pro' }) ?? expect.fail()
  const cost = (cacheRead: number) => usdOf(costOf(price, usageOf({ cacheRead })) ?? Number.NaN)
  expect(cost(200_000)).toBe(0.025)
  expect(cost(200_001)).toBe(0.05000025)
})

describe('BerriAI/litellm PR 39294: each attempt is priced by the model that it went to', () => {
  const dear = { input: 100, output: 1000 }
  const apart = { 'openai/gpt-4o': dear, 'openai/*': rates, 'anthropic/*': rates }

  test.each([
    ['the first one dear', 'gpt-4o', 'claude-haiku-4-5', claude({ input_tokens: 10, output_tokens: 5 }), 100, 1],
    ['the second one dear', 'gpt-4o-mini', 'gpt-4o', chat({ prompt_tokens: 10, completion_tokens: 5 }), 1, 100],
  ] as const)('%s', async (_, first, second, answer, firstTimes, secondTimes) => {
    const { client, leash, lines } = billed({ prices: apart, fallback: [second] }, unread, json(answer))
    await ask(client, first)
    await leash.close()
    expect(lines.map(({ model, outcome }) => [model, outcome])).toEqual([
      [first, 'error'],
      [second, 'ok'],
    ])
    expect(lines[0]?.cost).toBe(nano((lines[0]?.usage.input ?? 0) * firstTimes))
    expect(lines[1]?.cost).toBe(nano((10 + 5 * 10) * secondTimes))
    expect(leash.usage({ by: 'model' }).map(({ of, nano }) => [of.model, nano])).toEqual(
      expect.arrayContaining(lines.map(({ model, cost }) => [model, cost])),
    )
  })
})

test('BerriAI/litellm PR 39850: reasoning is a part of the output, and not charged beside it', async () => {
  const { client, leash, lines } = billed(json(chat({ ...chatUsage, prompt_tokens_details: {} })))
  await ask(client)
  await leash.close()
  expect(lines[0]?.usage).toMatchObject({ output: 36, reasoning: 64 })
  expect(lines[0]?.cost).toBe(nano(1000 + 100 * 10))
})

const response = {
  id: 'resp_1',
  object: 'response',
  created_at: 1,
  status: 'completed',
  model: 'gpt-4o',
  output: [
    {
      id: 'msg_1',
      type: 'message',
      status: 'completed',
      role: 'assistant',
      content: [{ type: 'output_text', text: 'Hi', annotations: [] }],
    },
  ],
  usage: {
    input_tokens: 10,
    output_tokens: 5,
    total_tokens: 15,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens_details: { reasoning_tokens: 0 },
  },
}

describe('BerriAI/litellm#17814: nothing is billed twice', () => {
  test('a stored answer that is fetched again is no new line', async () => {
    const { client, leash, lines } = billed(json(response))
    const { id } = await client.responses.create({ model: 'gpt-4o', input: 'How many moons?' })
    expect((await client.responses.retrieve(id)).output_text).toBe('Hi')
    await leash.close()
    expect(lines).toHaveLength(1)
  })

  test('a line that is delivered twice counts once', async () => {
    const { client, leash, lines } = billed(json(chat()))
    await ask(client)
    await ask(client)
    await leash.close()
    expect(new Set(lines.map(({ id }) => id)).size).toBe(2)
    expect(fold([...lines, ...lines])).toEqual(fold(lines))
  })
})

test('BerriAI/litellm#15740: an answer that is translated to Responses is one line', async () => {
  const { client, leash, lines } = billed(json(claude()))
  await client.responses.create({ model: 'claude-haiku-4-5', input: 'How many moons?' })
  await leash.close()
  expect(lines).toMatchObject([{ protocol: 'anthropic-messages', model: 'claude-haiku-4-5', basis: 'complete' }])
})

const words = Array.from({ length: 40 }, () => chunk({ content: ' moons' }))

describe('BerriAI/litellm#13245: what was sent is metered, however it ends', () => {
  test('a caller who goes away leaves an estimate', async () => {
    const { client, leash, lines } = billed(endless(...words))
    const stream = await client.chat.completions.create({ model: 'gpt-4o', messages, stream: true })
    for await (const _ of stream) break
    await until(() => lines.length === 1)
    await leash.close()
    expect(lines).toMatchObject([{ outcome: 'cancelled', basis: 'estimated' }])
    expect(lines[0]?.usage.input).toBeGreaterThan(0)
    expect(lines[0]?.usage.output).toBeGreaterThan(0)
  })

  const lost: [string, Answer, Partial<LedgerLine>][] = [
    ['whose connection broke before an answer', () => Promise.reject(new TypeError('fetch failed')), { error: 'network_error' }],
    ['that nobody answered in time', silent, { error: 'timeout' }],
    ['whose answer cannot be read', unread, { error: 'upstream_malformed', status: 200 }],
    ['whose stream was cut', sse(...words), { error: 'stream_truncated', status: 200 }],
  ]
  test.each(lost)('a request %s leaves an estimate too, and not a line of 0 tokens', async (_, answer, expected) => {
    const { client, leash, lines } = billed(answer)
    const isCut = expected.error === 'stream_truncated'
    const options = { timeout: 100 }
    const asked = isCut
      ? client.chat.completions.create({ model: 'gpt-4o', messages, stream: true }, options).then(async (stream) => {
          for await (const _ of stream);
        })
      : client.chat.completions.create({ model: 'gpt-4o', messages }, options)
    await expect(asked).rejects.toThrow()
    await leash.close()
    expect(lines).toMatchObject([{ outcome: 'error', basis: 'estimated', ...expected }])
    expect(lines[0]?.usage.input).toBeGreaterThan(0)
    expect(lines[0]?.usage.output === 0).toBe(!isCut)
    expect(lines[0]?.cost).toBe(nano((lines[0]?.usage.input ?? 0) + 10 * (lines[0]?.usage.output ?? 0)))
    expect(leash.usage()).toMatchObject([{ attempts: 1, estimated: 1, nano: lines[0]?.cost }])
  })

  test('a request that was refused is not billed', async () => {
    const { client, leash, lines } = billed(() => Response.json({ error: { message: 'No.' } }, { status: 429 }))
    await expect(ask(client)).rejects.toThrow()
    await leash.close()
    expect(lines).toMatchObject([{ outcome: 'error', error: 'rate_limited', basis: 'complete', cost: 0 }])
  })
})

test('BerriAI/litellm#11915: usage is asked for in a stream, and only shown to a caller who asked', async () => {
  const { client, leash, lines, sent } = billed(chatStream)
  const chunks = await streamed(client)
  await leash.close()
  expect(sent[0]?.body.stream_options).toEqual({ include_usage: true })
  expect(chunks.filter(({ usage }) => usage)).toEqual([])
  expect(lines).toMatchObject([{ basis: 'complete', usage: { cacheRead: 900 } }])
})

test('maximhq/bifrost#3357: streams that are cancelled are in the total', async () => {
  const { client, leash, lines } = billed(chatStream, endless(...words), chatStream, endless(...words))
  for (let call = 0; call < 2; call++) {
    await streamed(client)
    for await (const _ of await client.chat.completions.create({ model: 'gpt-4o', messages, stream: true })) break
  }
  await until(() => lines.length === 4)
  const [all] = leash.usage()
  await leash.close()
  expect(all).toMatchObject({ calls: 4, attempts: 4, estimated: 2 })
  for (const { cost } of lines) expect(cost).toBeGreaterThan(0)
  expect(all?.nano).toBe(lines.reduce((sum, { cost }) => sum + (cost ?? 0), 0))
})

describe('vercel/ai PR 6738 and Portkey-AI/gateway PR 1458: the thoughts of Gemini are output', () => {
  const gemini = (usageMetadata: object) => ({
    candidates: [{ content: { role: 'model', parts: [{ text: 'Hi' }] }, finishReason: 'STOP', index: 0 }],
    usageMetadata,
    modelVersion: 'gemini-2.5-flash',
  })
  test.each([
    [
      'beside the candidates',
      { promptTokenCount: 26, candidatesTokenCount: 50, thoughtsTokenCount: 1544, totalTokenCount: 1620 },
    ],
    ['inside them', { promptTokenCount: 26, candidatesTokenCount: 1594, thoughtsTokenCount: 1544, totalTokenCount: 1620 }],
  ])('%s, by what the total says', async (_, usage) => {
    const { client, leash, lines } = billed(json(gemini(usage)), sse(gemini(usage)))
    await ask(client, 'gemini-2.5-flash')
    await streamed(client, 'gemini-2.5-flash')
    await leash.close()
    for (const line of lines) {
      expect(line.usage).toMatchObject({ input: 26, output: 50, reasoning: 1544 })
      expect(line.cost).toBe(nano(26 + 1594 * 10))
    }
    expect(lines).toHaveLength(2)
  })
})

test('langchain-ai/langchainjs#10249: of cumulative usage the last counts, and nothing is added up', async () => {
  const { client, leash, lines } = billed(claudeStream({ ...claudeUsage, output_tokens: 1 }, claudeUsage))
  await streamed(client, 'claude-haiku-4-5')
  await leash.close()
  expect(lines[0]?.usage).toEqual(usageOf({ input: 10, cacheWrite: 1000, cacheRead: 100, output: 5 }))
})

test('PostHog/posthog-js#2829: a bucket means the same whoever counted, and its name never comes to mean another thing', async () => {
  const same = { input: 100, cacheRead: 900, output: 100 }
  const { client, leash, lines } = billed(
    json(chat({ ...chatUsage, completion_tokens_details: {} })),
    json(claude({ input_tokens: 100, cache_read_input_tokens: 900, cache_creation_input_tokens: 0, output_tokens: 100 })),
    json({
      candidates: [{ content: { role: 'model', parts: [{ text: 'Hi' }] }, finishReason: 'STOP', index: 0 }],
      usageMetadata: { promptTokenCount: 1000, cachedContentTokenCount: 900, candidatesTokenCount: 100, totalTokenCount: 1100 },
    }),
  )
  for (const model of ['gpt-4o', 'claude-haiku-4-5', 'gemini-2.5-flash']) await ask(client, model)
  await leash.close()
  expect(lines.map(({ usage }) => usage)).toEqual(Array.from({ length: 3 }, () => usageOf(same)))
  // Lines are kept in files and tables: these may get more members, and none may go or be renamed.
  expect(Object.keys(lines[0]?.usage ?? {})).toEqual(
    expect.arrayContaining([
      'input',
      'cacheRead',
      'cacheWrite',
      'cacheWrite1h',
      'audioInput',
      'output',
      'reasoning',
      'audioOutput',
    ]),
  )
  expect(lines.map(({ usage }) => buckets.reduce((sum, bucket) => sum + usage[bucket], 0))).toEqual([1100, 1100, 1100])
  expect(lines.map(({ usage }) => outputTotal(usage))).toEqual([100, 100, 100])
})
