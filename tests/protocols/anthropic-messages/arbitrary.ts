/** Answers that this protocol can carry without loss, for property tests. */
import fc from 'fast-check'
import type { AssistantPart, ChatResponse, Choice } from '../../../src/core/message.js'
import { usageOf } from '../../../src/core/usage.js'

const words = fc.string({ minLength: 1, unit: 'grapheme' })
const base64 = fc.uint8Array({ minLength: 1, maxLength: 24 }).map((bytes) => btoa(String.fromCharCode(...bytes)))
const claudes = base64.map((value) => ({ format: 'anthropic-claude-v1' as const, value }))

const text = words.map((text): AssistantPart => ({ type: 'text', text }))
const cited = fc.tuple(words, words, words).map(([text, title, quote]): AssistantPart => {
  const raw = { type: 'web_search_result_location', url: 'https://x.test', title, cited_text: quote, encrypted_index: 'abc' }
  return { type: 'text', text, citations: [{ url: 'https://x.test', title, quote, start: 0, end: text.length, raw }] }
})
const thinking = fc
  .tuple(fc.string(), claudes)
  .map(([text, signature]): AssistantPart => ({ type: 'reasoning', text, signature }))
const redacted = claudes.map((signature): AssistantPart => ({ type: 'reasoning', text: '', redacted: true, signature }))
const call = fc.tuple(fc.uuid(), fc.stringMatching(/^[a-z_]{1,12}$/), fc.dictionary(fc.string(), fc.jsonValue())).map(
  ([id, name, input]): AssistantPart => ({
    type: 'tool-call',
    id,
    name,
    arguments: JSON.stringify(JSON.parse(JSON.stringify(input))),
  }),
)

export const parts = fc.array(fc.oneof(text, cited, thinking, redacted, call), { maxLength: 6 })

export const responses: fc.Arbitrary<ChatResponse> = fc
  .tuple(
    parts,
    fc.constantFrom<Choice['finishReason']>('stop', 'length', 'tool-calls', 'pause'),
    fc.nat(10_000),
    fc.nat(10_000),
    fc.nat(10_000),
  )
  .map(([content, finishReason, input, cacheRead, output]) => ({
    id: 'msg_1',
    model: 'some-model',
    choices: [
      {
        content,
        finishReason: finishReason === 'stop' && content.some(({ type }) => type === 'tool-call') ? 'tool-calls' : finishReason,
      },
    ],
    usage: usageOf({ input, cacheRead, output }),
  }))
