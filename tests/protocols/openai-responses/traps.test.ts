/**
 * The fifteen translations that gateways got wrong most often, each as far as it concerns this API: in the request, in the
 * whole answer, and in the stream, which is also cut at every byte.
 */
import { describe, expect, test } from 'vitest'
import { collect, replay } from '../../../src/core/events.js'
import type { AssistantPart, Choice, Message, Signature } from '../../../src/core/message.js'
import { total, usageOf } from '../../../src/core/usage.js'
import { openaiResponses } from '../../../src/protocols/openai-responses/index.js'
import { bytesOf, decodePrefixes, decodeStream } from '../../helpers/decode.js'
import { answer, decode, downstream, encode, read, sseOf, streamOf, wire } from './helpers.js'

const response = { id: 'resp_1', created_at: 1, model: 'gpt-5', status: 'in_progress', output: [] }

/** The stream in which a vendor would tell these finished items. */
function streamed(items: object[], over: Record<string, unknown> = {}): string {
  const last = { ...response, status: 'completed', output: items, ...over }
  return streamOf([
    ['response.created', { response }],
    ...items.flatMap((item, output_index) => [
      ['response.output_item.added', { output_index, item: { ...item, content: [], summary: [], arguments: '' } }] as const,
      ['response.output_item.done', { output_index, item }] as const,
    ]),
    [last.status === 'incomplete' ? 'response.incomplete' : 'response.completed', { response: last }],
  ])
}

/** What a stream spells, after seeing that none of its prefixes spells anything. */
function spelled(text: string): Choice | undefined {
  expect(new Set(decodePrefixes(openaiResponses, bytesOf(text)))).toEqual(new Set(['stream_truncated']))
  return collect(decodeStream(openaiResponses, bytesOf(text), { size: 1 })).choices[0]
}

/** An answer as a caller gets it: whole, and as the last event of a stream of which no prefix is whole. */
function told(parts: readonly AssistantPart[], over: Partial<Choice> = {}) {
  const whole = answer(parts)
  const choices = whole.choices.map((choice) => ({ ...choice, ...over }))
  const events = wire(replay({ ...whole, choices }))
  spelled(sseOf(events))
  const unary = downstream.encodeResponse({ ...whole, choices }, { messages: [] })
  expect(JSON.parse(events.at(-1)?.data ?? '').response).toEqual(unary)
  return unary
}

const callItem = (id: string, args = '{}') => ({
  type: 'function_call',
  id: `fc_${id}`,
  call_id: id,
  name: `f_${id}`,
  arguments: args,
})
const call = (id: string, args = '{}'): AssistantPart => ({ type: 'tool-call', id, name: `f_${id}`, arguments: args })
const text = (words: string) => ({
  type: 'message',
  id: 'msg_1',
  role: 'assistant',
  content: [{ type: 'output_text', text: words, annotations: [] }],
})
const output = (id: string) => ({ type: 'function_call_output', call_id: id, output: `did ${id}` })

describe('1. parallel tool results share one turn', () => {
  const calls = [callItem('a'), callItem('b')]

  test('in the request: two outputs are one message, and one message is two outputs', () => {
    const { request } = decode({ input: [{ role: 'user', content: 'go' }, ...calls, output('a'), output('b')] })
    expect(request.messages.map(({ role, content }) => [role, content.length])).toEqual([
      ['user', 1],
      ['assistant', 2],
      ['tool', 2],
    ])
    const { body } = encode({ messages: request.messages })
    expect((body.input as { type: string }[]).map(({ type }) => type)).toEqual([
      'message',
      'function_call',
      'function_call',
      'function_call_output',
      'function_call_output',
    ])
  })

  test('in the answer and in the stream: parallel calls are one turn', () => {
    expect(read(calls).response.choices[0]?.content).toEqual([call('a'), call('b')])
    expect(spelled(streamed(calls))?.content).toEqual([call('a'), call('b')])
    expect(told([call('a'), call('b')]).output).toMatchObject([{ call_id: 'a' }, { call_id: 'b' }])
  })
})

describe('2. a tool call is followed by its result, and the text of the turn is part of the turn', () => {
  test('in the request: a text after the call is of the same turn, so nothing comes between call and result', () => {
    const { request } = decode({ input: [callItem('a'), text('Looking.'), output('a')] })
    expect(request.messages.map(({ role }) => role)).toEqual(['assistant', 'tool'])
  })

  test('in the request: two user items stay two messages, which the target may merge', () => {
    const { request } = decode({
      input: [
        { role: 'user', content: 'a' },
        { role: 'user', content: 'b' },
      ],
    })
    expect(request.messages).toHaveLength(2)
  })

  test('in the answer and in the stream: text and call keep their order', () => {
    const items = [text('Looking.'), callItem('a')]
    expect(read(items).response.choices[0]?.content).toEqual([{ type: 'text', text: 'Looking.' }, call('a')])
    expect(spelled(streamed(items))?.content).toEqual([{ type: 'text', text: 'Looking.' }, call('a')])
    expect(told([{ type: 'text', text: 'Looking.' }, call('a')]).output).toMatchObject([
      { type: 'message' },
      { type: 'function_call' },
    ])
  })
})

describe('3. the index of a tool call in a stream', () => {
  const parts = [{ type: 'text', text: 'x' } as const, call('a', '{"n":1}'), call('b', '{"n":2}')]

  test('towards a caller: items are counted, each once, and deltas belong to theirs', () => {
    const seen = wire(replay(answer(parts))).flatMap(({ data }) => {
      const { type, output_index, delta } = JSON.parse(data)
      return type === 'response.function_call_arguments.delta' ? [[output_index, delta]] : []
    })
    expect(seen).toEqual([
      [1, '{"n":1}'],
      [2, '{"n":2}'],
    ])
  })

  test('from a vendor: parts are counted without gaps, whatever the numbers of the items', () => {
    const reasoning = { type: 'reasoning', id: 'rs_1', summary: [] }
    const search = { type: 'web_search_call', id: 'ws_1' }
    const events = decodeStream(openaiResponses, bytesOf(streamed([reasoning, search, callItem('a'), callItem('b')])))
    expect(events.flatMap((event) => (event.type === 'part-start' ? [event.index] : []))).toEqual([0, 1])
  })
})

describe('4. finish reason', () => {
  const incomplete = { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }

  test('calls make it tool-calls, though the API says completed', () => {
    expect(read([callItem('a')]).response.choices[0]?.finishReason).toBe('tool-calls')
    expect(spelled(streamed([callItem('a')]))?.finishReason).toBe('tool-calls')
    expect(told([call('a')])).toMatchObject({ status: 'completed' })
  })

  test('calls never hide that the answer was cut', () => {
    expect(read([callItem('a')], incomplete).response.choices[0]?.finishReason).toBe('length')
    expect(spelled(streamed([callItem('a')], incomplete))?.finishReason).toBe('length')
    expect(told([call('a')], { finishReason: 'length' })).toMatchObject({
      status: 'incomplete',
      output: [{ status: 'incomplete' }],
    })
  })

  test('calls never hide that a filter cut it', () => {
    const filtered = { status: 'incomplete', incomplete_details: { reason: 'content_filter' } }
    expect(read([callItem('a')], filtered).response.choices[0]?.finishReason).toBe('content-filter')
    expect(told([call('a')], { finishReason: 'content-filter' })).toMatchObject({
      incomplete_details: { reason: 'content_filter' },
    })
  })
})

describe('5. empty arguments', () => {
  test('in the request: "" is {}', () => {
    expect(decode({ input: [callItem('a', '')] }).request.messages[0]?.content).toEqual([call('a')])
  })

  test('in the answer and in the stream: "" is {}', () => {
    expect(read([callItem('a', '')]).response.choices[0]?.content).toEqual([call('a')])
    expect(spelled(streamed([callItem('a', '')]))?.content).toEqual([call('a')])
  })

  test('towards a caller: a call without deltas ends as {}, and real deltas never follow a {}', () => {
    const start = {
      type: 'part-start',
      choice: 0,
      index: 0,
      part: { type: 'tool-call', id: 'a', name: 'f', arguments: '' },
    } as const
    const args = (...deltas: string[]) =>
      wire([
        { type: 'start', id: 'x', model: 'm' },
        start,
        ...deltas.map((delta) => ({ type: 'part-delta', choice: 0, index: 0, delta }) as const),
        { type: 'part-end', choice: 0, index: 0 },
      ]).flatMap(({ event, data }) =>
        event?.includes('arguments') ? [JSON.parse(data).delta ?? JSON.parse(data).arguments] : [],
      )
    expect(args()).toEqual(['{}', '{}'])
    expect(args('{"a"', ':1}')).toEqual(['{"a"', ':1}', '{"a":1}'])
  })
})

describe('6. a premature end is an error', () => {
  test('even after the last item is whole', () => {
    const whole = streamed([callItem('a', '{"n":1}')])
    const cut = whole.slice(0, whole.indexOf('event: response.completed'))
    expect(() => decodeStream(openaiResponses, bytesOf(cut))).toThrow(
      expect.objectContaining({ code: 'stream_truncated', retryable: true }),
    )
  })
})

const signed = (format: Signature['format'], value = 'c2lnbmF0dXJl+/=') => ({ format, value })

/** The id of a reasoning item is this API's own: Anthropic has none. */
const withoutId = (part: Message['content'][number]) => (part.type === 'reasoning' ? { ...part, id: undefined } : part)

describe('7. thinking of Anthropic survives a tool loop, byte for byte and first in the turn', () => {
  const thinking: AssistantPart[] = [
    { type: 'reasoning', text: 'Let me think.\n', signature: signed('anthropic-claude-v1') },
    { type: 'reasoning', text: '', redacted: true, signature: signed('anthropic-claude-v1', 'cmVkYWN0ZWQ=') },
    { type: 'reasoning', text: '', signature: signed('anthropic-claude-v1', 'ZW1wdHk=') },
  ]

  test('out in the answer and the stream, back in the next request', () => {
    const { output: items } = told([...thinking, call('a')])
    const { request } = decode({ input: [...(items as object[]), output('a')] })
    expect(request.messages[0]?.content.map(withoutId)).toEqual([...thinking, call('a')].map(withoutId))
  })

  test("OpenAI's own hidden reasoning goes back to OpenAI before the call that it led to", () => {
    const items = [{ type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAA' }, callItem('a')]
    for (const choice of [read(items).response.choices[0], spelled(streamed(items))]) {
      const { body } = encode({ messages: [{ role: 'assistant', content: choice?.content ?? [] }] })
      expect(body.input).toMatchObject([{ type: 'reasoning', encrypted_content: 'gAAA' }, { type: 'function_call' }])
    }
  })

  test("another vendor's does not, though it speaks this protocol", () => {
    const items = [{ type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'WjtnRFdC+MihgUoZ7/==' }, callItem('a')]
    const { body, lost } = encode({ messages: [{ role: 'assistant', content: read(items).response.choices[0]?.content ?? [] }] })
    expect(body.input).toMatchObject([{ type: 'function_call' }])
    expect(lost).toEqual([
      { path: 'messages[0].content[0]', action: 'dropped', why: 'The reasoning is signed by another vendor.' },
    ])
  })
})

describe('8. a thought signature of Gemini belongs to its call', () => {
  test('and comes back on the same one of several', () => {
    const parts = [call('a'), { ...call('b'), signature: signed('google-gemini-v1') }]
    const { output: items } = told(parts)
    expect(decode({ input: items }).request.messages[0]?.content).toEqual(parts)
  })

  test('a signature that is known only at the end of its part is told with the finished item', () => {
    const events = wire([
      { type: 'start', id: 'x', model: 'm' },
      { type: 'part-start', choice: 0, index: 0, part: { type: 'tool-call', id: 'a', name: 'f', arguments: '' } },
      { type: 'part-end', choice: 0, index: 0, signature: signed('google-gemini-v1') },
      { type: 'finish', choice: 0, reason: 'tool-calls' },
      { type: 'end' },
    ])
    const done = events.find(({ event }) => event === 'response.output_item.done')
    expect(JSON.parse(done?.data ?? '').item.extra_content.google.thought_signature).toBe('c2lnbmF0dXJl+/=')
  })
})

describe('9. schemas', () => {
  const schema = {
    type: ['object', 'null'],
    $defs: { n: { const: 1 } },
    properties: { z: { $ref: '#/$defs/n' }, a: { type: 'string' } },
  }

  test('pass both ways with every word and in their order', () => {
    const { request } = decode({
      tools: [{ type: 'function', name: 'f', parameters: schema, strict: false }],
      text: { format: { type: 'json_schema', name: 'n', schema } },
    })
    const { body, lost } = encode(request)
    expect(lost).toEqual([])
    expect(JSON.stringify(body).split(JSON.stringify(schema))).toHaveLength(3)
  })
})

describe('10. structured output and thinking', () => {
  test('go together by native means, and no tool is forced', () => {
    const { body, lost } = encode({
      responseFormat: { type: 'json-schema', name: 'n', schema: { type: 'object' } },
      reasoning: { effort: 'high' },
    })
    expect(body).toMatchObject({ text: { format: { type: 'json_schema' } }, reasoning: { effort: 'high' } })
    expect(body).not.toHaveProperty('tools')
    expect(body).not.toHaveProperty('tool_choice')
    expect(lost).toEqual([])
  })
})

describe('11 and 12. usage', () => {
  const usage = {
    input_tokens: 100,
    input_tokens_details: { cached_tokens: 60, cache_write_tokens: 10 },
    output_tokens: 50,
    output_tokens_details: { reasoning_tokens: 30 },
    total_tokens: 150,
  }

  test('from a vendor: what is included is taken out, and reasoning is never added', () => {
    const buckets = usageOf({ input: 30, cacheRead: 60, cacheWrite: 10, output: 20, reasoning: 30 })
    expect(read([text('x')], { usage }).response.usage).toEqual(buckets)
    expect(collect(decodeStream(openaiResponses, bytesOf(streamed([text('x')], { usage })))).usage).toEqual(buckets)
    expect(total(buckets)).toBe(150)
  })

  test("towards a caller: Anthropic's separate cache counts are put back into the input", () => {
    const whole = answer([{ type: 'text', text: 'x' }], {
      usage: usageOf({ input: 30, cacheRead: 60, cacheWrite: 10, output: 20, reasoning: 30 }),
    })
    expect(downstream.encodeResponse(whole, { messages: [] }).usage).toEqual(usage)
  })

  test('towards a caller: of cumulative counts the last one holds', () => {
    const events = wire([
      { type: 'start', id: 'x', model: 'm' },
      { type: 'usage', usage: usageOf({ input: 5, output: 1 }) },
      { type: 'usage', usage: usageOf({ input: 5, output: 9 }) },
      { type: 'finish', choice: 0, reason: 'stop' },
      { type: 'end' },
    ])
    expect(JSON.parse(events.at(-1)?.data ?? '').response.usage).toMatchObject({
      input_tokens: 5,
      output_tokens: 9,
      total_tokens: 14,
    })
  })
})

describe('13. cache marks', () => {
  const mark = { type: 'ephemeral', ttl: '1h' }

  test('are read on parts, messages, outputs and tools of every role', () => {
    const { request, lost } = decode({
      tools: [{ type: 'function', name: 'f', cache_control: mark }],
      input: [
        { role: 'system', content: [{ type: 'input_text', text: 's', cache_control: mark }] },
        { role: 'user', content: 'u', cache_control: mark },
        { role: 'assistant', content: [{ type: 'output_text', text: 'a', cache_control: mark }] },
        { ...callItem('a') },
        { ...output('a'), cache_control: mark },
      ],
    })
    const cache = { ttl: '1h' }
    expect(request.tools).toMatchObject([{ cache }])
    expect(request.messages).toMatchObject([
      { content: [{ cache }] },
      { content: [{ cache }] },
      { content: [{ type: 'text', cache }, { type: 'tool-call' }] },
      { content: [{ cache }] },
    ])
    expect(lost).toEqual([])
  })
})

describe('14. images and files inside tool results', () => {
  const image = { type: 'input_image', image_url: 'data:image/png;base64,AAAA', detail: 'auto' }
  const file = { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,BBBB' }

  test('stay media both ways: no base64 stands in a text', () => {
    const { request } = decode({ input: [callItem('a'), { type: 'function_call_output', call_id: 'a', output: [image, file] }] })
    expect(request.messages[1]?.content).toMatchObject([{ content: [{ type: 'image' }, { type: 'file' }] }])
    const { body, lost } = encode({ messages: request.messages })
    expect(body.input).toMatchObject([{}, { type: 'function_call_output', output: [image, file] }])
    expect(lost).toEqual([])
  })
})

describe('15. choices among tools', () => {
  test('tools in the history but not in the request are no error', () => {
    const input = [callItem('a'), output('a')]
    const { request } = decode({ input })
    expect(request.tools).toBeUndefined()
    const { body, lost } = encode({ messages: request.messages })
    expect(body.input).toMatchObject([{ type: 'function_call' }, { type: 'function_call_output' }])
    expect(lost).toEqual([])
  })

  test('every choice comes out as it went in', () => {
    const tools = [{ type: 'function', name: 'f', parameters: { type: 'object' }, strict: false }]
    const allowed = { type: 'allowed_tools', mode: 'required', tools: [{ type: 'function', name: 'f' }] }
    for (const tool_choice of ['auto', 'none', 'required', { type: 'function', name: 'f' }, allowed]) {
      const { request, lost } = decode({ tools, tool_choice, parallel_tool_calls: false })
      expect(encode(request).body).toMatchObject({ tools, tool_choice, parallel_tool_calls: false })
      expect(lost).toEqual([])
    }
  })
})
