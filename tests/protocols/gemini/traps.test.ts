/**
 * The places where translations between vendors go wrong most often, each by its rule, and where it concerns Gemini at
 * three levels: the request, the whole answer, and the same answer as a stream cut anywhere.
 */
import { describe, expect, it } from 'vitest'
import { collect } from '../../../src/core/events.js'
import type { JsonObject } from '../../../src/core/json.js'
import type { ChatResponse, Message, ToolResultPart } from '../../../src/core/message.js'
import { total } from '../../../src/core/usage.js'
import { gemini } from '../../../src/protocols/gemini/index.js'
import { bytesOf, decodeContext, decodePrefixes, decodeStream, pieces } from '../../helpers/decode.js'
import { contentsOf, encode, say, sse } from './support.js'

const call = (id: string, name: string, args = '{}') => ({ type: 'tool-call', id, name, arguments: args }) as const
const result = (id: string, text = 'ok'): ToolResultPart => ({ type: 'tool-result', id, content: [{ type: 'text', text }] })

const candidate = (parts: JsonObject[], over: JsonObject = {}) => ({
  responseId: 'r1',
  candidates: [{ content: { parts, role: 'model' }, index: 0, ...over }],
})

function whole(body: JsonObject): ChatResponse {
  return gemini.upstream.decodeResponse(body, decodeContext())
}

/** What the stream spells, the same for every size of its pieces. */
function streamed(...chunks: JsonObject[]): ChatResponse {
  const bytes = bytesOf(sse(...chunks))
  const once = collect(decodeStream(gemini, bytes))
  for (const size of [1, 2, 7]) expect(collect(decodeStream(gemini, bytes, { size }))).toEqual(once)
  return once
}

/** How each prefix of the stream ends. */
function cuts(...chunks: JsonObject[]): Set<unknown> {
  return new Set(decodePrefixes(gemini, bytesOf(sse(...chunks))))
}

describe('1. parallel tool results share one turn of the user', () => {
  const messages: Message[] = [
    say('Go'),
    { role: 'assistant', content: [call('a', 'f'), call('b', 'g')] },
    { role: 'tool', content: [result('a', '1'), result('b', '2')] },
  ]

  it('in a request', () => {
    expect(contentsOf(messages)).toMatchObject([
      { role: 'user' },
      { role: 'model', parts: [{ functionCall: { name: 'f' } }, { functionCall: { name: 'g' } }] },
      {
        role: 'user',
        parts: [
          { functionResponse: { name: 'f', response: { output: '1' } } },
          { functionResponse: { name: 'g', response: { output: '2' } } },
        ],
      },
    ])
  })

  it('even when they came as a message each', () => {
    const apart: Message[] = [
      ...messages.slice(0, 2),
      { role: 'tool', content: [result('a', '1')] },
      { role: 'tool', content: [result('b', '2')] },
    ]
    expect(contentsOf(apart)).toEqual(contentsOf(messages))
  })

  it('in an answer, whole or streamed, as parallel calls', () => {
    const parts = [{ functionCall: { name: 'f', args: {} } }, { functionCall: { name: 'g', args: {} } }]
    const expected = [call('gem_r1_0', 'f'), call('gem_r1_1', 'g')]
    expect(whole(candidate(parts, { finishReason: 'STOP' })).choices[0]?.content).toEqual(expected)
    expect(
      streamed(...parts.map((part) => candidate([part])), candidate([], { finishReason: 'STOP' })).choices[0]?.content,
    ).toEqual(expected)
  })
})

describe('2. a call is followed at once by its result, and turns of one role are merged', () => {
  it('in a request', () => {
    expect(
      contentsOf([
        say('Go'),
        { role: 'assistant', content: [{ type: 'text', text: 'Sure' }] },
        { role: 'assistant', content: [call('a', 'f')] },
        { role: 'tool', content: [result('a')] },
        say('And?'),
      ]),
    ).toMatchObject([
      { role: 'user' },
      { role: 'model', parts: [{ text: 'Sure' }, { functionCall: { name: 'f' } }] },
      { role: 'user', parts: [{ functionResponse: { name: 'f' } }, { text: 'And?' }] },
    ])
  })
})

describe('3. tool calls are counted through all chunks', () => {
  it('in a stream, one part after another, each with a name of its own', () => {
    const chunks = ['f', 'f', 'g'].map((name) => candidate([{ functionCall: { name, args: {} } }]))
    const events = decodeStream(gemini, bytesOf(sse(...chunks, candidate([], { finishReason: 'STOP' }))))
    const starts = events.flatMap((event) =>
      event.type === 'part-start' && event.part.type === 'tool-call' ? [[event.index, event.part.id]] : [],
    )
    expect(starts).toEqual([
      [0, 'gem_r1_0'],
      [1, 'gem_r1_1'],
      [2, 'gem_r1_2'],
    ])
  })

  it('and so are calls in one whole answer', () => {
    const parts = [{ text: 'x' }, { functionCall: { name: 'f' } }, { functionCall: { name: 'f' } }]
    const ids = whole(candidate(parts, { finishReason: 'STOP' })).choices[0]?.content.flatMap((part) =>
      part.type === 'tool-call' ? part.id : [],
    )
    expect(ids).toEqual(['gem_r1_0', 'gem_r1_1'])
  })
})

describe('4. STOP with calls means tool calls, and nothing overwrites the length or the filter', () => {
  const called = [{ functionCall: { name: 'f', args: {} } }]

  it.each([
    ['STOP', 'tool-calls'],
    ['MAX_TOKENS', 'length'],
    ['SAFETY', 'content-filter'],
    ['MALFORMED_FUNCTION_CALL', 'error'],
  ])('%s is %s, in a whole answer, in the same chunk, and in a chunk of its own without parts', (finishReason, reason) => {
    expect(whole(candidate(called, { finishReason })).choices[0]?.finishReason).toBe(reason)
    expect(streamed(candidate(called, { finishReason })).choices[0]?.finishReason).toBe(reason)
    expect(streamed(candidate(called), { candidates: [{ finishReason }] }).choices[0]?.finishReason).toBe(reason)
    expect(streamed(candidate(called), candidate([{ text: '' }], { finishReason })).choices[0]?.finishReason).toBe(reason)
  })

  it('and STOP for a caller of Gemini, whatever was called', () => {
    const response: ChatResponse = { id: 'r', model: 'm', choices: [{ content: [call('a', 'f')], finishReason: 'tool-calls' }] }
    expect(gemini.downstream?.encodeResponse(response, { messages: [] })).toMatchObject({
      candidates: [{ finishReason: 'STOP' }],
    })
  })
})

describe('5. no arguments are an empty object', () => {
  it('in a request', () => {
    expect(contentsOf([{ role: 'assistant', content: [call('a', 'f')] }], 'gemini-2.5-pro')).toMatchObject([
      { parts: [{ functionCall: { args: {} } }] },
    ])
  })

  it('in an answer, whole or streamed, and never followed by more', () => {
    for (const functionCall of [{ name: 'f' }, { name: 'f', args: {} }]) {
      expect(whole(candidate([{ functionCall }], { finishReason: 'STOP' })).choices[0]?.content).toEqual([call('gem_r1_0', 'f')])
      expect(streamed(candidate([{ functionCall }], { finishReason: 'STOP' })).choices[0]?.content).toEqual([
        call('gem_r1_0', 'f'),
      ])
    }
    const partial = [
      candidate([{ functionCall: { name: 'f', willContinue: true } }]),
      candidate([{ functionCall: { partialArgs: [{ jsonPath: '$.a', numberValue: 1 }] } }], { finishReason: 'STOP' }),
    ]
    expect(streamed(...partial).choices[0]?.content).toEqual([call('gem_r1_0', 'f', '{"a":1}')])
  })
})

describe('6. a stream that ends early is an error', () => {
  it('at every byte before its last event is whole', () => {
    expect(cuts(candidate([{ text: 'Hello' }]), candidate([{ functionCall: { name: 'f', args: { a: 1 } } }]))).toEqual(
      new Set(['stream_truncated']),
    )
    const bytes = bytesOf(sse(candidate([{ text: 'Hello' }]), candidate([], { finishReason: 'STOP' })))
    const ends = decodePrefixes(gemini, bytes).map((end) => (typeof end === 'string' ? end : 'complete'))
    // The last line feed only repeats the empty line that a carriage return has ended already.
    expect(ends.filter((end) => end === 'complete')).toHaveLength(1)
    expect(ends.at(-1)).toBe('complete')
  })

  it('and a call whose arguments were still coming is not finished for it', () => {
    expect(cuts(candidate([{ functionCall: { name: 'f', willContinue: true } }]))).toEqual(new Set(['stream_truncated']))
  })
})

describe("7. Anthropic's thinking goes back to Anthropic alone", () => {
  it('and is left out of what Gemini is sent', () => {
    const thinking = { type: 'reasoning', text: 'secret', signature: { format: 'anthropic-claude-v1', value: 'EpwB' } } as const
    const { body, losses } = encode({ messages: [{ role: 'assistant', content: [thinking, { type: 'text', text: 'Hi' }] }] })
    expect(JSON.stringify(body)).not.toMatch(/secret|EpwB/)
    expect(losses).toEqual(['dropped messages[0].content[0]'])
  })

  it('and reaches a caller of Gemini byte for byte, hidden and empty blocks too, first in its turn', () => {
    const signature = { format: 'anthropic-claude-v1', value: 'EpwB/+==' } as const
    const content = [
      { type: 'reasoning', text: 'Hm', signature },
      { type: 'reasoning', text: '', signature },
      { type: 'reasoning', text: '', redacted: true, signature },
      { type: 'text', text: 'Hi' },
    ] as const
    const body = gemini.downstream?.encodeResponse(
      { id: 'r', model: 'm', choices: [{ content, finishReason: 'stop' }] },
      { messages: [] },
    )
    const sent = JSON.parse(JSON.stringify(body))
    const back = gemini.downstream?.decodeRequest({ contents: [sent.candidates[0].content] }, () => {})
    expect(back?.messages[0]?.content).toEqual(content)
  })
})

describe("8. Gemini's signature returns on the part that carried it", () => {
  const parts = [
    { functionCall: { id: 'a', name: 'f', args: {} }, thoughtSignature: 'YQ==' },
    { functionCall: { id: 'b', name: 'g', args: {} } },
  ]

  it('from a whole answer and from a stream into the next request', () => {
    const answers = [
      whole(candidate(parts, { finishReason: 'STOP' })),
      streamed(candidate(parts), candidate([], { finishReason: 'STOP' })),
    ]
    for (const { choices } of answers) {
      const history: Message[] = [say('Go'), { role: 'assistant', content: choices[0]?.content ?? [] }]
      expect(encode({ messages: history }, 'gemini-3-pro-preview')).toMatchObject({
        body: { contents: [{}, { role: 'model', parts }] },
        losses: [],
      })
    }
  })

  it('from a text, and from an empty part at the end', () => {
    const said = [{ text: 'Hello', thoughtSignature: 'YQ==' }, { text: ' world' }, { text: '', thoughtSignature: 'Yg==' }]
    const { choices } = streamed(...said.map((part) => candidate([part])), candidate([], { finishReason: 'STOP' }))
    expect(choices).toEqual(whole(candidate(said, { finishReason: 'STOP' })).choices)
    expect(contentsOf([say('Go'), { role: 'assistant', content: choices[0]?.content ?? [] }])).toEqual([
      { role: 'user', parts: [{ text: 'Go' }] },
      { role: 'model', parts: said },
    ])
  })
})

describe('9. a schema goes as JSON Schema where the model takes it, else as the subset, and what was lost is said', () => {
  const parameters: JsonObject = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    type: 'object',
    properties: {
      a: { type: ['string', 'null'] },
      b: { $ref: '#/$defs/B' },
      c: { const: 'x' },
      d: { type: 'array' },
      e: { type: 'array', items: { type: 'string' }, uniqueItems: true },
    },
    additionalProperties: false,
    $defs: { B: { type: 'integer' } },
  }

  it('as it is', () => {
    const { body, losses } = encode({ messages: [say('x')], tools: [{ name: 'f', parameters }] }, 'gemini-2.5-pro')
    expect(body.tools).toEqual([{ functionDeclarations: [{ name: 'f', parametersJsonSchema: parameters }] }])
    expect(losses).toEqual([])
  })

  it('as the subset', () => {
    const { body, losses } = encode({ messages: [say('x')], tools: [{ name: 'f', parameters }] }, 'gemini-2.0-flash', {
      schemaDialect: 'openapi-subset',
    })
    expect(body.tools).toMatchObject([
      {
        functionDeclarations: [
          {
            parameters: {
              type: 'OBJECT',
              properties: {
                a: { type: 'STRING', nullable: true },
                b: { type: 'INTEGER' },
                c: { type: 'STRING', enum: ['x'] },
                d: { type: 'ARRAY', items: { type: 'STRING' } },
                e: { type: 'ARRAY', items: { type: 'STRING' } },
              },
            },
          },
        ],
      },
    ])
    expect(losses).toEqual([
      'approximated tools[0].function.parameters.properties.d.items',
      'dropped tools[0].function.parameters.properties.e.uniqueItems',
      'dropped tools[0].function.parameters.additionalProperties',
    ])
  })

  it('and a `$ref` in a result of a tool refers to nothing', () => {
    const messages: Message[] = [
      { role: 'assistant', content: [call('a', 'f')] },
      { role: 'tool', content: [result('a', '{"$ref":"#/x"}')] },
    ]
    expect(contentsOf(messages)).toMatchObject([
      {},
      { parts: [{ functionResponse: { response: { output: '{"$ref":"#/x"}' } } }] },
    ])
  })
})

describe('10. structured output is native, and never a forced tool', () => {
  it('also beside thinking', () => {
    const { body, losses } = encode({
      messages: [say('x')],
      reasoning: { effort: 'high', show: true },
      responseFormat: { type: 'json-schema', name: 'n', schema: { type: 'object' } },
    })
    expect(body.generationConfig).toEqual({
      thinkingConfig: { includeThoughts: true, thinkingLevel: 'HIGH' },
      responseMimeType: 'application/json',
      responseJsonSchema: { type: 'object' },
    })
    expect(body).not.toHaveProperty('tools')
    expect(losses).toEqual([])
  })
})

describe('11 and 12. usage has one base: cached tokens once, thoughts once, wherever Google counts them', () => {
  const outside = {
    promptTokenCount: 26,
    cachedContentTokenCount: 6,
    candidatesTokenCount: 50,
    thoughtsTokenCount: 1544,
    totalTokenCount: 1620,
  }
  const inside = { ...outside, candidatesTokenCount: 1594 }
  const usage = { input: 20, cacheRead: 6, output: 50, reasoning: 1544 }

  it.each([outside, inside])('%o', (usageMetadata) => {
    const answers = [
      whole({ ...candidate([{ text: 'x' }], { finishReason: 'STOP' }), usageMetadata }),
      streamed(
        { ...candidate([{ text: 'x' }]), usageMetadata: { promptTokenCount: 26, totalTokenCount: 26 } },
        { ...candidate([], { finishReason: 'STOP' }), usageMetadata },
      ),
    ]
    for (const answer of answers) {
      expect(answer.usage).toMatchObject(usage)
      expect(answer.usage && total(answer.usage)).toBe(1620)
    }
  })
})

describe('13. a cache breakpoint has no place in Gemini, and that is said', () => {
  it('in a request', () => {
    const { body, losses } = encode({
      messages: [{ role: 'system', content: [{ type: 'text', text: 'Long', cache: { ttl: '1h' } }] }, say('x')],
      tools: [{ name: 'f', cache: {} }],
    })
    expect(JSON.stringify(body)).not.toContain('cache')
    expect(losses).toEqual(['dropped messages[0].content[0].cache_control', 'dropped tools[0].cache_control'])
  })
})

describe('14. an image in a result of a tool stays an image', () => {
  it.each(['gemini-3-flash-preview', 'gemini-2.5-flash'])('for %s', (model) => {
    const data = 'iVBORw0KGgo='
    const content = [{ type: 'image', source: { kind: 'base64', data, mediaType: 'image/png' } }] as const
    const messages: Message[] = [
      { role: 'assistant', content: [call('a', 'f')] },
      { role: 'tool', content: [{ type: 'tool-result', id: 'a', content }] },
    ]
    const sent = JSON.stringify(contentsOf(messages, model))
    expect(sent).toContain(`{"inlineData":{"mimeType":"image/png","data":"${data}"}}`)
    expect(sent.split(data)).toHaveLength(2)
  })
})

describe('15. the choice of tools is mapped or reported, and a history may speak of tools that are gone', () => {
  it('in a request', () => {
    const { body, losses } = encode(
      {
        messages: [
          say('Go'),
          { role: 'assistant', content: [call('gem_r_0', 'gone')] },
          { role: 'tool', content: [result('gem_r_0')] },
        ],
        parallelToolCalls: false,
        toolChoice: { type: 'allowed', names: ['gone'], mode: 'auto' },
      },
      'gemini-2.5-flash',
    )
    expect(body).toEqual({
      contents: [
        { role: 'user', parts: [{ text: 'Go' }] },
        { role: 'model', parts: [{ functionCall: { name: 'gone', args: {} } }] },
        { role: 'user', parts: [{ functionResponse: { name: 'gone', response: { output: 'ok' } } }] },
      ],
    })
    expect(losses).toEqual(['dropped parallel_tool_calls', 'dropped tool_choice'])
  })
})

it('keeps the order of tools and members, so that the prompt cache of the vendor still hits', () => {
  const parameters: JsonObject = { type: 'object', required: ['b'], properties: { b: { type: 'string' }, a: { type: 'string' } } }
  const request = {
    messages: [say('x')],
    tools: [
      { name: 'z', parameters },
      { name: 'a', parameters },
    ],
  }
  const bytes = () => JSON.stringify(encode(request).body)
  expect(bytes()).toBe(bytes())
  expect(bytes()).toContain('"required":["b"],"properties":{"b":{"type":"string"},"a"')
  expect(bytes().indexOf('"name":"z"')).toBeLessThan(bytes().indexOf('"name":"a"'))
})

it('never sends two starts, whatever the chunks', () => {
  const bytes = bytesOf(sse(candidate([{ text: 'a' }]), candidate([{ text: 'b' }], { finishReason: 'STOP' })))
  expect(pieces(bytes, 3).length).toBeGreaterThan(1)
  expect(decodeStream(gemini, bytes, { size: 3 }).filter(({ type }) => type === 'start')).toHaveLength(1)
})
