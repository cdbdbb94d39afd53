import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LeashError } from '../../../src/core/errors.js'
import { collect, replay, type StreamEvent } from '../../../src/core/events.js'
import { asObject, parseJson } from '../../../src/core/json.js'
import type { AssistantPart, ChatResponse } from '../../../src/core/message.js'
import { type Usage, usageOf } from '../../../src/core/usage.js'
import { anthropicMessages } from '../../../src/protocols/anthropic-messages/index.js'
import type { WireEvent } from '../../../src/protocols/protocol.js'
import { bytesOf, decodeStream } from '../../helpers/decode.js'
import { responses } from './arbitrary.js'
import { bytesOfWire, downstream, encodeEvents, hello, streams } from './kit.js'

const payloads = (wire: readonly WireEvent[]) => wire.map(({ data }) => asObject(parseJson(data)))
const respond = (content: readonly AssistantPart[]): ChatResponse => ({
  id: 'x',
  model: 'm',
  choices: [{ content, finishReason: 'stop' }],
})
const spell = (content: readonly AssistantPart[]) => payloads(encodeEvents(replay(respond(content))))
const start: StreamEvent = { type: 'start', id: 'x', model: 'm' }
const over: StreamEvent[] = [{ type: 'finish', choice: 0, reason: 'stop' }, { type: 'end' }]
const opened = (index: number, part: AssistantPart): StreamEvent => ({ type: 'part-start', choice: 0, index, part })
const grown = (index: number, delta: string): StreamEvent => ({ type: 'part-delta', choice: 0, index, delta })
const closed = (index: number): StreamEvent => ({ type: 'part-end', choice: 0, index })

/** Blocks are numbered from 0, open one at a time, and are all closed before the message ends. */
function expectSequential(wire: readonly WireEvent[]): void {
  const events = payloads(wire)
  let next = 0
  let current: number | undefined
  for (const [at, { type, index }] of events.entries()) {
    expect(wire[at]?.event).toBe(type)
    if (type === 'content_block_start') {
      expect(current).toBeUndefined()
      expect(index).toBe(next)
      current = next++
    } else if (type === 'content_block_delta') expect(index).toBe(current)
    else if (type === 'content_block_stop') {
      expect(index).toBe(current)
      current = undefined
    } else if (type === 'message_delta') expect(current).toBeUndefined()
  }
  expect(events[0]?.type).toBe('message_start')
  expect(events.slice(-2).map(({ type }) => type)).toEqual(['message_delta', 'message_stop'])
}

describe('a stream to a caller of this API', () => {
  it('spells what the whole answer says', () => {
    fc.assert(
      fc.property(responses, (response) => {
        const wire = encodeEvents(replay(response))
        expectSequential(wire)
        expect(collect(decodeStream(anthropicMessages, bytesOfWire(wire)))).toEqual(response)
      }),
    )
  })

  it('spells the same however the answer is cut into deltas', () => {
    fc.assert(
      fc.property(responses, fc.integer({ min: 1, max: 5 }), (response, size) => {
        const cut = [...replay(response)].flatMap((event): StreamEvent[] => {
          if (event.type !== 'part-delta') return [event]
          const pieces = event.delta.match(new RegExp(`[\\s\\S]{1,${size}}`, 'g')) ?? []
          return pieces.map((delta) => ({ ...event, delta }))
        })
        expect(collect(decodeStream(anthropicMessages, bytesOfWire(encodeEvents(cut))))).toEqual(response)
      }),
    )
  })

  it.each(streams)('comes back as it was recorded, but for what ran at Anthropic: $name', ({ sse }) => {
    const events = decodeStream(anthropicMessages, bytesOf(sse))
    const wire = encodeEvents(events)
    expectSequential(wire)
    const { serviceTier: _, ...response } = collect(events)
    expect(collect(decodeStream(anthropicMessages, bytesOfWire(wire)))).toMatchObject(response)
  })

  it('keeps blocks apart though parts interleave in every possible way', () => {
    const parts: AssistantPart[] = [
      { type: 'text', text: '' },
      { type: 'tool-call', id: 'a', name: 'f', arguments: '' },
      { type: 'tool-call', id: 'b', name: 'g', arguments: '' },
    ]
    const scripts = parts.map((part, index) => [
      opened(index, part),
      grown(index, part.type === 'text' ? 'one' : '{"a":'),
      grown(index, part.type === 'text' ? ' two' : '1}'),
      closed(index),
    ])
    // Which part speaks next; parts begin in their order, and may never be closed at all.
    fc.assert(
      fc.property(fc.array(fc.nat(2), { minLength: 60, maxLength: 60 }), fc.boolean(), (turns, unclosed) => {
        const left = scripts.map((script) => (unclosed ? script.slice(0, -1) : [...script]))
        const events: StreamEvent[] = [start]
        for (const turn of [...turns, ...turns.map((_, at) => at % 3)]) {
          const earlier = left.slice(0, turn).every((script) => script.length < (unclosed ? 3 : 4))
          const next = earlier ? left[turn]?.shift() : undefined
          if (next) events.push(next)
        }
        const wire = encodeEvents([...events, ...over])
        expectSequential(wire)
        expect(collect(decodeStream(anthropicMessages, bytesOfWire(wire))).choices[0]).toEqual({
          content: [
            { type: 'text', text: 'one two' },
            { type: 'tool-call', id: 'a', name: 'f', arguments: '{"a":1}' },
            { type: 'tool-call', id: 'b', name: 'g', arguments: '{"a":1}' },
          ],
          finishReason: 'tool-calls',
        })
      }),
    )
  })

  it('writes what it can at once, and does not wait for the end', () => {
    const encoder = downstream.encodeStream({ messages: hello })
    expect(encoder.push(start)).toEqual([])
    expect(encoder.push(opened(0, { type: 'text', text: '' }))).toEqual([])
    expect(payloads(encoder.push(grown(0, 'a'))).map(({ type }) => type)).toEqual([
      'message_start',
      'content_block_start',
      'content_block_delta',
    ])
    expect(payloads(encoder.push(grown(0, 'b')))).toMatchObject([{ delta: { type: 'text_delta', text: 'b' } }])
  })

  it('tells the usage that is known at its start, and all of it at its end', () => {
    const events = payloads(
      encodeEvents([
        start,
        { type: 'usage', usage: usageOf({ input: 7 }) },
        opened(0, { type: 'text', text: 'a' }),
        { type: 'finish', choice: 0, reason: 'stop-sequence', stopSequence: 'END' },
        { type: 'usage', usage: usageOf({ input: 7, cacheRead: 2, output: 3, reasoning: 1 }) },
        { type: 'end' },
      ]),
    )
    expect(events[0]).toMatchObject({ message: { usage: { input_tokens: 7, output_tokens: 0 }, stop_reason: null } })
    expect(events.at(-2)).toEqual({
      type: 'message_delta',
      delta: { stop_reason: 'stop_sequence', stop_sequence: 'END', stop_details: null, container: null },
      usage: {
        input_tokens: 7,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 2,
        output_tokens: 4,
        output_tokens_details: { thinking_tokens: 1 },
        server_tool_use: null,
      },
    })
  })

  it('says how long was cached for only where it is known at its start, since its end has no word for it', () => {
    const begun = (usage: Partial<Usage>) =>
      payloads(
        encodeEvents([start, { type: 'usage', usage: usageOf(usage) }, opened(0, { type: 'text', text: 'a' }), ...over]),
      )[0]
    expect(begun({ cacheWrite: 3, cacheWrite1h: 4 })).toMatchObject({
      message: { usage: { cache_creation: { ephemeral_5m_input_tokens: 3, ephemeral_1h_input_tokens: 4 } } },
    })
    expect(begun({ input: 7 })).toMatchObject({ message: { usage: { cache_creation_input_tokens: 0, cache_creation: null } } })
  })

  it('opens no block for a text or a thought that never came', () => {
    expect(
      spell([
        { type: 'text', text: '' },
        { type: 'reasoning', text: '' },
      ]).map(({ type }) => type),
    ).toEqual(['message_start', 'message_delta', 'message_stop'])
  })

  it('tells of the first answer alone', () => {
    const events: StreamEvent[] = [
      start,
      opened(0, { type: 'text', text: 'a' }),
      { ...opened(0, { type: 'text', text: 'b' }), choice: 1 } as StreamEvent,
      ...over,
    ]
    expect(collect(decodeStream(anthropicMessages, bytesOfWire(encodeEvents(events)))).choices[0]?.content).toEqual([
      { type: 'text', text: 'a' },
    ])
  })

  it('refuses with the words of the refusal', () => {
    expect(spell([{ type: 'refusal', text: 'No.' }])).toMatchObject([
      {},
      { content_block: { type: 'text' } },
      { delta: { type: 'text_delta', text: 'No.' } },
      {},
      { delta: { stop_reason: 'refusal', stop_details: { explanation: 'No.' } } },
      {},
    ])
  })

  it('says in words what it cannot carry', () => {
    const source = { kind: 'base64', data: 'QUJD', mediaType: 'image/png' } as const
    const said = spell([
      { type: 'image', source },
      { type: 'audio', source, transcript: 'hi' },
    ])
    expect(said.filter(({ type }) => type === 'content_block_delta')).toMatchObject([
      { index: 0, delta: { text: expect.stringContaining('an image') } },
      { index: 1, delta: { text: 'hi' } },
    ])
  })

  it('ends in an error event when it fails on the way', () => {
    const encoder = downstream.encodeStream({ messages: hello })
    encoder.push(start)
    expect(encoder.fail(new LeashError('stream_truncated', 'cut'))).toEqual([
      {
        event: 'error',
        data: '{"type":"error","error":{"type":"api_error","message":"[stream_truncated] cut","details":{"error_code":"stream_truncated"}}}',
      },
    ])
  })
})
