import { expect, test } from 'vitest'
import { readUsage as anthropic } from '../../src/protocols/anthropic-messages/usage.js'
import { usageFrom as bedrock } from '../../src/protocols/bedrock-converse/wire.js'
import { asCount } from '../../src/protocols/counts.js'
import { decodeUsage as gemini } from '../../src/protocols/gemini/usage.js'
import { readUsage as openaiChat } from '../../src/protocols/openai-chat/usage.js'
import { decodeUsage as openaiResponses } from '../../src/protocols/openai-responses/usage.js'

test.each([
  ['OpenAI', openaiChat, { prompt_tokens: 12, completion_tokens: 7, prompt_tokens_details: { cached_tokens: 5 } }],
  ['OpenAI, in responses', openaiResponses, { input_tokens: 12, output_tokens: 7, input_tokens_details: { cached_tokens: 5 } }],
  ['Anthropic', anthropic, { input_tokens: 12, output_tokens: 7, cache_read_input_tokens: 5 }],
  ['Google', gemini, { promptTokenCount: 12, candidatesTokenCount: 7, cachedContentTokenCount: 5, totalTokenCount: 19 }],
  ['Amazon', bedrock, { inputTokens: 12, outputTokens: 7, cacheReadInputTokens: 5 }],
])('tokens that a server tells in the words of %s count the same as texts', (_, read: (usage: unknown) => unknown, usage) => {
  const asTexts = JSON.stringify(usage).replaceAll(/\d+/g, '"$&"')
  expect(read(usage)).toMatchObject({ cacheRead: 5, output: 7 })
  expect(read(JSON.parse(asTexts))).toEqual(read(usage))
})

test('less than nothing is nothing, and adds nothing to the whole that it is told to be a part of', () => {
  for (const count of [-1, -0.5, Number.MIN_SAFE_INTEGER]) expect(asCount(count)).toBe(0)
  const less = { cached_tokens: -100, reasoning_tokens: -50, thinking_tokens: -50 }
  const [input_tokens, output_tokens] = [12, 7]
  const told = { input_tokens, input_tokens_details: less, output_tokens, output_tokens_details: less }
  for (const read of [openaiResponses, anthropic])
    expect(read(told)).toMatchObject({ input: 12, output: 7, cacheRead: 0, reasoning: 0 })
  const google = { promptTokenCount: 12, candidatesTokenCount: 7, totalTokenCount: 19, cachedContentTokenCount: -100 }
  expect(gemini(google)).toMatchObject({ input: 12, output: 7, cacheRead: 0 })
})

test.each([
  ['OpenAI', openaiChat],
  ['OpenAI, in responses', openaiResponses],
  ['Anthropic', anthropic],
  ['Google', gemini],
  ['Amazon', bedrock],
])(
  'who names no tokens in the words of %s has told nothing, and not that there were none',
  (_, read: (usage: unknown) => unknown) => {
    const names = ['prompt_tokens', 'completion_tokens', 'input_tokens', 'output_tokens', 'inputTokens', 'outputTokens']
    const nulls = Object.fromEntries([...names, 'promptTokenCount', 'totalTokenCount'].map((name) => [name, null]))
    expect([read({}), read(nulls)]).toEqual([undefined, undefined])
  },
)

test('a text that is no whole number is no count', () => {
  expect(['', ' 1', '-1', '1.5', '1e3', 'x', '1'.repeat(16), null, {}].map(asCount)).toEqual(Array(9).fill(undefined))
})
