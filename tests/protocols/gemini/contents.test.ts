import { describe, expect, it } from 'vitest'
import type { Message, Signature } from '../../../src/core/message.js'
import { contentsOf, encode, say } from './support.js'

const own: Signature = { format: 'google-gemini-v1', value: 'c2lnbmVk' }
const foreign: Signature = { format: 'anthropic-claude-v1', value: 'EpwB' }
const call = (id: string, name: string, over: object = {}) => ({ type: 'tool-call', id, name, arguments: '{}', ...over }) as const
const result = (id: string, text: string, over: object = {}) =>
  ({ type: 'tool-result', id, content: [{ type: 'text', text }], ...over }) as const

describe('system messages', () => {
  it('become the system instruction, a part each', () => {
    const { body } = encode({
      messages: [
        { role: 'system', content: [{ type: 'text', text: 'Be brief.' }] },
        { role: 'system', content: [{ type: 'text', text: 'Be kind.' }] },
        say('Hi'),
      ],
    })
    expect(body).toEqual({
      systemInstruction: { parts: [{ text: 'Be brief.' }, { text: 'Be kind.' }] },
      contents: [{ role: 'user', parts: [{ text: 'Hi' }] }],
    })
  })

  it('move to the front from between the turns, and that is reported', () => {
    const { body, losses } = encode({
      messages: [say('Hi'), { role: 'system', content: [{ type: 'text', text: 'Now in French.' }] }, say('Again')],
    })
    expect(body.systemInstruction).toEqual({ parts: [{ text: 'Now in French.' }] })
    expect(losses).toEqual(['approximated messages[1]'])
  })

  it('become the turn of the user when there is no other, and that is reported', () => {
    const { body, losses } = encode({ messages: [{ role: 'system', content: [{ type: 'text', text: 'Greet me.' }] }] })
    expect(body).toEqual({ contents: [{ role: 'user', parts: [{ text: 'Greet me.' }] }] })
    expect(losses).toEqual(['approximated messages'])
  })
})

it('refuses messages that say nothing, before anything is sent', () => {
  expect(() => encode({ messages: [{ role: 'user', content: [{ type: 'text', text: '' }] }] })).toThrow(
    expect.objectContaining({ code: 'invalid_request', param: 'messages' }),
  )
})

it('merges turns of one role that follow each other', () => {
  const messages: Message[] = [
    say('One'),
    say('Two'),
    { role: 'assistant', content: [{ type: 'text', text: 'A' }] },
    { role: 'assistant', content: [{ type: 'refusal', text: 'B' }] },
  ]
  expect(contentsOf(messages)).toEqual([
    { role: 'user', parts: [{ text: 'One' }, { text: 'Two' }] },
    { role: 'model', parts: [{ text: 'A' }, { text: 'B' }] },
  ])
})

it('says that speakers lose their names', () => {
  expect(encode({ messages: [{ ...say('Hi'), name: 'Ada' } as Message] }).losses).toEqual(['dropped messages[0].name'])
})

it('reports a cache breakpoint once', () => {
  const content = [{ type: 'text', text: 'Long', cache: {} } as const]
  const { losses } = encode({
    messages: [
      { role: 'user', content },
      { role: 'user', content },
    ],
  })
  expect(losses).toEqual(['dropped messages[0].content[0].cache_control'])
})

it('reports a cache breakpoint within the result of a tool', () => {
  const results = [{ ...result('c', 'sunny'), content: [{ type: 'text', text: 'sunny', cache: {} } as const] }]
  const { losses } = encode({
    messages: [say('Weather?'), { role: 'assistant', content: [call('c', 'weather')] }, { role: 'tool', content: results }],
  })
  expect(losses).toContain('dropped messages[2].content[0].cache_control')
})

describe('tool calls and results', () => {
  it('carry the ids of another vendor, the arguments as an object and the name of the tool', () => {
    const messages: Message[] = [
      say('Weather?'),
      { role: 'assistant', content: [call('call_1', 'weather', { arguments: '{"city":"Rome","days":2}' })] },
      { role: 'tool', content: [result('call_1', 'sunny')] },
    ]
    expect(contentsOf(messages, 'gemini-2.5-flash')).toEqual([
      { role: 'user', parts: [{ text: 'Weather?' }] },
      { role: 'model', parts: [{ functionCall: { id: 'call_1', name: 'weather', args: { city: 'Rome', days: 2 } } }] },
      { role: 'user', parts: [{ functionResponse: { id: 'call_1', name: 'weather', response: { output: 'sunny' } } }] },
    ])
  })

  it('leave out an id that we gave because Gemini had not', () => {
    const messages: Message[] = [
      { role: 'assistant', content: [call('gem_abc_0', 'now')] },
      { role: 'tool', content: [result('gem_abc_0', 'noon')] },
    ]
    expect(contentsOf(messages, 'gemini-2.5-flash')).toEqual([
      { role: 'model', parts: [{ functionCall: { name: 'now', args: {} } }] },
      { role: 'user', parts: [{ functionResponse: { name: 'now', response: { output: 'noon' } } }] },
    ])
  })

  it('mark an error as one', () => {
    const messages: Message[] = [
      { role: 'assistant', content: [call('a', 'now')] },
      { role: 'tool', content: [result('a', 'no clock', { isError: true })] },
    ]
    expect(contentsOf(messages)).toMatchObject([{}, { parts: [{ functionResponse: { response: { error: 'no clock' } } }] }])
  })

  it('keep a JSON result as text, so that a `$ref` in it refers to nothing', () => {
    const text = '{"$ref":"image.png"}'
    const messages: Message[] = [
      { role: 'assistant', content: [call('a', 'schema')] },
      { role: 'tool', content: [result('a', text)] },
    ]
    expect(contentsOf(messages)).toMatchObject([{}, { parts: [{ functionResponse: { response: { output: text } } }] }])
  })

  it('refuse a result whose call is nowhere, and say what to do', () => {
    expect(() => contentsOf([{ role: 'tool', content: [result('lost', 'x')] }])).toThrow(
      /^\[invalid_request\] messages\[0\]\.content\[0\] answers a tool call that no message before it made\. Send the call too\.$/,
    )
  })

  it('take the name that the result itself tells, when the history lacks the call', () => {
    expect(contentsOf([{ role: 'tool', content: [result('a', 'x', { name: 'now' })] }])).toMatchObject([
      { parts: [{ functionResponse: { name: 'now' } }] },
    ])
  })

  it('wrap arguments that are no JSON object, and report it', () => {
    const { body, losses } = encode(
      {
        messages: [{ role: 'assistant', content: [call('a', 'now', { arguments: '{"cut' })] }],
      },
      'gemini-2.5-flash',
    )
    expect(body.contents).toMatchObject([{ parts: [{ functionCall: { args: { arguments: '{"cut' } } }] }])
    expect(losses).toEqual(['approximated messages[0].tool_calls[0].function.arguments'])
  })

  it('hold images within the result for Gemini 3, and beside it before', () => {
    const image = { type: 'image', source: { kind: 'base64', data: 'AAAA', mediaType: 'image/png' } } as const
    const messages: Message[] = [
      { role: 'assistant', content: [call('a', 'shoot', { signature: own })] },
      { role: 'tool', content: [{ type: 'tool-result', id: 'a', content: [{ type: 'text', text: 'here' }, image] }] },
    ]
    const media = { inlineData: { mimeType: 'image/png', data: 'AAAA' } }
    const functionResponse = { id: 'a', name: 'shoot', response: { output: 'here' } }
    expect(contentsOf(messages, 'gemini-3-pro-preview')).toMatchObject([
      {},
      { parts: [{ functionResponse: { ...functionResponse, parts: [media] } }] },
    ])
    const { body, losses } = encode({ messages }, 'gemini-2.5-pro')
    expect(body.contents).toMatchObject([{}, { parts: [{ functionResponse }, media] }])
    expect(losses).toEqual(['approximated messages[1].content[0]'])
  })
})

describe('signatures', () => {
  it('return on the part that carried them: text, empty text, thinking and call', () => {
    const messages: Message[] = [
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: 'Hm', signature: own },
          { type: 'text', text: 'Hi', signature: own },
          { type: 'text', text: '', signature: own },
          call('gem_x_0', 'now', { signature: own }),
        ],
      },
    ]
    expect(contentsOf(messages)).toEqual([
      {
        role: 'model',
        parts: [
          { text: 'Hm', thought: true, thoughtSignature: own.value },
          { text: 'Hi', thoughtSignature: own.value },
          { text: '', thoughtSignature: own.value },
          { functionCall: { name: 'now', args: {} }, thoughtSignature: own.value },
        ],
      },
    ])
  })

  it('of another vendor are dropped with the thinking they sign, and from a text alone; both are reported', () => {
    const { body, losses } = encode({
      messages: [
        {
          role: 'assistant',
          content: [
            { type: 'reasoning', text: 'secret', signature: foreign },
            { type: 'text', text: 'Hi', signature: foreign },
          ],
        },
      ],
    })
    expect(body.contents).toEqual([{ role: 'model', parts: [{ text: 'Hi' }] }])
    expect(losses).toEqual(['dropped messages[0].content[0]', 'dropped messages[0].content[1].signature'])
  })

  it('that are missing are stood in for on the first call of each step, for Gemini 3 alone', () => {
    const messages: Message[] = [
      say('Go'),
      { role: 'assistant', content: [call('a', 'one'), call('b', 'two')] },
      { role: 'tool', content: [result('a', '1'), result('b', '2')] },
      { role: 'assistant', content: [call('c', 'three')] },
      { role: 'tool', content: [result('c', '3')] },
    ]
    const { body, losses } = encode({ messages }, 'gemini-3-flash-preview')
    const thoughtSignature = 'skip_thought_signature_validator'
    expect(body.contents).toMatchObject([
      {},
      { parts: [{ functionCall: { name: 'one' }, thoughtSignature }, { functionCall: { name: 'two' } }] },
      {},
      { parts: [{ functionCall: { name: 'three' }, thoughtSignature }] },
      {},
    ])
    expect(JSON.stringify(body).match(/thoughtSignature/g)).toHaveLength(2)
    expect(losses).toEqual([
      'approximated messages[1].tool_calls[0].signature',
      'approximated messages[3].tool_calls[0].signature',
    ])
    expect(JSON.stringify(contentsOf(messages, 'gemini-2.5-pro'))).not.toContain('thoughtSignature')
    expect(JSON.stringify(contentsOf(messages, 'gemini-flash-latest'))).toContain('thoughtSignature')
    expect(JSON.stringify(contentsOf(messages, 'my-deployment', { baseModel: 'gemini-3.1-pro' }))).toContain('thoughtSignature')
  })
})
