import { describe, expect, test } from 'vitest'
import type { Loss } from '../../../src/core/call.js'
import type { JsonObject } from '../../../src/core/json.js'
import type { Traits } from '../../../src/core/provider.js'
import { openaiChat } from '../../../src/protocols/openai-chat/index.js'
import { brief, encoded } from './kit.js'

/** The body adapted, and the losses; fails when the caller's own body was written to. */
function adapted(body: JsonObject, traits: Traits): { body: JsonObject; losses: string[]; same: boolean } {
  const before = JSON.stringify(body)
  const losses: Loss[] = []
  const after = openaiChat.adapt?.(body, traits, (path, action, why) => losses.push({ path, action, why })) ?? body
  expect(JSON.stringify(body)).toBe(before)
  return { body: after, losses: brief(losses), same: after === body }
}

const user = { role: 'user', content: 'Hi' }
const full: JsonObject = {
  model: 'm',
  messages: [{ role: 'developer', content: 'Rules' }, user],
  max_completion_tokens: 5,
  tool_choice: 'required',
  response_format: { type: 'json_schema', json_schema: { name: 'a', schema: { type: 'object' } } },
  reasoning_effort: 'low',
  seed: 1,
}

describe('a body that passes through', () => {
  test('tells a refusal as text where the target does not take the member, lest the message is left with nothing', () => {
    const refusal = { role: 'assistant', content: null, refusal: 'I will not.' }
    const { body, losses } = adapted({ model: 'm', messages: [user, refusal, user] }, { refuses: ['refusal'] })
    expect(body.messages).toEqual([user, { role: 'assistant', content: 'I will not.' }, user])
    expect(losses).toEqual(['messages[1].refusal approximated'])
  })

  test('is the same object when nothing is declared, and when nothing declared meets it', () => {
    expect(adapted(full, {}).same).toBe(true)
    const traits: Traits = {
      maxTokensField: 'max_tokens',
      systemRole: 'system',
      requiredToolChoice: 'any',
      shortCallIds: true,
      structuredOutput: 'none',
      reasoningEffort: false,
      imageUrls: false,
      refuses: ['seed', 'cache_control', 'reasoning_content'],
    }
    expect(adapted({ model: 'm', messages: [{ role: 'system', content: [{ type: 'text', text: 'x' }] }, user] }, traits)).toEqual(
      {
        body: { model: 'm', messages: [{ role: 'system', content: [{ type: 'text', text: 'x' }] }, user] },
        losses: [],
        same: true,
      },
    )
  })

  test('has its bound renamed in its place', () => {
    expect(JSON.stringify(adapted({ a: 1, max_completion_tokens: 5, b: 2 }, { maxTokensField: 'max_tokens' }).body)).toBe(
      '{"a":1,"max_tokens":5,"b":2}',
    )
    expect(adapted({ max_tokens: 5 }, { maxTokensField: 'max_completion_tokens' }).body).toEqual({ max_completion_tokens: 5 })
    expect(adapted({ max_tokens: 5, max_completion_tokens: 6 }, { maxTokensField: 'max_tokens' }).body).toEqual({ max_tokens: 5 })
    expect(adapted({ max_tokens: null, max_completion_tokens: 6 }, { maxTokensField: 'max_tokens' }).body).toEqual({
      max_tokens: 6,
    })
    expect(adapted({ max_completion_tokens: 6, max_tokens: null }, { maxTokensField: 'max_tokens' }).body).toEqual({
      max_tokens: 6,
    })
    expect(adapted({ max_tokens: 5 }, {}).same).toBe(true)
  })

  test('has its developer renamed, and shares every message that stayed', () => {
    const { body } = adapted(full, { systemRole: 'system' })
    expect(body.messages).toEqual([{ role: 'system', content: 'Rules' }, user])
    expect((body.messages as unknown[])[1]).toBe(user)
  })

  test('calls for some tool in the target’s word', () => {
    expect(adapted(full, { requiredToolChoice: 'any' }).body.tool_choice).toBe('any')
    expect(adapted({ tool_choice: 'auto' }, { requiredToolChoice: 'any' }).same).toBe(true)
  })

  test('has the calls of other vendors in short, each under one name with its result', () => {
    const history = (...ids: string[]): JsonObject => ({
      messages: [
        user,
        { role: 'assistant', content: null, tool_calls: ids.map((id) => ({ id, type: 'function', function: { name: 'f' } })) },
        ...ids.map((tool_call_id) => ({ role: 'tool', tool_call_id, content: '24' })),
      ],
    })
    const long = ['toolu_01A09q90qw90lq917835lq9', 'toolu_01A09q90qw90lq917835lq8', 'call_0', 'gem_résumé_1']
    const { body, losses } = adapted(history(...long), { shortCallIds: true })
    const ids = JSON.stringify(body).match(/(?<="(?:id|tool_call_id)":")[^"]*/g) ?? []
    expect(ids.slice(4)).toEqual(ids.slice(0, 4))
    expect(new Set(ids).size).toBe(4)
    for (const id of ids) expect(id).toMatch(/^[a-zA-Z0-9]{9}$/)
    expect(losses).toEqual([])
    expect(adapted(history('D681PevKs', '735e43487'), { shortCallIds: true }).same).toBe(true)
    expect(adapted(history(...long), {}).same).toBe(true)

    const fits = 'c'.repeat(40)
    const only = adapted(history(fits, `${fits}0`, `${fits}1`), { longestCallId: 40 }).body
    const lengths = JSON.stringify(only).match(/(?<="(?:id|tool_call_id)":")[^"]*/g) ?? []
    expect(lengths).toEqual([fits, expect.stringMatching(/^.{9}$/), expect.stringMatching(/^.{9}$/), ...lengths.slice(0, 3)])
    expect(new Set(lengths).size).toBe(3)
    expect(adapted(history(fits), { longestCallId: 40 }).same).toBe(true)
  })

  test('asks for structure by the strongest means there is, and in words beside it', () => {
    const json = adapted(full, { structuredOutput: 'json' })
    expect(json.body.response_format).toEqual({ type: 'json_object' })
    expect(json.body.messages).toEqual([
      { role: 'developer', content: 'Rules' },
      { role: 'system', content: expect.stringContaining('{"type":"object"}') },
      user,
    ])
    expect(json.losses).toEqual(['response_format approximated'])
    const none = adapted(full, { structuredOutput: 'none' })
    expect(none.body).not.toHaveProperty('response_format')
    expect(none.losses).toEqual(['response_format approximated'])
    const plain = adapted({ messages: [user], response_format: { type: 'json_object' } }, { structuredOutput: 'none' })
    expect(plain.body).toEqual({
      messages: [{ role: 'system', content: 'Answer with one JSON object, and with nothing else.' }, user],
    })
    expect(adapted({ messages: [user], response_format: { type: 'json_object' } }, { structuredOutput: 'json' }).same).toBe(true)
  })

  test('asks for structure behind every instruction that comes first, and there alone', () => {
    const rules = [
      { role: 'system', content: 'a' },
      { role: 'developer', content: 'b' },
    ]
    const asking = (messages: JsonObject[]) =>
      adapted({ messages, response_format: { type: 'json_object' } }, { structuredOutput: 'none' }).body.messages
    const asked = { role: 'system', content: 'Answer with one JSON object, and with nothing else.' }
    expect(asking([...rules, user, ...rules])).toEqual([...rules, asked, user, ...rules])
    expect(asking(rules)).toEqual([...rules, asked])
  })

  test('asks for no effort where none is taken', () => {
    const { body, losses } = adapted(full, { reasoningEffort: false })
    expect(body).not.toHaveProperty('reasoning_effort')
    expect(losses).toEqual(['reasoning_effort dropped'])
  })

  test('tells the addresses of images that the target will not fetch', () => {
    const data = { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } }
    const content = [{ type: 'image_url', image_url: { url: 'https://a/b.png' } }, data]
    const { body, losses } = adapted({ messages: [{ role: 'user', content }] }, { imageUrls: false })
    expect(body.messages).toEqual([{ role: 'user', content: [{ type: 'text', text: '[image: https://a/b.png]' }, data] }])
    expect(losses).toEqual(['messages[0].content[0] approximated'])
  })

  test('leaves out what the target refuses, and says so unless it was null', () => {
    const { body, losses } = adapted({ ...full, n: null, seed: 1 }, { refuses: ['seed', 'n', 'store'] })
    expect(body).toEqual(Object.fromEntries(Object.entries(full).filter(([name]) => name !== 'seed')))
    expect(losses).toEqual(['seed dropped'])
  })

  test('is not said to lose the question for usage, which never changes an answer', () => {
    const asked = { stream_options: { include_usage: true }, cache_control: { type: 'ephemeral' } }
    expect(adapted(asked, { refuses: ['stream_options', 'cache_control'] }).losses).toEqual([
      'stream_options approximated',
      'cache_control approximated',
    ])
  })

  test('leaves out what some vendors carry in messages, parts, calls and tools, wherever it stands', () => {
    const cache_control = { type: 'ephemeral' }
    const { body, losses } = adapted(
      {
        messages: [
          { role: 'system', content: [{ type: 'text', text: 'x', cache_control }], cache_control },
          {
            role: 'assistant',
            content: 'y',
            reasoning_content: 'hm',
            reasoning_details: [],
            tool_calls: [{ id: 'a', function: { name: 'f', arguments: '{}' }, extra_content: {} }],
          },
        ],
        tools: [{ type: 'function', function: { name: 'f' }, cache_control }],
      },
      { refuses: ['cache_control', 'reasoning_content', 'reasoning_details', 'extra_content'] },
    )
    expect(body).toEqual({
      messages: [
        { role: 'system', content: [{ type: 'text', text: 'x' }] },
        { role: 'assistant', content: 'y', tool_calls: [{ id: 'a', function: { name: 'f', arguments: '{}' } }] },
      ],
      tools: [{ type: 'function', function: { name: 'f' } }],
    })
    expect(losses).toEqual([
      'messages[0].cache_control approximated',
      'messages[0].content[0].cache_control approximated',
      'messages[1].reasoning_content dropped',
      'messages[1].reasoning_details dropped',
      'messages[1].tool_calls[0].extra_content dropped',
      'tools[0].cache_control approximated',
    ])
  })
})

describe('a body that we translated', () => {
  test('meets the same quirks', () => {
    const { body, losses } = encoded(
      {
        messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }],
        maxTokens: 5,
        seed: 1,
        reasoning: { effort: 'low' },
      },
      { maxTokensField: 'max_tokens', reasoningEffort: false, refuses: ['seed'] },
    )
    expect(body).toEqual({ model: 'm', messages: [user], max_tokens: 5 })
    expect(brief(losses)).toEqual(['reasoning_effort dropped', 'seed dropped'])
  })
})
