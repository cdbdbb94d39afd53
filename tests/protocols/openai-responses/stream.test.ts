import { describe, expect, test } from 'vitest'
import { LeashError } from '../../../src/core/errors.js'
import { collect, type StreamEvent } from '../../../src/core/events.js'
import { openaiResponses } from '../../../src/protocols/openai-responses/index.js'
import { bytesOf, decodeContext, decodePrefixes, decodeStream } from '../../helpers/decode.js'
import { fixtures, losses, sse, streamOf, upToEnd, wholeAnswer } from './helpers.js'

const response = { id: 'resp_1', created_at: 7, model: 'gpt-5', status: 'in_progress', output: [] }
const created = ['response.created', { response }] as const
const completed = ['response.completed', { response: { ...response, status: 'completed', output: null } }] as const

/** Decodes a stream made of these events, between its first and its last. */
function stream(...events: (readonly [string, Record<string, unknown>])[]): StreamEvent[] {
  return decodeStream(openaiResponses, bytesOf(streamOf([created, ...events, completed])))
}

const call = (id: string, args = '') => ({ id: `fc_${id}`, type: 'function_call', call_id: id, name: id, arguments: args })

describe('recorded streams', () => {
  test('a web search answer: hidden reasoning, text, usage; the search itself is reported', () => {
    const { lose, lost } = losses()
    const events = decodeStream(openaiResponses, bytesOf(sse(fixtures.webSearch)), { context: decodeContext({ lose }) })
    const { choices, usage, model, serviceTier } = collect(events)
    expect(choices[0]?.content.map(({ type }) => type)).toEqual(['reasoning', 'reasoning', 'text'])
    expect(choices[0]?.content[0]).toMatchObject({ redacted: true, text: '', signature: { format: 'openai-responses-v1' } })
    expect(choices[0]?.content[2]).toMatchObject({ text: expect.stringContaining('San Francisco weather today') })
    expect(choices[0]?.finishReason).toBe('stop')
    expect(model).toBe('gpt-5-2025-08-07')
    expect(serviceTier).toBe('default')
    const told = wholeAnswer(fixtures.webSearch).usage as {
      total_tokens: number
      input_tokens_details: { cached_tokens: number }
    }
    expect(Object.values(usage ?? {}).reduce((sum, count) => sum + count, 0)).toBe(told.total_tokens)
    expect(usage?.cacheRead).toBe(told.input_tokens_details.cached_tokens)
    expect(lost).toMatchObject([{ path: 'output[1]', action: 'dropped', why: expect.stringContaining('web_search_call') }])
  })

  test('the encrypted reasoning kept is that of the finished item', () => {
    const done = [...sse(fixtures.webSearch).matchAll(/data: (.*response\.output_item\.done.*)/g)].map(
      ([, data = '']) => JSON.parse(data).item,
    )
    const { choices } = collect(decodeStream(openaiResponses, bytesOf(sse(fixtures.webSearch))))
    expect(choices[0]?.content[0]).toMatchObject({ id: done[0].id, signature: { value: done[0].encrypted_content } })
  })

  test('a file search answer without event names: its citations are kept', () => {
    const { choices } = collect(decodeStream(openaiResponses, bytesOf(sse(fixtures.fileSearch))))
    expect(choices[0]?.content).toHaveLength(1)
    expect(choices[0]?.content[0]).toMatchObject({
      type: 'text',
      text: expect.stringContaining('embedding'),
      citations: [{ raw: { type: 'file_citation' } }, { raw: { type: 'file_citation' } }],
    })
  })

  test('an error event is thrown with its meaning', () => {
    expect(() => decodeStream(openaiResponses, bytesOf(sse(fixtures.error)))).toThrow(
      expect.objectContaining({
        code: 'rate_limited',
        status: 429,
        retryable: true,
        detail: expect.stringContaining('current quota'),
      }),
    )
  })

  for (const name of [fixtures.webSearch, fixtures.fileSearch]) {
    test(`byte by byte it spells the same: ${name}`, () => {
      const bytes = bytesOf(sse(name))
      expect(decodeStream(openaiResponses, bytes, { size: 1 })).toEqual(decodeStream(openaiResponses, bytes))
    })

    test(`the deltas and the whole answer agree: ${name}`, () => {
      const streamed = collect(decodeStream(openaiResponses, bytesOf(sse(name))))
      const whole = openaiResponses.upstream.decodeResponse(wholeAnswer(name), decodeContext())
      const unsigned = (answer: typeof whole) =>
        JSON.parse(JSON.stringify(answer), (key, value) => (key === 'signature' ? typeof value : value))
      expect(unsigned(streamed)).toEqual(unsigned(whole))
    })
  }

  for (const name of [fixtures.webSearch, fixtures.fileSearch]) {
    test(`cut anywhere, the stream is truncated, never a success: ${name}`, () => {
      const endings = decodePrefixes(openaiResponses, bytesOf(upToEnd(name)))
      expect(new Set(endings)).toEqual(new Set(['stream_truncated']))
    })
  }

  test('cut anywhere, the failing stream is truncated or fails with its own error', () => {
    const endings = decodePrefixes(openaiResponses, bytesOf(sse(fixtures.error)))
    expect(new Set(endings)).toEqual(new Set(['stream_truncated', 'rate_limited']))
  })
})

describe('parts', () => {
  test('parallel tool calls that overlap come out one after another', () => {
    const events = stream(
      ['response.output_item.added', { output_index: 0, item: call('a') }],
      ['response.output_item.added', { output_index: 1, item: call('b') }],
      ['response.function_call_arguments.delta', { output_index: 1, delta: '{"b"' }],
      ['response.function_call_arguments.delta', { output_index: 0, delta: '{"a":1}' }],
      ['response.function_call_arguments.delta', { output_index: 1, delta: ':2}' }],
      ['response.output_item.done', { output_index: 1, item: call('b', '{"b":2}') }],
      ['response.output_item.done', { output_index: 0, item: call('a', '{"a":1}') }],
    )
    const order = events.flatMap((event) => ('index' in event ? [event.index] : []))
    expect(order).toEqual([...order].sort())
    expect(collect(events).choices[0]).toEqual({
      content: [
        { type: 'tool-call', id: 'a', name: 'a', arguments: '{"a":1}' },
        { type: 'tool-call', id: 'b', name: 'b', arguments: '{"b":2}' },
      ],
      finishReason: 'tool-calls',
    })
  })

  test('what the first call says is told at once, and the second waits', () => {
    const decoder = openaiResponses.upstream.decodeStream(decodeContext())
    const push = (type: string, members: object) => decoder.push({ event: type, data: JSON.stringify({ type, ...members }) })
    push('response.created', { response })
    push('response.output_item.added', { output_index: 0, item: call('a') })
    expect(push('response.output_item.added', { output_index: 1, item: call('b') })).toEqual([])
    expect(push('response.function_call_arguments.delta', { output_index: 1, delta: '{}' })).toEqual([])
    expect(push('response.function_call_arguments.delta', { output_index: 0, delta: '{}' })).toMatchObject([
      { type: 'part-delta', index: 0 },
    ])
    expect(push('response.output_item.done', { output_index: 0, item: call('a', '{}') }).map(({ type }) => type)).toEqual([
      'part-end',
      'part-start',
      'part-delta',
    ])
  })

  test('summaries are parts of their own, of one item, and the last one carries the encrypted content', () => {
    const item = { id: 'rs_1', type: 'reasoning', summary: [] }
    const summary = (index: number, text: string) =>
      [
        [
          'response.reasoning_summary_part.added',
          { output_index: 0, summary_index: index, part: { type: 'summary_text', text: '' } },
        ],
        ['response.reasoning_summary_text.delta', { output_index: 0, summary_index: index, delta: text }],
        ['response.reasoning_summary_text.done', { output_index: 0, summary_index: index, text }],
      ] as const
    const events = stream(['response.output_item.added', { output_index: 0, item }], ...summary(0, 'one'), ...summary(1, 'two'), [
      'response.output_item.done',
      {
        output_index: 0,
        item: { ...item, encrypted_content: 'gAAA', summary: ['one', 'two'].map((text) => ({ type: 'summary_text', text })) },
      },
    ])
    expect(collect(events).choices[0]?.content).toEqual([
      { type: 'reasoning', id: 'rs_1', summary: true, text: 'one' },
      { type: 'reasoning', id: 'rs_1', summary: true, text: 'two', signature: { format: 'openai-responses-v1', value: 'gAAA' } },
    ])
  })

  test('a new summary ends the one before it, so that it is told as it comes', () => {
    const events = stream(
      ['response.output_item.added', { output_index: 0, item: { id: 'rs_1', type: 'reasoning', summary: [] } }],
      ['response.reasoning_summary_text.delta', { output_index: 0, summary_index: 0, delta: 'one' }],
      ['response.reasoning_summary_text.delta', { output_index: 0, summary_index: 1, delta: 'two' }],
    )
    expect(events.slice(1, -2).map(({ type }) => type)).toEqual([
      'part-start',
      'part-delta',
      'part-end',
      'part-start',
      'part-delta',
      'part-end',
    ])
    const decoder = openaiResponses.upstream.decodeStream(decodeContext())
    const type = 'response.reasoning_summary_text.delta'
    const push = (summary_index: number) =>
      decoder.push({ data: JSON.stringify({ type, output_index: 0, summary_index, delta: 'x' }) })
    expect(push(0).at(-1)).toMatchObject({ type: 'part-delta', index: 0 })
    expect(push(1).at(-1)).toMatchObject({ type: 'part-delta', index: 1 })
  })

  test('open reasoning text is no summary', () => {
    const events = stream(
      ['response.output_item.added', { output_index: 0, item: { id: 'rs_1', type: 'reasoning', summary: [] } }],
      ['response.content_part.added', { output_index: 0, content_index: 0, part: { type: 'reasoning_text', text: '' } }],
      ['response.reasoning_text.delta', { output_index: 0, content_index: 0, delta: 'hm' }],
      ['response.reasoning_text.done', { output_index: 0, content_index: 0, text: 'hmm' }],
      ['response.output_item.done', { output_index: 0, item: { id: 'rs_1', type: 'reasoning', summary: [], content: [] } }],
    )
    expect(collect(events).choices[0]?.content).toEqual([{ type: 'reasoning', id: 'rs_1', text: 'hmm' }])
  })

  test('logprobs follow their deltas, and are not told twice', () => {
    const logprobs = [{ token: 'hi', logprob: -0.5, bytes: [104, 105], top_logprobs: [{ token: 'ho', logprob: -2 }] }]
    const part = { type: 'output_text', text: 'hi', annotations: [], logprobs }
    const events = stream(
      ['response.output_item.added', { output_index: 0, item: { id: 'm', type: 'message', content: [] } }],
      ['response.output_text.delta', { output_index: 0, content_index: 0, delta: 'hi', logprobs }],
      ['response.content_part.done', { output_index: 0, content_index: 0, part }],
      ['response.output_item.done', { output_index: 0, item: { id: 'm', type: 'message', content: [part] } }],
    )
    expect(collect(events).choices[0]?.logprobs).toEqual([
      { token: 'hi', logprob: -0.5, bytes: [104, 105], top: [{ token: 'ho', logprob: -2 }] },
    ])
  })

  test('a refusal is told as it comes', () => {
    const events = stream(
      ['response.output_item.added', { output_index: 0, item: { id: 'm', type: 'message', content: [] } }],
      ['response.content_part.added', { output_index: 0, content_index: 0, part: { type: 'refusal', refusal: '' } }],
      ['response.refusal.delta', { output_index: 0, content_index: 0, delta: 'I ' }],
      ['response.refusal.delta', { output_index: 0, content_index: 0, delta: 'cannot' }],
      ['response.refusal.done', { output_index: 0, content_index: 0, refusal: 'I cannot.' }],
    )
    expect(collect(events).choices[0]).toEqual({ content: [{ type: 'refusal', text: 'I cannot.' }], finishReason: 'refusal' })
  })
})

describe('servers that only resemble it', () => {
  test('no item is announced: the deltas open it', () => {
    const events = stream(['response.output_text.delta', { output_index: 0, content_index: 0, delta: 'hi' }])
    expect(collect(events).choices[0]?.content).toEqual([{ type: 'text', text: 'hi' }])
  })

  test('content_index counts up with every delta: it is still one text', () => {
    const item = { id: 'm', type: 'message', content: [] }
    const events = stream(
      ['response.output_item.added', { output_index: 0, item }],
      ['response.output_text.delta', { output_index: 0, content_index: 12, delta: 'to ' }],
      ['response.output_text.delta', { output_index: 0, content_index: 13, delta: 'day' }],
      ['response.content_part.done', { output_index: 0, content_index: 14, part: { type: 'output_text', text: 'to day' } }],
      ['response.output_item.done', { output_index: 0, item: { ...item, content: [{ type: 'output_text', text: 'to day' }] } }],
    )
    expect(collect(events).choices[0]?.content).toEqual([{ type: 'text', text: 'to day' }])
  })

  test('only the last event tells the output: it is read from there', () => {
    const output = [{ id: 'm', type: 'message', content: [{ type: 'output_text', text: 'hi' }] }, call('f', '{"x":1}')]
    const text = streamOf([created, ['response.completed', { response: { ...response, status: 'completed', output } }]])
    expect(collect(decodeStream(openaiResponses, bytesOf(text))).choices[0]).toMatchObject({
      content: [{ text: 'hi' }, { name: 'f', arguments: '{"x":1}' }],
      finishReason: 'tool-calls',
    })
  })

  test('the arguments come with the finished item only', () => {
    const events = stream(
      ['response.output_item.added', { output_index: 0, item: { type: 'function_call', id: 'fc_1' } }],
      ['response.function_call_arguments.delta', { output_index: 0, delta: '{"x"' }],
      ['response.output_item.done', { output_index: 0, item: call('f', '{"x":1}') }],
    )
    expect(collect(events).choices[0]?.content).toEqual([{ type: 'tool-call', id: 'f', name: 'f', arguments: '{"x":1}' }])
  })

  test('the name comes late: arguments that came before it are kept', () => {
    const events = stream(
      ['response.function_call_arguments.delta', { output_index: 0, delta: '{"x":1}' }],
      ['response.output_item.done', { output_index: 0, item: { type: 'function_call', call_id: 'f', name: 'f' } }],
    )
    expect(collect(events).choices[0]?.content).toEqual([{ type: 'tool-call', id: 'f', name: 'f', arguments: '{"x":1}' }])
  })

  test('events that nobody knows are passed over, and so is [DONE]', () => {
    const text = streamOf([created, ['response.mood.changed', { mood: 'good' }], ['constructor', {}], completed])
    const events = decodeStream(openaiResponses, bytesOf(`${text}data: [DONE]\n\n`))
    expect(events.map(({ type }) => type)).toEqual(['start', 'finish', 'end'])
  })

  test('[DONE] without response.completed ends an answer whose items were whole, and no other', () => {
    const item = { type: 'message', id: 'm', content: [{ type: 'output_text', text: 'Hello' }] }
    const said = [created, ['response.output_text.delta', { output_index: 0, content_index: 0, delta: 'Hello' }]] as const
    const whole = ['response.output_item.done', { output_index: 0, item }] as const
    const answer = (events: Parameters<typeof streamOf>[0]) =>
      decodeStream(openaiResponses, bytesOf(`${streamOf(events)}data: [DONE]\n\n`))
    expect(collect(answer([...said, whole])).choices).toEqual([
      { content: [{ type: 'text', text: 'Hello' }], finishReason: 'stop' },
    ])
    const cut = expect.objectContaining({ code: 'stream_truncated', retryable: true })
    expect(() => answer([...said])).toThrow(cut)
    expect(() => answer([created])).toThrow(cut)
  })

  test('an event that is not JSON is malformed, and may be tried again', () => {
    expect(() => decodeStream(openaiResponses, bytesOf('event: response.created\ndata: {"type"\n\n'))).toThrow(
      expect.objectContaining({ code: 'upstream_malformed', retryable: true }),
    )
  })
})

describe('endings', () => {
  const ended = (type: string, over: Record<string, unknown>) =>
    collect(decodeStream(openaiResponses, bytesOf(streamOf([created, [type, { response: { ...response, ...over } }]]))))
      .choices[0]?.finishReason

  test('incomplete by a filter, or by its length and whatever else cuts it, which no caller must take for the whole', () => {
    const incomplete = (reason?: string) =>
      ended('response.incomplete', { status: 'incomplete', incomplete_details: reason ? { reason } : null })
    expect(incomplete('max_output_tokens')).toBe('length')
    expect(incomplete('content_filter')).toBe('content-filter')
    for (const reason of ['max_messages', 'steered', undefined]) expect(incomplete(reason), reason).toBe('length')
  })

  test('a failed response is thrown, by its own code', () => {
    const failing = (error: object) => () =>
      decodeStream(
        openaiResponses,
        bytesOf(streamOf([created, ['response.failed', { response: { ...response, status: 'failed', error } }]])),
      )
    expect(failing({ code: 'server_error', message: 'oops' })).toThrow(
      expect.objectContaining({ code: 'upstream_error', retryable: true }),
    )
    expect(failing({ code: 'invalid_prompt', message: 'no' })).toThrow(
      expect.objectContaining({ code: 'content_filtered', retryable: false }),
    )
    for (const code of ['invalid_image_url', 'image_too_large', 'failed_to_download_image'])
      expect(failing({ code, message: 'no' }), code).toThrow(
        expect.objectContaining({ code: 'invalid_request', retryable: false }),
      )
    expect(failing({})).toThrow(expect.objectContaining({ code: 'upstream_error', detail: expect.stringContaining('no reason') }))
  })

  test('an error event is read flat and nested', () => {
    const flat = streamOf([created, ['error', { code: 'rate_limit_exceeded', message: 'slow', param: null }]])
    const nested = streamOf([created, ['error', { error: { code: 'rate_limit_exceeded', message: 'slow' } }]])
    for (const text of [flat, nested]) {
      expect(() => decodeStream(openaiResponses, bytesOf(text))).toThrow(
        expect.objectContaining({ code: 'rate_limited', detail: 'slow' }),
      )
    }
  })

  test('an error in a stream keeps a body that OpenAI clients can read', () => {
    try {
      decodeStream(openaiResponses, bytesOf(sse(fixtures.error)))
      expect.unreachable()
    } catch (error) {
      expect(error).toBeInstanceOf(LeashError)
      const { upstream } = error as LeashError
      expect(upstream).toMatchObject({ protocol: 'openai-responses', status: 429 })
      expect(JSON.parse(upstream?.text ?? '')).toMatchObject({
        error: { type: 'insufficient_quota', code: 'insufficient_quota' },
      })
    }
  })
})
