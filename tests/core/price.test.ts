import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { costOf, type Price, type Rates, type Step, serviceTierOf, worstCase } from '../../src/core/price.js'
import { addUsage, buckets, noUsage, type Usage, usageOf } from '../../src/core/usage.js'

const usd = 1_000_000_000
const rates: Rates = {
  input: 3 * usd,
  cacheRead: 0.3 * usd,
  cacheWrite: 3.75 * usd,
  cacheWrite1h: 6 * usd,
  audioInput: 40 * usd,
  output: 15 * usd,
  reasoning: 15 * usd,
  audioOutput: 80 * usd,
}

const priceOf = (...steps: Step[]): Price => ({
  currency: 'USD',
  source: 'https://vendor.example/pricing',
  date: '2026-11-21',
  version: 'test',
  tiers: { standard: steps },
})
const flat = priceOf({ from: 0, rates, request: 0 })
const doubled = Object.fromEntries(Object.entries(rates).map(([bucket, rate]) => [bucket, 2 * rate]))
const long = priceOf({ from: 0, rates, request: 0 }, { from: 200_001, rates: doubled, request: 0 })

const tokens = fc.nat({ max: 500_000 })
const usages = fc.record(Object.fromEntries(buckets.map((bucket) => [bucket, tokens]))).map((some) => usageOf(some))

describe('what an attempt cost', () => {
  test.each([
    ['input', 3],
    ['cacheRead', 0.3],
    ['cacheWrite', 3.75],
    ['cacheWrite1h', 6],
    ['audioInput', 40],
    ['output', 15],
    ['reasoning', 15],
    ['audioOutput', 80],
  ] as const)('%s has its own price', (bucket, dollars) => {
    expect(costOf(flat, usageOf({ [bucket]: 1_000_000 }))).toBe(dollars * usd)
  })

  test('has tokens at a price of their own within a bucket, and never more of them than are in it', () => {
    const drawing = priceOf({ from: 0, rates: { ...rates, imageOutput: 30 * usd }, request: 0 })
    const usage = usageOf({ input: 1_000_000, output: 1_000_000 })
    const costs = [250_000, 2_000_000, -1].map((imageOutput) => costOf(drawing, usage, 'standard', { imageOutput }))
    expect(costs).toEqual([(3 + 0.75 * 15 + 0.25 * 30) * usd, (3 + 30) * usd, (3 + 15) * usd])
    expect(costOf(flat, usage, 'standard', { imageOutput: 250_000 })).toBe((3 + 15) * usd)
    expect(worstCase(drawing, { inputTokens: 1_000_000, maxOutputTokens: 1_000_000, buckets: ['input', 'imageOutput'] })).toBe(
      33 * usd,
    )
  })

  test('a request for which nothing was billed costs nothing', () => {
    expect(costOf(flat, noUsage)).toBe(0)
  })

  test('is rounded once, over all buckets, to the nearest nano-dollar', () => {
    const price = priceOf({ from: 0, rates: { input: 400_000, output: 400_000 }, request: 0 })
    expect(costOf(price, usageOf({ input: 1 }))).toBe(0)
    expect(costOf(price, usageOf({ input: 1, output: 1 }))).toBe(1)
    expect(costOf(priceOf({ from: 0, rates: { input: 500_000 }, request: 0 }), usageOf({ input: 1 }))).toBe(1)
  })

  test('the whole request moves to the higher step, its output too', () => {
    expect(costOf(long, usageOf({ input: 200_000, output: 1000 }))).toBe(0.615 * usd)
    expect(costOf(long, usageOf({ input: 200_001, output: 1000 }))).toBe(2 * (600_003_000 + 15_000_000))
  })

  test('cached tokens count towards the step: the request is as long with them', () => {
    expect(costOf(long, usageOf({ input: 1, cacheRead: 200_000 }))).toBe(2 * (3000 + 60_000_000))
  })

  test('a fee for the request is added once', () => {
    expect(costOf(priceOf({ from: 0, rates, request: 5_000_000 }), usageOf({ input: 1000 }))).toBe(8_000_000)
  })

  test('is unknown, not 0, when a bucket that was used has no price', () => {
    const price = priceOf({ from: 0, rates: { input: usd }, request: 0 })
    expect(costOf(price, usageOf({ input: 10, output: 1 }))).toBeNull()
    expect(costOf(price, usageOf({ input: 10 }))).toBe(10_000)
  })

  test('is unknown for a tier without a price', () => {
    expect(costOf(flat, usageOf({ input: 10 }), 'priority')).toBeNull()
    expect(costOf({ ...flat, tiers: { ...flat.tiers, flex: [] } }, noUsage, 'flex')).toBeNull()
  })

  test('a price of 0 is a price', () => {
    expect(costOf(priceOf({ from: 0, rates: { input: 0, output: 0 }, request: 0 }), usageOf({ input: 5, output: 5 }))).toBe(0)
  })

  test('adds up over buckets and over attempts, but for the rounding of each', () => {
    fc.assert(
      fc.property(usages, usages, (a, b) => {
        const whole = costOf(flat, addUsage(a, b)) ?? Number.NaN
        const parts = (costOf(flat, a) ?? Number.NaN) + (costOf(flat, b) ?? Number.NaN)
        expect(Math.abs(whole - parts)).toBeLessThanOrEqual(1)
        const single = buckets.map((bucket) => costOf(flat, usageOf({ [bucket]: a[bucket] })) ?? Number.NaN)
        const apart = single.reduce((sum, cost) => sum + cost, 0)
        expect(Math.abs((costOf(flat, a) ?? Number.NaN) - apart)).toBeLessThanOrEqual(buckets.length / 2)
      }),
    )
  })

  test('is a whole number that is never negative', () => {
    fc.assert(
      fc.property(usages, (usage) => {
        const cost = costOf(long, usage)
        expect(cost).toSatisfy((value: number) => Number.isSafeInteger(value) && value >= 0)
      }),
    )
  })
})

describe('the worst case', () => {
  const sides = { in: buckets.slice(0, 5), out: buckets.slice(5) }
  const sum = (usage: Usage, side: readonly (keyof Usage)[]) => side.reduce((all, bucket) => all + usage[bucket], 0)

  test('is never less than what comes back', () => {
    fc.assert(
      fc.property(usages, tokens, tokens, (usage, moreIn, moreOut) => {
        const inputTokens = sum(usage, sides.in) + moreIn
        const maxOutputTokens = sum(usage, sides.out) + moreOut
        expect(worstCase(long, { inputTokens, maxOutputTokens })).toBeGreaterThanOrEqual(costOf(long, usage) ?? Number.NaN)
      }),
    )
  })

  test('counts only the buckets that the tokens may fall into', () => {
    const expected = { inputTokens: 1_000_000, maxOutputTokens: 1_000_000 }
    expect(worstCase(flat, expected)).toBe(120 * usd)
    expect(worstCase(flat, { ...expected, buckets: ['input', 'cacheRead', 'output', 'reasoning'] })).toBe(18 * usd)
  })

  test('counts a lower step, too, where that is the dearer one', () => {
    const odd = priceOf({ from: 0, rates, request: 0 }, { from: 100, rates: { input: 0, output: 0 }, request: 0 })
    expect(worstCase(odd, { inputTokens: 200, maxOutputTokens: 0, buckets: ['input'] })).toBe(600_000)
  })

  test('counts no step that nobody can come to', () => {
    const steep = priceOf({ from: 0, rates, request: 0 }, { from: 100, rates: { input: 6 * usd }, request: 0 })
    const only = { maxOutputTokens: 0, buckets: ['input'] } as const
    expect(worstCase(steep, { ...only, inputTokens: 99 })).toBe(297_000)
    expect(worstCase(steep, { ...only, inputTokens: 100 })).toBe(600_000)
  })

  test('has the fee of the request in it', () => {
    expect(worstCase(priceOf({ from: 0, rates, request: 7 }), { inputTokens: 0, maxOutputTokens: 0 })).toBe(7)
  })

  test('is unknown where the price is', () => {
    const input = priceOf({ from: 0, rates: { input: usd }, request: 0 })
    expect(worstCase(input, { inputTokens: 10, maxOutputTokens: 10 })).toBeNull()
    expect(worstCase(input, { inputTokens: 10, maxOutputTokens: 0 })).toBe(10_000)
    expect(worstCase(input, { inputTokens: 10, maxOutputTokens: 0, buckets: ['audioInput'] })).toBeNull()
    expect(worstCase(flat, { inputTokens: 10, maxOutputTokens: 0, tier: 'batch' })).toBeNull()
  })
})

test.each([
  [undefined, 'standard'],
  ['default', 'standard'],
  ['auto', 'standard'],
  ['standard', 'standard'],
  ['ON_DEMAND', 'standard'],
  ['flex', 'flex'],
  ['priority', 'priority'],
  ['fast', 'fast'],
  ['batch', 'batch'],
  ['scale', undefined],
  ['PROVISIONED_THROUGHPUT', undefined],
  ['toString', undefined],
])("a vendor's word %s is the tier %s", (word, tier) => {
  expect(serviceTierOf(word)).toBe(tier)
})
