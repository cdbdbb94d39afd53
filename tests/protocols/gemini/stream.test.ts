import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { collect, replay, type StreamEvent } from '../../../src/core/events.js'
import type { ChatResponse } from '../../../src/core/message.js'
import { noUsage } from '../../../src/core/usage.js'
import { frameSse } from '../../../src/protocols/framing/sse.js'
import { gemini } from '../../../src/protocols/gemini/index.js'
import { PartialArgs } from '../../../src/protocols/gemini/partial-args.js'
import { madeElsewhere } from '../../../src/protocols/gemini/signature.js'
import { bytesOf, decodeContext, decodeStream } from '../../helpers/decode.js'
import { brief, collectLosses, sse } from './support.js'

const part = (...parts: object[]) => ({ responseId: 'r1', candidates: [{ content: { parts } }] })
const finish = (finishReason = 'STOP') => ({ candidates: [{ finishReason }] })

function answer(...chunks: object[]) {
  const { losses, lose } = collectLosses()
  const response = collect(decodeStream(gemini, bytesOf(sse(...chunks)), { context: decodeContext({ lose }) }))
  return { ...response, content: response.choices[0]?.content, reason: response.choices[0]?.finishReason, losses: brief(losses) }
}

describe('a stream of Gemini', () => {
  it('grows one part from many pieces, and opens another where the kind changes', () => {
    const { content } = answer(
      part({ text: 'a', thought: true }),
      part({ text: 'b', thought: true }, { text: 'c' }),
      part({ text: 'd' }),
      finish(),
    )
    expect(content).toEqual([
      { type: 'reasoning', text: 'ab' },
      { type: 'text', text: 'cd' },
    ])
  })

  it('leaves a signed part by itself, as Google wants it back', () => {
    const { content } = answer(part({ text: 'a' }), part({ text: 'b', thoughtSignature: 'YQ==' }), part({ text: 'c' }), finish())
    expect(content).toEqual([
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b', signature: { format: 'google-gemini-v1', value: 'YQ==' } },
      { type: 'text', text: 'c' },
    ])
  })

  it('has its candidates one beside the other, the index 0 left out', () => {
    const both = (a: string, b: string) => ({
      candidates: [{ content: { parts: [{ text: a }] } }, { index: 1, content: { parts: [{ text: b }] } }],
    })
    const { choices } = answer(both('a', 'x'), both('b', 'y'), {
      candidates: [{ finishReason: 'STOP' }, { index: 1, finishReason: 'MAX_TOKENS' }],
    })
    expect(choices).toEqual([
      { content: [{ type: 'text', text: 'ab' }], finishReason: 'stop' },
      { content: [{ type: 'text', text: 'xy' }], finishReason: 'length' },
    ])
  })

  it('is cut when one of its candidates is', () => {
    const chunk = { candidates: [{ finishReason: 'STOP' }, { index: 1, content: { parts: [{ text: 'x' }] } }] }
    expect(() => answer(chunk)).toThrow(expect.objectContaining({ code: 'stream_truncated', retryable: true }))
  })

  it('tells usage as it comes, the last holding', () => {
    const events = decodeStream(
      gemini,
      bytesOf(
        sse(
          { ...part({ text: 'a' }), usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 1, totalTokenCount: 4 } },
          { ...finish(), usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 2, totalTokenCount: 5 } },
          { usageMetadata: { trafficType: 'ON_DEMAND' } },
        ),
      ),
    )
    expect(events.filter(({ type }) => type === 'usage')).toHaveLength(2)
    expect(collect(events).usage).toEqual({ ...noUsage, input: 3, output: 2 })
  })

  it('throws the error that it holds', () => {
    const stream = sse(part({ text: 'a' }), { error: { code: 503, message: 'The model is overloaded.', status: 'UNAVAILABLE' } })
    expect(() => decodeStream(gemini, bytesOf(stream))).toThrow(
      expect.objectContaining({ code: 'overloaded', status: 503, retryable: true }),
    )
  })

  it('is malformed when an event is no JSON object', () => {
    expect(() => decodeStream(gemini, bytesOf('data: [DONE\n\n'))).toThrow(
      expect.objectContaining({ code: 'upstream_malformed' }),
    )
  })

  it('is a filtered answer when the prompt was blocked, before or after it had begun', () => {
    expect(answer({ promptFeedback: { blockReason: 'SAFETY' } }).choices).toEqual([
      { content: [], finishReason: 'content-filter' },
    ])
    expect(answer(part({ text: 'a' }), { promptFeedback: { blockReason: 'SAFETY' } })).toMatchObject({
      content: [{ text: 'a' }],
      reason: 'content-filter',
    })
  })

  it('gives sources without a place to the text that comes last', () => {
    const groundingMetadata = { groundingChunks: [{ web: { uri: 'https://a.example' } }] }
    const cited = { candidates: [{ groundingMetadata }] }
    const { content } = answer(part({ text: 'a' }, { functionCall: { name: 'f' } }), part({ text: 'b' }), finish(), cited)
    expect(content).toMatchObject([{ text: 'a' }, {}, { text: 'b', citations: [{ url: 'https://a.example' }] }])
    expect(content?.[0]).not.toHaveProperty('citations')
  })

  it('tells images whole, the likelihood of tokens, and what it left out', () => {
    const logprobsResult = { chosenCandidates: [{ token: 'a', logProbability: -1 }] }
    const { choices, losses } = answer(
      { candidates: [{ content: { parts: [{ text: 'a' }] }, logprobsResult }] },
      part({ inlineData: { mimeType: 'image/png', data: 'AAAA' } }, { toolCall: {} }),
      finish(),
    )
    expect(choices[0]).toMatchObject({ content: [{ text: 'a' }, { type: 'image' }], logprobs: [{ token: 'a', logprob: -1 }] })
    expect(losses).toEqual(['dropped parts'])
  })

  it('ends what it was telling before an image, so that its sources stand with it', () => {
    const events = decodeStream(
      gemini,
      bytesOf(sse(part({ text: 'a' }), part({ inlineData: { mimeType: 'image/png', data: 'AAAA' } }, { text: 'b' }), finish())),
    )
    expect(events.map((event) => ('index' in event ? `${event.type} ${event.index}` : event.type))).toEqual([
      'start',
      'part-start 0',
      'part-delta 0',
      'part-end 0',
      'part-start 1',
      'part-end 1',
      'part-start 2',
      'part-delta 2',
      'part-end 2',
      'finish',
      'end',
    ])
  })

  it('does not take a call without a name for one', () => {
    expect(answer(part({ functionCall: {} }), finish())).toMatchObject({ content: [], reason: 'stop' })
  })

  it('reads arguments of parallel calls that come member by member', () => {
    const piece = (jsonPath: string, stringValue: string, willContinue?: true) =>
      part({ functionCall: { partialArgs: [{ jsonPath, stringValue, willContinue }], willContinue: true } })
    const { content, reason } = answer(
      part({ functionCall: { name: 'f', willContinue: true }, thoughtSignature: 'YQ==' }),
      piece('$.a', 'on', true),
      piece('$.a', 'e'),
      part({ functionCall: {} }),
      part({ functionCall: { name: 'g', willContinue: true } }),
      part({ functionCall: { partialArgs: [{ jsonPath: '$.n', numberValue: 0 }] } }),
      part({ functionCall: { name: 'h', args: {} } }),
      finish(),
    )
    expect(content).toEqual([
      {
        type: 'tool-call',
        id: 'gem_r1_0',
        name: 'f',
        arguments: '{"a":"one"}',
        signature: { format: 'google-gemini-v1', value: 'YQ==' },
      },
      { type: 'tool-call', id: 'gem_r1_1', name: 'g', arguments: '{"n":0}' },
      { type: 'tool-call', id: 'gem_r1_2', name: 'h', arguments: '{}' },
    ])
    expect(reason).toBe('tool-calls')
  })
})

describe('arguments by JSON path', () => {
  const built = (...args: object[]) => {
    const partial = new PartialArgs()
    partial.add(args)
    return JSON.parse(partial.json)
  }

  it('build objects and lists of every kind of value', () => {
    expect(
      built(
        { jsonPath: '$.a.b[0].c', stringValue: 'x' },
        { jsonPath: '$.a.b[1]', numberValue: 1.5 },
        { jsonPath: "$['with space'].d", boolValue: false },
        { jsonPath: '$.e', nullValue: 'NULL_VALUE' },
      ),
    ).toEqual({ a: { b: [{ c: 'x' }, 1.5] }, 'with space': { d: false }, e: null })
  })

  it('grow a string only while it says that it goes on', () => {
    expect(
      built(
        { jsonPath: '$.a', stringValue: 'x', willContinue: true },
        { jsonPath: '$.a', stringValue: 'y' },
        { jsonPath: '$.a', stringValue: 'z' },
      ),
    ).toEqual({ a: 'z' })
  })

  it('reach no prototype through arguments that came whole', () => {
    const partial = new PartialArgs()
    partial.merge({ a: {} })
    partial.add([{ jsonPath: '$.a.__proto__.polluted', stringValue: 'x' }])
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
    expect(partial.json).toBe('{"a":{"__proto__":{"polluted":"x"}}}')
  })

  it('reach no prototype, and no far index', () => {
    expect(built({ jsonPath: '$.__proto__.polluted', boolValue: true }, { jsonPath: '$.l[999999999]', boolValue: true })).toEqual(
      {
        ['__proto__']: { polluted: true },
        l: [],
      },
    )
    expect({}).not.toHaveProperty('polluted')
  })
})

/** The wire events for a caller, as the bytes that it reads. */
function wire(events: Iterable<StreamEvent>): { bytes: Uint8Array; chunks: Record<string, unknown>[] } {
  const encoder = gemini.downstream?.encodeStream({ messages: [] })
  const sent = [...events].flatMap((event) => encoder?.push(event) ?? [])
  return { bytes: bytesOf(sent.map(frameSse).join('')), chunks: sent.map(({ data }) => JSON.parse(data)) }
}

describe('a stream for a caller of Gemini', () => {
  const response: ChatResponse = {
    id: 'r1',
    model: 'm',
    created: 1_756_155_589,
    choices: [
      {
        content: [
          { type: 'reasoning', text: 'Hm' },
          { type: 'text', text: 'Hi' },
          { type: 'tool-call', id: 'a', name: 'f', arguments: '{"x":1}' },
        ],
        finishReason: 'tool-calls',
      },
    ],
    usage: { ...noUsage, input: 5, output: 3, reasoning: 2 },
  }

  it('has tool calls whole, and a last event with the reason and the usage', () => {
    const head = { modelVersion: 'm', createTime: '2025-08-25T20:59:49.000Z', responseId: 'r1' }
    const model = (...parts: object[]) => ({ candidates: [{ content: { parts, role: 'model' }, index: 0 }], ...head })
    expect(wire(replay(response)).chunks).toEqual([
      model({ text: 'Hm', thought: true }),
      model({ text: 'Hi' }),
      model({ functionCall: { id: 'a', name: 'f', args: { x: 1 } }, thoughtSignature: madeElsewhere }),
      {
        candidates: [{ content: { parts: [{ text: '' }], role: 'model' }, finishReason: 'STOP', index: 0 }],
        usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 3, totalTokenCount: 10, thoughtsTokenCount: 2 },
        ...head,
      },
    ])
  })

  it('collects arguments from their pieces, and takes none for an empty object', () => {
    const call = (index: number, ...deltas: string[]): StreamEvent[] => [
      { type: 'part-start', choice: 0, index, part: { type: 'tool-call', id: `c${index}`, name: 'f', arguments: '' } },
      ...deltas.map((delta) => ({ type: 'part-delta', choice: 0, index, delta }) as const),
      { type: 'part-end', choice: 0, index },
    ]
    const { chunks } = wire([...call(0, '{"a"', ':1}'), ...call(1)])
    expect(chunks).toMatchObject([
      { candidates: [{ content: { parts: [{ functionCall: { id: 'c0', args: { a: 1 } } }] } }] },
      { candidates: [{ content: { parts: [{ functionCall: { id: 'c1', args: {} } }] } }] },
    ])
    expect(JSON.stringify(chunks[1])).toContain('"args":{}')
  })

  it('sends a signature after the text it signs, and the sources with the end', () => {
    const { chunks } = wire(
      replay({
        ...response,
        choices: [
          {
            content: [
              { type: 'reasoning', text: 'Hm', signature: { format: 'google-gemini-v1', value: 'YQ==' } },
              { type: 'text', text: 'Hi', citations: [{ url: 'https://a.example', start: 0, end: 2 }] },
            ],
            finishReason: 'stop',
          },
        ],
      }),
    )
    expect(chunks[1]).toMatchObject({
      candidates: [{ content: { parts: [{ text: '', thought: true, thoughtSignature: 'YQ==' }] } }],
    })
    expect(chunks.at(-1)).toMatchObject({
      candidates: [
        {
          groundingMetadata: {
            groundingChunks: [{ web: { uri: 'https://a.example' } }],
            groundingSupports: [{ segment: { startIndex: 0, endIndex: 2, text: 'Hi' } }],
          },
        },
      ],
    })
  })

  it('ends in Google’s own error when it fails after it had begun', () => {
    const encoder = gemini.downstream?.encodeStream({ messages: [] })
    const error = gemini.decodeError({
      status: 503,
      headers: new Headers(),
      text: '{"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}}',
    })
    expect(encoder?.fail(error)).toEqual([{ data: '{"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}}' }])
  })

  const text = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' })
  const content = fc.array(
    fc.oneof(
      fc.record({ type: fc.constant('text' as const), text }),
      fc.record({ type: fc.constant('reasoning' as const), text }),
      fc.record({
        type: fc.constant('tool-call' as const),
        id: fc.uuid(),
        name: fc.constantFrom('f', 'g'),
        arguments: fc
          .dictionary(text, fc.jsonValue({ maxDepth: 2 }), { noNullPrototype: true })
          .map((args) => JSON.stringify(args)),
      }),
      fc.record({
        type: fc.constant('image' as const),
        source: fc.constant({ kind: 'base64' as const, data: 'AAAA', mediaType: 'image/png' }),
      }),
    ),
    { maxLength: 5 },
  )
  /** Two texts side by side are one on the wire. */
  const apart = content.filter((parts) =>
    parts.every(({ type }, index) => (type !== 'text' && type !== 'reasoning') || parts[index - 1]?.type !== type),
  )

  it('reads back as the answer it spells, cut anywhere', () => {
    fc.assert(
      fc.property(apart, fc.integer({ min: 1, max: 50 }), (parts, size) => {
        const finishReason = parts.some(({ type }) => type === 'tool-call') ? 'tool-calls' : 'stop'
        const whole: ChatResponse = { ...response, choices: [{ content: parts, finishReason }] }
        const { bytes } = wire(replay(whole))
        expect(collect(decodeStream(gemini, bytes, { size }))).toEqual(whole)
      }),
    )
  })
})
