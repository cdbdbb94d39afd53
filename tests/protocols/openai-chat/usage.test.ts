import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inputTotal, outputTotal, total, usageOf } from '../../../src/core/usage.js'
import { readUsage, usageIn, writeUsage } from '../../../src/protocols/openai-chat/usage.js'
import { recording } from './kit.js'

const count = fc.nat({ max: 1_000_000 })

/** The parts that a vendor counts, and what it makes of them. */
const counted = fc.record({
  plain: count,
  cached: count,
  written: count,
  heard: count,
  text: count,
  thought: count,
  said: count,
  beside: fc.boolean(),
})

describe('buckets', () => {
  test('never overlap, and sum up to the total that the vendor bills, wherever it puts its reasoning', () => {
    fc.assert(
      fc.property(counted, ({ plain, cached, written, heard, text, thought, said, beside }) => {
        const prompt_tokens = plain + cached + written + heard
        const completion_tokens = text + said + (beside ? 0 : thought)
        const total_tokens = prompt_tokens + text + said + thought
        const usage = readUsage({
          prompt_tokens,
          completion_tokens,
          total_tokens,
          prompt_tokens_details: { cached_tokens: cached, cache_write_tokens: written, audio_tokens: heard },
          completion_tokens_details: { reasoning_tokens: thought, audio_tokens: said },
        })
        expect(usage).toEqual(
          usageOf({
            input: plain,
            cacheRead: cached,
            cacheWrite: written,
            audioInput: heard,
            output: text,
            reasoning: thought,
            audioOutput: said,
          }),
        )
        expect(usage && total(usage)).toBe(total_tokens)
      }),
    )
  })

  test('keep to the prompt and the completion even when a vendor’s details are larger than the whole', () => {
    const wild = fc.record({
      prompt_tokens: count,
      completion_tokens: count,
      prompt_tokens_details: fc.record({ cached_tokens: count, cache_write_tokens: count, audio_tokens: count }),
      completion_tokens_details: fc.record({ reasoning_tokens: count, audio_tokens: count }),
    })
    fc.assert(
      fc.property(wild, (told) => {
        const usage = readUsage(told)
        if (!usage) throw new Error('no usage')
        expect(inputTotal(usage)).toBe(told.prompt_tokens)
        expect(outputTotal(usage)).toBe(told.completion_tokens)
        for (const tokens of Object.values(usage)) expect(tokens).toBeGreaterThanOrEqual(0)
      }),
    )
  })

  test('come back the same after a trip through the OpenAI shape, but for the two lives of a cache write', () => {
    const bucket = fc.record({
      input: count,
      cacheRead: count,
      cacheWrite: count,
      cacheWrite1h: count,
      audioInput: count,
      output: count,
      reasoning: count,
      audioOutput: count,
    })
    fc.assert(
      fc.property(bucket, (usage) => {
        const again = readUsage(writeUsage(usage))
        expect(again).toEqual({ ...usage, cacheWrite: usage.cacheWrite + usage.cacheWrite1h, cacheWrite1h: 0 })
      }),
    )
  })
})

describe('vendors’ own ways to count', () => {
  test('xAI counts its reasoning beside the completion', () => {
    const { usage } = recording('xai-chat').response.body as { usage: unknown }
    // 291 in, 244 of them cached; 26 out and 189 thought: 506 in all.
    expect(readUsage(usage)).toEqual(usageOf({ input: 47, cacheRead: 244, output: 26, reasoning: 189 }))
  })

  test('Google’s OpenAI-compatible endpoint hides its thoughts between the completion and the total', () => {
    expect(readUsage({ prompt_tokens: 26, completion_tokens: 50, total_tokens: 1620 })).toEqual(
      usageOf({ input: 26, output: 50, reasoning: 1544 }),
    )
  })

  test('Mistral counts sound in the total alone', () => {
    const told = { prompt_audio_seconds: 30, prompt_tokens: 100, completion_tokens: 10, total_tokens: 485 }
    expect(readUsage(told)).toEqual(usageOf({ input: 100, audioInput: 375, output: 10 }))
    expect(readUsage({ ...told, prompt_audio_seconds: null, total_tokens: 110 })).toEqual(usageOf({ input: 100, output: 10 }))
  })

  test('DeepSeek named its cache before OpenAI did', () => {
    expect(readUsage({ prompt_tokens: 100, completion_tokens: 5, prompt_cache_hit_tokens: 64 })).toEqual(
      usageOf({ input: 36, cacheRead: 64, output: 5 }),
    )
  })

  test('Groq’s streams tell it in a member of their own', () => {
    expect(usageIn({ choices: [], x_groq: { usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 } } })).toEqual(
      usageOf({ input: 3, output: 4 }),
    )
  })

  test('a total of nothing told is no usage, not a usage of nothing', () => {
    expect(readUsage(null)).toBeUndefined()
    expect(readUsage({})).toBeUndefined()
    expect(readUsage('12')).toBeUndefined()
    expect(readUsage({ prompt_tokens: 'many' })).toBeUndefined()
    expect(readUsage({ prompt_tokens: 0, completion_tokens: 0 })).toEqual(usageOf({}))
  })
})
