import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { buckets, noUsage, total, type Usage } from '../../../src/core/usage.js'
import { decodeUsage, encodeUsage } from '../../../src/protocols/gemini/usage.js'

const count = fc.nat({ max: 1_000_000 })

describe('usage read from Gemini', () => {
  it.each<[string, object, Partial<Usage>]>([
    [
      'cached tokens are part of the prompt',
      { promptTokenCount: 100, cachedContentTokenCount: 60, totalTokenCount: 100 },
      { input: 40, cacheRead: 60 },
    ],
    [
      'thoughts stand outside of the candidates where the total says so',
      { promptTokenCount: 26, candidatesTokenCount: 50, thoughtsTokenCount: 1544, totalTokenCount: 1620 },
      { input: 26, output: 50, reasoning: 1544 },
    ],
    [
      'thoughts stand inside of the candidates where the total says so',
      { promptTokenCount: 26, candidatesTokenCount: 1594, thoughtsTokenCount: 1544, totalTokenCount: 1620 },
      { input: 26, output: 50, reasoning: 1544 },
    ],
    [
      'thoughts stand outside where there is no total',
      { promptTokenCount: 1, candidatesTokenCount: 5, thoughtsTokenCount: 3 },
      { input: 1, output: 5, reasoning: 3 },
    ],
    [
      'thoughts may be all there is',
      { promptTokenCount: 17, thoughtsTokenCount: 19, totalTokenCount: 36 },
      { input: 17, reasoning: 19 },
    ],
    [
      "what Google's own tools read is read by the model",
      {
        promptTokenCount: 32,
        toolUsePromptTokenCount: 4610,
        candidatesTokenCount: 20,
        thoughtsTokenCount: 37,
        totalTokenCount: 4699,
      },
      { input: 4642, output: 20, reasoning: 37 },
    ],
    [
      'sound has its own price, in and out, except what is cached',
      {
        promptTokenCount: 100,
        cachedContentTokenCount: 30,
        promptTokensDetails: [
          { modality: 'TEXT', tokenCount: 20 },
          { modality: 'AUDIO', tokenCount: 80 },
        ],
        cacheTokensDetails: [{ modality: 'AUDIO', tokenCount: 30 }],
        candidatesTokenCount: 50,
        candidatesTokensDetails: [{ modality: 'AUDIO', tokenCount: 40 }],
        totalTokenCount: 150,
      },
      { input: 20, cacheRead: 30, audioInput: 50, output: 10, audioOutput: 40 },
    ],
  ])('%s', (_, metadata, usage) => {
    expect(decodeUsage(metadata)).toEqual({ ...noUsage, ...usage })
  })

  it('is unknown where only the kind of traffic is told', () => {
    expect(decodeUsage({ trafficType: 'ON_DEMAND' })).toBeUndefined()
    expect(decodeUsage(undefined)).toBeUndefined()
  })

  it('has buckets that sum to the total, whether the thoughts stand inside or outside of the candidates', () => {
    fc.assert(
      fc.property(count, count, count, count, count, fc.boolean(), (prompt, cached, toolUse, candidates, thoughts, inside) => {
        const totalTokenCount = prompt + toolUse + candidates + thoughts
        const usage = decodeUsage({
          promptTokenCount: prompt,
          cachedContentTokenCount: Math.min(cached, prompt),
          toolUsePromptTokenCount: toolUse,
          candidatesTokenCount: candidates + (inside ? thoughts : 0),
          thoughtsTokenCount: thoughts,
          totalTokenCount,
        })
        expect(usage && total(usage)).toBe(totalTokenCount)
        expect(usage).toMatchObject({ output: candidates, reasoning: thoughts })
      }),
    )
  })

  it('never has a negative bucket, whatever the numbers', () => {
    const metadata = fc.record(
      {
        promptTokenCount: count,
        cachedContentTokenCount: count,
        toolUsePromptTokenCount: count,
        candidatesTokenCount: count,
        thoughtsTokenCount: count,
        totalTokenCount: count,
        promptTokensDetails: fc.array(fc.record({ modality: fc.constantFrom('TEXT', 'AUDIO', 'IMAGE'), tokenCount: count }), {
          maxLength: 3,
        }),
        candidatesTokensDetails: fc.array(fc.record({ modality: fc.constantFrom('TEXT', 'AUDIO'), tokenCount: count }), {
          maxLength: 3,
        }),
      },
      { requiredKeys: ['promptTokenCount'] },
    )
    fc.assert(
      fc.property(metadata, (told) => {
        const usage = decodeUsage(told)
        for (const bucket of buckets) expect(usage?.[bucket]).toBeGreaterThanOrEqual(0)
      }),
    )
  })
})

it('comes back bucket by bucket from what a caller of Gemini is told, but for a price of its own for writing a cache', () => {
  const buckets = fc.record({
    input: count,
    cacheRead: count,
    audioInput: count,
    output: count,
    reasoning: count,
    audioOutput: count,
  })
  fc.assert(
    fc.property(buckets, (told) => {
      const usage = { ...noUsage, ...told }
      const metadata = encodeUsage(usage)
      expect(metadata.totalTokenCount).toBe(total(usage))
      expect(decodeUsage(metadata)).toEqual(usage)
    }),
  )
  expect(decodeUsage(encodeUsage({ ...noUsage, input: 1, cacheWrite: 2, cacheWrite1h: 3 }))).toEqual({ ...noUsage, input: 6 })
})
