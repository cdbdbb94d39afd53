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

test('a text that is no whole number is no count', () => {
  expect(['', ' 1', '-1', '1.5', '1e3', 'x', '1'.repeat(16), null, {}].map(asCount)).toEqual(Array(9).fill(undefined))
})
