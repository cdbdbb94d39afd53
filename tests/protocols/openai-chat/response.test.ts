import { describe, expect, test } from 'vitest'
import { collect, replay } from '../../../src/core/events.js'
import type { AssistantPart, ChatResponse } from '../../../src/core/message.js'
import { usageOf } from '../../../src/core/usage.js'
import { openaiChat } from '../../../src/protocols/openai-chat/index.js'
import { decodeContext } from '../../helpers/decode.js'
import { answer, chunksOf, completion, downstream, events, sseOf } from './kit.js'

const content = (message: Parameters<typeof completion>[0]) => answer(completion(message)).choices[0]?.content
const finish = (finish_reason: string | null, message = {}, more = {}) =>
  answer(completion(message, { finish_reason, ...more })).choices[0]
const written = (parts: readonly AssistantPart[], over: Partial<ChatResponse['choices'][0]> = {}) =>
  downstream.encodeResponse(
    { id: 'x', model: 'm', created: 1, choices: [{ content: parts, finishReason: 'stop', ...over }] },
    { messages: [] },
  )
const message = (parts: readonly AssistantPart[]) => (written(parts).choices as { message: unknown }[])[0]?.message

describe('a summary of several parts', () => {
  const parts = ['**Looking**', '', '**Deciding**'].map((text) => ({ type: 'reasoning' as const, text, summary: true }))

  test('is told as paragraphs', () => {
    expect(message(parts)).toMatchObject({ reasoning_content: '**Looking**\n\n**Deciding**' })
  })

  test('is streamed as paragraphs, and read back as they were', () => {
    const choices = [{ content: parts.filter(({ text }) => text), finishReason: 'stop' as const }]
    const stream = [...replay({ id: 'x', model: 'm', choices })]
    const deltas = chunksOf(stream).flatMap((chunk) => chunk.choices as { delta: { reasoning_content?: string } }[])
    expect(deltas.map(({ delta }) => delta.reasoning_content ?? '').join('')).toBe('**Looking**\n\n**Deciding**')
    const [again] = collect(events(sseOf(stream))).choices
    expect(again?.content.map((part) => 'text' in part && part.text).join('')).toBe('**Looking**\n\n**Deciding**')
  })
})

describe('state of a vendor whose format is not known', () => {
  const details = [
    { type: 'reasoning.summary', summary: 'Hm', format: 'xai-responses-v1', index: 0 },
    { type: 'reasoning.encrypted', data: 'x', format: 'xai-responses-v1', index: 0 },
  ]
  const lost: string[] = []
  const context = decodeContext({ lose: (path, action) => lost.push(`${action} ${path}`) })
  const read = (act: () => unknown) => {
    lost.splice(0)
    act()
    return [...lost]
  }

  test('is reported in an answer, and once in a stream', () => {
    const body = completion({ content: 'Hi', reasoning_details: details })
    expect(read(() => openaiChat.upstream.decodeResponse(body, context))).toEqual([
      'dropped choices[0].message.reasoning_details[1]',
    ])
    const decoder = openaiChat.upstream.decodeStream(context)
    const chunk = { id: 'c', choices: [{ index: 0, delta: { reasoning_details: details } }] }
    const push = () => decoder.push({ data: JSON.stringify(chunk) })
    expect(read(() => [push(), push()])).toEqual(['dropped choices[0].reasoning_details'])
  })

  test('is reported in a history', () => {
    const messages = [{ role: 'assistant', content: 'Hi', reasoning_details: details }]
    expect(read(() => downstream.decodeRequest({ model: 'm', messages }, context.lose))).toEqual([
      'dropped messages[0].reasoning_details[1]',
    ])
  })
})

describe('reading an answer', () => {
  test('its id, model, time, usage and tier', () => {
    const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 }
    expect(answer(completion({ content: 'Hi' }, {}, { usage, service_tier: 'flex' }))).toEqual({
      id: 'chatcmpl-1',
      model: 'm',
      created: 1,
      choices: [{ content: [{ type: 'text', text: 'Hi' }], finishReason: 'stop' }],
      usage: usageOf({ input: 1, output: 2 }),
      serviceTier: 'flex',
    })
  })

  test('its choices, in the order of their numbers', () => {
    const { choices } = answer({
      choices: [
        { index: 1, message: { content: 'b' }, finish_reason: 'length' },
        { index: 0, message: { content: 'a' }, finish_reason: 'stop' },
      ],
    })
    expect(choices.map(({ finishReason }) => finishReason)).toEqual(['stop', 'length'])
  })

  test('thinking in everybody’s words, before the text', () => {
    const expected = [
      { type: 'reasoning', text: 'Hm' },
      { type: 'text', text: 'Ok' },
    ]
    expect(content({ content: 'Ok', reasoning_content: 'Hm' })).toEqual(expected)
    expect(content({ content: 'Ok', reasoning: 'Hm' })).toEqual(expected)
    const chunks = [
      { type: 'thinking', thinking: [{ type: 'text', text: 'Hm' }] },
      { type: 'text', text: 'Ok' },
      { type: 'reference', reference_ids: [1] },
    ]
    expect(content({ content: chunks })).toEqual(expected)
  })

  test('OpenRouter’s details with their signatures', () => {
    const reasoning_details = [
      { type: 'reasoning.text', text: 'Hm', signature: 'sig', format: 'anthropic-claude-v1', index: 0 },
      { type: 'reasoning.encrypted', data: 'hidden', format: 'anthropic-claude-v1', index: 1 },
      { type: 'reasoning.encrypted', data: 'g', format: 'google-gemini-v1', id: 'a', index: 2 },
    ]
    const tool_calls = [{ id: 'a', function: { name: 'f', arguments: '{}' } }]
    expect(content({ content: null, reasoning: 'Hm', reasoning_details, tool_calls })).toEqual([
      { type: 'reasoning', text: 'Hm', signature: { format: 'anthropic-claude-v1', value: 'sig' } },
      { type: 'reasoning', text: '', redacted: true, signature: { format: 'anthropic-claude-v1', value: 'hidden' } },
      { type: 'tool-call', id: 'a', name: 'f', arguments: '{}', signature: { format: 'google-gemini-v1', value: 'g' } },
    ])
  })

  test('sources, in OpenAI’s annotations or Perplexity’s list', () => {
    const url_citation = { url: 'https://a', title: 'A', start_index: 0, end_index: 2, content: 'q' }
    const annotation = { type: 'url_citation', url_citation }
    expect(content({ content: 'Ok', annotations: [annotation, { type: 'other' }] })).toEqual([
      { type: 'text', text: 'Ok', citations: [{ url: 'https://a', title: 'A', quote: 'q', start: 0, end: 2, raw: annotation }] },
    ])
    expect(answer(completion({ content: 'Ok' }, {}, { citations: ['https://a', 7] })).choices[0]?.content).toEqual([
      { type: 'text', text: 'Ok', citations: [{ url: 'https://a' }] },
    ])
  })

  test('a source whose place the vendor does not know has none', () => {
    const url_citation = { url: 'https://a', start_index: 0, end_index: 0 }
    const [text] = content({ content: 'Ok', annotations: [{ type: 'url_citation', url_citation }] }) ?? []
    expect(text?.type === 'text' && text.citations?.[0]).toEqual({
      url: 'https://a',
      raw: { type: 'url_citation', url_citation },
    })
  })

  test('refusals, pictures and sound', () => {
    expect(
      content({
        content: null,
        refusal: 'No',
        images: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }],
        audio: { id: 'x', data: 'QUJD', transcript: 'Hey', expires_at: 1 },
      }),
    ).toEqual([
      { type: 'refusal', text: 'No' },
      { type: 'image', source: { kind: 'base64', data: 'AAAA', mediaType: 'image/png' } },
      { type: 'audio', source: { kind: 'base64', data: 'QUJD', mediaType: 'audio/wav' }, transcript: 'Hey' },
    ])
  })

  test('calls with ids of their own where the vendor gives none', () => {
    const tool_calls = [
      { function: { name: 'f', arguments: { x: 1 } } },
      { type: 'custom', id: 'c', custom: { name: 'g', input: 'i' } },
    ]
    const calls = content({ tool_calls, function_call: { name: 'h', arguments: '' } })
    expect(calls).toEqual([
      { type: 'tool-call', id: expect.stringMatching(/^call_\w+$/), name: 'f', arguments: '{"x":1}' },
      { type: 'tool-call', id: 'c', name: 'g', arguments: '{"input":"i"}' },
      { type: 'tool-call', id: expect.stringMatching(/^call_\w+$/), name: 'h', arguments: '{}' },
    ])
    // Of another turn, too.
    const ids = [calls, content({ tool_calls })]
      .flatMap((parts) => parts ?? [])
      .flatMap((part) => (part.type === 'tool-call' ? part.id : []))
    expect(new Set(ids.filter((id) => id !== 'c')).size).toBe(3)
  })

  test('an empty text is no part', () => {
    expect(content({ content: '', refusal: '' })).toEqual([])
  })

  test.each([
    ['stop', 'stop'],
    ['eos', 'stop'],
    ['length', 'length'],
    ['model_length', 'length'],
    ['tool_calls', 'tool-calls'],
    ['function_call', 'tool-calls'],
    ['content_filter', 'content-filter'],
    ['sensitive', 'content-filter'],
    ['insufficient_system_resource', 'error'],
    ['constructor', 'other'],
    [null, 'other'],
  ])('%s is %s', (reason, neutral) => {
    expect(finish(reason)?.finishReason).toBe(neutral)
  })

  test('a call that ends in no known word is still a call', () => {
    const tool_calls = [{ id: 'a', function: { name: 'f', arguments: '{}' } }]
    expect(finish(null, { tool_calls })?.finishReason).toBe('tool-calls')
    expect(finish('whatever', { tool_calls })?.finishReason).toBe('tool-calls')
  })

  test('a refusal in words, and vLLM’s stop sequence, are told apart from a plain stop', () => {
    expect(finish('stop', { refusal: 'No' })?.finishReason).toBe('refusal')
    expect(finish('stop', { content: 'a' }, { stop_reason: 'END' })).toMatchObject({
      finishReason: 'stop-sequence',
      stopSequence: 'END',
    })
    expect(finish('stop', { content: 'a' }, { stop_reason: 7 })?.finishReason).toBe('stop')
  })

  test.each([
    [undefined, 'upstream_malformed'],
    ['text', 'upstream_malformed'],
    [{}, 'upstream_malformed'],
    [{ choices: [] }, 'upstream_malformed'],
    [completion({ tool_calls: [{ id: 'a', function: {} }] }), 'upstream_malformed'],
    [{ error: { message: 'Slow', code: 429 } }, 'rate_limited'],
    [{ choices: [{ index: 0, error: { message: 'Died', code: 502 }, message: { content: 'Ha' } }] }, 'upstream_error'],
  ])('%j with status 200 is not an answer', (body, code) => {
    expect(() => answer(body)).toThrow(expect.objectContaining({ code, retryable: true }))
  })
})

describe('writing an answer', () => {
  test('has every member that openai-node’s types promise', () => {
    expect(written([{ type: 'text', text: 'Hi' }])).toEqual({
      id: 'x',
      object: 'chat.completion',
      created: 1,
      model: 'm',
      choices: [
        { index: 0, message: { role: 'assistant', content: 'Hi', refusal: null }, logprobs: null, finish_reason: 'stop' },
      ],
    })
  })

  test('several texts are one, and sources know their place in it', () => {
    expect(
      message([
        { type: 'text', text: 'One. ' },
        { type: 'text', text: 'Two.', citations: [{ url: 'https://a', start: 0, end: 3 }, { quote: 'no address' }] },
      ]),
    ).toMatchObject({
      content: 'One. Two.',
      annotations: [
        { type: 'url_citation', url_citation: { url: 'https://a', title: 'https://a', start_index: 5, end_index: 8 } },
      ],
    })
  })

  test('a source that came in this shape goes out in it', () => {
    const annotation = { type: 'url_citation', url_citation: { url: 'https://a', start_index: 0, end_index: 0, extra: 1 } }
    expect(message([{ type: 'text', text: 'a', citations: [{ url: 'https://a', raw: annotation }] }])).toMatchObject({
      annotations: [annotation],
    })
  })

  test('content is null beside calls, refusals and sound, and empty alone', () => {
    const call = { type: 'tool-call', id: 'a', name: 'f', arguments: '{}' } as const
    expect(message([call])).toMatchObject({
      content: null,
      tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }],
    })
    expect(message([{ type: 'refusal', text: 'No' }])).toMatchObject({ content: null, refusal: 'No' })
    expect(message([])).toMatchObject({ content: '' })
    const audio = { type: 'audio', source: { kind: 'base64', data: 'AA==', mediaType: 'audio/wav' }, transcript: 'Hey' } as const
    expect(message([audio])).toMatchObject({ content: null, audio: { id: 'audio_x', data: 'AA==', transcript: 'Hey' } })
    const image = { type: 'image', source: { kind: 'url', url: 'https://a' } } as const
    expect(message([image])).toMatchObject({ content: '', images: [{ type: 'image_url', image_url: { url: 'https://a' } }] })
  })

  test('probabilities, with every member filled', () => {
    const { choices } = written([{ type: 'text', text: 'a' }], { logprobs: [{ token: 'a', logprob: -1 }] })
    expect(choices).toMatchObject([
      { logprobs: { content: [{ token: 'a', logprob: -1, bytes: null, top_logprobs: [] }], refusal: null } },
    ])
  })

  test.each([
    ['stop', 'stop'],
    ['stop-sequence', 'stop'],
    ['length', 'length'],
    ['tool-calls', 'tool_calls'],
    ['content-filter', 'content_filter'],
    ['refusal', 'content_filter'],
    ['pause', 'length'],
    ['error', 'length'],
    ['other', 'stop'],
  ] as const)('%s is %s', (finishReason, wire) => {
    expect(written([], { finishReason }).choices).toMatchObject([{ finish_reason: wire }])
  })

  test('a refusal in words is a plain stop, as OpenAI tells it', () => {
    expect(written([{ type: 'refusal', text: 'No' }], { finishReason: 'refusal' }).choices).toMatchObject([
      { finish_reason: 'stop' },
    ])
  })
})
