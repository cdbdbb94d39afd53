import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { collect, replay, type StreamEvent } from '../../../src/core/events.js'
import type { AssistantPart, ChatResponse, FinishReason, Signature } from '../../../src/core/message.js'
import { usageOf } from '../../../src/core/usage.js'
import { openaiResponses } from '../../../src/protocols/openai-responses/index.js'
import { bytesOf, decodeContext, decodeStream } from '../../helpers/decode.js'
import { answer, decode, downstream, read, sseOf, upstream, wire } from './helpers.js'

const message = (...content: object[]) => ({ id: 'msg_1', type: 'message', role: 'assistant', status: 'completed', content })

describe('a whole answer of the vendor', () => {
  test('its items are the parts of one choice', () => {
    const { response } = read(
      [
        { id: 'rs_1', type: 'reasoning', summary: [{ type: 'summary_text', text: 'hm' }], encrypted_content: 'gAAA' },
        message({
          type: 'output_text',
          text: 'Hi',
          annotations: [],
          logprobs: [{ token: 'Hi', logprob: -0.1, bytes: [72, 105], top_logprobs: [] }],
        }),
        { id: 'fc_1', type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{"a":1}' },
      ],
      {
        usage: {
          input_tokens: 5,
          output_tokens: 7,
          total_tokens: 12,
          input_tokens_details: { cached_tokens: 2 },
          output_tokens_details: { reasoning_tokens: 3 },
        },
        service_tier: 'flex',
      },
    )
    expect(response).toEqual({
      id: 'resp_1',
      model: 'gpt-5',
      created: 1,
      choices: [
        {
          content: [
            {
              type: 'reasoning',
              id: 'rs_1',
              text: 'hm',
              summary: true,
              signature: { format: 'openai-responses-v1', value: 'gAAA' },
            },
            { type: 'text', text: 'Hi' },
            { type: 'tool-call', id: 'call_1', name: 'f', arguments: '{"a":1}' },
          ],
          finishReason: 'tool-calls',
          logprobs: [{ token: 'Hi', logprob: -0.1, bytes: [72, 105] }],
        },
      ],
      usage: usageOf({ input: 3, cacheRead: 2, output: 4, reasoning: 3 }),
      serviceTier: 'flex',
    })
  })

  test('citations of every kind keep their own words', () => {
    const annotations = [
      { type: 'url_citation', url: 'https://a.example', title: 'A', start_index: 0, end_index: 3 },
      { type: 'file_citation', file_id: 'file-1', filename: 'a.pdf', index: 3 },
      { type: 'container_file_citation', container_id: 'c', file_id: 'f', filename: 'b.csv', start_index: 1, end_index: 2 },
      { type: 'file_path', file_id: 'file-2', index: 0 },
    ]
    const { response } = read([message({ type: 'output_text', text: 'abc', annotations })])
    const [text] = response.choices[0]?.content ?? []
    expect(text).toMatchObject({
      citations: [
        { url: 'https://a.example', title: 'A', start: 0, end: 3 },
        { title: 'a.pdf' },
        { title: 'b.csv', start: 1, end: 2 },
        {},
      ],
    })
    const back = downstream.encodeResponse(response, { messages: [] })
    expect(back.output).toMatchObject([{ content: [{ annotations }] }])
  })

  test('status and reason', () => {
    const ended = (over: Record<string, unknown>) =>
      read([message({ type: 'output_text', text: 'x' })], over).response.choices[0]?.finishReason
    expect(ended({})).toBe('stop')
    expect(ended({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } })).toBe('length')
    expect(ended({ status: 'incomplete', incomplete_details: { reason: 'content_filter' } })).toBe('content-filter')
    expect(read([message({ type: 'refusal', refusal: 'no' })]).response.choices[0]).toMatchObject({
      content: [{ type: 'refusal', text: 'no' }],
      finishReason: 'refusal',
    })
  })

  test('a failed answer is thrown', () => {
    const failed = { status: 'failed', error: { code: 'rate_limit_exceeded', message: 'slow down' } }
    expect(() => read([], failed)).toThrow(
      expect.objectContaining({ code: 'rate_limited', retryable: true, detail: 'slow down' }),
    )
    expect(() => read([], { status: 'cancelled', error: null })).toThrow(expect.objectContaining({ code: 'upstream_error' }))
  })

  test('something else than a response is malformed', () => {
    for (const body of [undefined, 'hi', {}, { choices: [] }])
      expect(() => upstream.decodeResponse(body, decodeContext())).toThrow(
        expect.objectContaining({ code: 'upstream_malformed' }),
      )
  })

  test('items of tools that OpenAI runs are reported', () => {
    const { response, lost } = read([
      { id: 'ci_1', type: 'code_interpreter_call', code: '1+1' },
      message({ type: 'output_text', text: '2' }),
    ])
    expect(response.choices[0]?.content).toEqual([{ type: 'text', text: '2' }])
    expect(lost).toMatchObject([{ path: 'output[0]', action: 'dropped' }])
  })

  test('reasoning that OpenAI did not show to the model is reported', () => {
    const input_transformations = [
      { id: 'rs_1', type: 'reasoning', action: 'removed', reason: 'organization_mismatch' },
      { id: 'rs_2', type: 'reasoning', action: 'removed', reason: 'turn_boundary' },
    ]
    const { lost } = read([message({ type: 'output_text', text: 'Hi' })], { input_transformations })
    expect(lost).toMatchObject([
      { path: 'input', action: 'dropped', why: expect.stringContaining('organization_mismatch') },
      { path: 'input', action: 'dropped', why: expect.stringContaining('turn_boundary') },
    ])
  })

  test('a reasoning item of which nothing was told is nothing', () => {
    const { response } = read([{ id: 'rs_1', type: 'reasoning', summary: [] }, message({ type: 'output_text', text: 'x' })])
    expect(response.choices[0]?.content).toEqual([{ type: 'text', text: 'x' }])
  })
})

describe('a whole answer for a caller', () => {
  test('the response object echoes the request', () => {
    const { request } = decode({
      tools: [{ type: 'function', name: 'f', parameters: { type: 'object' }, strict: true }],
      tool_choice: { type: 'function', name: 'f' },
      temperature: 0.5,
      max_output_tokens: 50,
      reasoning: { effort: 'low' },
      text: { format: { type: 'json_object' } },
      metadata: { a: 'b' },
    })
    expect(downstream.encodeResponse(answer([{ type: 'text', text: 'x' }], { created: 9 }), request)).toMatchObject({
      id: 'resp_1',
      object: 'response',
      created_at: 9,
      status: 'completed',
      error: null,
      incomplete_details: null,
      model: 'm',
      parallel_tool_calls: true,
      temperature: 0.5,
      max_output_tokens: 50,
      reasoning: { effort: 'low', summary: null },
      text: { format: { type: 'json_object' } },
      tool_choice: { type: 'function', name: 'f' },
      tools: [{ type: 'function', name: 'f', parameters: { type: 'object' }, strict: true }],
      metadata: { a: 'b' },
      store: false,
    })
  })

  const endings: [FinishReason, string, object | null][] = [
    ['stop', 'completed', null],
    ['stop-sequence', 'completed', null],
    ['tool-calls', 'completed', null],
    ['length', 'incomplete', { reason: 'max_output_tokens' }],
    ['content-filter', 'incomplete', { reason: 'content_filter' }],
    ['refusal', 'incomplete', { reason: 'content_filter' }],
    ['pause', 'incomplete', null],
    ['other', 'incomplete', null],
    ['error', 'failed', null],
  ]
  for (const [reason, status, details] of endings) {
    test(`an answer that ended by ${reason} is ${status}`, () => {
      const response = answer([{ type: 'text', text: 'x' }])
      const ended = { ...response, choices: [{ content: [{ type: 'text', text: 'x' } as const], finishReason: reason }] }
      expect(downstream.encodeResponse(ended, { messages: [] })).toMatchObject({ status, incomplete_details: details })
    })
  }

  test('logprobs stand with their text', () => {
    const choice = {
      content: [{ type: 'text', text: 'hi' } as const],
      finishReason: 'stop' as const,
      logprobs: [{ token: 'hi', logprob: -1 }],
    }
    expect(downstream.encodeResponse(answer([], { choices: [choice] }), { messages: [] })).toMatchObject({
      output: [{ content: [{ logprobs: [{ token: 'hi', logprob: -1, bytes: [], top_logprobs: [] }] }] }],
    })
  })

  test('an image of the model is an image generation item', () => {
    const image: AssistantPart = { type: 'image', source: { kind: 'base64', data: 'AAAA', mediaType: 'image/png' } }
    expect(downstream.encodeResponse(answer([image, { type: 'text', text: 'x' }]), { messages: [] })).toMatchObject({
      output: [{ type: 'image_generation_call', status: 'completed', result: 'AAAA' }, { type: 'message' }],
    })
  })

  test('a citation without an address names its document', () => {
    const text: AssistantPart = { type: 'text', text: 'abc', citations: [{ title: 'Report', end: 3 }, { quote: 'no name' }] }
    expect(downstream.encodeResponse(answer([text]), { messages: [] })).toMatchObject({
      output: [{ content: [{ annotations: [{ type: 'file_citation', filename: 'Report', index: 3 }] }] }],
    })
  })

  test('an answer without an id or a time gets them', () => {
    const { id, created_at } = downstream.encodeResponse({ id: '', model: 'm', choices: [] }, { messages: [] })
    expect(id).toMatch(/^resp_./)
    expect(created_at).toBeGreaterThan(1_700_000_000)
  })
})

const words = fc.string({ unit: 'grapheme', maxLength: 12 })
const signature = (format: Signature['format']) =>
  fc.base64String({ minLength: 4, maxLength: 12 }).map((value) => ({ format, value }))
const anySignature = fc.oneof(signature('openai-responses-v1'), signature('anthropic-claude-v1'), signature('google-gemini-v1'))
const reasoning = fc.oneof(
  fc.record({ text: words, signature: anySignature }).map((part): AssistantPart => ({ type: 'reasoning', ...part })),
  anySignature.map((signed): AssistantPart => ({ type: 'reasoning', text: '', redacted: true, signature: signed })),
)
const said = fc.oneof(
  words.map((text): AssistantPart => ({ type: 'text', text })),
  fc.record({ text: words, signature: signature('google-gemini-v1') }).map((part): AssistantPart => ({ type: 'text', ...part })),
  words.map((text): AssistantPart => ({ type: 'refusal', text })),
)
const calls = fc
  .array(fc.record({ city: words, signed: fc.option(signature('google-gemini-v1'), { nil: undefined }) }), { maxLength: 3 })
  .map((list) =>
    list.map(
      ({ city, signed }, at): AssistantPart => ({
        type: 'tool-call',
        id: `call_${at}`,
        name: 'weather',
        arguments: JSON.stringify({ city }),
        ...(signed && { signature: signed }),
      }),
    ),
  )
const content = fc
  .tuple(fc.array(reasoning, { maxLength: 3 }), fc.array(said, { maxLength: 3 }), calls)
  .map((parts) => parts.flat())
const answers: fc.Arbitrary<ChatResponse> = content.map((parts) => answer(parts, { usage: usageOf({ input: 1, output: 2 }) }))
const withoutIds = (parts: readonly AssistantPart[] = []) =>
  parts.map(({ ...part }) => ('text' in part ? { ...part, id: undefined } : part))

describe('any answer', () => {
  test('a stream ends in the response that the unary answer is', () => {
    fc.assert(
      fc.property(answers, (whole) => {
        const last = wire(replay(whole)).at(-1)
        expect(JSON.parse(last?.data ?? '').response).toEqual(downstream.encodeResponse(whole, { messages: [] }))
      }),
    )
  })

  test('our own upstream half reads from our stream what it reads from our unary answer', () => {
    fc.assert(
      fc.property(answers, (whole) => {
        const streamed = collect(decodeStream(openaiResponses, bytesOf(sseOf(wire(replay(whole))))))
        expect(streamed).toEqual(upstream.decodeResponse(downstream.encodeResponse(whole, { messages: [] }), decodeContext()))
      }),
    )
  })

  test('a caller who sends the output back gives the model its own turn again, opaque state and all', () => {
    fc.assert(
      fc.property(answers, (whole) => {
        const { output } = downstream.encodeResponse(whole, { messages: [] })
        const { request, lost } = decode({ input: output })
        expect(lost).toEqual([])
        expect(withoutIds(request.messages[0]?.content as AssistantPart[])).toEqual(withoutIds(whole.choices[0]?.content))
      }),
    )
  })

  test('deltas cut anywhere spell the same', () => {
    fc.assert(
      fc.property(answers, fc.integer({ min: 1, max: 4 }), (whole, size) => {
        const last = wire([...replay(whole)].flatMap((event) => inPieces(event, size))).at(-1)
        expect(JSON.parse(last?.data ?? '').response).toEqual(downstream.encodeResponse(whole, { messages: [] }))
      }),
    )
  })
})

function inPieces(event: StreamEvent, size: number): StreamEvent[] {
  if (event.type !== 'part-delta') return [event]
  return [...event.delta.matchAll(new RegExp(`.{1,${size}}`, 'gsu'))].map(([delta]) => ({ ...event, delta }))
}
