import { describe, expect, it } from 'vitest'
import type { Message } from '../../src/core/message.js'
import { anthropicMessages } from '../../src/protocols/anthropic-messages/index.js'
import { bedrockConverse } from '../../src/protocols/bedrock-converse/index.js'
import { withUniqueCalls } from '../../src/protocols/unique-calls.js'

const user: Message = { role: 'user', content: [{ type: 'text', text: 'Hello' }] }
const calls = (...ids: string[]): Message => ({
  role: 'assistant',
  content: ids.map((id) => ({ type: 'tool-call', id, name: 'look', arguments: '{}' })),
})
const results = (...ids: string[]): Message => ({
  role: 'tool',
  content: ids.map((id) => ({ type: 'tool-result', id, content: [{ type: 'text', text: 'seen' }] })),
})
const idsIn = (messages: readonly Message[]) =>
  messages.map(({ content }) => content.flatMap((part) => ('id' in part && part.id !== undefined ? [part.id] : [])))

describe('calls that a server numbers anew in each answer', () => {
  it('may be very many, and take no longer than they are', () => {
    const ids = Array.from({ length: 200_000 }, () => 'call_0')
    const [made, told] = idsIn(withUniqueCalls([calls(...ids), results(...ids)]))
    expect(new Set(made).size).toBe(ids.length)
    expect(told).toEqual(made)
  })

  it('get ids of their own, and their results too', () => {
    const history = [user, calls('call_0', 'call_1'), results('call_1', 'call_0'), calls('call_0'), results('call_0'), user]
    expect(idsIn(withUniqueCalls(history))).toEqual([
      [],
      ['call_0', 'call_1'],
      ['call_1', 'call_0'],
      ['call_0_2'],
      ['call_0_2'],
      [],
    ])
    const longer = [...history, calls('call_0'), results('call_0')]
    expect(withUniqueCalls(longer).slice(0, history.length)).toEqual(withUniqueCalls(history))
    expect(idsIn(withUniqueCalls(longer)).slice(-2)).toEqual([['call_0_3'], ['call_0_3']])
  })

  it('within one answer too, by the order of their results', () => {
    expect(idsIn(withUniqueCalls([calls('x', 'x'), results('x', 'x')]))).toEqual([
      ['x', 'x_2'],
      ['x', 'x_2'],
    ])
  })

  it('whatever became of the one before', () => {
    expect(idsIn(withUniqueCalls([calls('x'), user, calls('x'), results('x')]))).toEqual([['x'], [], ['x_2'], ['x_2']])
  })

  it('stay as they are where no two are the same', () => {
    const history = [user, calls('a', 'b'), results('a', 'b')]
    expect(withUniqueCalls(history)).toBe(history)
  })

  it.each([anthropicMessages, bedrockConverse])('are told apart for Claude: $name', ({ upstream }) => {
    const messages = [user, calls('call_0'), results('call_0'), calls('call_0'), results('call_0')]
    const model = 'anthropic.claude-sonnet-4-5'
    const body = upstream.encodeRequest({ messages }, { model, stream: false, traits: {}, lose: () => {} })
    const ids = JSON.stringify(body.messages).match(/call_0\w*/g)
    expect(ids).toEqual(['call_0', 'call_0', 'call_0_2', 'call_0_2'])
  })
})
