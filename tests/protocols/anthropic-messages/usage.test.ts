import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { buckets, inputTotal, outputTotal, type Usage, usageOf } from '../../../src/core/usage.js'
import { overlay, readUsage, writeDeltaUsage, writeUsage } from '../../../src/protocols/anthropic-messages/usage.js'

const tokens = fc.nat(1_000_000)
const raw = fc.record(
  {
    input_tokens: tokens,
    output_tokens: tokens,
    cache_read_input_tokens: tokens,
    cache_creation_input_tokens: tokens,
    cache_creation: fc.record({ ephemeral_5m_input_tokens: tokens, ephemeral_1h_input_tokens: tokens }),
    output_tokens_details: fc.record({ thinking_tokens: tokens }),
  },
  { requiredKeys: ['input_tokens', 'output_tokens'] },
)
const usage = fc.record(Object.fromEntries(buckets.map((bucket) => [bucket, tokens]))) as unknown as fc.Arbitrary<Usage>

describe('usage', () => {
  it('falls into buckets that add up to what the vendor counts', () => {
    fc.assert(
      fc.property(raw, (told) => {
        const read = readUsage(told) as Usage
        const created = told.cache_creation_input_tokens ?? sum(told.cache_creation)
        expect(inputTotal(read)).toBe(told.input_tokens + (told.cache_read_input_tokens ?? 0) + created)
        expect(outputTotal(read)).toBe(told.output_tokens)
        for (const bucket of buckets) expect(read[bucket]).toBeGreaterThanOrEqual(0)
      }),
    )
  })

  it('keeps its totals on the way to a caller of this API and back', () => {
    fc.assert(
      fc.property(usage, (known) => {
        const again = readUsage(writeUsage(known, undefined)) as Usage
        expect(inputTotal(again)).toBe(inputTotal(known))
        expect(outputTotal(again)).toBe(outputTotal(known))
        expect(again).toMatchObject({
          cacheRead: known.cacheRead,
          cacheWrite: known.cacheWrite,
          cacheWrite1h: known.cacheWrite1h,
          reasoning: known.reasoning,
        })
      }),
    )
  })

  it('of a stream is the last account over the first', () => {
    fc.assert(
      fc.property(usage, usage, (first, last) => {
        const merged = readUsage(overlay(overlay({}, writeUsage(first, undefined)), writeDeltaUsage(last))) as Usage
        expect(inputTotal(merged)).toBe(inputTotal(last))
        expect(outputTotal(merged)).toBe(outputTotal(last))
      }),
    )
  })

  it('keeps what a later account leaves out or calls null', () => {
    const first = { input_tokens: 5, cache_read_input_tokens: 4, output_tokens: 1 }
    expect(overlay(first, { input_tokens: null, output_tokens: 9 })).toEqual({ ...first, output_tokens: 9 })
    expect(overlay(first, undefined)).toBe(first)
  })

  it('has what it took to shorten the conversation, which the vendor bills and leaves out of its totals', () => {
    const compaction = { type: 'compaction', input_tokens: 180_000, output_tokens: 3500, cache_read_input_tokens: 20 }
    const message = { type: 'message', input_tokens: 23_000, output_tokens: 1000 }
    const advice = { type: 'advisor_message', model: 'claude-opus-5-5', input_tokens: 9, output_tokens: 9 }
    const told = { input_tokens: 23_000, output_tokens: 1000, iterations: [compaction, message, advice, null] }
    expect(readUsage(told)).toEqual(usageOf({ input: 203_000, output: 4500, cacheRead: 20 }))
    expect(readUsage({ ...told, iterations: null })).toEqual(usageOf({ input: 23_000, output: 1000 }))
  })

  it('is absent when the vendor said nothing', () => {
    expect(readUsage(undefined)).toBeUndefined()
    expect(readUsage(null)).toBeUndefined()
  })
})

function sum(creation: { ephemeral_5m_input_tokens: number; ephemeral_1h_input_tokens: number } | undefined): number {
  return creation ? creation.ephemeral_5m_input_tokens + creation.ephemeral_1h_input_tokens : 0
}
