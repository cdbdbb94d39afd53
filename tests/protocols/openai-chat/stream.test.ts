import { describe, expect, test } from 'vitest'
import { LeashError } from '../../../src/core/errors.js'
import { collect, replay, type StreamEvent } from '../../../src/core/events.js'
import type { JsonObject } from '../../../src/core/json.js'
import type { AssistantPart, ChatResponse } from '../../../src/core/message.js'
import { usageOf } from '../../../src/core/usage.js'
import { openaiChat } from '../../../src/protocols/openai-chat/index.js'
import { decodeContext } from '../../helpers/decode.js'
import { chunksOf, downstream, events, prefixes, sse, sseOf, upstream } from './kit.js'

const parts = (deltas: readonly JsonObject[], finish = 'stop') => collect(events(sse(deltas, finish))).choices[0]?.content
const call = (index: number | undefined, over: JsonObject = {}, fn: JsonObject = {}) => ({
  tool_calls: [{ ...(index !== undefined && { index }), ...over, function: fn }],
})
const wireCall = (index: number, id: string) => call(index, { id }, { name: 'f', arguments: '{}' })
/** By us. */
const named: unknown = expect.stringMatching(/^call_\w+$/)
const toolCall = (id: unknown, name: string, given: string) => ({ type: 'tool-call', id, name, arguments: given })

/** That parts follow one another, as the contract of the events has it. */
function inOrder(stream: readonly StreamEvent[]): void {
  let open = -1
  let next = 0
  for (const event of stream) {
    if (event.type === 'part-start') {
      expect(open).toBe(-1)
      expect(event.index).toBe(next++)
      open = event.index
    }
    if (event.type === 'part-delta' || event.type === 'part-end') expect(event.index).toBe(open)
    if (event.type === 'part-end') open = -1
  }
  expect(open).toBe(-1)
}

describe('reading tool calls', () => {
  test('interleaved calls become one after the other', () => {
    const stream = events(
      sse(
        [
          call(0, { id: 'a', type: 'function' }, { name: 'f', arguments: '' }),
          call(1, { id: 'b', type: 'function' }, { name: 'g', arguments: '{"y"' }),
          call(0, {}, { arguments: '{"x":' }),
          call(1, {}, { arguments: ':2}' }),
          { content: 'aside' },
          call(0, {}, { arguments: '1}' }),
          call(2, { id: 'c' }, { name: 'h', arguments: '{}' }),
        ],
        'tool_calls',
      ),
    )
    inOrder(stream)
    expect(collect(stream).choices[0]).toEqual({
      content: [
        toolCall('a', 'f', '{"x":1}'),
        toolCall('b', 'g', '{"y":2}'),
        { type: 'text', text: 'aside' },
        toolCall('c', 'h', '{}'),
      ],
      finishReason: 'tool-calls',
    })
  })

  test('a call that is alone is told delta by delta', () => {
    const stream = events(
      sse([call(0, { id: 'a' }, { name: 'f', arguments: '{"x"' }), call(0, {}, { arguments: ':1}' })], 'tool_calls'),
    )
    expect(stream.filter(({ type }) => type === 'part-delta')).toHaveLength(2)
  })

  test('vendors that say index 0 for all are told apart by their ids', () => {
    expect(
      parts([
        call(0, { id: 'a' }, { name: 'f', arguments: '{"x":1}' }),
        call(0, { id: 'b' }, { name: 'f', arguments: '{"x":2}' }),
      ]),
    ).toEqual([toolCall('a', 'f', '{"x":1}'), toolCall('b', 'f', '{"x":2}')])
  })

  test('more of a call that has neither index nor id belongs to the newest', () => {
    expect(
      parts([
        call(undefined, { id: 'a' }, { name: 'f', arguments: '{"x":' }),
        call(undefined, {}, { arguments: '1}' }),
        call(undefined, { id: 'b' }, { name: 'f', arguments: '{"x":' }),
        call(undefined, {}, { arguments: '2}' }),
      ]),
    ).toEqual([toolCall('a', 'f', '{"x":1}'), toolCall('b', 'f', '{"x":2}')])
  })

  test('vendors that leave the index out, too', () => {
    expect(
      parts([
        call(undefined, { id: 'a' }, { name: 'f', arguments: '{"x"' }),
        call(undefined, { id: 'a' }, { arguments: ':1}' }),
        call(undefined, {}, { name: 'g', arguments: '{}' }),
      ]),
    ).toEqual([toolCall('a', 'f', '{"x":1}'), toolCall(named, 'g', '{}')])
  })

  test('a repeated id, or a new one with every delta, is still the same call', () => {
    expect(
      parts([
        call(0, { id: 'a' }, { name: 'f', arguments: '{' }),
        call(0, { id: 'a' }, { name: 'f', arguments: '"x":' }),
        call(0, { id: 'zzz' }, { arguments: '1}' }),
      ]),
    ).toEqual([toolCall('a', 'f', '{"x":1}')])
  })

  test('arguments may be the object they are, and a name may come late', () => {
    expect(parts([call(0, { id: 'a' }, { arguments: { x: 1 } }), call(0, {}, { name: 'f' })])).toEqual([
      toolCall('a', 'f', '{"x":1}'),
    ])
  })

  test('a call without a name is no answer', () => {
    expect(() => events(sse([call(0, { id: 'a' }, { arguments: '{}' })]))).toThrow(/upstream_malformed.*without naming it/)
  })

  test('arguments for a call that was over are no answer', () => {
    const late = [
      call(0, { id: 'a' }, { name: 'f', arguments: '{}' }),
      call(1, { id: 'b' }, { name: 'g' }),
      call(0, {}, { arguments: '{"x":1}' }),
    ]
    expect(() => events(sse(late))).toThrow(/upstream_malformed.*was over/)
  })

  test('the function calls of old are read', () => {
    expect(
      parts([{ function_call: { name: 'f', arguments: '{' } }, { function_call: { arguments: '}' } }], 'function_call'),
    ).toEqual([toolCall(named, 'f', '{}')])
  })
})

describe('reading the rest', () => {
  test('thinking and text in Mistral’s chunks', () => {
    const thinking = (text: string) => ({ content: [{ type: 'thinking', thinking: [{ type: 'text', text }] }] })
    expect(parts([thinking('Hm'), thinking('m'), { content: [{ type: 'text', text: 'O' }] }, { content: 'k' }])).toEqual([
      { type: 'reasoning', text: 'Hmm' },
      { type: 'text', text: 'Ok' },
    ])
  })

  test('thinking that a vendor says in two words is told once', () => {
    const both = (text: string) => ({ reasoning: text, reasoning_content: text })
    expect(parts([both('H'), both('m'), { content: 'Ok' }])?.[0]).toEqual({ type: 'reasoning', text: 'Hm' })
  })

  test('OpenRouter’s details, with the signature at their end', () => {
    const detail = (over: JsonObject) => ({
      reasoning_details: [{ type: 'reasoning.text', format: 'anthropic-claude-v1', index: 0, ...over }],
    })
    expect(
      parts([
        { reasoning: 'H', ...detail({ text: 'H' }) },
        { reasoning: 'm', ...detail({ text: 'm' }) },
        detail({ signature: 'sig' }),
        { content: 'Ok' },
      ]),
    ).toEqual([
      { type: 'reasoning', text: 'Hm', signature: { format: 'anthropic-claude-v1', value: 'sig' } },
      { type: 'text', text: 'Ok' },
    ])
  })

  test('a summary and its encrypted whole are one block', () => {
    const format = 'openai-responses-v1'
    const details = [
      { type: 'reasoning.summary', summary: 'Sum', format, index: 0, id: 'rs' },
      { type: 'reasoning.encrypted', data: 'enc', format, index: 0, id: 'rs' },
    ]
    expect(parts(details.map((detail) => ({ reasoning_details: [detail] })))).toEqual([
      { type: 'reasoning', text: 'Sum', summary: true, id: 'rs', signature: { format, value: 'enc' } },
    ])
  })

  test('an encrypted block with an id of its own is another block', () => {
    const format = 'openai-responses-v1'
    const details = [
      { type: 'reasoning.summary', summary: 'Sum', format, index: 0, id: 'rs_1' },
      { type: 'reasoning.encrypted', data: 'enc', format, index: 1, id: 'rs_2' },
    ]
    expect(parts([{ reasoning_details: details }])).toEqual([
      { type: 'reasoning', text: 'Sum', summary: true, id: 'rs_1' },
      { type: 'reasoning', text: '', id: 'rs_2', signature: { format, value: 'enc' } },
    ])
  })

  test('redacted blocks stay apart from what stands beside them', () => {
    const format = 'anthropic-claude-v1'
    const details = [
      { type: 'reasoning.text', text: 'Hm', format },
      { type: 'reasoning.encrypted', data: 'one', format },
      { type: 'reasoning.encrypted', data: 'two', format },
    ]
    expect(parts([{ reasoning_details: details }])).toEqual([
      { type: 'reasoning', text: 'Hm' },
      { type: 'reasoning', text: '', redacted: true, signature: { format, value: 'one' } },
      { type: 'reasoning', text: '', redacted: true, signature: { format, value: 'two' } },
    ])
  })

  test('a signature of Gemini that comes before its call, with it, or after it', () => {
    const format = 'google-gemini-v1'
    const detail = { reasoning_details: [{ type: 'reasoning.encrypted', data: 'sig', format, id: 'a' }] }
    const own = call(0, { id: 'a', extra_content: { google: { thought_signature: 'sig' } } }, { name: 'f', arguments: '{}' })
    const bare = call(0, { id: 'a' }, { name: 'f', arguments: '{}' })
    const signed = [{ ...toolCall('a', 'f', '{}'), signature: { format, value: 'sig' } }]
    expect(parts([own])).toEqual(signed)
    expect(parts([detail, bare])).toEqual(signed)
    expect(parts([bare, detail])).toEqual(signed)
    expect(parts([{ content: 'Ok' }, detail])).toEqual([{ type: 'text', text: 'Ok', signature: { format, value: 'sig' } }])
  })

  test('sound, pictures, refusals and citations', () => {
    const url_citation = { url: 'https://a', title: 'A', start_index: 0, end_index: 2 }
    const annotation = { type: 'url_citation', url_citation }
    const url = 'data:image/png;base64,AAAA'
    expect(
      parts([
        { annotations: [annotation] },
        { content: 'Ok' },
        { refusal: 'No' },
        { images: [{ type: 'image_url', image_url: { url } }] },
        { audio: { id: 'x', transcript: 'He' } },
        { audio: { data: 'QUJD' } },
        { audio: { data: 'REVG', transcript: 'y' } },
        { audio: { expires_at: 1 } },
      ]),
    ).toEqual([
      { type: 'text', text: 'Ok', citations: [{ url: 'https://a', title: 'A', start: 0, end: 2, raw: annotation }] },
      { type: 'refusal', text: 'No' },
      { type: 'image', source: { kind: 'base64', data: 'AAAA', mediaType: 'image/png' } },
      { type: 'audio', source: { kind: 'base64', data: 'QUJDREVG', mediaType: 'audio/pcm' }, transcript: 'Hey' },
    ])
  })

  test('the list of sources that some vendors repeat in every chunk', () => {
    const { choices } = collect(
      events(
        [['https://a'], ['https://a', 'https://b']]
          .map((citations, at) => ({
            id: 'x',
            citations,
            choices: [{ index: 0, delta: { content: `${at}` }, finish_reason: at ? 'stop' : null }],
          }))
          .map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`)
          .join(''),
      ),
    )
    expect(choices[0]?.content).toEqual([{ type: 'text', text: '01', citations: [{ url: 'https://a' }, { url: 'https://b' }] }])
  })

  test('probabilities, in the order they come', () => {
    const token = (said: string) => ({
      token: said,
      logprob: -1,
      bytes: null,
      top_logprobs: [{ token: said, logprob: -1, bytes: [1] }],
    })
    const text = sse([], 'stop', [])
    const chunk = (said: string) =>
      `data: ${JSON.stringify({ id: '1', choices: [{ index: 0, delta: { content: said }, logprobs: { content: [token(said)] } }] })}\n\n`
    const { choices } = collect(events(chunk('a') + chunk('b') + text))
    expect(choices[0]?.logprobs?.map(({ token: said }) => said)).toEqual(['a', 'b'])
    expect(choices[0]?.logprobs?.[0]).toEqual({
      token: 'a',
      logprob: -1,
      bytes: null,
      top: [{ token: 'a', logprob: -1, bytes: [1] }],
    })
  })

  test('Azure’s first chunk, which has no choices, begins nothing', () => {
    const filter = 'data: {"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[]}\n\n'
    const stream = events(filter + sse([{ content: 'Ok' }]))
    expect(stream[0]).toEqual({ type: 'start', id: 'chatcmpl-1', model: 'm', created: 1 })
  })

  test('Groq’s usage, and the tier that served', () => {
    const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 }
    const collected = collect(
      events(sse([{ content: 'Ok' }], 'stop', [{ choices: [], x_groq: { usage }, service_tier: 'on_demand' }])),
    )
    expect(collected).toMatchObject({ usage: usageOf({ input: 1, output: 2 }), serviceTier: 'on_demand' })
  })

  test('a model that the vendor does not name is the one that was asked for', () => {
    const stream = events('data: {"id":"x","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}]}\n\n')
    expect(stream[0]).toEqual({ type: 'start', id: 'x', model: 'asked-model' })
  })
})

describe('the end of a stream', () => {
  const finished = 'data: {"id":"x","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}]}\n\n'

  test('is `[DONE]`, or a finish where a server leaves that out', () => {
    expect(events(finished).at(-1)).toEqual({ type: 'end' })
    expect(collect(events(sse([{ content: 'a' }], null))).choices[0]).toMatchObject({ finishReason: 'other' })
  })

  test('is told once, whatever comes after it', () => {
    const stream = events(`${finished}data: [DONE]\n\n${finished}data: [DONE]\n\n`)
    expect(stream.filter(({ type }) => type === 'finish' || type === 'end')).toHaveLength(2)
  })

  test('of two choices is that of both', () => {
    const context = decodeContext({ request: { messages: [], n: 2 } })
    const ended = (...chunks: JsonObject[]) => {
      const decoder = upstream.decodeStream(context)
      for (const choice of chunks) decoder.push({ data: JSON.stringify({ id: 'x', choices: [choice] }) })
      return decoder.end()
    }
    const first = { index: 0, delta: { content: 'a' }, finish_reason: 'stop' }
    const second = { index: 1, delta: { content: 'b' } }
    expect(() => ended(first)).toThrow('stream_truncated')
    expect(() => ended(first, second)).toThrow('stream_truncated')
    expect(ended(first, { ...second, finish_reason: 'length' }).at(-1)).toEqual({ type: 'end' })
  })

  test('is not what Together tells after the first of two calls', () => {
    const first = { index: 0, delta: wireCall(0, 'a'), finish_reason: 'tool_calls' }
    const second = { index: 0, delta: wireCall(1, 'b'), finish_reason: null }
    const chunks = (...choices: JsonObject[]) =>
      choices.map((choice) => `data: ${JSON.stringify({ id: 'x', choices: [choice] })}\n\n`).join('')
    expect(() => events(chunks(first, second))).toThrow('stream_truncated')
    expect(collect(events(chunks(first, second, { ...first, delta: {} }))).choices[0]?.content).toHaveLength(2)
  })

  test('without one is an error that may be tried again', () => {
    for (const text of ['', 'data: {"id":"x","choices":[{"index":0,"delta":{"content":"a"}}]}\n\n'])
      expect(() => events(text)).toThrow(expect.objectContaining({ code: 'stream_truncated', status: 502, retryable: true }))
  })

  test('with nothing before it, or nonsense, is an error too', () => {
    for (const text of ['data: [DONE]\n\n', 'data: oops\n\n', 'data: [1]\n\n', 'data: 7\n\n'])
      expect(() => events(text)).toThrow(expect.objectContaining({ code: 'upstream_malformed', retryable: true }))
  })

  test.each([
    ['data: {"error":{"message":"Slow down","type":"rate_limit_error"}}\n\n', 'rate_limited', 429, true],
    [
      'data: {"id":"x","choices":[{"index":0,"delta":{},"finish_reason":"error"}],"error":{"code":502,"message":"Died"}}\n\n',
      'upstream_error',
      502,
      true,
    ],
    [
      'data: {"id":"x","choices":[{"index":0,"delta":{},"error":{"code":403,"message":"No"}}]}\n\n',
      'permission_denied',
      403,
      false,
    ],
    ['event: error\ndata: {"message":"Died"}\n\n', 'upstream_error', 502, true],
    ['event: error\ndata: Died\n\n', 'upstream_error', 502, true],
    [
      'data: {"object":"error","message":"too long: maximum context length is 8","code":400}\n\n',
      'context_window_exceeded',
      400,
      false,
    ],
  ] as const)('that is an error is thrown: %s', (text, code, status, retryable) => {
    expect(() => events(text)).toThrow(expect.objectContaining({ code, status, retryable }))
  })
})

const response = (content: readonly AssistantPart[], over: Partial<ChatResponse['choices'][0]> = {}): ChatResponse => ({
  id: 'msg_1',
  model: 'claude',
  created: 5,
  choices: [{ content, finishReason: 'stop', ...over }],
  usage: usageOf({ input: 3, cacheRead: 2, output: 4 }),
})
const deltas = (chunks: readonly JsonObject[]) =>
  chunks.flatMap(({ choices }) => (choices as { delta: JsonObject }[]).map(({ delta }) => delta))

describe('writing a stream', () => {
  test('every chunk is one of OpenAI’s, and the role comes first', () => {
    const chunks = chunksOf([...replay(response([{ type: 'text', text: 'Hi' }]))])
    const head = { id: 'msg_1', object: 'chat.completion.chunk', created: 5, model: 'claude' }
    const choice = { index: 0, logprobs: null, finish_reason: null }
    expect(chunks).toEqual([
      { ...head, choices: [{ ...choice, delta: { role: 'assistant', content: '' } }] },
      { ...head, choices: [{ ...choice, delta: { content: 'Hi' } }] },
      { ...head, choices: [{ ...choice, delta: {}, finish_reason: 'stop' }] },
    ])
  })

  test('ends with `[DONE]`, and shows usage only to a caller who asked', () => {
    const stream = [...replay({ ...response([{ type: 'text', text: 'Hi' }]), serviceTier: 'default' })]
    expect(sseOf(stream)).toMatch(/\ndata: \[DONE\]\n\n$/)
    expect(sseOf(stream)).not.toContain('usage')
    const asked = chunksOf(stream, { messages: [], includeUsage: true })
    expect(asked.slice(0, -1).map(({ usage }) => usage)).toEqual(asked.slice(0, -1).map(() => null))
    expect(asked.at(-1)).toMatchObject({
      choices: [],
      service_tier: 'default',
      usage: { prompt_tokens: 5, completion_tokens: 4, total_tokens: 9, prompt_tokens_details: { cached_tokens: 2 } },
    })
  })

  test('no usage is made up for a vendor that told none', () => {
    const { usage: _, ...untold } = response([{ type: 'text', text: 'Hi' }])
    expect(chunksOf([...replay(untold)], { messages: [], includeUsage: true }).at(-1)?.choices).toHaveLength(1)
  })

  test('a time that the vendor does not tell is now', () => {
    const { created: _, ...timeless } = response([{ type: 'text', text: 'Hi' }])
    const before = Math.floor(Date.now() / 1000)
    expect(chunksOf([...replay(timeless)])[0]?.created).toBeGreaterThanOrEqual(before)
  })

  test('details of thinking and annotations come once, whole, just before the finish', () => {
    const signature = { format: 'anthropic-claude-v1', value: 'sig' } as const
    const chunks = chunksOf([
      ...replay(
        response([
          { type: 'reasoning', text: 'Hm', signature },
          { type: 'reasoning', text: '', redacted: true, signature },
          { type: 'text', text: 'One.' },
          { type: 'text', text: 'Two.', citations: [{ url: 'https://a', title: 'A', start: 1, end: 3, quote: 'q' }] },
        ]),
      ),
    ])
    const last = chunks.length - 2
    expect(deltas(chunks)[last]).toEqual({
      annotations: [
        { type: 'url_citation', url_citation: { start_index: 5, end_index: 7, url: 'https://a', title: 'A', content: 'q' } },
      ],
      reasoning_details: [
        { type: 'reasoning.text', text: 'Hm', signature: 'sig', format: 'anthropic-claude-v1', index: 0 },
        { type: 'reasoning.encrypted', data: 'sig', format: 'anthropic-claude-v1', index: 1 },
      ],
    })
    expect(deltas(chunks).filter((delta) => 'reasoning_details' in delta || 'annotations' in delta)).toHaveLength(1)
    expect(deltas(chunks)).toContainEqual({ reasoning_content: 'Hm' })
  })

  test('refusals, sound and pictures have their members', () => {
    const chunks = chunksOf([
      ...replay(
        response([
          { type: 'refusal', text: 'No' },
          { type: 'image', source: { kind: 'base64', data: 'AAAA', mediaType: 'image/png' } },
          { type: 'audio', source: { kind: 'base64', data: 'QUJD', mediaType: 'audio/wav' }, transcript: 'Hey' },
        ]),
      ),
    ])
    expect(deltas(chunks)).toEqual([
      { role: 'assistant', content: '' },
      { refusal: 'No' },
      { images: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }] },
      { audio: { id: 'audio_msg_1', data: 'QUJD', transcript: 'Hey' } },
      {},
    ])
  })

  test('a refusal in words ends as OpenAI’s does, and one without as a filter’s', () => {
    const ending = (content: AssistantPart[]) =>
      chunksOf([...replay(response(content, { finishReason: 'refusal' }))]).at(-1)?.choices
    expect(ending([{ type: 'refusal', text: 'No' }])).toMatchObject([{ finish_reason: 'stop' }])
    expect(ending([])).toMatchObject([{ finish_reason: 'content_filter' }])
  })

  test('a signature of Gemini that a text ends with comes before the finish', () => {
    const signature = { format: 'google-gemini-v1', value: 'sig' } as const
    const chunks = chunksOf([...replay(response([{ type: 'text', text: 'Ok', signature }]))])
    const stream = chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join('')
    expect(collect(events(`${stream}data: [DONE]\n\n`)).choices[0]?.content).toEqual([{ type: 'text', text: 'Ok', signature }])
  })

  test('a signature that comes at the end of a call follows it', () => {
    const chunks = chunksOf([
      { type: 'start', id: 'x', model: 'm' },
      { type: 'part-start', choice: 0, index: 0, part: { type: 'tool-call', id: 'a', name: 'f', arguments: '' } },
      { type: 'part-delta', choice: 0, index: 0, delta: '{"x":1}' },
      { type: 'part-end', choice: 0, index: 0, signature: { format: 'google-gemini-v1', value: 'sig' } },
    ])
    expect(deltas(chunks).at(-1)).toEqual({
      tool_calls: [{ index: 0, function: { arguments: '' }, extra_content: { google: { thought_signature: 'sig' } } }],
    })
  })

  test('a failure on the way is OpenAI’s own error event', () => {
    const encoder = downstream.encodeStream({ messages: [] })
    const [event, ...rest] = encoder.fail(new LeashError('stream_truncated', 'Cut.', { retryable: true }))
    expect(rest).toEqual([])
    expect(JSON.parse(event?.data ?? '')).toEqual({
      error: { message: '[stream_truncated] Cut.', type: 'server_error', param: null, code: 'stream_truncated' },
    })
  })
})

describe('a stream that we wrote', () => {
  const signature = { format: 'anthropic-claude-v1', value: 'sig' } as const
  const whole = response(
    [
      { type: 'reasoning', text: 'Hmm', signature },
      toolCall('a', 'f', '{"x":1}') as AssistantPart,
      {
        ...(toolCall('b', 'g', '{}') as AssistantPart & { type: 'tool-call' }),
        signature: { format: 'google-gemini-v1', value: 'g' },
      },
    ],
    { finishReason: 'tool-calls' },
  )

  test('reads as what it was written from', () => {
    const text = sseOf([...replay(whole)], { messages: [], includeUsage: true })
    const [thinking, ...calls] = collect(events(text)).choices[0]?.content ?? []
    expect(calls).toEqual([...(whole.choices[0]?.content.slice(1) ?? []), { type: 'reasoning', text: '', signature }])
    // The signature came when the thinking was over: it is a block of its own then, signed and empty.
    expect(thinking).toEqual({ type: 'reasoning', text: 'Hmm' })
  })

  test('cut at any byte fails, or is whole', () => {
    const text = sseOf([...replay(whole)])
    for (const outcome of prefixes(text)) {
      if (typeof outcome === 'string') expect(outcome).toBe('stream_truncated')
      else expect(collect(outcome).choices).toEqual(collect(events(text)).choices)
    }
  })
})

describe('the tap', () => {
  const seen = (...datas: (string | JsonObject)[]) => {
    const tap = openaiChat.lens.tap()
    for (const data of datas) tap.see({ data: typeof data === 'string' ? data : JSON.stringify(data) })
    return tap
  }
  const chunk = (delta: JsonObject, over: JsonObject = {}, index = 0) => ({
    id: 'x',
    choices: [{ index, delta, finish_reason: null, ...over }],
  })

  test.each([
    { content: 'a' },
    { refusal: 'a' },
    { reasoning: 'a' },
    { reasoning_content: 'a' },
    { tool_calls: [{ index: 0 }] },
    { function_call: { name: 'f' } },
    { audio: { id: 'x' } },
  ])('has content at %j', (delta) => {
    expect(seen(chunk(delta)).content).toBe(true)
  })

  test('has none at what only begins', () => {
    const begun = seen(
      { choices: [], prompt_filter_results: [] },
      chunk({ role: 'assistant', content: '' }),
      chunk({ content: null, tool_calls: [] }),
    )
    expect(begun).toMatchObject({ content: false, terminal: false, usage: undefined, error: undefined })
  })

  test('has content at a finish without any, and at the end', () => {
    expect(seen(chunk({}, { finish_reason: 'stop' }))).toMatchObject({ content: true, terminal: true })
    expect(seen('[DONE]')).toMatchObject({ content: true, terminal: true })
  })

  test('is not deceived by what a text says', () => {
    const text = '"finish_reason":"stop","usage":{"prompt_tokens":1},"error":{"message":"no"} [DONE]'
    const tap = seen(
      chunk({ content: 'a' }),
      chunk({ content: text }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: text } }] }),
    )
    expect(tap).toMatchObject({ content: true, terminal: false, usage: undefined, error: undefined })
  })

  test('reads JSON with spaces in it', () => {
    const tap = seen(
      chunk({ content: 'a' }),
      '{"id": "x", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 1, "completion_tokens": 2}}',
    )
    expect(tap).toMatchObject({ terminal: true, usage: usageOf({ input: 1, output: 2 }) })
  })

  test('keeps the last usage of those that a vendor counts up', () => {
    const usage = (completion_tokens: number) => ({ choices: [], usage: { prompt_tokens: 1, completion_tokens } })
    expect(seen(chunk({ content: 'a' }), usage(1), usage(5)).usage).toEqual(usageOf({ input: 1, output: 5 }))
  })

  test('waits for the finish of every choice it has seen', () => {
    const one = [chunk({ content: 'a' }), chunk({ content: 'b' }, {}, 1), chunk({}, { finish_reason: 'stop' })]
    expect(seen(...one).terminal).toBe(false)
    expect(seen(...one, chunk({}, { finish_reason: 'stop' }, 1)).terminal).toBe(true)
  })

  test('takes back a finish that was none, as Together tells after each call', () => {
    const one = chunk({ tool_calls: [{ index: 0 }] }, { finish_reason: 'tool_calls' })
    expect(seen(one).terminal).toBe(true)
    expect(seen(one, chunk({ tool_calls: [{ index: 1 }] })).terminal).toBe(false)
    expect(seen(one, chunk({ content: '' })).terminal).toBe(true)
  })

  test('records an error, of whatever shape, and nonsense as one', () => {
    expect(seen({ error: { message: 'No', code: 429 } }).error).toMatchObject({ code: 'rate_limited', status: 429 })
    expect(seen(chunk({ content: 'a' }), { error: 'No' }).error).toMatchObject({ code: 'upstream_error' })
    expect(seen(chunk({ content: 'a' }), { error: null }).error).toBeUndefined()
    const amid = chunk({ content: 'b' })
    expect(seen(chunk({ content: 'a' }), { ...amid, error: { message: 'No' } }).error).toMatchObject({ code: 'upstream_error' })
    expect(seen('nonsense').error).toMatchObject({ code: 'upstream_malformed' })
  })
})
