import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.js'
import { outputBound, withOutputBound } from '../../src/protocols/output-bound.js'

const thinking = { thinking: { type: 'enabled', budget_tokens: 2000 } }

describe('what bounds an answer', () => {
  const cases: readonly (readonly [protocol: string, body: JsonObject, bound: object])[] = [
    ['openai-chat', { max_tokens: 5, max_completion_tokens: 9, n: 3 }, { asked: 9, answers: 3, least: 16, stored: false }],
    ['openai-chat', { max_tokens: '5', n: 0 }, { answers: 1 }],
    ['openai-chat', { max_tokens: -5 }, { answers: 1 }],
    ['openai-responses', { max_output_tokens: 7, previous_response_id: 'r' }, { asked: 7, stored: true }],
    ['openai-responses', { conversation: null }, { stored: false }],
    ['anthropic-messages', { max_tokens: 4000, ...thinking }, { asked: 4000, least: 2001 }],
    ['gemini', { generationConfig: { maxOutputTokens: 8, candidateCount: 2 } }, { asked: 8, answers: 2 }],
    ['gemini', { generation_config: { max_output_tokens: 8, candidate_count: 2 } }, { asked: 8, answers: 2 }],
    ['gemini', { cachedContent: 'c' }, { stored: true }],
    ['anthropic-messages', { thread: { type: 'continue', previous_message_id: 'm' } }, { stored: true }],
    ['anthropic-messages', { thread: { type: 'create' } }, { stored: false }],
    ['bedrock-converse', { inferenceConfig: { maxTokens: 8 } }, { asked: 8 }],
    ['bedrock-converse', { additionalModelRequestFields: thinking }, { least: 2001 }],
    ['openai-chat', { reasoning_effort: 'low' }, { raised: 32_768 }],
    ['openai-chat', { reasoning: { max_tokens: 50_000 } }, { raised: 50_000 }],
    ['openai-chat', {}, { raised: 0 }],
    ['ai-sdk', { maxOutputTokens: 9, reasoning: 'low' }, { asked: 9, raised: 32_768, stored: false }],
    ['ai-sdk', { providerOptions: { leash: { reasoningBudget: 50_000 } } }, { raised: 50_000 }],
    ['ai-sdk', { providerOptions: { openai: { previousResponseId: 'r' } } }, { raised: 0, stored: true }],
    ['openai-embeddings', { input: 'x' }, { answers: 1, stored: false }],
  ]
  test.each(cases)('is read in %s from %o', (protocol, body, bound) => {
    expect(outputBound(protocol, body)).toMatchObject(bound)
    if (!('asked' in bound)) expect(outputBound(protocol, body)).not.toHaveProperty('asked')
  })
})

describe('a bound', () => {
  const cases: readonly (readonly [protocol: string, body: JsonObject, bounded: JsonObject])[] = [
    ['openai-chat', { model: 'm' }, { model: 'm', max_completion_tokens: 50 }],
    ['openai-chat', { max_tokens: 99 }, { max_tokens: 50 }],
    ['openai-chat', { max_tokens: 99, max_completion_tokens: 9 }, { max_tokens: 50, max_completion_tokens: 9 }],
    ['openai-responses', {}, { max_output_tokens: 50 }],
    ['anthropic-messages', { max_tokens: 99 }, { max_tokens: 50 }],
    ['gemini', {}, { generationConfig: { maxOutputTokens: 50 } }],
    ['gemini', { generationConfig: { topK: 1 } }, { generationConfig: { topK: 1, maxOutputTokens: 50 } }],
    ['gemini', { generation_config: { top_k: 1 } }, { generation_config: { top_k: 1, max_output_tokens: 50 } }],
    ['bedrock-converse', { inferenceConfig: { topP: 1 } }, { inferenceConfig: { topP: 1, maxTokens: 50 } }],
  ]
  test.each(cases)('is written in %s into %o, and nothing else changes', (protocol, body, bounded) => {
    const before = structuredClone(body)
    const written = withOutputBound(protocol, body, 50)
    expect(written.body).toEqual(bounded)
    expect(outputBound(protocol, written.body).asked).toBe(50)
    expect(body).toEqual(before)
    expect(written.path.split('.').reduce<unknown>((at, name) => (at as JsonObject)[name], written.body)).toBe(50)
  })
})
