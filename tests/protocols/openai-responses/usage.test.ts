import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { buckets, inputTotal, outputTotal, total, usageOf } from '../../../src/core/usage.js'
import { besideOf } from '../../../src/protocols/beside.js'
import { decodeUsage, encodeUsage, usageIn } from '../../../src/protocols/openai-responses/usage.js'

const tokens = fc.nat(1_000_000)

/** Usage as OpenAI can tell it: each detail is part of its total. */
const told = fc
  .record({ fresh: tokens, cached: tokens, written: tokens, long: tokens, said: tokens, thought: tokens })
  .map(({ fresh, cached, written, long, said, thought }) => ({
    input_tokens: fresh + cached + written + long,
    input_tokens_details: {
      cached_tokens: cached,
      cache_write_tokens: written + long,
      cache_write_tokens_details: { ttl_30m_tokens: written, ttl_12h_tokens: long },
    },
    output_tokens: said + thought,
    output_tokens_details: { reasoning_tokens: thought },
    total_tokens: fresh + cached + written + long + said + thought,
  }))

describe('usage', () => {
  test('the buckets add up to what the vendor says, to the token', () => {
    fc.assert(
      fc.property(told, (usage) => {
        const read = decodeUsage(usage)
        if (!read) throw new Error('usage was not read')
        expect(total(read)).toBe(usage.total_tokens)
        expect(inputTotal(read)).toBe(usage.input_tokens)
        expect(outputTotal(read)).toBe(usage.output_tokens)
        expect(read.cacheRead).toBe(usage.input_tokens_details.cached_tokens)
        expect(read.reasoning).toBe(usage.output_tokens_details.reasoning_tokens)
      }),
    )
  })

  test('whatever numbers come, no bucket is negative and the sum stays that of the totals', () => {
    const odd = fc.record(
      {
        input_tokens: tokens,
        output_tokens: tokens,
        input_tokens_details: fc.record({ cached_tokens: tokens, cache_write_tokens: tokens }, { requiredKeys: [] }),
        output_tokens_details: fc.record({ reasoning_tokens: tokens }, { requiredKeys: [] }),
      },
      { requiredKeys: ['input_tokens', 'output_tokens'] },
    )
    fc.assert(
      fc.property(odd, (usage) => {
        const read = decodeUsage(usage)
        if (!read) throw new Error('usage was not read')
        for (const bucket of buckets) expect(read[bucket]).toBeGreaterThanOrEqual(0)
        expect(total(read)).toBe(usage.input_tokens + usage.output_tokens)
      }),
    )
  })

  test('told to a caller and read back, cached, written and reasoned tokens stay what they were', () => {
    const usage = fc.record({ input: tokens, cacheRead: tokens, cacheWrite: tokens, output: tokens, reasoning: tokens })
    fc.assert(
      fc.property(usage, (known) => {
        expect(decodeUsage(encodeUsage(usageOf(known)))).toEqual(usageOf(known))
      }),
    )
  })

  test('any usage of another vendor is told with the right totals', () => {
    const usage = fc.record(
      Object.fromEntries(buckets.map((bucket) => [bucket, tokens])) as Record<(typeof buckets)[number], typeof tokens>,
    )
    fc.assert(
      fc.property(usage, (known) => {
        const encoded = encodeUsage(known)
        expect(encoded.total_tokens).toBe(total(known))
        expect(encoded.input_tokens + encoded.output_tokens).toBe(encoded.total_tokens)
      }),
    )
  })

  test('usage that is not told is absent, not zero', () => {
    for (const usage of [undefined, null, {}, { input_tokens: 1 }, 'many']) expect(decodeUsage(usage)).toBeUndefined()
  })

  test('whatever a model that draws is said to have used, no part is more than its whole', () => {
    const odd = fc.oneof(fc.integer({ min: -1000, max: 1_000_000 }), fc.constant(null), fc.constant('7'))
    const image_gen = fc.record(
      {
        ...{ input_tokens: odd, output_tokens: odd, cached_tokens: odd },
        input_tokens_details: fc.record({ image_tokens: odd }, { requiredKeys: [] }),
        output_tokens_details: fc.option(fc.record({ image_tokens: odd }, { requiredKeys: [] })),
        cached_tokens_details: fc.record({ cached_image_tokens: odd }, { requiredKeys: [] }),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(image_gen, (image_gen) => {
        const read = usageIn({ usage: { input_tokens: 1, output_tokens: 1 }, tool_usage: { image_gen } })
        for (const { usage } of besideOf(read ?? expect.fail()).models ?? []) {
          const { imageInput = -1, imageCacheRead = -1, imageOutput = -1 } = besideOf(usage).apart ?? {}
          for (const [part, whole] of [
            [imageInput, usage.input],
            [imageCacheRead, usage.cacheRead],
            [imageOutput, usage.output],
          ]) {
            expect(part).toBeGreaterThanOrEqual(0)
            expect(part).toBeLessThanOrEqual(whole ?? -1)
          }
        }
      }),
    )
  })
})
