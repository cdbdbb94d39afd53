import { describe, expect, it } from 'vitest'
import { collect } from '../../../src/core/events.js'
import type { JsonObject } from '../../../src/core/json.js'
import { anthropicMessages } from '../../../src/protocols/anthropic-messages/index.js'
import { sse as framing } from '../../../src/protocols/framing/sse.js'
import { bytesOf, decodeContext, decodePrefixes, decodeStream } from '../../helpers/decode.js'
import { Losses, sse, started, stopped, streamOf, streams, upstream } from './kit.js'

const events = (text: string) => decodeStream(anthropicMessages, bytesOf(text))
const answer = (text: string) => collect(events(text))

describe('blocks that overlap', () => {
  const call = (index: number, id: string) => ({
    type: 'content_block_start',
    index,
    content_block: { type: 'tool_use', id, name: 'f', input: {} },
  })
  const more = (index: number, partial_json: string) => ({
    type: 'content_block_delta',
    index,
    delta: { type: 'input_json_delta', partial_json },
  })
  const over = (index: number) => ({ type: 'content_block_stop', index })

  it.each([
    ['that end', [over(1), over(0), over(2)]],
    ['that never end', []],
  ])('are told one after another: those %s', (_, ends) => {
    const text = streamOf(
      started,
      call(0, 'a'),
      call(1, 'b'),
      more(1, '{"x":'),
      more(0, '{"y":1}'),
      call(2, 'c'),
      more(1, '2}'),
      more(2, '{"z":3}'),
      ...ends,
      ...stopped('tool_use'),
    )
    let open: number | undefined
    for (const event of events(text)) {
      if (event.type === 'part-start') {
        expect(open).toBeUndefined()
        open = event.index
      } else if ('index' in event) {
        expect(event.index).toBe(open)
        if (event.type === 'part-end') open = undefined
      } else if (event.type === 'finish') expect(open).toBeUndefined()
    }
    expect(answer(text).choices[0]?.content).toMatchObject([
      { id: 'a', arguments: '{"y":1}' },
      { id: 'b', arguments: '{"x":2}' },
      { id: 'c', arguments: '{"z":3}' },
    ])
  })
})

describe('a recorded stream', () => {
  it.each(streams)('reads the same byte by byte: $name', ({ sse }) => {
    expect(decodeStream(anthropicMessages, bytesOf(sse), { size: 1 })).toEqual(events(sse))
  })

  it.each(streams)('is truncated wherever it is cut: $name', ({ sse }) => {
    const bytes = bytesOf(sse)
    const decoder = upstream.decodeStream(decodeContext())
    let whole = false
    const frames = framing.unframer((event) => {
      for (const { type } of decoder.push(event)) if (type === 'end') whole = true
    })
    for (const [at] of bytes.entries()) {
      frames.push(bytes.subarray(at, at + 1))
      if (whole) expect(decoder.end()).toEqual([])
      else expect(() => decoder.end()).toThrow('stream_truncated')
    }
    expect(whole).toBe(true)
  })

  it.each(streams)('opens, grows and closes its parts in order: $name', ({ sse }) => {
    const open = new Set<number>()
    let next = 0
    for (const event of events(sse)) {
      if (event.type === 'part-start') {
        expect(event.index).toBe(next++)
        open.add(event.index)
      } else if (event.type === 'part-delta') expect(open).toContain(event.index)
      else if (event.type === 'part-end') expect(open.delete(event.index)).toBe(true)
    }
    expect(open.size).toBe(0)
  })

  it('holds parallel tool calls, their arguments put together', () => {
    const [choice] = answer(sse('tools-streaming-legacy')).choices
    expect(choice?.finishReason).toBe('tool-calls')
    expect(choice?.content.map(({ type }) => type)).toEqual(['text', 'tool-call', 'tool-call'])
    expect(choice?.content.slice(1)).toMatchObject([
      { name: 'get_weather', arguments: '{"location": "San Francisco, CA", "unit": "celsius"}' },
      { name: 'get_time', arguments: '{"timezone": "America/Los_Angeles"}' },
    ])
  })

  it('has called a tool that it called, whatever the server says in the end', () => {
    const content_block = { type: 'tool_use', id: 'a', name: 'f', input: { id: 7 } }
    const block = [
      { type: 'content_block_start', index: 0, content_block },
      { type: 'content_block_stop', index: 0 },
    ]
    const [choice] = answer(streamOf(started, ...block, ...stopped('end_turn'))).choices
    expect(choice).toMatchObject({ finishReason: 'tool-calls', content: [{ name: 'f', arguments: '{"id":7}' }] })
  })

  it('keeps redacted thinking byte for byte', () => {
    const text = sse('redacted-stream')
    const data = [...text.matchAll(/"redacted_thinking","data":"([^"]+)"/g)].map(([, value]) => value)
    const redacted = answer(text).choices[0]?.content.filter((part) => part.type === 'reasoning' && part.redacted)
    expect(data.length).toBeGreaterThan(0)
    expect(redacted).toEqual(
      data.map((value) => ({ type: 'reasoning', text: '', redacted: true, signature: { format: 'anthropic-claude-v1', value } })),
    )
  })

  it('keeps text, thinking and citations of a web search, and reports what ran at Anthropic', () => {
    const losses = new Losses()
    const text = sse('web-search-tool-stream')
    const response = collect(decodeStream(anthropicMessages, bytesOf(text), { context: decodeContext({ lose: losses.lose }) }))
    const parts = response.choices[0]?.content ?? []
    expect(new Set(parts.map(({ type }) => type))).toEqual(new Set(['text', 'reasoning']))
    const cited = parts.flatMap((part) => (part.type === 'text' ? (part.citations ?? []) : []))
    expect(cited.length).toBe(text.match(/"citations_delta"/g)?.length)
    for (const citation of cited)
      expect(citation).toMatchObject({ url: expect.stringMatching(/^http/), title: expect.any(String), start: 0 })
    const ran = text.match(/"content_block":\{"type":"(server_tool_use|web_search_tool_result)"/g)?.length
    expect(losses.all).toHaveLength(ran ?? -1)
    expect(losses.list.every((line) => /^dropped content\[\d+\]$/.test(line))).toBe(true)
    expect(response.usage).toMatchObject({ input: 22397, output: 637 })
  })

  it('tells thinking apart in the usage of a stream', () => {
    expect(answer(sse('advisor-tool-stream')).usage).toMatchObject({ input: 2411, output: 145 - 47, reasoning: 47 })
  })

  it('counts the last, cumulative account of usage', () => {
    expect(answer(sse('fallback-for-high-max-tokens')).usage).toMatchObject({ input: 20, output: 5, cacheRead: 0 })
    expect(answer(sse('tools-streaming-legacy')).usage).toMatchObject({ input: 506, output: 153 })
  })
})

const block = (index: number, content_block: JsonObject): JsonObject => ({
  type: 'content_block_start',
  index,
  content_block,
})
const delta = (index: number, more: JsonObject): JsonObject => ({ type: 'content_block_delta', index, delta: more })
const close = (index: number): JsonObject => ({ type: 'content_block_stop', index })

describe('the events of a stream', () => {
  it('start once, though `message_start` is repeated', () => {
    const types = events(streamOf(started, started, { type: 'ping' }, started, ...stopped('end_turn'))).map(({ type }) => type)
    expect(types).toEqual(['start', 'usage', 'finish', 'usage', 'end'])
  })

  it('start with the model asked for, when `message_start` never comes', () => {
    const text = streamOf(
      block(0, { type: 'text', text: '' }),
      delta(0, { type: 'text_delta', text: 'hi' }),
      close(0),
      ...stopped('end_turn'),
    )
    expect(answer(text)).toMatchObject({ model: 'asked-model', choices: [{ content: [{ type: 'text', text: 'hi' }] }] })
  })

  it('are read by their name or by their type, when a gateway leaves one out', () => {
    const text = sse('tools-streaming-legacy')
    expect(events(text.replaceAll(/^event: .*\n/gm, ''))).toEqual(events(text))
    const typeless = text.replaceAll(/^data: .*$/gm, (line) => line.replace(/^data: \{"type": ?"[a-z_]+",?/, 'data: {'))
    expect(typeless).not.toBe(text)
    expect(events(typeless)).toEqual(events(text))
  })

  it('keep a signed block of thinking that has no text', () => {
    const text = streamOf(
      started,
      block(0, { type: 'thinking', thinking: '', signature: '' }),
      delta(0, { type: 'signature_delta', signature: 'c2ln+/=' }),
      close(0),
      ...stopped('end_turn'),
    )
    expect(answer(text).choices[0]?.content).toEqual([
      { type: 'reasoning', text: '', signature: { format: 'anthropic-claude-v1', value: 'c2ln+/=' } },
    ])
  })

  it('keep what stands in the block which opens: text, and the signature of a thought', () => {
    const citation = { type: 'page_location', cited_text: 'q' }
    const text = streamOf(
      started,
      block(0, { type: 'thinking', thinking: 'a', signature: 'c2ln' }),
      delta(0, { type: 'thinking_delta', thinking: 'b' }),
      close(0),
      block(1, { type: 'text', text: 'on' }),
      delta(1, { type: 'text_delta', text: 'e' }),
      delta(1, { type: 'citations_delta', citation }),
      close(1),
      ...stopped('end_turn'),
    )
    const starts = events(text).flatMap((event) => (event.type === 'part-start' ? [event.part] : []))
    expect(starts).toEqual([
      { type: 'reasoning', text: 'a' },
      { type: 'text', text: 'on' },
    ])
    expect(answer(text).choices[0]?.content).toEqual([
      { type: 'reasoning', text: 'ab', signature: { format: 'anthropic-claude-v1', value: 'c2ln' } },
      { type: 'text', text: 'one', citations: [{ quote: 'q', start: 0, end: 3, raw: citation }] },
    ])
  })

  it('name the tier that served them, where it is told', () => {
    expect(events(sse('fallback-for-high-max-tokens')).at(-1)).toEqual({ type: 'end', serviceTier: 'standard' })
    expect(events(streamOf(started, ...stopped('end_turn'))).at(-1)).toEqual({ type: 'end' })
  })

  it('spell {} for a tool call without arguments, and never {} before real ones', () => {
    const call = { type: 'tool_use', id: 'toolu_1', name: 'now', input: {} }
    const empty = streamOf(
      started,
      block(0, call),
      delta(0, { type: 'input_json_delta', partial_json: '' }),
      close(0),
      ...stopped('tool_use'),
    )
    expect(answer(empty).choices[0]?.content).toMatchObject([{ arguments: '{}' }])
    expect(events(empty).some(({ type }) => type === 'part-delta')).toBe(false)
    const real = streamOf(
      started,
      block(0, call),
      delta(0, { type: 'input_json_delta', partial_json: '{"a":1}' }),
      close(0),
      ...stopped('tool_use'),
    )
    expect(events(real).filter(({ type }) => type === 'part-delta')).toMatchObject([{ delta: '{"a":1}' }])
  })

  it('spell arguments that stand whole in the block which opens, as compatible servers send them', () => {
    const text = streamOf(
      started,
      block(0, { type: 'tool_use', id: 't', name: 'f', input: { a: 1 } }),
      close(0),
      ...stopped('tool_use'),
    )
    expect(answer(text).choices[0]?.content).toMatchObject([{ arguments: '{"a":1}' }])
  })

  it.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop-sequence'],
    ['max_tokens', 'length'],
    ['tool_use', 'tool-calls'],
    ['pause_turn', 'pause'],
    ['refusal', 'refusal'],
    ['model_context_window_exceeded', 'length'],
    ['of_tomorrow', 'other'],
  ])('finish a stream that stopped by %s with %s', (reason, finish) => {
    expect(answer(streamOf(started, ...stopped(reason))).choices[0]?.finishReason).toBe(finish)
  })

  it('of a type that is unknown are passed over, whatever it is called', () => {
    const strange = [
      { type: 'constructor' },
      { type: 'content_block_delta', index: 0, delta: { type: 'toString' } },
      ...stopped('valueOf'),
    ]
    const text = streamOf(started, block(0, { type: 'text', text: 'a' }), ...strange)
    expect(answer(text).choices[0]).toEqual({ content: [{ type: 'text', text: 'a' }], finishReason: 'other' })
  })

  it('name the stop sequence', () => {
    const text = streamOf(started, ...stopped('stop_sequence', { stop_sequence: 'END' }))
    expect(answer(text).choices[0]).toMatchObject({ finishReason: 'stop-sequence', stopSequence: 'END' })
  })

  it('tell why Claude refused', () => {
    const text = streamOf(
      started,
      ...stopped('refusal', { stop_details: { type: 'refusal', category: 'bio', explanation: 'No.' } }),
    )
    expect(answer(text).choices[0]).toEqual({ content: [{ type: 'refusal', text: 'No.' }], finishReason: 'refusal' })
  })

  it('end in the error that the vendor sent', () => {
    const text = streamOf(started, { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } })
    expect(() => events(text)).toThrow(expect.objectContaining({ code: 'overloaded', status: 529, retryable: true }))
  })

  it('fail on an event that is not JSON', () => {
    expect(() => events('event: message_start\ndata: {"type":\n\n')).toThrow(
      expect.objectContaining({ code: 'upstream_malformed' }),
    )
  })

  it('are never whole before the end, in any prefix', () => {
    const bytes = bytesOf(sse('fallback-for-high-max-tokens'))
    const outcomes = decodePrefixes(anthropicMessages, bytes)
    expect(outcomes.filter((outcome) => outcome !== 'stream_truncated')).toEqual([])
  })
})
