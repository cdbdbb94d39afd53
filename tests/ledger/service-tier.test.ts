/** Which tier a call is priced by: the one that the vendor says it was served in, whatever was asked for. */
import { describe, expect, test } from 'vitest'
import { total } from '../../src/core/usage.js'
import { createLeash, type LedgerLine } from '../../src/leash.js'
import { framed, messages, streamType, type Vendor, vendorKeys, vendors } from '../helpers/vendors.js'

/** A dollar for a million tokens, half of that for flex, two for priority. */
const rates = { input: 1, output: 1, tiers: { flex: { multiplier: 0.5 }, priority: { multiplier: 2 } }, regional: 1.1 }
const prices = { 'openai/*': rates, 'anthropic/*': rates, 'google/*': rates, 'bedrock/*': rates }

/** The line of a call that asks for one tier and is told another, or none. */
async function lineOf(
  vendor: Vendor,
  stream: boolean,
  asked: string | undefined,
  told: string | undefined,
  caller: Pick<Vendor, 'ask' | 'path'> = vendor,
) {
  const lines: LedgerLine[] = []
  const leash = createLeash({
    providers: vendorKeys,
    prices,
    retry: false,
    ledger: { sink: (more) => void lines.push(...more) },
    fetch: async () => {
      if (!stream) return Response.json(vendor.answer(told))
      const events = vendor.events(told).map((event) => framed(vendor, event))
      return new Response(new Blob(events as BlobPart[]), { headers: { 'content-type': streamType(vendor) } })
    },
  })
  const body = JSON.stringify(caller.ask(stream, asked))
  const answer = await leash.fetch(caller.path(stream), { method: 'POST', headers: { authorization: 'Bearer k' }, body })
  await answer.arrayBuffer()
  await leash.close()
  return lines[0] ?? expect.fail()
}

/** With a member more in each usage that is told. */
const withMore = <T>(told: T, usage: string, more: object): T =>
  JSON.parse(JSON.stringify(told), (name, value) => (name === usage ? { ...value, ...more } : value))
const withSpeed = <T>(told: T, speed: string) => withMore(told, 'usage', { speed })
const withTraffic = <T>(told: T, trafficType: string) => withMore(told, 'usageMetadata', { trafficType })

describe.each(vendors)('in $name', (vendor) => {
  describe.each([false, true])('streamed: %s', (stream) => {
    test.each([
      ['flex', 'default', 1],
      ['flex', 'standard', 1],
      ['auto', 'flex', 0.5],
      [undefined, 'priority', 2],
    ])('who asks for %s and is served %s pays for that', async (asked, told, times) => {
      const { cost, serviceTier, basis } = await lineOf(vendor, stream, asked, told)
      expect({ cost, serviceTier, basis }).toEqual({ cost: 1_000_000 * times, serviceTier: told, basis: 'complete' })
    })

    test('who asks for flex and is told nothing pays for flex', async () => {
      const line = await lineOf(vendor, stream, 'flex', undefined)
      expect([line.cost, line.serviceTier]).toEqual([500_000, undefined])
    })

    test('a tier that nobody has a price for has no known cost', async () => {
      expect((await lineOf(vendor, stream, undefined, 'reserved')).cost).toBeNull()
    })
  })
})

describe('Claude', () => {
  const claude = vendors.find(({ name }) => name === 'anthropic-messages') ?? expect.fail()

  const served = (speed: string): Vendor => ({
    ...claude,
    answer: (tier) => withSpeed(claude.answer(tier), speed),
    events: (tier) => claude.events(tier).map((event) => withSpeed(event, speed)),
  })

  test.each([false, true])('in fast mode has the price of that, and not the standard one, streamed: %s', async (stream) => {
    expect(await lineOf(served('fast'), stream, 'auto', 'standard')).toMatchObject({ cost: 2_000_000, serviceTier: 'fast' })
    expect(await lineOf(served('standard'), stream, 'auto', 'standard')).toMatchObject({ cost: 1_000_000 })
  })

  test('who asks for fast mode and is told nothing pays for it', async () => {
    const asking = { path: claude.path, ask: (stream: boolean) => ({ ...claude.ask(stream, undefined), speed: 'fast' }) }
    expect((await lineOf(claude, false, undefined, undefined, asking)).cost).toBe(2_000_000)
  })

  describe.each([false, true])('held to a region, streamed: %s', (stream) => {
    const inRegion = (inference_geo: string): Vendor => ({
      ...claude,
      answer: (tier) => withMore(claude.answer(tier), 'usage', { inference_geo }),
      events: (tier) => claude.events(tier).map((event) => withMore(event, 'usage', { inference_geo })),
    })

    test('costs more where it says that it was', async () => {
      expect(await lineOf(inRegion('us'), stream, undefined, 'standard')).toMatchObject({ cost: 1_100_000, regional: true })
      const elsewhere = await lineOf(inRegion('global'), stream, undefined, 'standard')
      expect([elsewhere.cost, elsewhere.regional]).toEqual([1_000_000, undefined])
    })

    test('costs more where it asked for that and nothing is told', async () => {
      const silent = <T>(told: T): T => JSON.parse(JSON.stringify(told), (name, value) => (name === 'usage' ? undefined : value))
      const vendor = {
        ...claude,
        ask: (stream: boolean) => ({ ...claude.ask(stream, undefined), inference_geo: 'us' }),
        answer: () => silent(claude.answer(undefined)),
        events: () => claude.events(undefined).map(silent),
      }
      const { usage, cost, regional, basis } = await lineOf(vendor, stream, undefined, undefined)
      expect({ cost, regional, basis }).toEqual({ cost: total(usage) * 1100, regional: true, basis: 'estimated' })
    })

    test('costs more for a caller who speaks another protocol', async () => {
      const caller = {
        path: () => 'https://api.openai.com/v1/chat/completions',
        ask: () => ({ model: 'anthropic/claude-haiku-4-5', stream, messages }),
      }
      expect(await lineOf(inRegion('us'), stream, undefined, 'standard', caller)).toMatchObject({
        cost: 1_100_000,
        regional: true,
      })
    })
  })
})

test('a call to OpenAI at an address of a region costs more, also for a wrapped client', async () => {
  const openai = vendors.find(({ name }) => name === 'openai-chat') ?? expect.fail()
  const to = (host: string) => ({ ask: openai.ask, path: () => `https://${host}/v1/chat/completions` })
  for (const stream of [false, true]) {
    expect((await lineOf(openai, stream, undefined, 'default', to('eu.api.openai.com'))).cost).toBe(1_100_000)
    expect((await lineOf(openai, stream, undefined, 'default', to('api.openai.com'))).cost).toBe(1_000_000)
  }
})

describe('Vertex AI', () => {
  const gemini = vendors.find(({ name }) => name === 'gemini') ?? expect.fail()
  const served = (trafficType: string): Vendor => ({
    ...gemini,
    answer: (tier) => withTraffic(gemini.answer(tier), trafficType),
    events: (tier) => gemini.events(tier).map((event) => withTraffic(event, trafficType)),
  })

  test.each([
    ['ON_DEMAND', 1_000_000],
    ['ON_DEMAND_FLEX', 500_000],
    ['ON_DEMAND_PRIORITY', 2_000_000],
    ['PROVISIONED_THROUGHPUT', null],
    ['TRAFFIC_TYPE_UNSPECIFIED', 1_000_000],
  ])('tells the tier as a kind of traffic: %s', async (traffic, cost) => {
    for (const stream of [false, true]) expect((await lineOf(served(traffic), stream, undefined, undefined)).cost).toBe(cost)
    const caller = {
      path: () => 'https://api.openai.com/v1/chat/completions',
      ask: (stream: boolean) => ({ model: gemini.model, stream, messages }),
    }
    for (const stream of [false, true])
      expect((await lineOf(served(traffic), stream, undefined, undefined, caller)).cost).toBe(cost)
  })

  test('a tier that is not specified is the standard one', async () => {
    expect((await lineOf(gemini, false, 'unspecified', undefined)).cost).toBe(1_000_000)
    expect((await lineOf(gemini, true, undefined, 'unspecified')).cost).toBe(1_000_000)
  })
})

describe('translated', () => {
  const models = { 'anthropic-messages': 'anthropic/claude-haiku-4-5', gemini: 'google/gemini-2.5-flash' }
  const others = vendors.filter(({ name }) => name in models)

  test.each(others.flatMap((vendor) => [false, true].map((stream) => ({ vendor, stream, name: vendor.name }))))(
    'from $name, streamed: $stream, the tier is the one that was told',
    async ({ vendor, stream, name }) => {
      const model = models[name as keyof typeof models]
      const caller = {
        path: () => 'https://api.openai.com/v1/chat/completions',
        ask: () => ({ model, stream, messages, service_tier: 'flex' }),
      }
      const line = await lineOf(vendor, stream, undefined, 'priority', caller)
      expect(line).toMatchObject({ cost: 2_000_000, serviceTier: 'priority' })
    },
  )
})
