import { expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.js'
import { continuationOf } from '../../src/protocols/continuation.js'

const asking = { said: 'Once upon', instruction: 'Go on.', spent: 40 }

test.each<[string, JsonObject, JsonObject]>([
  [
    'openai-chat',
    { messages: [{ role: 'user', content: 'Hi' }], max_completion_tokens: 100, seed: 1 },
    {
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: 'Once upon' },
      ],
      max_completion_tokens: 60,
      seed: 1,
    },
  ],
  [
    'openai-responses',
    { input: 'Hi', max_output_tokens: 50 },
    {
      input: [
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: 'Once upon' },
      ],
      max_output_tokens: 16,
    },
  ],
  [
    'anthropic-messages',
    { messages: [{ role: 'user', content: 'Hi' }], max_tokens: 8 },
    {
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: 'Once upon' },
      ],
      max_tokens: 8,
    },
  ],
  [
    'gemini',
    { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }], generationConfig: { maxOutputTokens: 100, topK: 1 } },
    {
      contents: [
        { role: 'user', parts: [{ text: 'Hi' }] },
        { role: 'model', parts: [{ text: 'Once upon' }] },
      ],
      generationConfig: { maxOutputTokens: 60, topK: 1 },
    },
  ],
])('%s: what was said comes last, and the bound is lowered by it', (protocol, body, prefilled) => {
  const before = structuredClone(body)
  const asked = continuationOf(protocol, body, asking)
  expect(asked?.prefilled).toEqual(prefilled)
  const [member] = Object.keys(prefilled)
  const turns = asked?.instructed[member ?? '']
  expect(JSON.stringify(turns)).toContain('Go on.')
  expect(asked?.instructed).toEqual({ ...prefilled, [member ?? '']: turns })
  expect(body).toEqual(before)
})

test('a protocol that nobody can be answered in has no continuation', () => {
  expect(continuationOf('bedrock-converse', {}, asking)).toBeUndefined()
  expect(continuationOf('constructor', {}, asking)).toBeUndefined()
})
