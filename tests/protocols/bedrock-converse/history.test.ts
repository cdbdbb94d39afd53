import { describe, expect, it } from 'vitest'
import type { AssistantPart, Message } from '../../../src/core/message.js'
import { assistant, encode, models, results, user } from './bedrock.js'

const turns = (messages: Message[], model?: string) => {
  const { body, lost } = encode({ messages }, model)
  return { messages: body.messages, system: body.system, lost }
}

describe('a conversation for Bedrock', () => {
  it('merges neighbours of one role', () => {
    expect(
      turns(
        [user('a'), user('b'), assistant({ type: 'text', text: 'c' }), assistant({ type: 'text', text: 'd' })],
        models.claude45,
      ).messages,
    ).toEqual([
      { role: 'user', content: [{ text: 'a' }, { text: 'b' }] },
      { role: 'assistant', content: [{ text: 'c' }, { text: 'd' }] },
    ])
  })

  it('leaves out thinking that nothing follows, as of an answer that was cut, and says so', () => {
    const thinking: AssistantPart = {
      type: 'reasoning',
      text: 'Hm',
      signature: { format: 'anthropic-claude-v1', value: 'c2ln' },
    }
    const { messages, lost } = turns([user('a'), assistant(thinking), user('b')], models.claude45)
    expect(messages).toEqual([{ role: 'user', content: [{ text: 'a' }, { text: 'b' }] }])
    expect(lost).toEqual(['dropped messages'])
    const followed = turns([user('a'), assistant(thinking), assistant({ type: 'text', text: 'So.' })], models.claude45)
    expect(followed.messages[1]?.content).toMatchObject([{ reasoningContent: {} }, { text: 'So.' }])
  })

  it('begins with the user, and says so when it did not', () => {
    const { messages, lost } = turns([assistant({ type: 'text', text: 'Welcome' }), user('Hi')])
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user'])
    expect(messages[0]?.content).toEqual([{ text: '(The conversation begins.)' }])
    expect(lost).toEqual(['approximated messages[0]'])
  })

  it('moves a system message from the middle to the start, and says so', () => {
    const { system, messages, lost } = turns([
      user('Hi'),
      { role: 'system', content: [{ type: 'text', text: 'Now in French' }] },
      user('Go'),
    ])
    expect(system).toEqual([{ text: 'Now in French' }])
    expect(messages).toEqual([{ role: 'user', content: [{ text: 'Hi' }, { text: 'Go' }] }])
    expect(lost).toEqual(['approximated messages[1]'])
  })

  it('lets a model go on with its own turn where it can, and asks it to where it cannot', () => {
    const started = [user('Count'), assistant({ type: 'text', text: 'One,' })]
    expect(turns(started, models.claude45)).toMatchObject({ messages: [{}, { role: 'assistant' }], lost: [] })
    const { messages, lost } = turns(started, models.claude46)
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user'])
    expect(lost).toEqual(['approximated messages'])
  })

  it('reports what another vendor signed of a text, and the sources of an earlier answer', () => {
    const signature = { format: 'google-gemini-v1', value: 'c2ln' } as const
    const said = assistant({ type: 'text', text: 'a', signature, citations: [{ url: 'https://a.example' }] })
    const { messages, lost } = turns([user('Hi'), said, user('Go')])
    expect(messages[1]).toEqual({ role: 'assistant', content: [{ text: 'a' }] })
    expect(lost).toEqual(['dropped messages[1].content[0].annotations', 'dropped messages[1].content[0].signature'])
  })

  it('leaves out empty text without a word and blank text with one', () => {
    const { messages, lost } = turns([
      user('Hi'),
      assistant({ type: 'text', text: '' }, { type: 'text', text: '\n ' }),
      user('Go'),
    ])
    expect(messages).toEqual([{ role: 'user', content: [{ text: 'Hi' }, { text: 'Go' }] }])
    expect(lost).toEqual(['dropped messages[1].content[1]'])
  })

  it('tells a refusal and what was said aloud as text, and reports the rest', () => {
    const { messages, lost } = turns([
      { role: 'user', content: [{ type: 'text', text: 'Hi' }], name: 'Ann' },
      assistant(
        { type: 'refusal', text: 'No.' },
        { type: 'audio', source: { kind: 'file-id', id: 'a' }, transcript: 'Said.' },
        { type: 'audio', source: { kind: 'file-id', id: 'b' } },
        { type: 'image', source: { kind: 'base64', data: 'aGk=', mediaType: 'image/png' } },
        { type: 'text', text: 'Cited.', citations: [{ url: 'https://a.example' }] },
      ),
      user('Go'),
    ])
    expect(messages[1]?.content).toEqual([{ text: 'No.' }, { text: 'Said.' }, { text: 'Cited.' }])
    expect(lost).toEqual([
      'dropped messages[0].name',
      'approximated messages[1].content[0]',
      'approximated messages[1].content[1]',
      'dropped messages[1].content[2]',
      'dropped messages[1].content[3]',
      'dropped messages[1].content[4].annotations',
    ])
  })

  it('gives the ids of tool calls the letters that Bedrock takes, the same on both sides', () => {
    const id = `toolu:${'x'.repeat(70)}.1`
    const { messages } = turns([
      user('Hi'),
      assistant({ type: 'tool-call', id, name: 'look', arguments: '{}' }),
      results({ type: 'tool-result', id, content: [{ type: 'text', text: 'ok' }] }),
    ])
    const use = messages[1]?.content[0]?.toolUse as { toolUseId: string }
    const result = messages[2]?.content[0]?.toolResult as { toolUseId: string }
    expect(use.toolUseId).toMatch(/^[a-zA-Z0-9_-]{64}$/)
    expect(result.toolUseId).toBe(use.toolUseId)
  })

  it('carries arguments that are no JSON object as text inside one, and says so', () => {
    const { messages, lost } = turns(
      [user('Hi'), assistant({ type: 'tool-call', id: 'a', name: 'look', arguments: '{"city":"Par' })],
      models.claude45,
    )
    expect(messages[1]?.content).toEqual([{ toolUse: { toolUseId: 'a', name: 'look', input: { arguments: '{"city":"Par' } } }])
    expect(lost).toContain('approximated messages[1].content[0].function.arguments')
  })

  it('marks a failed tool where the model is told, and reports it where it is not', () => {
    const failed = [
      user('Hi'),
      assistant({ type: 'tool-call', id: 'a', name: 'look', arguments: '{}' }),
      results({ type: 'tool-result', id: 'a', content: [{ type: 'text', text: 'down' }], isError: true }),
    ]
    expect(turns(failed).messages[2]?.content).toEqual([
      { toolResult: { toolUseId: 'a', content: [{ text: 'down' }], status: 'error' } },
    ])
    const elsewhere = turns(failed, models.llama)
    expect(elsewhere.messages[2]?.content).toEqual([{ toolResult: { toolUseId: 'a', content: [{ text: 'down' }] } }])
    expect(elsewhere.lost).toContain('dropped messages[2].content[0].is_error')
  })

  it('says that a tool gave nothing, because Bedrock refuses blank text', () => {
    const { messages, lost } = turns([
      user('Hi'),
      assistant({ type: 'tool-call', id: 'a', name: 'look', arguments: '{}' }),
      results({ type: 'tool-result', id: 'a', content: [{ type: 'text', text: '' }] }),
    ])
    expect(messages[2]?.content).toEqual([{ toolResult: { toolUseId: 'a', content: [{ text: '(no output)' }] } }])
    expect(lost).toContain('approximated messages[2].content[0]')
  })

  it('keeps thinking between steps where it was, and moves it to the front of a turn that did not begin with it', () => {
    const think = (value: string) =>
      ({ type: 'reasoning', text: value, signature: { format: 'anthropic-claude-v1', value } }) as const
    const say = { type: 'text', text: 'Well' } as const
    const kinds = (...parts: AssistantPart[]) =>
      turns([user('Hi'), assistant(...parts), user('Go')]).messages[1]?.content.map((block) => Object.keys(block)[0])
    expect(kinds(think('a'), say, think('b'))).toEqual(['reasoningContent', 'text', 'reasoningContent'])
    expect(kinds(say, think('a'))).toEqual(['reasoningContent', 'text'])
  })
})
