/**
 * The fifteen places where translations between vendors most often go wrong, each at the levels that this protocol has:
 * (a) the request, (b) a whole answer, (c) a stream, also cut at every byte.
 */
import { describe, expect, it } from 'vitest'
import { collect } from '../../../src/core/events.js'
import type { ReasoningPart, ToolCallPart, ToolResultPart } from '../../../src/core/message.js'
import { inputTotal } from '../../../src/core/usage.js'
import { bedrockConverse } from '../../../src/protocols/bedrock-converse/index.js'
import { decodeContext, decodePrefixes, decodeStream } from '../../helpers/decode.js'
import {
  answer,
  assistant,
  begin,
  close,
  decode,
  delta,
  encode,
  models,
  results,
  startCall,
  stop,
  stream,
  usage,
  user,
} from './bedrock.js'

const call = (id: string, more: Partial<ToolCallPart> = {}): ToolCallPart => ({
  type: 'tool-call',
  id,
  name: 'look',
  arguments: '{}',
  ...more,
})
const result = (id: string, more: Partial<ToolResultPart> = {}): ToolResultPart => ({
  type: 'tool-result',
  id,
  content: [{ type: 'text', text: `of ${id}` }],
  ...more,
})
const tools = [{ name: 'look' }]
const signature = { format: 'anthropic-claude-v1', value: 'c2lnbmF0dXJl+/==' } as const

/** What a stream spells when it comes whole, byte by byte, and, at every cut before its end, that it was cut. */
function spelled(list: Parameters<typeof stream>, model = models.claude45) {
  const bytes = stream(...list)
  const context = decodeContext({ model })
  const events = decodeStream(bedrockConverse, bytes, { context })
  expect(decodeStream(bedrockConverse, bytes, { context, size: 1 })).toEqual(events)
  const whole = collect(events.filter(({ type }) => type !== 'usage'))
  for (const outcome of decodePrefixes(bedrockConverse, bytes, context)) {
    if (typeof outcome === 'string') expect(outcome).toBe('stream_truncated')
    else expect(collect(outcome)).toEqual(whole)
  }
  const response = collect(events)
  return { events, response, choice: response.choices[0] }
}

describe('trap 1: results of parallel tool calls share one user turn', () => {
  it('(a) in the history', () => {
    const { body } = encode({
      tools,
      messages: [user('Hi'), assistant(call('a'), call('b')), results(result('a'), result('b')), user('Go')],
    })
    expect(body.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user'])
    expect(body.messages[2]?.content).toEqual([
      { toolResult: { toolUseId: 'a', content: [{ text: 'of a' }] } },
      { toolResult: { toolUseId: 'b', content: [{ text: 'of b' }] } },
      { text: 'Go' },
    ])
  })

  it('(a) also when the caller sent a message for each', () => {
    const { body } = encode({
      tools,
      messages: [user('Hi'), assistant(call('a'), call('b')), results(result('a')), results(result('b'))],
    })
    expect(body.messages).toHaveLength(3)
    expect(body.messages[2]?.content).toHaveLength(2)
  })

  it('(b) and parallel calls come back as two', () => {
    const { response } = decode(
      answer(
        [
          { toolUse: { toolUseId: 'a', name: 'look', input: {} } },
          { toolUse: { toolUseId: 'b', name: 'look', input: { x: 1 } } },
        ],
        { stopReason: 'tool_use' },
      ),
    )
    expect(response.choices[0]?.content).toEqual([call('a'), call('b', { arguments: '{"x":1}' })])
  })

  it('(c) also in a stream', () => {
    const { choice } = spelled([
      begin,
      startCall(0, 'a', 'look'),
      close(0),
      startCall(1, 'b', 'look'),
      delta(1, { toolUse: { input: '{"x":1}' } }),
      close(1),
      stop('tool_use'),
      usage,
    ])
    expect(choice).toEqual({ finishReason: 'tool-calls', content: [call('a'), call('b', { arguments: '{"x":1}' })] })
  })
})

describe('trap 2: a tool call is followed by its result, and text stands before it', () => {
  it('(a) whatever the order in which the caller wrote them', () => {
    const { body } = encode({
      tools,
      messages: [
        user('Hi'),
        assistant(call('a'), { type: 'text', text: 'Let me look.' }),
        assistant({ type: 'text', text: 'Wait.' }),
        user('Ok'),
        results(result('a')),
      ],
    })
    expect(body.messages.map(({ content }) => content.map((block) => Object.keys(block)[0]))).toEqual([
      ['text'],
      ['text', 'text', 'toolUse'],
      ['toolResult', 'text'],
    ])
  })
})

describe('trap 3: the index of a tool call in a stream', () => {
  it('(c) counts the parts of the answer, not the blocks of the vendor', () => {
    const { events } = spelled([
      begin,
      startCall(0, 's', 'nova_grounding', { type: 'server_tool_use' }),
      close(0),
      delta(1, { text: 'Well' }),
      close(1),
      startCall(2, 'a', 'look'),
      close(2),
      startCall(3, 'b', 'look'),
      close(3),
      stop('tool_use'),
      usage,
    ])
    expect(events.filter((event) => event.type === 'part-start').map(({ index, part }) => [index, part.type])).toEqual([
      [0, 'text'],
      [1, 'tool-call'],
      [2, 'tool-call'],
    ])
  })
})

describe('trap 4: why it stopped', () => {
  const toolUse = { toolUse: { toolUseId: 'a', name: 'look', input: {} } }

  it.each([
    ['end_turn', 'tool-calls'],
    ['tool_use', 'tool-calls'],
    ['max_tokens', 'length'],
    ['content_filtered', 'content-filter'],
  ])('(b, c) with a tool call, %s is %s', (stopReason, reason) => {
    expect(decode(answer([toolUse], { stopReason })).response.choices[0]?.finishReason).toBe(reason)
    expect(spelled([begin, startCall(0, 'a', 'look'), close(0), stop(stopReason), usage]).choice?.finishReason).toBe(reason)
  })
})

describe('trap 5: a tool call without arguments', () => {
  it('(a) is sent as an object, whether it was "{}" or empty', () => {
    const { body } = encode({
      tools,
      messages: [user('Hi'), assistant(call('a'), call('b', { arguments: '' })), results(result('a'), result('b'))],
    })
    expect(body.messages[1]?.content.map(({ toolUse }) => (toolUse as { input: unknown }).input)).toEqual([{}, {}])
  })

  it('(b) comes back as "{}"', () => {
    for (const input of [{}, '', null, undefined])
      expect(decode(answer([{ toolUse: { toolUseId: 'a', name: 'look', input } }])).response.choices[0]?.content).toEqual([
        call('a'),
      ])
  })

  it('(c) comes back as "{}", with no delta before the real ones', () => {
    expect(
      spelled([begin, startCall(0, 'a', 'look'), delta(0, { toolUse: { input: '' } }), close(0), stop('tool_use'), usage]).choice
        ?.content,
    ).toEqual([call('a')])
    const { events } = spelled([
      begin,
      startCall(0, 'a', 'look'),
      delta(0, { toolUse: { input: '{"a"' } }),
      delta(0, { toolUse: { input: ':1}' } }),
      close(0),
      stop('tool_use'),
    ])
    expect(events.filter((event) => event.type === 'part-delta').map(({ delta }) => delta)).toEqual(['{"a"', ':1}'])
  })
})

describe('trap 6: a stream that ends early', () => {
  it('(c) is an error at every cut, not a finished answer or tool call', () => {
    const bytes = stream(begin, startCall(0, 'a', 'look'), delta(0, { toolUse: { input: '{"city":"Par' } }), close(0))
    const outcomes = [
      ...decodePrefixes(bedrockConverse, bytes),
      ...decodePrefixes(bedrockConverse, new Uint8Array([...bytes, 0])),
    ]
    expect(new Set(outcomes)).toEqual(new Set(['stream_truncated']))
  })
})

describe('trap 7: thinking is kept byte for byte, first in its turn', () => {
  const thought: ReasoningPart = { type: 'reasoning', text: 'Hm.', signature }
  const hidden: ReasoningPart = { type: 'reasoning', text: '', redacted: true, signature }
  const empty: ReasoningPart = { type: 'reasoning', text: '', signature }
  const blocks = [
    { reasoningContent: { reasoningText: { text: 'Hm.', signature: signature.value } } },
    { reasoningContent: { redactedContent: signature.value } },
    { reasoningContent: { reasoningText: { text: '', signature: signature.value } } },
  ]

  it('(a) through a tool loop', () => {
    const { body, losses } = encode({
      tools,
      messages: [user('Hi'), assistant(thought, hidden, empty, call('a')), results(result('a'))],
    })
    expect(body.messages[1]?.content).toEqual([...blocks, { toolUse: { toolUseId: 'a', name: 'look', input: {} } }])
    expect(losses).toEqual([])
  })

  it('(a) and is left out, with a word, when it is unsigned, foreign, or for a model that signs nothing', () => {
    const foreign: ReasoningPart = { type: 'reasoning', text: 'Hm.', signature: { format: 'openai-responses-v1', value: 'x' } }
    const ask = (part: ReasoningPart, model: string) =>
      encode({ messages: [user('Hi'), assistant(part, { type: 'text', text: 'Ok' }), user('Go')] }, model)
    for (const [part, model] of [
      [foreign, models.claude45],
      [{ type: 'reasoning', text: 'Hm.' }, models.claude45],
      [thought, models.nova2],
    ] as const) {
      const { body, lost } = ask(part, model)
      expect(body.messages[1]?.content).toEqual([{ text: 'Ok' }])
      expect(lost).toEqual(['dropped messages[1].content[0]'])
    }
    expect(ask(thought, models.profile).lost).toEqual([])
  })

  it('(b) out of an answer', () => {
    expect(decode(answer(blocks)).response.choices[0]?.content).toEqual([thought, hidden, empty])
  })

  it('(c) out of a stream, wherever it is cut', () => {
    const { choice } = spelled([
      begin,
      delta(0, { reasoningContent: { text: 'H' } }),
      delta(0, { reasoningContent: { text: 'm.' } }),
      delta(0, { reasoningContent: { signature: 'c2lnbmF0' } }),
      delta(0, { reasoningContent: { signature: 'dXJl+/==' } }),
      close(0),
      delta(1, { reasoningContent: { redactedContent: signature.value } }),
      close(1),
      delta(2, { reasoningContent: { signature: signature.value } }),
      close(2),
      stop('end_turn'),
      usage,
    ])
    expect(choice?.content).toEqual([thought, hidden, empty])
  })

  it('(b then a) comes back as it went', () => {
    const { response } = decode(answer([...blocks, { toolUse: { toolUseId: 'a', name: 'look', input: { x: 1 } } }]))
    const content = response.choices[0]?.content ?? []
    expect(
      encode({ tools, messages: [user('Hi'), assistant(...content), results(result('a'))] }).body.messages[1]?.content,
    ).toEqual([...blocks, { toolUse: { toolUseId: 'a', name: 'look', input: { x: 1 } } }])
  })
})

describe('trap 8: another vendor’s signature on a tool call', () => {
  it('(a) is not sent, and that is said', () => {
    const signed = call('a', { signature: { format: 'google-gemini-v1', value: 'x' } })
    const { body, lost } = encode({ tools, messages: [user('Hi'), assistant(signed), results(result('a'))] })
    expect(body.messages[1]?.content).toEqual([{ toolUse: { toolUseId: 'a', name: 'look', input: {} } }])
    expect(lost).toEqual(['dropped messages[1].content[0].signature'])
  })
})

describe('trap 10: structured output beside thinking', () => {
  it('(a) goes by the native format, with no tool forced', () => {
    const { body, losses } = encode({
      reasoning: { budget: 2000 },
      responseFormat: { type: 'json-schema', name: 'n', schema: { type: 'object', properties: {}, additionalProperties: false } },
    })
    expect(body).toMatchObject({
      outputConfig: { textFormat: { type: 'json_schema' } },
      additionalModelRequestFields: { thinking: { type: 'enabled' } },
    })
    expect(body).not.toHaveProperty('toolConfig')
    expect(losses).toEqual([])
  })

  it('(b, c) and comes back as text', () => {
    const text = { type: 'text', text: '{"a":1}' }
    expect(decode(answer([{ text: '{"a":1}' }])).response.choices[0]?.content).toEqual([text])
    expect(
      spelled([begin, delta(0, { text: '{"a"' }), delta(0, { text: ':1}' }), close(0), stop('end_turn'), usage]).choice?.content,
    ).toEqual([text])
  })
})

describe('trap 11: what the input tokens count', () => {
  const wire = { inputTokens: 10, outputTokens: 5, cacheReadInputTokens: 100, cacheWriteInputTokens: 1000, totalTokens: 1115 }

  it('(b, c) is the input beside the cache, in an answer and in a stream alike', () => {
    const whole = decode(answer([], { usage: wire })).response.usage
    expect(whole).toMatchObject({ input: 10, cacheRead: 100, cacheWrite: 1000, output: 5 })
    expect(whole && inputTotal(whole)).toBe(1110)
    expect(spelled([begin, stop('end_turn'), ['metadata', { usage: wire }]]).response.usage).toEqual(whole)
  })
})

describe('trap 13: cache points stand after what they cache', () => {
  const cache = {}
  const hour = { ttl: '1h' } as const
  const point = { cachePoint: { type: 'default' } }
  const anHour = { cachePoint: { type: 'default', ttl: '1h' } }
  const request = {
    tools: [{ name: 'look', cache: hour }, { name: 'find' }],
    messages: [
      { role: 'system', content: [{ type: 'text', text: 'sys', cache: hour }] },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Hi', cache },
          { type: 'image', source: { kind: 'base64', data: 'aGk=', mediaType: 'image/png' }, cache },
        ],
      },
      assistant(call('a', { cache })),
      results(result('a', { cache }), result('b', { content: [{ type: 'text', text: 'of b', cache }] })),
    ],
  } satisfies Parameters<typeof encode>[0]

  it('(a) in the system prompt, in every kind of message and in the tools, each with its time to live', () => {
    const { body, losses } = encode(request)
    expect(body.system).toEqual([{ text: 'sys' }, anHour])
    expect((body.toolConfig as { tools: object[] }).tools.map((tool) => Object.keys(tool)[0])).toEqual([
      'toolSpec',
      'cachePoint',
      'toolSpec',
    ])
    expect((body.toolConfig as { tools: object[] }).tools[1]).toEqual(anHour)
    expect(body.messages.map(({ content }) => content.map((block) => Object.keys(block)[0]))).toEqual([
      ['text', 'cachePoint', 'image', 'cachePoint'],
      ['toolUse', 'cachePoint'],
      ['toolResult', 'cachePoint', 'toolResult', 'cachePoint'],
    ])
    expect(body.messages[0]?.content[1]).toEqual(point)
    expect(losses).toEqual([])
  })

  it('(a) where the model takes them, and the rest is said', () => {
    const nova = encode(request, models.nova)
    expect(nova.body.system).toEqual([{ text: 'sys' }, point])
    expect(nova.lost).toEqual(['approximated messages[0].content[0].cache_control.ttl', 'dropped tools[0].cache_control'])
    const llama = encode(request, models.llama)
    expect(JSON.stringify(llama.body)).not.toContain('cachePoint')
    expect(llama.lost.filter((lost) => lost.includes('cache_control'))).toHaveLength(7)
  })

  it('(a) and five minutes are nothing to say to a model that knows no other time', () => {
    const { body, losses } = encode(
      { messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi', cache: { ttl: '5m' } }] }] },
      models.nova,
    )
    expect(body.messages[0]?.content[1]).toEqual(point)
    expect(losses).toEqual([])
  })
})

describe('trap 14: images and files inside a tool result', () => {
  it('(a) stay what they are, and no base64 becomes text', () => {
    const { body, losses } = encode({
      tools,
      messages: [
        user('Hi'),
        assistant(call('a')),
        results(
          result('a', {
            content: [
              { type: 'text', text: 'Here' },
              { type: 'image', source: { kind: 'base64', data: 'aGk=', mediaType: 'image/png' } },
              { type: 'file', name: 'r.pdf', source: { kind: 'base64', data: 'aGk=', mediaType: 'application/pdf' } },
            ],
          }),
        ),
      ],
    })
    expect(body.messages[2]?.content).toEqual([
      {
        toolResult: {
          toolUseId: 'a',
          content: [
            { text: 'Here' },
            { image: { format: 'png', source: { bytes: 'aGk=' } } },
            { document: { format: 'pdf', name: 'r', source: { bytes: 'aGk=' } } },
          ],
        },
      },
    ])
    expect(losses).toEqual([])
  })
})

describe('trap 15: tools in the history that the request forgot', () => {
  it('(a) are declared, because Bedrock refuses the history without', () => {
    const { body, lost } = encode({
      messages: [user('Hi'), assistant(call('a'), call('b', { name: 'find' })), results(result('a'), result('b'))],
    })
    expect(body.toolConfig).toEqual({
      tools: ['look', 'find'].map((name) => ({ toolSpec: { name, inputSchema: { json: { type: 'object' } } } })),
    })
    expect(lost).toEqual(['approximated tools'])
  })
})
