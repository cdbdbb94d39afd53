import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../../src/core/json.js'
import type { Message } from '../../../src/core/message.js'
import { anthropicMessages } from '../../../src/protocols/anthropic-messages/index.js'
import { encode, hello, Losses, toolTurn } from './kit.js'

const [call, result] = toolTurn('call_1') as [Message, Message]
const signature = { format: 'anthropic-claude-v1', value: 'c2ln' } as const
const signed: Message = {
  role: 'assistant',
  content: [
    { type: 'reasoning', text: 'hm', signature },
    { type: 'tool-call', id: 'call_1', name: 'look', arguments: '{}' },
  ],
}
const asked = { tools: [{ name: 'look' }], reasoning: { effort: 'low' } } as const

describe('a tool loop that another vendor began', () => {
  it('goes on without thinking where Claude thinks by a budget, and that is reported', () => {
    const { body, losses } = encode({ ...asked, messages: [...hello, call, result] })
    expect(body).not.toHaveProperty('thinking')
    expect(losses).toEqual(['dropped reasoning_effort'])
    const and: Message = { role: 'user', content: [{ type: 'text', text: 'And?' }] }
    expect(encode({ ...asked, messages: [...hello, call, result, and] }).body).not.toHaveProperty('thinking')
  })

  it('is not over by a turn that says nothing, which is left out', () => {
    const foreign = { type: 'reasoning', text: 'hm', signature: { format: 'google-gemini-v1', value: 'Zw==' } } as const
    for (const content of [[], [{ type: 'text', text: ' ' }], [foreign]] as const) {
      const empty: Message = { role: 'assistant', content }
      const { body } = encode({ ...asked, messages: [...hello, call, result, empty, ...hello] })
      expect(body).not.toHaveProperty('thinking')
      expect(encode({ ...asked, messages: [...hello, signed, result, empty, ...hello] }).body).toHaveProperty('thinking')
    }
  })

  it('is not over by the beginning of an answer, which thinking excludes', () => {
    const begun: Message = { role: 'assistant', content: [{ type: 'text', text: 'It is' }] }
    const { body, losses } = encode({ ...asked, messages: [...hello, call, result, ...hello, begun] })
    expect(body).not.toHaveProperty('thinking')
    expect(body).toMatchObject({ messages: [{}, {}, {}, { role: 'assistant', content: [{ text: 'It is' }] }] })
    expect(losses).toEqual(['dropped reasoning_effort'])
  })

  it('goes on with thinking where Claude thinks by effort, or was not asked to', () => {
    const { body, losses } = encode({ ...asked, messages: [...hello, call, result] }, { model: 'claude-opus-4-7' })
    expect([body.thinking, losses]).toEqual([{ type: 'adaptive' }, []])
    expect(encode({ ...asked, reasoning: { effort: 'none' }, messages: [...hello, call, result] }).losses).toEqual([])
  })

  it('is no hindrance once it is over, nor one that Claude has begun', () => {
    const done: Message[] = [{ role: 'assistant', content: [{ type: 'text', text: 'Done.' }] }, ...hello]
    for (const messages of [
      [...hello, call, result, ...done],
      [...hello, signed, result],
    ]) {
      const { body, losses } = encode({ ...asked, messages })
      expect([body.thinking, losses]).toMatchObject([{ type: 'enabled' }, []])
    }
  })
})

describe('a tool loop in the words of Anthropic, as it passes through', () => {
  const loop = (id: string, ...before: JsonObject[]): JsonObject => ({
    model: 'claude-sonnet-4-5',
    thinking: { type: 'enabled', budget_tokens: 1024 },
    messages: [
      { role: 'user', content: 'hello' },
      { role: 'assistant', content: [...before, { type: 'tool_use', id, name: 'look', input: {} }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: 'seen' }] },
    ],
  })
  function adapt(body: JsonObject) {
    const losses = new Losses()
    return { body: anthropicMessages.adapt?.(body, {}, losses.lose), losses: losses.list }
  }

  it.each(['call_1', 'tooluse_A'])('goes on without thinking when another vendor stepped in: %s', (id) => {
    const { body, losses } = adapt(loop(id))
    expect(body).not.toHaveProperty('thinking')
    expect(losses).toEqual(['dropped thinking'])
  })

  it('goes on without thinking when all its thinking is of another vendor', () => {
    const { body, losses } = adapt(loop('call_1', { type: 'redacted_thinking', data: 'google-gemini-v1:tool-call:call_1:c2ln' }))
    expect(body).not.toHaveProperty('thinking')
    expect(losses).toEqual(['dropped messages[1].content[0]', 'dropped thinking'])
  })

  it.each(['toolu_01A', 'toolu_bdrk_01A', 'toolu_vrtx_01A'])('is left as it is when Claude began it: %s', (id) => {
    const body = loop(id)
    expect(adapt(body)).toEqual({ body, losses: [] })
    expect(adapt(body).body).toBe(body)
  })

  it('is left as it is when it has thinking of Claude, or wants none', () => {
    const thought = loop('call_1', { type: 'thinking', thinking: 'hm', signature: 'c2ln' })
    expect(adapt(thought).body).toBe(thought)
    const { thinking: _, ...plain } = loop('call_1')
    expect(adapt(plain).body).toBe(plain)
  })
})
