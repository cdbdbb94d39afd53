/**
 * Where translations between chat protocols are most often wrong, each at the levels at which it shows: the request, a
 * whole answer, and a stream cut anywhere. The links are threads of people whom it hit.
 */
import { describe, expect, it } from 'vitest'
import { collect, replay, type StreamEvent } from '../../../src/core/events.js'
import type { JsonObject } from '../../../src/core/json.js'
import type { AssistantPart, ChatResponse, Message } from '../../../src/core/message.js'
import { inputTotal, usageOf } from '../../../src/core/usage.js'
import { anthropicMessages } from '../../../src/protocols/anthropic-messages/index.js'
import { bytesOf, decodeContext, decodePrefixes, decodeStream } from '../../helpers/decode.js'
import {
  bytesOfWire,
  decode,
  downstream,
  encode,
  encodeEvents,
  exchange,
  hello,
  sse,
  started,
  stopped,
  streamOf,
  toolTurn,
  upstream,
} from './kit.js'

const tools = [{ name: 'f' }, { name: 'g' }]
const call = (id: string, name = 'f', args = '{}'): AssistantPart => ({ type: 'tool-call', id, name, arguments: args })
const result = (id: string) => ({ type: 'tool-result' as const, id, content: [{ type: 'text' as const, text: id }] })
const answer = (text: string): ChatResponse => collect(decodeStream(anthropicMessages, bytesOf(text)))
const respond = (content: readonly AssistantPart[], more: Partial<ChatResponse> = {}): ChatResponse => ({
  id: 'msg_1',
  model: 'm',
  choices: [{ content, finishReason: 'stop' }],
  ...more,
})
const whole = (response: ChatResponse) => downstream.encodeResponse(response, { messages: hello })
const spell = (events: Iterable<StreamEvent>) => encodeEvents(events).map(({ data }) => JSON.parse(data) as JsonObject)

/** Every prefix of a stream ends in an error, and no prefix in a finished call. */
function expectCut(bytes: Uint8Array): void {
  expect(new Set(decodePrefixes(anthropicMessages, bytes))).toEqual(new Set(['stream_truncated']))
}

const callStream = (...blocks: readonly { block: JsonObject; deltas?: readonly JsonObject[] }[]) =>
  streamOf(
    started,
    ...blocks.flatMap(({ block, deltas = [] }, index) => [
      { type: 'content_block_start', index, content_block: block },
      ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
      { type: 'content_block_stop', index },
    ]),
    ...stopped('tool_use'),
  )
const toolUse = (id: string, name = 'f'): JsonObject => ({ type: 'tool_use', id, name, input: {} })
const json = (partial_json: string): JsonObject => ({ type: 'input_json_delta', partial_json })

/** https://github.com/maximhq/bifrost/issues/1164, https://github.com/QuantumNous/new-api/issues/3040 */
describe('1. the results of parallel calls', () => {
  it('share one user turn, though each came as a message of its own', () => {
    const messages: Message[] = [
      ...hello,
      { role: 'assistant', content: [call('a'), call('b')] },
      { role: 'tool', content: [result('a')] },
      { role: 'tool', content: [result('b')] },
      ...hello,
    ]
    expect(encode({ messages, tools }).body.messages).toMatchObject([
      { role: 'user' },
      { role: 'assistant', content: [{ id: 'a' }, { id: 'b' }] },
      {
        role: 'user',
        content: [{ type: 'tool_result', tool_use_id: 'a' }, { type: 'tool_result', tool_use_id: 'b' }, { type: 'text' }],
      },
    ])
  })
})

/** https://github.com/BerriAI/litellm/issues/24361, https://github.com/langchain-ai/langchain-aws/issues/141 */
describe('2. a tool call', () => {
  it('is followed at once by its result, whatever stood between them', () => {
    const messages: Message[] = [
      ...hello,
      { role: 'assistant', content: [call('a'), { type: 'text', text: 'I look.' }] },
      { role: 'system', content: [{ type: 'text', text: 'Be brief.' }] },
      { role: 'user', content: [{ type: 'text', text: 'Go on.' }] },
      { role: 'tool', content: [result('a')] },
    ]
    const { body } = encode({ messages, tools }, { model: 'claude-opus-5' })
    expect(body.messages).toMatchObject([
      { role: 'user' },
      { role: 'assistant', content: [{ type: 'text' }, { type: 'tool_use', id: 'a' }] },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'a' },
          { type: 'text', text: 'Go on.' },
        ],
      },
    ])
    expect(body.system).toBe('Be brief.')
  })
})

/** https://github.com/BerriAI/litellm/pull/16194, https://github.com/Portkey-AI/gateway/issues/1275 */
describe('3. the index of a part in a stream', () => {
  const text = sse('text-editor-code-execution')

  it('counts the parts of the answer, not the blocks of tools that ran at Anthropic', () => {
    const indexes = decodeStream(anthropicMessages, bytesOf(text)).flatMap((event) =>
      event.type === 'part-start' ? [event.index] : [],
    )
    expect(text).toContain('server_tool_use')
    expect(indexes).toEqual(indexes.map((_, at) => at))
  })

  it('is a count of blocks on the way down, with no gap for parts that were never told', () => {
    const events: StreamEvent[] = [
      ...replay(respond([{ type: 'text', text: '' }, call('a'), { type: 'text', text: '' }, call('b', 'g')])),
    ]
    const opened = spell(events).filter(({ type }) => type === 'content_block_start')
    expect(opened).toMatchObject([
      { index: 0, content_block: { id: 'a' } },
      { index: 1, content_block: { id: 'b' } },
    ])
  })
})

/** https://github.com/envoyproxy/ai-gateway/pull/2399, https://github.com/BerriAI/litellm/issues/21041 */
describe('4. the reason to stop', () => {
  it('is the tool call when there is one, and never hides a cut or a filter', () => {
    for (const [finishReason, stop] of [
      ['stop', 'tool_use'],
      ['tool-calls', 'tool_use'],
      ['length', 'max_tokens'],
      ['content-filter', 'refusal'],
    ] as const) {
      const response = respond([], { choices: [{ content: [call('a')], finishReason }] })
      expect(whole(response).stop_reason).toBe(stop)
      expect(spell(replay(response)).at(-2)).toMatchObject({ delta: { stop_reason: stop } })
    }
  })
})

/** https://github.com/BerriAI/litellm/issues/5063, https://github.com/BerriAI/litellm/pull/40207, https://github.com/vercel/ai/pull/7326 */
describe('5. empty arguments', () => {
  it('are an empty object in the request', () => {
    for (const args of ['', '{}', ' ']) {
      const messages: Message[] = [...hello, { role: 'assistant', content: [call('a', 'f', args)] }]
      expect(encode({ messages, tools }).body.messages).toMatchObject([{}, { content: [{ input: {} }] }])
    }
    expect(
      decode({ messages: [{ role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'f' }] }] }).request.messages,
    ).toMatchObject([{ content: [{ arguments: '{}' }] }])
  })

  it('are "{}" and {} in a whole answer', () => {
    expect(whole(respond([call('a')])).content).toMatchObject([{ input: {} }])
    const body = { type: 'message', content: [toolUse('a')], stop_reason: 'tool_use' }
    expect(upstream.decodeResponse(body, decodeContext()).choices[0]?.content).toMatchObject([{ arguments: '{}' }])
  })

  it('are "{}" at the end of a stream, and never come before real ones', () => {
    const text = callStream(
      { block: toolUse('a'), deltas: [json('')] },
      { block: toolUse('b'), deltas: [json(''), json('{"x"'), json(':1}')] },
    )
    expect(answer(text).choices[0]?.content).toMatchObject([{ arguments: '{}' }, { arguments: '{"x":1}' }])
    expectCut(bytesOf(text))
    const down = spell(replay(respond([call('a', 'f', '{"x":1}')])))
    expect(down.filter(({ type }) => type === 'content_block_delta')).toMatchObject([{ delta: { partial_json: '{"x":1}' } }])
  })
})

/** https://github.com/OpenRouterTeam/ai-sdk-provider/issues/558 */
describe('6. a stream that ends before its time', () => {
  it('is an error wherever it is cut, and never a finished tool call', () => {
    expectCut(bytesOf(sse('tools-streaming-legacy')))
    expectCut(bytesOf(sse('redacted-stream')))
  })

  it('is an error for our own streams too', () => {
    expectCut(bytesOfWire(encodeEvents(replay(respond([{ type: 'text', text: 'é' }, call('a', 'f', '{"x":1}')])))))
  })

  it('is no answer without `message_stop`, even after the reason to stop', () => {
    const text = streamOf(started, ...stopped('end_turn').slice(0, 1))
    expect(() => answer(text)).toThrow(expect.objectContaining({ code: 'stream_truncated', retryable: true }))
  })
})

/** https://github.com/BerriAI/litellm/issues/15601, https://github.com/openai/openai-agents-python/pull/4155, https://github.com/vercel/ai/issues/11602 */
describe('7. the thinking of Claude', () => {
  const claude = (value: string) => ({ format: 'anthropic-claude-v1' as const, value })
  const thinking: AssistantPart[] = [
    { type: 'reasoning', text: 'Hm.\n ', signature: claude('EqQBCg+/AB==') },
    { type: 'reasoning', text: '', signature: claude('empty+but/signed==') },
    { type: 'reasoning', text: '', redacted: true, signature: claude('cmVkYWN0ZWQ=') },
  ]
  const blocks = [
    { type: 'thinking', thinking: 'Hm.\n ', signature: 'EqQBCg+/AB==' },
    { type: 'thinking', thinking: '', signature: 'empty+but/signed==' },
    { type: 'redacted_thinking', data: 'cmVkYWN0ZWQ=' },
  ]

  it('goes back byte for byte and first in its turn', () => {
    const messages: Message[] = [
      ...hello,
      { role: 'assistant', content: [{ type: 'text', text: 'So.' }, call('a'), ...thinking] },
      { role: 'tool', content: [result('a')] },
    ]
    const { body, losses } = encode({ messages, tools })
    expect(body.messages).toMatchObject([{}, { content: [...blocks, { type: 'text' }, { type: 'tool_use' }] }, {}])
    expect(losses).toEqual([])
  })

  it('that came between texts and calls keeps its place', () => {
    const content = [thinking[0], { type: 'text', text: 'So.' }, thinking[1], call('a')] as AssistantPart[]
    const { body } = encode({ messages: [...hello, { role: 'assistant', content }], tools })
    expect(body.messages).toMatchObject([{}, { content: [blocks[0], { type: 'text' }, blocks[1], { type: 'tool_use' }] }])
  })

  it('that nothing follows is left out and reported, since the vendor refuses it', () => {
    const { body, losses } = encode({ messages: [...hello, { role: 'assistant', content: thinking }, ...hello] })
    expect(body.messages).toMatchObject([{ role: 'user', content: [{ text: 'hello' }, { text: 'hello' }] }])
    expect(losses).toEqual(['dropped messages[1]'])
    const text: AssistantPart = { type: 'text', text: 'So.' }
    const apart: Message[] = [
      ...hello,
      { role: 'assistant', content: thinking },
      { role: 'assistant', content: [text] },
      ...hello,
    ]
    expect(encode({ messages: apart })).toMatchObject({
      body: { messages: [{}, { content: [...blocks, { text: 'So.' }] }, {}] },
      losses: [],
    })
    const tail: Message[] = [...hello, { role: 'assistant', content: [text, ...thinking.slice(0, 1)] }, ...hello]
    expect(encode({ messages: tail }).body.messages).toMatchObject([{}, { content: [blocks[0], { text: 'So.' }] }, {}])
  })

  it('of an unknown origin, or without a signature, is left out and reported', () => {
    const content: AssistantPart[] = [
      { type: 'reasoning', text: 'a' },
      { type: 'reasoning', text: 'b', signature: { format: 'google-gemini-v1', value: 'x' } },
      { type: 'text', text: 'So.' },
    ]
    const { body, losses } = encode({ messages: [...hello, { role: 'assistant', content }, ...hello] })
    expect(body.messages).toMatchObject([{}, { content: [{ type: 'text' }] }, {}])
    expect(losses).toEqual(['dropped messages[1].content[0]', 'dropped messages[1].content[1]'])
  })

  it('comes through a whole answer and back', () => {
    const body = { type: 'message', id: 'msg_1', model: 'm', content: blocks, stop_reason: 'end_turn' }
    const response = upstream.decodeResponse(body, decodeContext())
    expect(response.choices[0]?.content).toEqual(thinking)
    expect(whole(response).content).toEqual(blocks)
  })

  it('comes through a stream and back', () => {
    const bytes = bytesOfWire(encodeEvents(replay(respond(thinking))))
    expect(collect(decodeStream(anthropicMessages, bytes, { size: 1 })).choices[0]?.content).toEqual(thinking)
    expectCut(bytes)
  })
})

/** https://github.com/vercel/ai/issues/7279, https://github.com/OpenHands/software-agent-sdk/issues/1500 */
describe('8. the signature on a tool call', () => {
  const signed: AssistantPart = { ...call('a'), signature: { format: 'google-gemini-v1', value: 'c2ln' } } as AssistantPart

  it('returns on the same call, from a whole answer and from a stream', () => {
    const { content } = whole(respond([signed, call('b')]))
    const streamed = spell(replay(respond([signed, call('b')])))
      .filter(({ type }) => type === 'content_block_start')
      .map(({ content_block }) => content_block)
    for (const blocks of [content, streamed]) {
      const { request } = decode({ messages: [{ role: 'assistant', content: blocks as JsonObject[] }] })
      expect(request.messages).toEqual([{ role: 'assistant', content: [signed, call('b')] }])
    }
  })
})

/** https://github.com/vercel/ai/issues/11227, https://github.com/BerriAI/litellm/issues/8901, https://github.com/BerriAI/litellm/issues/21208 */
describe('10. structured output', () => {
  it('never forces a tool, with thinking or without', () => {
    const responseFormat = { type: 'json-schema', name: 'x', schema: { type: 'object', properties: {} } } as const
    for (const model of ['claude-sonnet-4-0', 'claude-sonnet-4-5', 'claude-opus-4-7', 'claude-opus-5-5']) {
      for (const effort of ['none', 'high'] as const) {
        const { body } = encode({ responseFormat, reasoning: { effort }, tools }, { model })
        expect(body).not.toHaveProperty('tool_choice')
        expect(body.tools).toHaveLength(tools.length)
      }
    }
  })

  it('is asked for as in a recorded request', () => {
    const { body } = exchange('strict-none-tool').request
    const { request } = decode(body)
    expect(encode(request).body).toMatchObject({ output_config: body.output_config, tool_choice: body.tool_choice })
  })
})

/** https://github.com/langchain-ai/langchainjs/issues/10249, https://github.com/BerriAI/litellm/issues/9812, https://github.com/langchain-ai/langchainjs/pull/9520 */
describe('11. input tokens', () => {
  const told = {
    input_tokens: 6,
    cache_read_input_tokens: 100,
    cache_creation_input_tokens: 30,
    cache_creation: { ephemeral_5m_input_tokens: 20, ephemeral_1h_input_tokens: 10 },
    output_tokens: 5,
  }
  const usage = usageOf({ input: 6, cacheRead: 100, cacheWrite: 20, cacheWrite1h: 10, output: 5 })

  it('of a whole answer leave out what the cache gave and took', () => {
    const response = upstream.decodeResponse({ type: 'message', content: [], usage: told }, decodeContext())
    expect(response.usage).toEqual(usage)
    expect(inputTotal(usage)).toBe(136)
    expect(whole(response).usage).toMatchObject(told)
  })

  it('of a stream are told cumulatively: the last account holds, and nothing is added up', () => {
    const text = streamOf(
      { type: 'message_start', message: { id: 'msg_1', model: 'm', usage: { ...told, output_tokens: 1 } } },
      { type: 'message_delta', delta: {}, usage: { ...told, output_tokens: 3 } },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 5 } },
      { type: 'message_stop' },
    )
    expect(answer(text).usage).toEqual(usage)
    expectCut(bytesOf(text))
    const tap = anthropicMessages.lens.tap()
    for (const data of text.match(/(?<=data: ).*/g) ?? []) tap.see({ data })
    expect(tap.usage).toEqual(usage)
  })
})

/** https://github.com/Portkey-AI/gateway/issues/1762, https://github.com/BerriAI/litellm/issues/12695, https://github.com/BerriAI/litellm/issues/21969 */
describe('13. cache breakpoints', () => {
  const cache = { ttl: '1h' } as const
  const control = { cache_control: { type: 'ephemeral', ttl: '1h' } }
  const media = { kind: 'base64', data: 'QUJD', mediaType: 'application/pdf' } as const
  const messages: Message[] = [
    { role: 'system', content: [{ type: 'text', text: 's', cache }] },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'u', cache },
        { type: 'image', source: { ...media, mediaType: 'image/png' }, cache },
        { type: 'file', source: media, cache },
      ],
    },
    { role: 'assistant', content: [{ type: 'text', text: 'a', cache }, { ...call('t'), cache } as AssistantPart] },
    { role: 'tool', content: [{ ...result('t'), content: [{ type: 'text', text: 'r', cache }], cache }] },
  ]

  it('stand on the block that carries them, in every role and on tools', () => {
    const { body } = encode({ messages, tools: [{ name: 'f', cache }] })
    expect(body).toMatchObject({
      system: [control],
      tools: [control],
      messages: [
        { content: [control, control, control] },
        { content: [control, control] },
        { content: [{ ...control, content: [control] }] },
      ],
    })
  })

  it('are read back from where they stand', () => {
    const { body } = encode({ messages, tools: [{ name: 'f', parameters: { type: 'object' }, cache }] })
    const { request } = decode(body)
    expect(request.tools).toMatchObject([{ cache }])
    expect(request.messages).toMatchObject([
      { content: [{ cache }] },
      { content: [{ cache }, { cache }, { cache }] },
      { content: [{ cache }, { cache }] },
      { content: [{ cache, content: [{ cache }] }] },
    ])
  })
})

/** https://github.com/BerriAI/litellm/issues/23712, https://github.com/BerriAI/litellm/issues/20403, https://github.com/langchain-ai/langchainjs/issues/10297 */
describe('14. images and files in the result of a tool', () => {
  it('stay media, and never become text', () => {
    const content = [
      { type: 'image', source: { kind: 'base64', data: 'QUJD', mediaType: 'image/png' } },
      { type: 'file', source: { kind: 'base64', data: 'JVBE', mediaType: 'application/pdf' }, name: 'a.pdf' },
    ] as const
    const messages: Message[] = [
      ...hello,
      { role: 'assistant', content: [call('a')] },
      { role: 'tool', content: [{ type: 'tool-result', id: 'a', content, isError: true }] },
    ]
    const { body, losses } = encode({ messages, tools })
    const blocks = [
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'QUJD' } },
      { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBE' }, title: 'a.pdf' },
    ]
    expect(body.messages).toMatchObject([{}, {}, { content: [{ type: 'tool_result', is_error: true, content: blocks }] }])
    expect(losses).toEqual([])
    expect(decode(body).request.messages.at(-1)).toMatchObject({ role: 'tool', content: [{ isError: true, content }] })
  })
})

/** https://github.com/maximhq/bifrost/issues/3511, https://github.com/maximhq/bifrost/pull/7348, https://github.com/BerriAI/litellm/pull/22265 */
describe('15. the choice among tools', () => {
  it('is mapped or reported, in every form', () => {
    expect(encode({ tools, toolChoice: { type: 'required' }, parallelToolCalls: false }).body.tool_choice).toEqual({
      type: 'any',
      disable_parallel_tool_use: true,
    })
    expect(encode({ tools, toolChoice: { type: 'allowed', names: ['g'], mode: 'auto' } })).toMatchObject({
      body: { tools: [{ name: 'g' }], tool_choice: { type: 'auto' } },
      losses: ['approximated tool_choice.allowed_tools'],
    })
  })

  it('is none when the history has calls and the request has no tools', () => {
    expect(encode({ messages: [...hello, ...toolTurn('a', 'f')] })).toMatchObject({
      body: { tools: [{ name: 'f' }], tool_choice: { type: 'none' } },
      losses: ['approximated tools'],
    })
  })
})

/** https://github.com/maximhq/bifrost/issues/4556, https://github.com/maximhq/bifrost/pull/3441, https://github.com/maximhq/bifrost/issues/2347 */
describe('and besides', () => {
  it('a repeated `message_start` starts no second answer', () => {
    const text = streamOf(started, started, ...stopped('end_turn'))
    expect(decodeStream(anthropicMessages, bytesOf(text)).filter(({ type }) => type === 'start')).toHaveLength(1)
    expectCut(bytesOf(text))
  })

  // https://github.com/BerriAI/litellm/pull/30115
  it('text whose block was never started is text all the same', () => {
    const delta = (index: number, delta: JsonObject) => ({ type: 'content_block_delta', index, delta })
    const text = streamOf(
      started,
      delta(0, { type: 'thinking_delta', thinking: 'Hm' }),
      { type: 'content_block_stop', index: 0 },
      delta(1, { type: 'text_delta', text: 'He' }),
      delta(1, { type: 'text_delta', text: 'y' }),
      delta(2, json('{}')),
      ...stopped('end_turn'),
    )
    expect(answer(text).choices[0]?.content).toEqual([
      { type: 'reasoning', text: 'Hm' },
      { type: 'text', text: 'Hey' },
    ])
    expectCut(bytesOf(text))
  })

  it('blocks never overlap, though the parts of another vendor do', () => {
    const events: StreamEvent[] = [
      { type: 'start', id: 'x', model: 'm' },
      { type: 'part-start', choice: 0, index: 0, part: { type: 'text', text: '' } },
      { type: 'part-delta', choice: 0, index: 0, delta: 'a' },
      { type: 'part-start', choice: 0, index: 1, part: call('c', 'f', '') },
      { type: 'part-delta', choice: 0, index: 1, delta: '{}' },
      { type: 'part-delta', choice: 0, index: 0, delta: 'b' },
      { type: 'finish', choice: 0, reason: 'tool-calls' },
      { type: 'end' },
    ]
    const told = spell(events).map(({ type, index, delta }) => [
      type,
      index,
      (delta as JsonObject)?.text ?? (delta as JsonObject)?.partial_json,
    ])
    expect(told.slice(1, -2)).toEqual([
      ['content_block_start', 0, undefined],
      ['content_block_delta', 0, 'a'],
      ['content_block_delta', 0, 'b'],
      ['content_block_stop', 0, undefined],
      ['content_block_start', 1, undefined],
      ['content_block_delta', 1, '{}'],
      ['content_block_stop', 1, undefined],
    ])
  })

  it('tools and the members of their schemas keep their order, so that prompt caches match', () => {
    const parameters = { type: 'object', properties: { z: {}, a: {} }, required: ['z'], additionalProperties: false }
    const { body } = encode({
      tools: [
        { name: 'z', parameters },
        { name: 'a', parameters, strict: true },
      ],
    })
    const schema = JSON.stringify(parameters)
    expect(JSON.stringify(body.tools)).toBe(
      `[{"name":"z","input_schema":${schema}},{"name":"a","input_schema":${schema},"strict":true}]`,
    )
  })
})
