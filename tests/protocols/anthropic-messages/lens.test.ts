import { describe, expect, it } from 'vitest'
import { isObject, type JsonObject, parseJson } from '../../../src/core/json.js'
import { anthropicMessages } from '../../../src/protocols/anthropic-messages/index.js'
import { sse } from '../../../src/protocols/framing/sse.js'
import type { TextKind, WireEvent } from '../../../src/protocols/protocol.js'
import { bytesOf, decodeStream } from '../../helpers/decode.js'
import { exchanges, started, stopped, streamOf, streams } from './kit.js'

const { lens } = anthropicMessages

function wireOf(text: string): WireEvent[] {
  const events: WireEvent[] = []
  sse.unframer((event) => events.push(event)).push(bytesOf(text))
  return events
}

function seen(edit: (replace: (text: string, kind: TextKind) => string) => unknown): string[] {
  const list: string[] = []
  edit((text, kind) => {
    list.push(`${kind}: ${text}`)
    return text
  })
  return list
}

const request: JsonObject = {
  model: 'm',
  system: [{ type: 'text', text: 's', cache_control: { type: 'ephemeral' } }],
  messages: [
    { role: 'user', content: 'u' },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'th', signature: 'sig' },
        { type: 'redacted_thinking', data: 'secret' },
        { type: 'text', text: 'a', citations: [{ type: 'char_location', cited_text: 'c' }] },
        { type: 'tool_use', id: 't1', name: 'f', input: { deep: ['x', { y: 'y' }], n: 1 } },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 't1', content: 'r' },
        {
          type: 'tool_result',
          tool_use_id: 't2',
          content: [
            { type: 'text', text: 'rt' },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'BASE64' } },
            { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'rd' } },
          ],
        },
        { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'd' }, title: 'dt', context: 'dc' },
        { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'BASE64' } },
        { type: 'document', source: { type: 'content', content: [{ type: 'text', text: 'dx' }] } },
      ],
    },
  ],
  tools: [{ name: 'f', description: 'does f', input_schema: { type: 'object' } }],
  context_management: { edits: [{ type: 'compact_20260112', instructions: 'sum up' }] },
  metadata: { user_id: 'id' },
}

describe('the lens', () => {
  it('finds every text of a request, each for what it is, and no data', () => {
    expect(seen((replace) => lens.replaceRequest(request, replace)).toSorted()).toEqual(
      [
        'text: s',
        'text: u',
        'reasoning: th',
        'text: a',
        'text: c',
        'arguments: x',
        'arguments: y',
        'tool-result: r',
        'tool-result: rt',
        'text: rd',
        'text: d',
        'text: dt',
        'text: dc',
        'text: dx',
        'description: does f',
        'text: sum up',
      ].toSorted(),
    )
  })

  it.each([
    [{ type: 'tool_result', content: [{ type: 'search_result', source: 's', title: 'T', content: [] }] }],
    [{ type: 'tool_result', content: [{ type: 'document', context: 'T', source: { type: 'file', file_id: 'f' } }] }],
    [{ type: 'text_editor_code_execution_tool_result', content: { file_type: 'text', content: 'T' } }],
    [{ type: 'text_editor_code_execution_tool_result', content: { lines: ['T'] } }],
    [{ type: 'advisor_tool_result', content: { type: 'advisor_result', text: 'T' } }],
    [{ type: 'web_fetch_tool_result', content: { url: 'u', content: { title: 'T', source: { type: 'base64', data: 'b' } } } }],
    [{ type: 'web_fetch_tool_result', content: { url: 'u', content: { source: { type: 'text', data: 'T' } } } }],
    [{ type: 'text', citations: [{ type: 'char_location', document_title: 'T' }] }],
    [{ type: 'text', citations: [{ type: 'search_result_location', title: 'T', source: 's' }] }],
  ])('finds what stands deeper in a block: %o', (block) => {
    const body: JsonObject = { messages: [{ role: 'user', content: [block] }] }
    expect(seen((replace) => lens.replaceRequest(body, replace)).map((text) => text.replace(/^.*: /, ''))).toEqual(['T'])
    expect(lens.replaceRequest(body, () => 'U')).toEqual(JSON.parse(JSON.stringify(body).replace('"T"', '"U"')))
  })

  it('replaces them where they stand, and leaves the original as it was', () => {
    const before = JSON.stringify(request)
    const after = lens.replaceRequest(request, (text) => `<${text}>`)
    expect(JSON.stringify(request)).toBe(before)
    expect(JSON.stringify(after).replaceAll(/[<>]/g, '')).toBe(before)
    expect(after).toMatchObject({
      messages: [
        { content: '<u>' },
        {
          content: [
            { thinking: '<th>', signature: 'sig' },
            { data: 'secret' },
            {},
            { input: { deep: ['<x>', { y: '<y>' }], n: 1 } },
          ],
        },
        {
          content: [
            {},
            { content: [{}, { source: { data: 'BASE64' } }, { source: { data: '<rd>' } }] },
            { source: { data: '<d>' } },
            {},
            {},
          ],
        },
      ],
    })
  })

  it('gives the same object back when nothing changed', () => {
    const same = (text: string) => text
    expect(lens.replaceRequest(request, same)).toBe(request)
    for (const { request, response } of exchanges) {
      expect(lens.replaceRequest(request.body, same)).toBe(request.body)
      if (response.body) expect(lens.replaceResponse(response.body, same)).toBe(response.body)
    }
  })

  it.each(streams)('sees in the events of a stream all that the answer says: $name', ({ sse }) => {
    let text = ''
    let thinking = ''
    for (const { data } of wireOf(sse)) {
      const event = parseJson(data)
      if (isObject(event)) {
        lens.replaceEvent(event as JsonObject, (part, kind) => {
          if (kind === 'text' && isObject(event.delta) && event.delta.type === 'text_delta') text += part
          if (kind === 'reasoning') thinking += part
          return part
        })
      }
    }
    const said = { text: '', reasoning: '' }
    const types = new Map<number, 'text' | 'reasoning'>()
    for (const event of decodeStream(anthropicMessages, bytesOf(sse))) {
      if (event.type === 'part-start' && (event.part.type === 'text' || event.part.type === 'reasoning'))
        types.set(event.index, event.part.type)
      const type = event.type === 'part-delta' ? types.get(event.index) : undefined
      if (type && event.type === 'part-delta') said[type] += event.delta
    }
    expect({ text, reasoning: thinking }).toEqual(said)
  })

  it('reads usage from a whole answer and from the events that tell it', () => {
    expect(lens.usage({ usage: { input_tokens: 1, output_tokens: 2 } })).toMatchObject({ input: 1, output: 2 })
    expect(lens.usage(started)).toMatchObject({ input: 3, output: 1 })
    expect(lens.usage({ type: 'message' })).toBeUndefined()
    expect(lens.usage('text')).toBeUndefined()
  })
})

describe('the tap', () => {
  const watch = (text: string) => {
    const tap = lens.tap()
    for (const event of wireOf(text)) tap.see(event)
    return tap
  }

  it.each(streams)('counts what the decoder counts: $name', ({ sse }) => {
    const usage = decodeStream(anthropicMessages, bytesOf(sse)).findLast((event) => event.type === 'usage')
    const tap = watch(sse)
    expect(tap).toMatchObject({ content: true, terminal: true, error: undefined })
    expect(tap.usage).toEqual(usage?.usage)
  })

  it.each(streams)('sees the same without the names of events: $name', ({ sse }) => {
    const nameless = watch(sse.replaceAll(/^event: .*\n/gm, ''))
    expect({ usage: nameless.usage, content: nameless.content, terminal: nameless.terminal }).toEqual({
      usage: watch(sse).usage,
      content: true,
      terminal: true,
    })
  })

  it('waits for content until something of the answer has come', () => {
    const tap = lens.tap()
    const see = (event: JsonObject) => {
      tap.see({ event: String(event.type), data: JSON.stringify(event) })
      return tap.content
    }
    expect(see(started)).toBe(false)
    expect(see({ type: 'ping' })).toBe(false)
    expect(see({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } })).toBe(false)
    expect(see({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'hi' } })).toBe(true)
  })

  it('takes a tool call for content at its opening, and an empty answer at its end', () => {
    const call = { type: 'content_block_start', index: 0, content_block: { type: 'tool_use', id: 't', name: 'f', input: {} } }
    expect(watch(streamOf(started, call)).content).toBe(true)
    expect(watch(streamOf(started, ...stopped('end_turn')))).toMatchObject({ content: true, terminal: true })
  })

  it('records the error that the vendor sent', () => {
    const tap = watch(streamOf(started, { type: 'error', error: { type: 'rate_limit_error', message: 'slow' } }))
    expect(tap.error).toMatchObject({ code: 'rate_limited', status: 429, retryable: true })
    expect(tap).toMatchObject({ content: false, terminal: false })
    expect(tap.usage).toMatchObject({ input: 3 })
  })
})
