import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { matches } from '../../../src/catalog/prices/book.js'
import { openPrices, type PricesOptions } from '../../../src/catalog/prices/open.js'
import { usdOf } from '../../../src/core/money.js'
import { costOf, type Price, type PriceBook, type ServiceTier, worstCase } from '../../../src/core/price.js'
import type { Traits } from '../../../src/core/provider.js'
import { type Usage, usageOf } from '../../../src/core/usage.js'
import { withBeside } from '../../../src/protocols/beside.js'
import { costWith } from '../../../src/protocols/cost-with.js'

const noon = Date.parse('2026-11-20T12:00:00Z')
const bookOf = (options?: PricesOptions) => openPrices(options).book.get()

function split(name: string) {
  const slash = name.indexOf('/')
  return { provider: { name: name.slice(0, slash) }, model: name.slice(slash + 1) }
}

function priceIn(book: PriceBook, name: string, at = noon): Price | null {
  return book.price(split(name), at)
}

/** Dollars for a million tokens of each. */
function dollars(price: Price | null, bucket: keyof Usage, tier?: ServiceTier): number | null {
  const cost = price && costOf(price, usageOf({ [bucket]: 50_000 }), tier)
  return cost === null ? null : usdOf(cost * 20)
}

let book: PriceBook
beforeAll(async () => {
  book = await bookOf()
})
const known = (name: string, at?: number) => priceIn(book, name, at)

describe('a search of the web', () => {
  const searches = async (name: string, prices?: PricesOptions) => priceIn(await bookOf(prices), name)?.search
  const claude = 'anthropic/claude-sonnet-5'

  test('has the price that the vendor tells, also where another sells the model', async () => {
    expect([await searches(claude), await searches('vertex/claude-sonnet-5')]).toEqual([10_000_000, 10_000_000])
    for (const newest of ['anthropic/claude-sonnet-5-5', 'anthropic/claude-fable-5-2', 'vertex/claude-opus-5-5'])
      expect([newest, await searches(newest)]).toEqual([newest, 10_000_000])
    expect(await searches('groq/openai/gpt-oss-120b')).toBeUndefined()
  })

  test('has a price of one’s own, and none in a whole price that does not name it', async () => {
    expect(await searches(claude, { [claude]: { search: '0.03' } })).toBe(30_000_000)
    expect(await searches(claude, { [claude]: { multiplier: 0.5 } })).toBe(5_000_000)
    expect(await searches(claude, { [claude]: { multiplier: { output: 0.5 } } })).toBe(10_000_000)
    expect(await searches(claude, { [claude]: { input: 1, output: 1, search: 0 } })).toBe(0)
    expect(await searches(claude, { [claude]: { input: 1, output: 1 } })).toBeUndefined()
    await expect(searches(claude, { [claude]: { search: -1 } })).rejects.toThrow('`search` must be US dollars')
  })

  test('changes the version of the price', async () => {
    const [before, after] = await Promise.all([1, 2].map((search) => bookOf({ [claude]: { input: 1, output: 1, search } })))
    expect(before && priceIn(before, claude)?.version).not.toBe(after && priceIn(after, claude)?.version)
  })
})

test('hours of a peak may go on after midnight, into a day of which they are none', async () => {
  const prices = { input: 1, output: 1, peak: { hours: ['22:00-02:00'], weekdays: true, multiplier: 2 } }
  const night = await bookOf({ 'acme/*': prices })
  const rate = (time: string) => dollars(priceIn(night, 'acme/m', Date.parse(time)), 'input')
  // From Thursday to Saturday.
  const times = ['26T21:59', '26T22:00', '27T00:00', '27T01:59', '27T02:00', '27T23:59', '28T00:00', '28T23:00']
  expect(times.map((time) => rate(`2026-11-${time}:00Z`))).toEqual([1, 2, 2, 2, 1, 2, 1, 1])
})

describe('a price', () => {
  test('tells its currency, its source, its day and its version', () => {
    expect(known('openai/o3')).toMatchObject({
      currency: 'USD',
      source: 'genai-prices',
      date: '2026-09-23',
      version: expect.stringMatching(/^genai-prices@0\.1\.8\+leashllm#[0-9a-f]{8}$/),
    })
    expect(known('openai/gpt-6.1-sol')).toMatchObject({
      source: expect.stringMatching(/^https:\/\/developers\.openai\.com/),
      date: '2026-10-01',
    })
  })

  test('has the same version as long as its numbers are the same, and another when they are not', async () => {
    const versions = await Promise.all(
      [{}, { 'openai/o3': { input: 2 } }, { 'openai/o3': { input: 2 } }, { 'openai/o3': { input: 3 } }].map(
        async (options) => priceIn(await bookOf(options), 'openai/o3')?.version,
      ),
    )
    expect(versions[1]).toBe(versions[2])
    expect(new Set(versions).size).toBe(3)
    expect(versions[1]).toMatch(/^own#/)
  })

  test('is compiled once', () => {
    expect(known('openai/gpt-4o')).toBe(known('openai/gpt-4o'))
  })

  test.each([
    'nobody/gpt-4o',
    'openai/gpt-99',
    'ollama/llama3',
    'vllm/gpt-oss-120b',
    `openai/${'x'.repeat(100_000)}`,
    'toString/constructor',
    '__proto__/x',
  ])('%.40s has none: null, and not 0', (name) => {
    expect(known(name)).toBeNull()
  })

  test('of a model that is free is 0, and known', () => {
    expect(costOf(known('google/gemma-3-27b-it') ?? expect.fail(), usageOf({ input: 1_000_000, output: 1000 }))).toBe(0)
    expect(costOf(known('openrouter/deepseek/deepseek-r1:free') ?? expect.fail(), usageOf({ input: 1 }))).toBe(0)
  })

  test('an entry of the price data without a price for tokens is none', () => {
    expect(known('openai/whisper-1')).toBeNull()
    expect(known('azure/phi-4-reasoning:free')).toBeNull()
  })

  test('of embeddings is for what goes in', () => {
    const price = known('openai/text-embedding-3-small')
    expect(dollars(price, 'input')).toBe(0.02)
    expect(dollars(price, 'output')).toBeNull()
  })
})

describe('a name is found as vendors spell it', () => {
  test.each([
    ['vertex/publishers/google/models/gemini-2.5-pro', 'google/gemini-2.5-pro'],
    ['google/models/gemini-2.5-flash', 'google/gemini-2.5-flash'],
    ['vertex/claude-opus-4-5@20251101', 'vertex/claude-opus-4-5'],
    ['vertex/claude-fable-5-1@20260901', 'vertex/claude-fable-5-1'],
    ['vertex/claude-sonnet-4-6@default', 'vertex/claude-sonnet-4-6'],
    ['openai/gpt-4o-2024-11-20', 'openai/gpt-4o'],
    ['anthropic/claude-haiku-4-5-20251001', 'anthropic/claude-haiku-4-5'],
    [
      'bedrock/arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-opus-5',
      'bedrock/us.anthropic.claude-opus-5',
    ],
    ['bedrock/arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-pro-v1:0', 'bedrock/amazon.nova-pro-v1:0'],
    ['bedrock/eu.meta.llama3-3-70b-instruct-v1:0', 'bedrock/meta.llama3-3-70b-instruct-v1:0'],
    ['bedrock/ca.anthropic.claude-opus-5', 'bedrock/anthropic.claude-opus-5'],
    ['perplexity/perplexity/sonar', 'perplexity/sonar'],
    ['azure/gpt-35-turbo', 'openai/gpt-3.5-turbo'],
  ])('%s costs what %s does', (name, same) => {
    expect(known(name)?.tiers.standard).toEqual(known(same)?.tiers.standard)
    expect(known(name)).not.toBeNull()
  })

  test('a region of Bedrock costs a tenth more than the whole world', () => {
    const rate = (name: string) => dollars(known(`bedrock/${name}`), 'input')
    expect([rate('global.anthropic.claude-sonnet-4-6-v1:0'), rate('eu.anthropic.claude-sonnet-4-6-v1:0')]).toEqual([3, 3.3])
    expect([
      rate('global.anthropic.claude-sonnet-5-5'),
      rate('us.anthropic.claude-sonnet-5-5'),
      rate('anthropic.claude-sonnet-5-5'),
    ]).toEqual([2, 2.2, 2.2])
  })

  test.each([
    ['bedrock/us.anthropic.claude-sonnet-5-6-v1:0', 'anthropic.claude-sonnet-5'],
    ['bedrock/amazon.titan-embed-text-v2:0', 'amazon.titan-embed-text-v1'],
    ['anthropic/claude-opus-4-9-20270101', 'claude-opus-4'],
    ['google/gemini-3.5-flash-lite-2', 'gemini-3.5-flash-lite'],
  ])('%s is not charged as the older %s', (name) => {
    expect(known(name)).toBeNull()
  })

  test('a deployment costs what the model behind it does', async () => {
    const traits = (baseModel: string) => ({ name: 'azure', traits: (): Traits => ({ baseModel }) })
    expect(book.price({ provider: traits('gpt-4o-mini'), model: 'chat-prod' }, noon)?.tiers).toEqual(
      known('azure/gpt-4o-mini')?.tiers,
    )
    const own = await bookOf({ 'azure/chat-prod': { input: 1, output: 2 }, 'azure/gpt-4o': { multiplier: 2 } })
    expect(dollars(own.price({ provider: traits('gpt-4o-mini'), model: 'chat-prod' }, noon), 'input')).toBe(1)
    expect(dollars(own.price({ provider: traits('gpt-4o'), model: 'other' }, noon), 'input')).toBe(5)
  })

  test('a deployment costs that, too, where it was first asked for by its name alone, and from then on by its name as well', async () => {
    const deployment = { provider: { name: 'azure', traits: (): Traits => ({ baseModel: 'gpt-4o' }) }, model: 'prod' }
    const byName = { provider: { name: 'azure' }, model: 'prod' }
    const own = await bookOf()
    expect(own.price(byName, noon)).toBeNull()
    expect(dollars(own.price(deployment, noon), 'input')).toBe(2.5)
    expect(dollars(own.price(byName, noon), 'input')).toBe(2.5)
  })

  test('Hugging Face charges what the provider behind the colon does', () => {
    expect(dollars(known('huggingface/openai/gpt-oss-120b:groq'), 'input')).toBeGreaterThan(0)
    expect(known('huggingface/openai/gpt-oss-120b')).toBeNull()
  })
})

describe('what the price data lacks', () => {
  test('batch and flex are half at OpenAI, cached tokens too', () => {
    const price = known('openai/gpt-5.2')
    expect([dollars(price, 'input', 'batch'), dollars(price, 'output', 'flex'), dollars(price, 'cacheRead', 'flex')]).toEqual([
      0.875, 7, 0.0875,
    ])
  })

  test('the fast tier has its multiple, and none where no page tells it', () => {
    expect(dollars(known('openai/gpt-5.5'), 'output', 'priority')).toBe(75)
    expect(dollars(known('openai/gpt-5-mini-2025-08-07'), 'output', 'priority')).toBe(3.6)
    expect(dollars(known('openai/gpt-4.1'), 'output', 'priority')).toBeNull()
    expect(dollars(known('openai/gpt-5.5-pro'), 'output', 'priority')).toBeNull()
  })

  test('fast mode of Claude is twice every token, cached ones too, where it can be had', () => {
    for (const [name, input, cacheRead, output] of [
      ['anthropic/claude-opus-5-5', 8, 0.4, 40],
      ['anthropic/claude-opus-5', 10, 1, 50],
      ['anthropic/claude-opus-4-8', 10, 1, 50],
      ['anthropic/claude-fable-5-2', 16, 0.4, 80],
      ['vertex/claude-fable-5-2', 16, 0.4, 80],
    ] as const) {
      const price = known(name)
      const told = (['input', 'cacheRead', 'output'] as const).map((bucket) => dollars(price, bucket, 'fast'))
      expect([name, ...told]).toEqual([name, input, cacheRead, output])
      // Capacity that is paid in advance has no price by the token.
      expect(dollars(price, 'output', 'priority')).toBeNull()
    }
    expect(dollars(known('anthropic/claude-sonnet-5-5'), 'output', 'fast')).toBeNull()
    expect(dollars(known('openai/gpt-5.5'), 'output', 'fast')).toBe(75)
  })

  describe('of a region', () => {
    const usage = usageOf({ input: 10_000, cacheRead: 5000, output: 1000 })
    const everywhere = (name: string) => costOf(known(name) ?? expect.fail(), usage) ?? Number.NaN
    const there = (name: string, inRegion: (url?: string) => boolean, url?: string) => {
      const { provider, model } = split(name)
      const price = book.price({ provider: { ...provider, inRegion }, model, ...(url && { origin: { url } }) }, noon)
      return (price && costOf(price, usage)) ?? Number.NaN
    }
    const ratio = (name: string) => Number((there(name, () => true) / everywhere(name)).toFixed(6))

    test('is a tenth more for every token of an answer that says so, but not for its searches', () => {
      const price = known('anthropic/claude-sonnet-5-5') ?? expect.fail()
      expect(costOf(price, usage, 'standard', {}, true)).toBe(33_550_000)
      expect(costWith(price, withBeside({ ...usage }, { regional: true, searches: 1 }), 'standard')).toBe(43_550_000)
      expect(costOf(known('anthropic/claude-opus-5-5') ?? expect.fail(), usage, 'fast', {}, true)).toBe(134_200_000)
      const most = { inputTokens: 15_000, maxOutputTokens: 1000, buckets: ['input', 'output'] as const }
      expect(worstCase(price, { ...most, regional: true })).toBe(44_000_000)
      // A price of one's own is the whole one.
      const own: Price = { ...price, regional: 1 }
      expect(costOf(own, usage, 'standard', {}, true)).toBe(costOf(price, usage))
    })

    test('is a tenth more at OpenAI for models since March 2026, on Vertex AI for Claude since Sonnet 4.5, and a quarter at Together', () => {
      for (const name of ['openai/gpt-5.4', 'openai/gpt-5.5-2026-04-23', 'openai/gpt-6.1-sol', 'vertex/claude-opus-4-5'])
        expect([name, ratio(name)]).toEqual([name, 1.1])
      expect(ratio('together/meta-llama/Llama-3.3-70B-Instruct-Turbo')).toBe(1.25)
      for (const name of ['openai/gpt-5.2', 'openai/gpt-4o', 'vertex/claude-sonnet-4@20250514', 'vertex/gemini-2.5-pro'])
        expect([name, ratio(name)]).toEqual([name, 1])
    })

    test('goes by the address that the call is sent to', () => {
      const inRegion = (url = 'https://everywhere.example') => url.startsWith('https://eu.')
      expect(there('openai/gpt-5.5', inRegion)).toBe(everywhere('openai/gpt-5.5'))
      expect(there('openai/gpt-5.5', inRegion, 'https://eu.example')).toBe(Math.round(everywhere('openai/gpt-5.5') * 1.1))
      expect(there('openai/gpt-5.5', inRegion)).toBe(everywhere('openai/gpt-5.5'))
    })

    test('can be told', async () => {
      const own = await bookOf({ 'x/m': { input: 1, output: 2, regional: 1.25 }, 'openai/*': { regional: 1.2 } })
      expect(priceIn(own, 'x/m')?.regional).toBe(1.25)
      expect(priceIn(own, 'openai/gpt-4o')?.regional).toBe(1.2)
      expect(priceIn(own, 'x/m')?.version).not.toBe(priceIn(await bookOf({ 'x/m': { input: 1, output: 2 } }), 'x/m')?.version)
    })
  })

  test('the steps of length hold in every tier', () => {
    const price = known('openai/gpt-6.1-sol') ?? expect.fail()
    const usage = usageOf({ input: 300_000, output: 1000 })
    expect(usdOf(costOf(price, usage) ?? Number.NaN)).toBe(1.215)
    expect(usdOf(costOf(price, usage, 'priority') ?? Number.NaN)).toBe(2.43)
  })

  test('a batch of Gemini is half, but for what is cached', () => {
    const price = known('google/gemini-2.5-flash')
    expect([
      dollars(price, 'input', 'batch'),
      dollars(price, 'audioInput', 'batch'),
      dollars(price, 'cacheRead', 'batch'),
    ]).toEqual([0.15, 0.5, 0.03])
  })

  test('flex is half on Vertex AI too, for Gemini alone', () => {
    expect(dollars(known('vertex/gemini-2.5-flash'), 'output', 'flex')).toBe(1.25)
    expect(dollars(known('vertex/publishers/google/models/gemini-2.5-flash'), 'output', 'flex')).toBe(1.25)
    expect(dollars(known('vertex/claude-opus-5'), 'output', 'flex')).toBeNull()
  })

  test.each([
    'bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0',
    'bedrock/global.anthropic.claude-opus-4-6-v1:0',
    'vertex/claude-sonnet-4-6',
  ])('an hour of cache is twice the input: %s', (name) => {
    const price = known(name)
    expect(dollars(price, 'cacheWrite1h')).toBeCloseTo(2 * (dollars(price, 'input') ?? Number.NaN), 9)
  })

  test.each(['openai/gpt-5.6-terra', 'openai/gpt-6-sol', 'openai/gpt-6.1-terra-2026-10-26'])(
    'twelve hours of cache are two and a half times the input, with a long prompt too: %s',
    (name) => {
      const { standard: steps = [] } = known(name)?.tiers ?? {}
      expect(steps).toHaveLength(2)
      for (const { rates } of steps) expect(rates.cacheWrite1h).toBe(2.5 * (rates.input ?? Number.NaN))
    },
  )

  test('Claude Haiku 5.5 costs more with a long prompt, by the cached tokens too', () => {
    const price = known('anthropic/claude-haiku-5-5') ?? expect.fail()
    expect(usdOf(costOf(price, usageOf({ input: 100_000, output: 1000 })) ?? Number.NaN)).toBe(0.0105)
    expect(usdOf(costOf(price, usageOf({ input: 1, cacheRead: 100_000, output: 1000 })) ?? Number.NaN)).toBe(
      0.0000005 + 0.005 + 0.0025,
    )
  })

  test.each([
    ['gpt-4o-audio-preview', [40, 80, 2.5]],
    ['gpt-4o-mini-audio-preview', [10, 20, 0.15]],
    ['gpt-4o-mini-audio-preview-2024-12-17', [10, 20, 0.15]],
    ['gpt-audio-mini', [10, 20, 0.6]],
  ])('sound is not charged as words: %s', (model, rates) => {
    const price = known(`openai/${model}`)
    expect([dollars(price, 'audioInput'), dollars(price, 'audioOutput'), dollars(price, 'input')]).toEqual(rates)
  })

  test('a name that moved on to a newer model costs what that does', () => {
    expect(known('mistral/mistral-large-latest')?.tiers).toEqual(known('mistral/mistral-large-2512')?.tiers)
  })

  test('a price that is known to be stale is unknown', () => {
    expect(known('deepseek/deepseek-chat')).toBeNull()
  })
})

describe('a price that changes', () => {
  test('by the day: the past is counted by the prices of the past', () => {
    const rate = (day: string) => dollars(known('openai/o3', Date.parse(day)), 'input')
    expect([rate('2025-06-09'), rate('2025-06-10'), rate('2025-06-09')]).toEqual([10, 2, 10])
  })

  test('by a day that is announced', () => {
    const rate = (time: string) => dollars(known('google/gemini-4-argon', Date.parse(time)), 'output')
    expect([rate('2026-11-30T23:59:59Z'), rate('2026-12-01T00:00:00Z')]).toEqual([10, 20])
    expect(known('google/gemini-4-argon', noon)?.until).toBe(Date.parse('2026-12-01'))
    expect(known('google/gemini-4-argon', Date.parse('2026-12-02'))?.until).toBeUndefined()
  })

  test('by the hour, on working days', () => {
    const rate = (time: string) => dollars(known('deepseek/deepseek-flash', Date.parse(time)), 'output')
    // A Friday, and a Saturday.
    expect(['2026-11-20T00:59:59Z', '2026-11-20T01:00:00Z', '2026-11-20T03:59:00Z', '2026-11-20T04:00:00Z'].map(rate)).toEqual([
      0.6, 1.2, 1.2, 0.6,
    ])
    expect(['2026-11-20T09:59:00Z', '2026-11-20T10:00:00Z', '2026-11-21T02:00:00Z', '2026-11-23T02:00:00Z'].map(rate)).toEqual([
      1.2, 0.6, 0.6, 1.2,
    ])
  })

  test('by the hour in the price data, until another price took its place', () => {
    const at = (time: string) => known('deepseek/deepseek-v4-flash', Date.parse(time))
    expect(
      ['2026-08-20T02:00:00Z', '2026-08-20T12:00:00Z', '2026-09-10T12:00:00Z'].map((time) => dollars(at(time), 'input')),
    ).toEqual([0.44, 0.22, 0.15])
    expect(at('2026-08-20T12:00:00Z')?.until).toBe(Date.parse('2026-08-21T01:00:00Z'))
  })

  test('is asked for in any order, and answered as if it were asked first', async () => {
    const names = [
      'deepseek/deepseek-flash',
      'deepseek/deepseek-v4-pro',
      'google/gemini-4-carbon',
      'openai/o3',
      'anthropic/claude-sonnet-5-5',
    ]
    const moment = fc.integer({ min: Date.parse('2025-06-01'), max: Date.parse('2027-03-01') })
    const used = await bookOf()
    const asked = fc.array(fc.tuple(fc.constantFrom(...names), moment), { minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(asked, async (questions) => {
        for (const [name, at] of questions) expect(priceIn(used, name, at)).toEqual(priceIn(await bookOf(), name, at))
      }),
      { numRuns: 60 },
    )
  })
})

describe('prices of your own', () => {
  test('with an input price, nothing beneath counts', async () => {
    const price = priceIn(
      await bookOf({ 'openai/gpt-4o': { input: 1, output: '2.5', source: 'our contract', date: '2026-11-01' } }),
      'openai/gpt-4o',
    )
    expect(price).toMatchObject({ source: 'our contract', date: '2026-11-01' })
    expect(dollars(price, 'cacheRead')).toBe(1)
    expect(dollars(price, 'reasoning')).toBe(2.5)
    expect(Object.keys(price?.tiers ?? {})).toEqual(['standard'])
  })

  test('without one, they change what is known', async () => {
    const price = priceIn(await bookOf({ 'openai/gpt-4o': { output: 8 } }), 'openai/gpt-4o')
    expect([dollars(price, 'input'), dollars(price, 'output'), dollars(price, 'output', 'batch')]).toEqual([2.5, 8, 4])
  })

  test('cannot change what is unknown', async () => {
    expect(priceIn(await bookOf({ 'ollama/*': { multiplier: 2 } }), 'ollama/llama3')).toBeNull()
  })

  test('a discount holds for a whole provider, and a price for one model beats it', async () => {
    const own = await bookOf({ 'openai/gpt-4o-mini': { input: 9, output: 9 }, 'openai/*': { multiplier: 0.8 } })
    expect(dollars(priceIn(own, 'openai/gpt-4o'), 'input')).toBe(2)
    expect(dollars(priceIn(own, 'openai/gpt-5.2'), 'output', 'batch')).toBe(5.6)
    expect(dollars(priceIn(own, 'openai/gpt-4o-mini'), 'input')).toBe(9)
  })

  test('a multiplier may be for some buckets', async () => {
    const price = priceIn(await bookOf({ 'openai/*': { multiplier: { output: 0.5 } } }), 'openai/gpt-4o')
    expect([dollars(price, 'input'), dollars(price, 'output')]).toEqual([2.5, 5])
  })

  test('a server of your own costs what you say, be it nothing', async () => {
    const own = await bookOf({ 'vllm/*': { input: 0, output: 0 }, 'gpu/*': { input: 0.05, output: 0.2, request: 0.001 } })
    expect(costOf(priceIn(own, 'vllm/any') ?? expect.fail(), usageOf({ input: 5, output: 5 }))).toBe(0)
    expect(usdOf(costOf(priceIn(own, 'gpu/any') ?? expect.fail(), usageOf({ input: 1_000_000 })) ?? Number.NaN)).toBe(0.051)
  })

  test('another name for a provider costs what the provider does', async () => {
    const own = await bookOf({
      'azure-eu/*': { like: 'azure/*', multiplier: 1.1 },
      'openai/fast': { like: 'groq/openai/gpt-oss-20b' },
    })
    expect(dollars(priceIn(own, 'azure-eu/gpt-4o'), 'input')).toBe(2.75)
    expect(dollars(priceIn(own, 'openai/fast'), 'input')).toBe(0.075)
  })

  test('a circle of likenesses has no price', async () => {
    expect(priceIn(await bookOf({ 'a/*': { like: 'b/*' }, 'b/*': { like: 'a/*' } }), 'a/x')).toBeNull()
  })

  test('may take turns', async () => {
    const own = await bookOf({
      'x/m': [
        { input: 1, output: 1 },
        { input: 3, output: 3, since: '2027-01-01' },
        { input: 2, output: 2, since: '2026-12-01' },
      ],
    })
    const rates = ['2026-11-30', '2026-12-01', '2027-01-01'].map((day) => dollars(priceIn(own, 'x/m', Date.parse(day)), 'input'))
    expect(rates).toEqual([1, 2, 3])
  })

  test('have steps of length, in whatever order they are written, and tiers of their own', async () => {
    const long = [
      { from: 5000, input: 3 },
      { from: 1000, input: 2 },
    ]
    const own = await bookOf({ 'x/m': { input: 1, output: 2, long, tiers: { flex: { multiplier: 0.5, output: 1.5 } } } })
    const price = priceIn(own, 'x/m') ?? expect.fail()
    expect(costOf(price, usageOf({ input: 999, output: 10 }))).toBe(999_000 + 20_000)
    expect(costOf(price, usageOf({ input: 1000, output: 10 }))).toBe(2_000_000 + 20_000)
    expect(costOf(price, usageOf({ input: 5000, output: 10 }))).toBe(15_000_000 + 20_000)
    expect(costOf(price, usageOf({ input: 1000, output: 10 }), 'flex')).toBe(1_000_000 + 15_000)
  })

  test('can say that nobody knows', async () => {
    expect(priceIn(await bookOf({ 'openai/gpt-4o': { unknown: true } }), 'openai/gpt-4o')).toBeNull()
  })
})

describe('a pattern', () => {
  test.each([
    ['a/b', 'a/b', true],
    ['a/b', 'A/B', true],
    ['a/b', 'a/bc', false],
    ['a/*', 'a/', true],
    ['a/*', 'a/b/c', true],
    ['a/*', 'ab/c', false],
    ['a/*b', 'a/xb', true],
    ['a/*b*c', 'a/xbyc', true],
    ['a/*b*b', 'a/b', false],
    ['a/x*x', 'a/x', false],
    ['a/.*', 'a/xyz', false],
  ])('%s against %s: %s', (pattern, name, result) => {
    expect(matches(pattern, name)).toBe(result)
  })

  test('finds what a regular expression of it finds', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*'), maxLength: 8 })
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 10 })
    fc.assert(
      fc.property(letters, text, (pattern, name) => {
        expect(matches(pattern, name)).toBe(new RegExp(`^${pattern.replaceAll('*', '[^]*')}$`).test(name))
      }),
      { numRuns: 3000 },
    )
  })
})
