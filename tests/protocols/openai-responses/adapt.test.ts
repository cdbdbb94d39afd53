import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../../src/core/json.js'
import type { AssistantPart, ToolResultPart } from '../../../src/core/message.js'
import type { Traits } from '../../../src/core/provider.js'
import { openaiResponses } from '../../../src/protocols/openai-responses/index.js'
import { answer, downstream, encode, losses } from './helpers.js'

function adapt(body: JsonObject, traits: Traits = {}) {
  const { lose, lost } = losses()
  return { body: openaiResponses.adapt?.(body, traits, lose) ?? {}, lost }
}

describe('a native request to a native target', () => {
  test('an ordinary one is the same object', () => {
    const bodies: JsonObject[] = [
      { model: 'm', input: 'hi' },
      {
        model: 'm',
        previous_response_id: 'resp_1',
        input: [
          { role: 'developer', content: 'x' },
          { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAA' },
          { type: 'reasoning', id: 'rs_2', summary: [] },
          { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' },
          { role: 'assistant', content: [{ type: 'output_text', text: 'x' }] },
          { type: 'item_reference', id: 'msg_1' },
        ],
      },
    ]
    for (const body of bodies) expect(adapt(body)).toEqual({ body, lost: [] })
    for (const body of bodies) expect(adapt(body).body).toBe(body)
  })

  test('the history of a conversation that began at another vendor loses what that vendor signed', () => {
    const { output } = downstream.encodeResponse(
      answer([
        { type: 'reasoning', text: 'signed', signature: { format: 'anthropic-claude-v1', value: 'c2ln' } },
        { type: 'reasoning', text: 'unsigned' },
        { type: 'text', text: 'hi', signature: { format: 'google-gemini-v1', value: 'Z29v' } },
        { type: 'tool-call', id: 'c', name: 'f', arguments: '{}', signature: { format: 'google-gemini-v1', value: 'Z29v' } },
      ]),
      { messages: [] },
    )
    const { body, lost } = adapt({ model: 'm', input: output })
    expect((body.input as JsonObject[]).map(({ type }) => type)).toEqual(['message', 'function_call'])
    expect(JSON.stringify(body)).not.toMatch(/extra_content|c2ln|Z29v/)
    expect(lost).toMatchObject([
      { path: 'input[0]', action: 'dropped' },
      { path: 'input[1]', action: 'dropped' },
    ])
  })

  test('a call keeps one name with its result, and a shorter one where it is too long for OpenAI', () => {
    const turn = (id: string): JsonObject[] => [
      { type: 'function_call', call_id: id, name: 'f', arguments: '{}' },
      { type: 'function_call_output', call_id: id, output: '24' },
    ]
    const fits = 'c'.repeat(64)
    const names = (input: unknown) => (input as JsonObject[]).map(({ call_id }) => call_id)
    const [, , first, answered, second] = names(
      adapt({ model: 'm', input: [...turn(fits), ...turn(`${fits}0`), ...turn(`${fits}1`)] }).body.input,
    )
    expect(first).toMatch(/^.{9}$/)
    expect(answered).toBe(first)
    expect(second).not.toBe(first)
    const own = { model: 'm', input: turn(fits) }
    expect(adapt(own).body).toBe(own)

    const call: AssistantPart = { type: 'tool-call', id: `${fits}0`, name: 'f', arguments: '{}' }
    const result: ToolResultPart = { type: 'tool-result', id: call.id, content: [] }
    const { body } = encode({
      messages: [
        { role: 'assistant', content: [call] },
        { role: 'tool', content: [result] },
      ],
    })
    expect(names(body.input)).toEqual([first, first])
  })

  describe('reasoning that another vendor of this protocol wrote', () => {
    const reasoning = (id: string, encrypted_content?: string): JsonObject => ({
      type: 'reasoning',
      id,
      summary: [],
      ...(encrypted_content && { encrypted_content }),
    })
    const openai = reasoning('rs_0f26baa4a8bfec6b0169326d7c20a8819499e6d836076cc00b', 'gAAAAABpMm18nXrFLUlQW_9-==')
    const stored = reasoning('rs_0f26baa4a8bfec6b0169326d7c20a8819499e6d836076cc00b')
    const xai = reasoning('rs_0b824fe9-3250-2588-0bbf-0810402fc822', 'WjtnRFdCMihgUoZ7mSMscKCe3dmg+DK3E4DLLPTW1w51/7pJ6g==')
    const xaiStored = reasoning('rs_0b824fe9-3250-2588-0bbf-0810402fc822')
    const call: JsonObject = { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' }
    const kept = (model: string, traits: Traits = {}) => {
      const input = [openai, stored, xai, xaiStored, call]
      const { body, lost } = adapt({ model, input }, traits)
      expect(lost).toEqual(
        input.flatMap((item, at) =>
          (body.input as JsonObject[]).includes(item)
            ? []
            : [{ path: `input[${at}]`, action: 'dropped', why: 'The reasoning is of another vendor.' }],
        ),
      )
      return body.input
    }

    test.each(['gpt-5.6', 'openai/gpt-5', 'o4-mini', 'ft:gpt-5:acme', 'codex-mini-latest'])('does not go to %s', (model) => {
      expect(kept(model)).toEqual([openai, stored, call])
    })

    test.each(['grok-4.5', 'x-ai/grok-4', 'openai/gpt-oss-120b', 'moonshotai/Kimi-K2-Thinking'])(
      'and OpenAI’s does not go to %s',
      (model) => {
        expect(kept(model)).toEqual([stored, xai, xaiStored, call])
      },
    )

    test('goes to a model whose name tells nothing, unless its provider says whose it is', () => {
      expect(kept('our-deployment')).toEqual([openai, stored, xai, xaiStored, call])
      expect(kept('our-deployment', { baseModel: 'gpt-5' })).toEqual([openai, stored, call])
    })
  })

  test('OpenAI refuses ids that do not begin with the word of their kind: ours do', () => {
    const parts = [
      { type: 'reasoning', text: 'x', id: 'thinking-7' },
      { type: 'text', text: 'hi' },
      { type: 'tool-call', id: 'c', name: 'f', arguments: '{}' },
    ] as const
    const { output } = downstream.encodeResponse({ ...answer(parts), id: 'msg_01' }, { messages: [] })
    expect((output as JsonObject[]).map(({ id }) => String(id).split('_')[0])).toEqual(['rs', 'msg', 'fc'])
  })

  test('declared quirks of the target', () => {
    const body = { model: 'm', service_tier: 'flex', input: [{ role: 'developer', content: 'x' }] }
    const adapted = adapt(body, { systemRole: 'system', refuses: ['service_tier'] })
    expect(adapted.body).toEqual({ model: 'm', input: [{ role: 'system', content: 'x' }] })
    expect(adapted.lost).toMatchObject([{ path: 'service_tier', action: 'dropped' }])
  })
})
