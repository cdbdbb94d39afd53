/**
 * The places where translators went wrong most often, each as a request, as a whole answer, and as the same answer in a
 * stream that is cut at every byte. Where one of the three has nothing to do with it, it is left out.
 */
import { describe, expect, test } from 'vitest'
import { collect, replay, type StreamEvent } from '../../../src/core/events.js'
import type { JsonObject } from '../../../src/core/json.js'
import type { AssistantPart, ChatRequest, ChatResponse, Message } from '../../../src/core/message.js'
import { usageOf } from '../../../src/core/usage.js'
import { answer, brief, chunksOf, completion, decoded, downstream, encoded, events, prefixes, sse, sseOf } from './kit.js'

const text = (said: string) => ({ type: 'text' as const, text: said })
const call = (id: string, name = 'f', given = '{}') => ({ type: 'tool-call' as const, id, name, arguments: given })
const wireCall = (id: string, name = 'f', given = '{}') => ({ id, type: 'function', function: { name, arguments: given } })
const wireDelta = (index: number, id: string, name: string, given: string) => ({
  tool_calls: [{ index, ...wireCall(id, name, given) }],
})
const user = { role: 'user' as const, content: [text('Hi')] }
const prefill = { supportsPrefill: true }

const choiceOf = (stream: readonly StreamEvent[]) => collect(stream).choices[0]
const contentOf = (body: unknown) => answer(body).choices[0]?.content

/** Any prefix either fails as truncated or spells the whole answer; the whole is given back. */
function everyCut(stream: string): ChatResponse['choices'][0] | undefined {
  const whole = choiceOf(events(stream))
  const outcomes = prefixes(stream)
  expect(outcomes.filter((outcome) => typeof outcome === 'string').length).toBeGreaterThan(0)
  for (const outcome of outcomes) {
    if (typeof outcome === 'string') expect(outcome).toBe('stream_truncated')
    else expect(choiceOf(outcome)).toEqual(whole)
  }
  return whole
}

/** An answer as a caller of this protocol reads it, whole and from a stream. */
function told(content: readonly AssistantPart[], finishReason: ChatResponse['choices'][0]['finishReason'] = 'stop') {
  const response: ChatResponse = { id: 'x', model: 'm', created: 1, choices: [{ content, finishReason }] }
  const whole = (downstream.encodeResponse(response, { messages: [] }).choices as JsonObject[])[0]
  return { whole: whole?.message as JsonObject, finish: whole?.finish_reason, stream: [...replay(response)] }
}

const deltasOf = (stream: readonly StreamEvent[]) =>
  chunksOf(stream).flatMap(({ choices }) => (choices as { delta: JsonObject }[]).map(({ delta }) => delta))

describe('1. parallel tool results share one turn', () => {
  const results = {
    role: 'tool' as const,
    content: ['a', 'b'].map((id) => ({ type: 'tool-result' as const, id, name: 'f', content: [text(id)] })),
  }
  const messages = [
    { role: 'assistant', content: null, tool_calls: [wireCall('a'), wireCall('b')] },
    { role: 'tool', tool_call_id: 'a', content: 'a' },
    { role: 'tool', tool_call_id: 'b', content: 'b' },
  ]

  test('in a request: many messages here, one in the middle, many again', () => {
    const { request } = decoded({ messages })
    expect(request.messages).toEqual([{ role: 'assistant', content: [call('a'), call('b')] }, results])
    expect(encoded(request).body.messages).toEqual(messages)
  })

  test('and those of two turns stay two', () => {
    const { request } = decoded({ messages: [...messages, ...messages] })
    expect(request.messages.map(({ role }) => role)).toEqual(['assistant', 'tool', 'assistant', 'tool'])
  })

  test('the calls they answer stand in one answer', () => {
    expect(
      contentOf(completion({ content: null, tool_calls: [wireCall('a'), wireCall('b')] }, { finish_reason: 'tool_calls' })),
    ).toEqual([call('a'), call('b')])
  })

  test('and in one stream', () => {
    const choice = everyCut(sse([wireDelta(0, 'a', 'f', '{}'), wireDelta(1, 'b', 'f', '{}')], 'tool_calls'))
    expect(choice).toEqual({ content: [call('a'), call('b')], finishReason: 'tool-calls' })
  })
})

describe('2. a call is followed at once by its result, and text stands before it', () => {
  const history: readonly Message[] = [
    user,
    { role: 'assistant', content: [call('a'), text('I look.')] },
    { role: 'tool', content: [{ type: 'tool-result', id: 'a', content: [text('Rain')] }] },
    user,
  ]

  test('in a request', () => {
    expect(encoded({ messages: history }).body.messages).toEqual([
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'I look.', tool_calls: [wireCall('a')] },
      { role: 'tool', tool_call_id: 'a', content: 'Rain' },
      { role: 'user', content: 'Hi' },
    ])
  })

  test('in an answer', () => {
    expect(contentOf(completion({ tool_calls: [wireCall('a')], content: 'I look.' }))).toEqual([text('I look.'), call('a')])
    expect(told([call('a'), text('I look.')]).whole).toMatchObject({ content: 'I look.', tool_calls: [wireCall('a')] })
  })

  test('in a stream', () => {
    expect(everyCut(sse([{ content: 'I look.' }, wireDelta(0, 'a', 'f', '{}')], 'tool_calls'))?.content).toEqual([
      text('I look.'),
      call('a'),
    ])
  })
})

describe('3. the index of a call counts calls, not parts, and goes on from chunk to chunk', () => {
  const content = [
    { type: 'reasoning' as const, text: 'Hm' },
    text('I look.'),
    call('a', 'f', '{"x":1}'),
    call('b', 'g', '{"y":2}'),
  ]

  test('in an answer, where place is index', () => {
    expect(told(content).whole.tool_calls).toEqual([wireCall('a', 'f', '{"x":1}'), wireCall('b', 'g', '{"y":2}')])
  })

  test('in a stream that is written', () => {
    const calls = deltasOf(told(content, 'tool-calls').stream).flatMap(
      ({ tool_calls }) => (tool_calls as { index: number; id?: string }[]) ?? [],
    )
    expect(calls.map(({ index, id }) => [index, id])).toEqual([
      [0, 'a'],
      [0, undefined],
      [1, 'b'],
      [1, undefined],
    ])
  })

  test('in a stream that is read, even from a vendor that says 0 for all', () => {
    const choice = everyCut(sse([wireDelta(0, 'a', 'f', '{"x":1}'), wireDelta(0, 'b', 'g', '{"y":2}')], 'tool_calls'))
    expect(choice?.content).toEqual(content.slice(2))
  })
})

describe('4. the finish reason', () => {
  test.each([
    ['stop', 'tool-calls'],
    ['tool_calls', 'tool-calls'],
    ['length', 'length'],
    ['content_filter', 'content-filter'],
  ])('`%s` beside a call is %s, in an answer and in a stream', (finish_reason, neutral) => {
    expect(answer(completion({ tool_calls: [wireCall('a')] }, { finish_reason })).choices[0]?.finishReason).toBe(neutral)
    expect(everyCut(sse([wireDelta(0, 'a', 'f', '{}')], finish_reason))?.finishReason).toBe(neutral)
  })

  test('that comes in a chunk of its own, or twice, is told once', () => {
    const stream = events(
      sse([wireDelta(0, 'a', 'f', '{}')], 'stop', [{ choices: [{ index: 0, delta: { content: '' }, finish_reason: 'stop' }] }]),
    )
    expect(stream.filter(({ type }) => type === 'finish')).toEqual([{ type: 'finish', choice: 0, reason: 'tool-calls' }])
  })

  test('goes out in OpenAI’s words', () => {
    expect(told([call('a')], 'tool-calls').finish).toBe('tool_calls')
    expect(told([call('a')], 'length').finish).toBe('length')
  })
})

describe('5. empty arguments', () => {
  test.each(['', '{}', ' ', undefined, null])('%j in a request is `{}`', (given) => {
    const tool_calls = [{ id: 'a', function: { name: 'f', ...(given !== undefined && { arguments: given }) } }]
    const { request } = decoded({ messages: [{ role: 'assistant', tool_calls }] })
    expect(request.messages[0]?.content).toEqual([call('a')])
    expect(encoded(request, prefill).body.messages).toEqual([{ role: 'assistant', content: null, tool_calls: [wireCall('a')] }])
  })

  test.each(['', '{}', null])('%j in an answer is `{}`', (given) => {
    expect(contentOf(completion({ tool_calls: [{ id: 'a', function: { name: 'f', arguments: given } }] }))).toEqual([call('a')])
  })

  test('in a stream they are `{}`, whether the vendor says so or says nothing', () => {
    expect(everyCut(sse([wireDelta(0, 'a', 'f', ''), wireDelta(1, 'b', 'f', '{}')], 'tool_calls'))?.content).toEqual([
      call('a'),
      call('b'),
    ])
  })

  test('a caller reads `{}` once nothing more can come, and never `{}` before real ones', () => {
    const start = { type: 'start', id: 'x', model: 'm' } as const
    const open = {
      type: 'part-start',
      choice: 0,
      index: 0,
      part: { type: 'tool-call', id: 'a', name: 'f', arguments: '' },
    } as const
    const close = { type: 'part-end', choice: 0, index: 0 } as const
    const finish = { type: 'finish', choice: 0, reason: 'tool-calls' } as const
    const spoken = (...stream: StreamEvent[]) =>
      deltasOf(stream).flatMap(({ tool_calls }) =>
        ((tool_calls as { function: { arguments: string } }[]) ?? []).map((each) => each.function.arguments),
      )
    expect(spoken(start, open, close, finish)).toEqual(['', '{}'])
    expect(spoken(start, open, finish)).toEqual(['', '{}'])
    const real = { type: 'part-delta', choice: 0, index: 0, delta: '{"x":1}' } as const
    expect(spoken(start, open, real, close, finish)).toEqual(['', '{"x":1}'])
  })
})

describe('6. a stream without its end is an error, never a success', () => {
  test('neither a stop nor a finished call is made up', () => {
    const cut = sse([{ content: 'I ' }, wireDelta(0, 'a', 'f', '{"x":1}')], null).replace('data: [DONE]\n\n', '')
    expect(() => events(cut)).toThrow(expect.objectContaining({ code: 'stream_truncated', retryable: true }))
    for (const outcome of prefixes(cut)) expect(outcome).toBe('stream_truncated')
  })
})

describe('7. Anthropic’s thinking comes back byte for byte, first in its turn', () => {
  const format = 'anthropic-claude-v1' as const
  const blocks = [
    { type: 'reasoning' as const, text: 'Hm', signature: { format, value: 'EqQB+/==' } },
    { type: 'reasoning' as const, text: '', redacted: true, signature: { format, value: 'hidden' } },
    { type: 'reasoning' as const, text: '', signature: { format, value: 'empty' } },
  ]
  const turn = [...blocks, text('I look.'), call('a')]

  test('from an answer, through the caller’s history, to the next request', () => {
    const { whole } = told(turn, 'tool-calls')
    const { request, losses } = decoded({ messages: [JSON.parse(JSON.stringify(whole))] })
    expect(request.messages).toEqual([{ role: 'assistant', content: turn }])
    expect(losses).toEqual([])
  })

  test('from a stream, through the accumulator of a caller who keeps last values', () => {
    const message: JsonObject = { role: 'assistant' }
    for (const { content = '', tool_calls, ...rest } of deltasOf(told(turn, 'tool-calls').stream)) {
      message.content = `${message.content ?? ''}${content}`
      Object.assign(message, rest)
      const calls = (message.tool_calls ?? []) as ReturnType<typeof wireCall>[]
      for (const { index, ...delta } of (tool_calls ?? []) as unknown as ({ index: number } & ReturnType<typeof wireCall>)[]) {
        const known = (calls[index] ??= { ...delta, function: { ...delta.function, arguments: '' } })
        known.function.arguments += delta.function.arguments
      }
      if (calls.length > 0) message.tool_calls = calls as unknown as JsonObject[]
    }
    expect(decoded({ messages: [message] }).request.messages).toEqual([{ role: 'assistant', content: turn }])
  })

  test('to a target that takes it, and not to one that does not', () => {
    const messages: Message[] = [{ role: 'assistant', content: turn }]
    expect(encoded({ messages }, prefill).body.messages).toMatchObject([
      { reasoning_details: [{ signature: 'EqQB+/==' }, {}, {}] },
    ])
    const refuses = ['reasoning_content', 'reasoning_details']
    const { body, losses } = encoded({ messages }, { ...prefill, refuses })
    expect(body.messages).toEqual([{ role: 'assistant', content: 'I look.', tool_calls: [wireCall('a')] }])
    expect(brief(losses)).toEqual(['messages[0].reasoning_content dropped', 'messages[0].reasoning_details dropped'])
  })

  test('from OpenRouter’s stream, cut anywhere', () => {
    const detail = (over: JsonObject) => ({ reasoning_details: [{ type: 'reasoning.text', format, index: 0, ...over }] })
    const hidden = { reasoning_details: [{ type: 'reasoning.encrypted', data: 'hidden', format, index: 1 }] }
    const stream = sse(
      [detail({ text: 'Hm' }), detail({ signature: 'EqQB+/==' }), hidden, { content: 'I look.' }, wireDelta(0, 'a', 'f', '{}')],
      'tool_calls',
    )
    expect(everyCut(stream)?.content).toEqual([...blocks.slice(0, 2), text('I look.'), call('a')])
  })
})

describe('8. Gemini’s thought signature stays on its call', () => {
  const signature = { format: 'google-gemini-v1' as const, value: 'CsAB' }
  const extra_content = { google: { thought_signature: 'CsAB' } }
  const signed = { ...call('b'), signature }

  test('in a request, both ways', () => {
    const messages = [{ role: 'assistant', content: null, tool_calls: [wireCall('a'), { ...wireCall('b'), extra_content }] }]
    const { request } = decoded({ messages })
    expect(request.messages).toEqual([{ role: 'assistant', content: [call('a'), signed] }])
    expect(encoded(request, prefill).body.messages).toEqual(messages)
  })

  test('in an answer, both ways', () => {
    expect(contentOf(completion({ tool_calls: [wireCall('a'), { ...wireCall('b'), extra_content }] }))).toEqual([
      call('a'),
      signed,
    ])
    expect(told([call('a'), signed]).whole.tool_calls).toEqual([wireCall('a'), { ...wireCall('b'), extra_content }])
  })

  test('in a stream, both ways', () => {
    const stream = sseOf(told([call('a'), signed], 'tool-calls').stream)
    expect(everyCut(stream)?.content).toEqual([call('a'), signed])
  })
})

describe('9. schemas go out as they came in', () => {
  const parameters = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: ['object', 'null'],
    $defs: { b: { const: 1 }, a: { type: 'string' } },
    properties: { z: { $ref: '#/$defs/b' }, y: { type: 'array', prefixItems: [{ type: 'string' }], uniqueItems: true } },
    additionalProperties: false,
  }

  test('in a request: nothing is stripped, inlined or put in another order', () => {
    const tools = [{ type: 'function', function: { name: 'f', parameters } }]
    const response_format = { type: 'json_schema', json_schema: { name: 'a', schema: parameters } }
    const { request } = decoded({ messages: [{ role: 'user', content: 'x' }], tools, response_format })
    const { body } = encoded(request)
    expect(JSON.stringify(body.tools)).toBe(JSON.stringify(tools))
    expect(JSON.stringify(body.response_format)).toBe(JSON.stringify(response_format))
  })
})

describe('10. structured output is asked for natively, and lives beside thinking', () => {
  const request: ChatRequest = {
    messages: [user],
    reasoning: { effort: 'high' },
    responseFormat: { type: 'json-schema', name: 'a', schema: { type: 'object' } },
  }

  test('in a request: no tool is made up', () => {
    expect(encoded(request).body).toEqual({
      model: 'm',
      messages: [{ role: 'user', content: 'Hi' }],
      response_format: { type: 'json_schema', json_schema: { name: 'a', schema: { type: 'object' } } },
      reasoning_effort: 'high',
    })
    for (const structuredOutput of ['json', 'none'] as const) {
      const { body } = encoded(request, { structuredOutput })
      expect(body).not.toHaveProperty('tools')
      expect(body).not.toHaveProperty('tool_choice')
    }
  })

  test('in an answer and a stream it is text', () => {
    expect(contentOf(completion({ content: '{"a":1}', reasoning_content: 'Hm' }))).toEqual([
      { type: 'reasoning', text: 'Hm' },
      text('{"a":1}'),
    ])
    expect(everyCut(sse([{ reasoning_content: 'Hm' }, { content: '{"a"' }, { content: ':1}' }]))?.content).toEqual([
      { type: 'reasoning', text: 'Hm' },
      text('{"a":1}'),
    ])
  })
})

describe('11. the prompt counts its cached tokens here, and not in the buckets', () => {
  const usage = usageOf({ input: 10, cacheRead: 100, cacheWrite: 20, cacheWrite1h: 3, output: 7 })
  const wire = { prompt_tokens: 133, completion_tokens: 7, total_tokens: 140 }
  const details = { cached_tokens: 100, cache_write_tokens: 23 }

  test('in an answer, both ways', () => {
    const { usage: read } = answer(completion({ content: 'a' }, {}, { usage: { ...wire, prompt_tokens_details: details } }))
    expect(read).toEqual({ ...usage, cacheWrite: 23, cacheWrite1h: 0 })
    const body = downstream.encodeResponse({ id: 'x', model: 'm', choices: [], usage }, { messages: [] })
    expect(body.usage).toMatchObject({ ...wire, prompt_tokens_details: details })
  })

  test('in a stream that counts up: the last one holds, none are added', () => {
    const counted = (completion_tokens: number) => ({
      choices: [],
      usage: { prompt_tokens: 5, completion_tokens, total_tokens: 5 + completion_tokens },
    })
    const { usage: read } = collect(events(sse([{ content: 'a' }], 'stop', [counted(1), counted(3)])))
    expect(read).toEqual(usageOf({ input: 5, output: 3 }))
    const stream: StreamEvent[] = [1, 3].map((output) => ({ type: 'usage', usage: usageOf({ input: 5, output }) }))
    const chunks = chunksOf([{ type: 'start', id: 'x', model: 'm' }, ...stream, { type: 'end' }], {
      messages: [],
      includeUsage: true,
    })
    expect(chunks.map((chunk) => (chunk.usage as JsonObject).completion_tokens)).toEqual([3])
  })
})

describe('12. thought tokens are output, once', () => {
  test.each([
    ['inside the completion', { prompt_tokens: 5, completion_tokens: 30, total_tokens: 35 }],
    ['beside it', { prompt_tokens: 5, completion_tokens: 10, total_tokens: 35 }],
  ])('%s, in an answer and a stream', (_where, counts) => {
    const usage = { ...counts, completion_tokens_details: { reasoning_tokens: 20 } }
    const expected = usageOf({ input: 5, output: 10, reasoning: 20 })
    expect(answer(completion({ content: 'a' }, {}, { usage })).usage).toEqual(expected)
    expect(collect(events(sse([{ content: 'a' }], 'stop', [{ choices: [], usage }]))).usage).toEqual(expected)
  })
})

describe('13. breakpoints of a cache stand where they stood', () => {
  test('in a request: on every role and in the list of tools', () => {
    const cache = { ttl: '5m' } as const
    const cache_control = { type: 'ephemeral', ttl: '5m' }
    const { body, losses } = encoded(
      {
        messages: [
          { role: 'system', content: [{ ...text('a'), cache }, text('b')] },
          { role: 'user', content: [{ type: 'image', source: { kind: 'url', url: 'https://a' }, cache }] },
          {
            role: 'assistant',
            content: [
              { ...text('c'), cache },
              { ...call('a'), cache },
            ],
          },
          { role: 'tool', content: [{ type: 'tool-result', id: 'a', content: [text('d')], cache }] },
        ],
        tools: [{ name: 'f' }, { name: 'g', cache }],
      },
      prefill,
    )
    expect(losses).toEqual([])
    expect(body.messages).toEqual([
      { role: 'system', content: [{ ...text('a'), cache_control }, text('b')] },
      { role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://a' }, cache_control }] },
      { role: 'assistant', content: [{ ...text('c'), cache_control }], tool_calls: [{ ...wireCall('a'), cache_control }] },
      { role: 'tool', tool_call_id: 'a', content: 'd', cache_control },
    ])
    expect(body.tools).toEqual([
      { type: 'function', function: { name: 'f' } },
      { type: 'function', function: { name: 'g' }, cache_control },
    ])
  })
})

describe('14. images and files that a tool gives stay images and files', () => {
  const png = { kind: 'base64' as const, data: 'iVBORw0KGgo=', mediaType: 'image/png' }
  const results: Message = {
    role: 'tool',
    content: [
      { type: 'tool-result', id: 'a', content: [text('Seen:'), { type: 'image', source: png }] },
      { type: 'tool-result', id: 'b', content: [{ type: 'file', source: { kind: 'file-id', id: 'file-1' } }] },
      { type: 'tool-result', id: 'c', content: [text('Nothing')] },
    ],
  }

  test('in a request: text in the tool’s messages, the rest in the user’s right after the last of them', () => {
    const { body, losses } = encoded({ messages: [results, user] })
    expect(body.messages).toEqual([
      { role: 'tool', tool_call_id: 'a', content: [text('Seen:'), text('[1 image in the next user message]')] },
      { role: 'tool', tool_call_id: 'b', content: '[1 file in the next user message]' },
      { role: 'tool', tool_call_id: 'c', content: 'Nothing' },
      {
        role: 'user',
        content: [
          text('From the result of tool call a:'),
          { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
          text('From the result of tool call b:'),
          { type: 'file', file: { file_id: 'file-1' } },
        ],
      },
      { role: 'user', content: 'Hi' },
    ])
    expect(brief(losses)).toEqual(['messages[0].content approximated', 'messages[1].content approximated'])
    for (const message of body.messages as JsonObject[])
      if (message.role === 'tool') expect(JSON.stringify(message)).not.toContain(png.data)
  })

  test('in a caller’s request: an image among the parts of a tool’s message is an image', () => {
    const content = [text('Seen:'), { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } }]
    const { request, losses } = decoded({ messages: [{ role: 'tool', tool_call_id: 'a', content }] })
    expect(request.messages[0]?.content).toEqual([
      { type: 'tool-result', id: 'a', content: [text('Seen:'), { type: 'image', source: png }] },
    ])
    expect(losses).toEqual([])
  })
})

describe('15. choices among tools, and tools that are only in the history', () => {
  const tools = [{ name: 'f' }, { name: 'g' }]

  test('in a request: each choice has its word', () => {
    const choice = (toolChoice: ChatRequest['toolChoice'], traits = {}) =>
      encoded({ messages: [user], tools, ...(toolChoice && { toolChoice }) }, traits).body.tool_choice
    expect(choice(undefined)).toBeUndefined()
    expect(choice({ type: 'auto' })).toBe('auto')
    expect(choice({ type: 'none' })).toBe('none')
    expect(choice({ type: 'required' })).toBe('required')
    expect(choice({ type: 'required' }, { requiredToolChoice: 'any' })).toBe('any')
    expect(choice({ type: 'tool', name: 'f' })).toEqual({ type: 'function', function: { name: 'f' } })
    expect(choice({ type: 'allowed', names: ['g'], mode: 'auto' })).toEqual({
      type: 'allowed_tools',
      allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'g' } }] },
    })
  })

  test('a target that does not know `parallel_tool_calls` is not asked, and that is reported', () => {
    const { body, losses } = encoded({ messages: [user], tools, parallelToolCalls: false }, { refuses: ['parallel_tool_calls'] })
    expect(body).not.toHaveProperty('parallel_tool_calls')
    expect(brief(losses)).toEqual(['parallel_tool_calls dropped'])
  })

  test('calls in the history need no tools in the request', () => {
    const messages = [
      { role: 'assistant', content: null, tool_calls: [wireCall('a', 'gone')] },
      { role: 'tool', tool_call_id: 'a', content: 'x' },
    ]
    const { request, losses } = decoded({ messages })
    expect(losses).toEqual([])
    expect(request.tools).toBeUndefined()
    expect(encoded(request).body).toEqual({ model: 'm', messages })
  })
})
