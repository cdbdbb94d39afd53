import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { collect, replay, type StreamEvent } from '../../../src/core/events.js'
import type { JsonObject } from '../../../src/core/json.js'
import type { AssistantPart, ChatResponse, Signature } from '../../../src/core/message.js'
import { pack, unpack } from '../../../src/protocols/anthropic-messages/carrier.js'
import { anthropicMessages } from '../../../src/protocols/anthropic-messages/index.js'
import { bytesOf } from '../../helpers/decode.js'
import { bytesOfWire, decode, downstream, encode, encodeEvents, hello, Losses } from './kit.js'

const gemini = (value: string): Signature => ({ format: 'google-gemini-v1', value })
const responses = (value: string): Signature => ({ format: 'openai-responses-v1', value })

const turn: readonly AssistantPart[] = [
  { type: 'reasoning', text: 'thought', signature: gemini('r:1') },
  { type: 'reasoning', text: 'summary', id: 'rs:1', signature: responses('enc+/=') },
  { type: 'reasoning', text: '', redacted: true, signature: responses('hidden') },
  { type: 'reasoning', text: 'unsigned' },
  { type: 'text', text: 'said', signature: gemini('t1') },
  { type: 'tool-call', id: 'call:1', name: 'f', arguments: '{}', signature: gemini('c1') },
  { type: 'tool-call', id: 'call:2', name: 'f', arguments: '{"a":1}' },
]
const response: ChatResponse = { id: 'msg_1', model: 'm', choices: [{ content: turn, finishReason: 'tool-calls' }] }

/** The content as the SDK would send it back in the next request. */
const returned = (content: unknown) => decode({ messages: [{ role: 'assistant', content: content as JsonObject[] }] })

describe('what other vendors signed', () => {
  it('comes back from a caller of this API as it went, byte for byte', () => {
    const { content } = downstream.encodeResponse(response, { messages: hello })
    expect(returned(content)).toEqual({
      request: expect.objectContaining({ messages: [{ role: 'assistant', content: turn }] }),
      losses: [],
    })
  })

  it('comes back from a stream too', () => {
    const blocks: JsonObject[] = []
    for (const { data } of encodeEvents(replay(response))) {
      const event = JSON.parse(data)
      const block = blocks.at(-1)
      if (event.type === 'content_block_start') blocks.push({ ...event.content_block, json: '' })
      else if (event.type === 'content_block_delta' && block) {
        const { type, ...more } = event.delta
        if (type === 'input_json_delta') block.json += more.partial_json
        else if (type === 'signature_delta') block.signature = more.signature
        else for (const [name, text] of Object.entries(more)) block[name] = `${block[name]}${text}`
      }
    }
    for (const block of blocks) if (block.type === 'tool_use') block.input = JSON.parse(String(block.json))
    expect(returned(blocks).request.messages).toEqual([{ role: 'assistant', content: turn }])
  })

  describe('of a text that comes piece by piece', () => {
    /** The blocks that are told of these pieces, each with its signature where it has one. */
    const told = (...pieces: (readonly [text: string, signature?: Signature])[]) => {
      const parts = pieces.flatMap(([text, signature], index): StreamEvent[] => {
        const at = { choice: 0, index }
        return [
          { type: 'part-start', ...at, part: { type: 'text', text: '', ...(signature && { signature }) } },
          ...(text ? [{ type: 'part-delta', ...at, delta: text } as const] : []),
          { type: 'part-end', ...at, ...(signature && { signature }) },
        ]
      })
      const blocks: { type: string; text?: string }[] = []
      for (const { data } of encodeEvents([{ type: 'start', id: 'm', model: 'm' }, ...parts, { type: 'end' }])) {
        const event = JSON.parse(data)
        const block = blocks[event.index]
        if (event.type === 'content_block_start') blocks[event.index] = event.content_block
        else if (event.type === 'content_block_delta' && block) block.text += event.delta.text
      }
      return blocks
    }
    const said = (text: string, signature?: Signature) => ({ type: 'text', text, ...(signature && { signature }) })

    it('stands in front of it in a whole answer, though it came behind it', () => {
      const content: AssistantPart[] = [
        { type: 'text', text: 'One' },
        { type: 'text', text: '', signature: gemini('s') },
      ]
      const answer = { id: 'm', model: 'm', choices: [{ content, finishReason: 'stop' as const }] }
      const told = downstream.encodeResponse(answer, { messages: hello })
      expect(told.content).toMatchObject([{ type: 'redacted_thinking' }, { type: 'text', text: 'One' }])
      expect(returned(told.content).request.messages).toEqual([{ role: 'assistant', content: [said('One', gemini('s'))] }])
    })

    it('stands in front of it, whose pieces are one block', () => {
      const blocks = told(['One', gemini('s')], [' two'], [' three'])
      expect(blocks).toMatchObject([{ type: 'redacted_thinking' }, { type: 'text', text: 'One two three' }])
      expect(returned(blocks).request.messages).toEqual([{ role: 'assistant', content: [said('One two three', gemini('s'))] }])
    })

    it.each([[['One', ' two']], [['One two', '']]])(
      'is left out where it comes last, lest the text were not: %j',
      ([one = '', two = '']) => {
        expect(told([one], [two, gemini('s')])).toMatchObject([{ type: 'text', text: 'One two' }])
      },
    )

    it('stands between the two where more follows', () => {
      const blocks = told(['One'], ['', gemini('s')], ['two', responses('phase:final_answer')])
      expect(blocks.map(({ type }) => type)).toEqual(['text', 'redacted_thinking', 'redacted_thinking', 'text'])
      const content = [said('One', gemini('s')), said('two', responses('phase:final_answer'))]
      expect(returned(blocks).request.messages).toEqual([{ role: 'assistant', content }])
    })

    it('leaves messages of OpenAI apart, each behind its own phase', () => {
      const blocks = told(['Hm', responses('phase:commentary')], ['Yes', responses('phase:final_answer')])
      expect(blocks).toMatchObject([{}, { text: 'Hm' }, {}, { text: 'Yes' }])
      const content = [said('Hm', responses('phase:commentary')), said('Yes', responses('phase:final_answer'))]
      expect(returned(blocks).request.messages).toEqual([{ role: 'assistant', content }])
    })
  })

  it('was behind its text once, and is known there', () => {
    const carrier = { type: 'redacted_thinking', data: pack({ of: 'text', signature: gemini('s') }) }
    expect(returned([{ type: 'text', text: 'said' }, carrier]).request.messages).toEqual([
      { role: 'assistant', content: [{ type: 'text', text: 'said', signature: gemini('s') }] },
    ])
  })

  it('is kept from Claude, and reported', () => {
    const { body, losses } = encode({ messages: [...hello, { role: 'assistant', content: turn }], tools: [{ name: 'f' }] })
    expect(JSON.stringify(body)).not.toMatch(/r:1|enc\+|hidden|unsigned|"c1"|"t1"/)
    expect(losses.filter((line) => line.startsWith('dropped'))).toEqual(
      ['0]', '1]', '2]', '3]', '4].signature', '5].signature'].map((at) => `dropped messages[1].content[${at}`),
    )
  })

  it('leaves nothing behind when its turn passes through to Claude', () => {
    const losses = new Losses()
    const { content } = downstream.encodeResponse(response, { messages: hello })
    const body: JsonObject = { model: 'm', messages: [{ role: 'assistant', content: content ?? [] }] }
    const adapted = anthropicMessages.adapt?.(body, {}, losses.lose)
    expect(adapted).toMatchObject({ messages: [{ content: [{ type: 'text' }, { type: 'tool_use' }, { type: 'tool_use' }] }] })
    expect(losses.all).toHaveLength(6)
  })

  it('is never taken for a signature of Claude, nor the other way about', () => {
    const value = fc.string()
    fc.assert(
      fc.property(
        fc.constantFrom('google-gemini-v1', 'openai-responses-v1'),
        fc.constantFrom('reasoning', 'tool-call', 'text'),
        fc.string({ minLength: 1 }),
        value,
        (format, of, id, text) => {
          const carried = { of, id, signature: { format, value: text } } as Parameters<typeof pack>[0]
          expect(unpack(pack(carried))).toEqual(carried)
        },
      ),
    )
    fc.assert(
      fc.property(fc.base64String({ minLength: 1 }), (own) => {
        expect(pack({ of: 'reasoning', signature: { format: 'anthropic-claude-v1', value: own } })).toBe(own)
        expect(unpack(own)).toEqual({ of: 'reasoning', signature: { format: 'anthropic-claude-v1', value: own } })
      }),
    )
  })

  it('survives the way through a stream as text', () => {
    const wire = bytesOfWire(encodeEvents(replay(response)))
    expect(new TextDecoder().decode(wire)).toContain('openai-responses-v1:reasoning:rs%3A1:enc+/=')
    expect(bytesOf('')).toHaveLength(0)
    expect(collect(replay(response)).choices[0]?.content).toEqual(turn)
  })
})
