/** Ours against the price data's own calculation, which shares no code with it. */
import { calcPrice, extractUsage, findProvider } from '@pydantic/genai-prices'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { createBook } from '../../../src/catalog/prices/book.js'
import { loadData } from '../../../src/catalog/prices/genai.js'
import { openPrices } from '../../../src/catalog/prices/open.js'
import { collect } from '../../../src/core/events.js'
import { usdOf } from '../../../src/core/money.js'
import { costOf, type PriceBook } from '../../../src/core/price.js'
import { buckets, inputTotal, noUsage, type Usage, usageOf } from '../../../src/core/usage.js'
import { anthropicMessages } from '../../../src/protocols/anthropic-messages/index.js'
import { bedrockConverse } from '../../../src/protocols/bedrock-converse/index.js'
import { gemini } from '../../../src/protocols/gemini/index.js'
import { openaiChat } from '../../../src/protocols/openai-chat/index.js'
import { openaiResponses } from '../../../src/protocols/openai-responses/index.js'
import type { ChatProtocol } from '../../../src/protocols/protocol.js'
import { bytesOf, decodeContext, decodeStream } from '../../helpers/decode.js'
import { type Recording, recordings } from '../../helpers/recorded.js'
import { referenceCost } from './reference.js'

/** By provider: its name in the price data, and models. Some by the whole of a long name, some with two or three steps of length. */
const table = {
  openai: [
    'openai',
    'gpt-5.5',
    'gpt-5.4',
    'gpt-5.2',
    'gpt-5-mini',
    'gpt-4.1',
    'gpt-4.1-nano',
    'gpt-4o',
    'gpt-4o-mini',
    'o3',
    'o4-mini',
  ],
  'openai ': [
    'openai',
    'gpt-6-sol',
    'gpt-5.6-luna',
    'gpt-audio',
    'gpt-4o-realtime-preview',
    'gpt-4o-2024-05-13',
    'o3-2025-04-16',
  ],
  azure: ['azure', 'gpt-4o', 'o4-mini', 'phi-4'],
  anthropic: [
    'anthropic',
    'claude-opus-5-5',
    'claude-opus-5',
    'claude-sonnet-5',
    'claude-sonnet-4-5-20250929',
    'claude-haiku-4-5',
  ],
  'anthropic ': ['anthropic', 'claude-opus-4-6', 'claude-fable-5-1', 'claude-3-haiku-20240307'],
  google: ['google', 'gemini-3.8-flash', 'gemini-3.1-pro-preview', 'gemini-2.5-pro', 'gemini-2.5-flash', 'gemini-2.0-flash'],
  vertex: ['google', 'gemini-2.5-flash-lite', 'claude-sonnet-4-5@20250929'],
  bedrock: [
    'aws',
    'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
    'global.anthropic.claude-opus-4-6-v1:0',
    'amazon.nova-pro-v1:0',
  ],
  groq: ['groq', 'openai/gpt-oss-120b', 'llama-3.3-70b-versatile'],
  mistral: ['mistral', 'mistral-large-2512', 'codestral-2508'],
  xai: ['x-ai', 'grok-4.5', 'grok-4.3'],
  openrouter: ['openrouter', 'google/gemini-2.5-flash-lite', 'anthropic/claude-sonnet-4.5'],
  moonshot: ['moonshotai', 'kimi-k3'],
  perplexity: ['perplexity', 'sonar'],
  cohere: ['cohere', 'command-r7b-12-2024'],
} as const satisfies Record<string, readonly [id: string, ...models: string[]]>

const models = Object.entries(table).flatMap(([provider, [id, ...names]]) =>
  names.map((model) => ({ provider: provider.trim(), id, model })),
)

/** Each bucket alone, each two, all, and all at a length that reaches every step there is. */
const combinations: readonly Usage[] = [
  ...buckets.map((bucket) => usageOf({ [bucket]: 1_234 })),
  ...buckets.flatMap((a, index) => buckets.slice(index + 1).map((b) => usageOf({ [a]: 1_001, [b]: 77_777 }))),
  usageOf({ input: 199_999, output: 500 }),
  usageOf({ input: 200_000, output: 500 }),
  usageOf({ input: 200_001, output: 500 }),
  usageOf({ input: 271_999, cacheRead: 1, output: 3 }),
  usageOf({ input: 271_999, cacheRead: 2, output: 3 }),
  usageOf({ input: 1, cacheRead: 150_000, cacheWrite: 140_000, output: 64_000, reasoning: 12_345 }),
  usageOf(Object.fromEntries(buckets.map((bucket, index) => [bucket, 13 ** (index % 5)]))),
  noUsage,
]

/** Vendors charge an hour of cache in the clouds, and OpenAI twelve, too; the price data has it for Anthropic's own API alone. */
const comparable = (provider: string, usage: Usage) =>
  usage.cacheWrite1h === 0 || !['bedrock', 'vertex', 'openai'].includes(provider)

const moments = ['2026-11-21T12:00:00Z', '2026-01-15T03:00:00Z', '2025-06-01T00:00:00Z', '2027-02-01T17:00:00Z'].map(
  (day) => new Date(day),
)

let book: PriceBook

beforeAll(async () => {
  book = await openPrices().book.get()
})

test('the table has at least forty models', () => {
  expect(new Set(models.map(({ provider, model }) => `${provider}/${model}`)).size).toBeGreaterThanOrEqual(40)
})

describe.each(models)('$provider/$model', ({ provider, id, model }) => {
  test.each(moments)('costs the same on %s, whatever buckets are used', (at) => {
    const price = book.price({ provider: { name: provider }, model }, at.getTime())
    let compared = 0
    for (const usage of combinations.filter((usage) => comparable(provider, usage))) {
      const expected = referenceCost(id, model, usage, at)
      const cost = price && costOf(price, usage)
      expect(Math.abs(usdOf(cost ?? Number.NaN) - (expected ?? Number.NaN)), JSON.stringify(usage)).toBeLessThanOrEqual(1e-9)
      compared++
    }
    expect(compared).toBeGreaterThan(20)
  })
})

test('every model with a price for text in and out agrees, without our own table, at any usage', async () => {
  const bare = createBook(await loadData(), () => [])
  const all = Object.entries({ openai: 'openai', anthropic: 'anthropic', google: 'google', bedrock: 'aws', xai: 'x-ai' }).flatMap(
    ([provider, id]) => findProvider({ providerId: id })?.models.map((model) => ({ provider, id, model: model.id })) ?? [],
  )
  // A model that is told by the beginning of its name is not always found by its own id.
  const priced = all.filter(
    ({ provider, model }) =>
      bare.price({ provider: { name: provider }, model }, at.getTime())?.tiers.standard?.[0]?.rates.output !== undefined,
  )
  expect(priced.length).toBeGreaterThan(180)
  const tokens = fc.nat({ max: 400_000 })
  const usages = fc.record(Object.fromEntries(buckets.map((bucket) => [bucket, tokens]))).map((some) => usageOf(some))
  fc.assert(
    fc.property(fc.constantFrom(...priced), usages, ({ provider, id, model }, usage) => {
      const price = bare.price({ provider: { name: provider }, model }, at.getTime())
      const cost = usdOf((price && costOf(price, usage)) ?? Number.NaN)
      expect(Math.abs(cost - (referenceCost(id, model, usage, at) ?? Number.NaN)), `${provider}/${model}`).toBeLessThanOrEqual(
        1e-9,
      )
    }),
    { numRuns: 2000 },
  )
})

/** Which recorded model was whose. */
const hosts: readonly (readonly [host: RegExp, provider: string, id: string])[] = [
  [/api\.openai\.com/, 'openai', 'openai'],
  [/\.azure\.com/, 'azure', 'azure'],
  [/api\.anthropic\.com/, 'anthropic', 'anthropic'],
  [/generativelanguage/, 'google', 'google'],
  [/aiplatform/, 'vertex', 'google'],
  [/bedrock-runtime/, 'bedrock', 'aws'],
  [/api\.groq\.com/, 'groq', 'groq'],
  [/api\.mistral\.ai/, 'mistral', 'mistral'],
  [/api\.x\.ai/, 'xai', 'x-ai'],
  [/api\.deepseek\.com/, 'deepseek', 'deepseek'],
  [/openrouter\.ai/, 'openrouter', 'openrouter'],
  [/api\.cohere/, 'cohere', 'cohere'],
  [/cerebras/, 'cerebras', 'cerebras'],
  [/together/, 'together', 'together'],
]

const at = new Date('2026-11-21T12:00:00Z')

/** Names that the price data leads to an older model. */
const movedTo: Readonly<Record<string, string>> = { 'mistral-large-latest': 'mistral-large-2512' }

interface Recorded {
  readonly file: string
  readonly protocol: string
  readonly recording: Recording
  readonly usage: Usage
  readonly asked: { readonly provider: string; readonly id: string; readonly model: string } | undefined
}

const recorded = ([openaiChat, openaiResponses, anthropicMessages, gemini, bedrockConverse] as ChatProtocol[]).flatMap(
  (protocol) =>
    recordings(protocol.name).flatMap((recording): Recorded[] => {
      const usage = usageIn(protocol, recording)
      if (!usage || inputTotal(usage) === 0) return []
      return [{ file: recording.file, protocol: protocol.name, recording, usage, asked: askedOf(recording) }]
    }),
)

function isPriced(one: Recorded): one is Recorded & { asked: NonNullable<Recorded['asked']> } {
  return (
    one.asked !== undefined &&
    referenceCost(one.asked.id, one.asked.model, one.usage, at) !== null &&
    one.asked.provider !== 'deepseek'
  )
}

function usageIn(protocol: ChatProtocol, { response }: Recording & { response: { body_base64?: string } }): Usage | undefined {
  if (!response || response.status >= 400) return undefined
  const { sse, body, body_base64 } = response
  try {
    if (sse !== undefined) return collect(decodeStream(protocol, bytesOf(sse))).usage
    if (body_base64 !== undefined)
      return collect(decodeStream(protocol, new Uint8Array(Buffer.from(body_base64, 'base64')))).usage
    return protocol.upstream.decodeResponse(body, decodeContext()).usage
  } catch {
    return undefined
  }
}

function askedOf({ request }: Recording): Recorded['asked'] {
  const [, provider, id] = hosts.find(([host]) => host.test(request.url)) ?? []
  const model = /\/models?\/([^/:]+(?::\d+)?)/.exec(decodeURIComponent(request.url))?.[1] ?? String(request.body?.model ?? '')
  return provider === undefined || id === undefined ? undefined : { provider, id, model }
}

describe('recorded traffic', () => {
  test('there is some of every protocol', () => {
    expect(new Set(recorded.map(({ protocol }) => protocol)).size).toBe(5)
    expect(recorded.length).toBeGreaterThan(40)
  })

  test.each(recorded.filter(isPriced))(
    '$file costs the same by our reading of its tokens',
    ({ asked: { provider, id, model }, usage }) => {
      const price = book.price({ provider: { name: provider }, model }, at.getTime())
      const cost = usdOf((price && costOf(price, usage)) ?? Number.NaN)
      expect(cost).toBeGreaterThan(0)
      expect(Math.abs(cost - (referenceCost(id, movedTo[model] ?? model, usage, at) ?? Number.NaN))).toBeLessThanOrEqual(1e-9)
    },
  )

  const unary = recorded.filter(isPriced).flatMap((one) => {
    const tokens = tokensIn(one.asked.id, one.recording.response.body)
    return tokens ? [{ ...one, tokens }] : []
  })

  test.each(unary)(
    '$file costs the same by the price data’s own reading',
    ({ asked: { provider, id, model }, usage, tokens }) => {
      const price = book.price({ provider: { name: provider }, model }, at.getTime())
      const expected = calcPrice(tokens, movedTo[model] ?? model, { providerId: id, timestamp: at })?.total_price ?? Number.NaN
      expect(Math.abs(usdOf((price && costOf(price, usage)) ?? Number.NaN) - expected)).toBeLessThanOrEqual(1e-9)
    },
  )

  test('is unknown, not free, where nobody tells a price', () => {
    const without = recorded.filter((one) => !isPriced(one))
    expect(without.length).toBeGreaterThan(0)
    for (const { asked, usage } of without) {
      const price = book.price(
        { provider: { name: asked?.provider ?? 'ollama' }, model: asked?.model ?? 'qwen3:0.6b' },
        at.getTime(),
      )
      expect(price && costOf(price, usage)).toBeNull()
    }
  })
})

/** What the price data itself reads in a body, but for the searches, which are no tokens. */
function tokensIn(id: string, body: unknown): Record<string, number | undefined> | undefined {
  const provider = findProvider({ providerId: id })
  for (const flavour of ['default', 'chat', 'anthropic']) {
    try {
      const { web_searches: _, ...tokens } = (provider && extractUsage(provider, body, flavour).usage) ?? {}
      return tokens
    } catch {}
  }
  return undefined
}
