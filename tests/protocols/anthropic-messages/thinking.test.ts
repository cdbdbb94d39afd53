import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ChatRequest, ReasoningEffort } from '../../../src/core/message.js'
import { effortBudgets, effortOf } from '../../../src/protocols/effort-budgets.js'
import { decode, encode, exchange } from './kit.js'

const counting = { model: 'claude-sonnet-4-5' }
const grading = { model: 'claude-opus-4-7' }
const tools = { tools: [{ name: 'f' }], toolChoice: { type: 'required' } } as const satisfies Partial<ChatRequest>

describe('thinking by a budget', () => {
  it.each(Object.entries(effortBudgets))('stands for the effort %s with %i tokens', (effort, budget) => {
    const { body, losses } = encode({ reasoning: { effort: effort as ReasoningEffort } }, counting)
    expect(body.thinking).toEqual({ type: 'enabled', budget_tokens: budget })
    expect(losses).toEqual([])
  })

  it('leaves the answer the room that it had', () => {
    expect(encode({ reasoning: { effort: 'high' } }, counting).body.max_tokens).toBe(16_384 + 16_384)
    expect(encode({ reasoning: { effort: 'low' }, maxTokens: 4_000 }, counting)).toMatchObject({
      body: { max_tokens: 4_000 },
      losses: [],
    })
    expect(encode({ reasoning: { effort: 'low' }, maxTokens: 1_000 }, counting)).toMatchObject({
      body: { max_tokens: 3_048 },
      losses: ['approximated max_tokens'],
    })
  })

  it('fits every model and every request', () => {
    const models = ['claude-3-7-sonnet-latest', 'claude-opus-4-1', 'claude-haiku-4-5', 'some-model']
    fc.assert(
      fc.property(
        fc.constantFrom(...models),
        fc.option(fc.nat(200_000), { nil: undefined }),
        fc.record({ effort: fc.constantFrom('minimal', 'high', 'max'), budget: fc.nat(200_000) }, { requiredKeys: [] }),
        (model, maxTokens, reasoning) => {
          const { body } = encode(
            { reasoning: reasoning as NonNullable<ChatRequest['reasoning']>, ...(maxTokens && { maxTokens }) },
            { model },
          )
          const { budget_tokens } = body.thinking as { budget_tokens: number }
          expect(budget_tokens).toBeGreaterThanOrEqual(1024)
          expect(body.max_tokens).toBeGreaterThan(budget_tokens)
        },
      ),
    )
  })

  it('takes the budget that the caller named, within what the model takes', () => {
    expect(encode({ reasoning: { budget: 5_000, effort: 'max' } }, counting)).toMatchObject({
      body: { thinking: { budget_tokens: 5_000 } },
      losses: [],
    })
    expect(encode({ reasoning: { budget: 10 } }, counting)).toMatchObject({
      body: { thinking: { budget_tokens: 1_024 } },
      losses: ['approximated reasoning.max_tokens'],
    })
  })

  it('excludes temperature, top_k, a low top_p and a forced tool', () => {
    const { body, losses } = encode({ reasoning: { effort: 'low' }, temperature: 0, topP: 0.5, topK: 3, ...tools }, counting)
    expect(body).toMatchObject({ tool_choice: { type: 'auto' } })
    for (const member of ['temperature', 'top_p', 'top_k']) expect(body).not.toHaveProperty(member)
    expect(losses.toSorted()).toEqual(['dropped temperature', 'dropped tool_choice', 'dropped top_k', 'dropped top_p'])
    expect(encode({ reasoning: { effort: 'low' }, temperature: 1, topP: 0.95 }, counting).losses).toEqual([])
  })

  it('excludes the continuation of an assistant message', () => {
    const messages = [
      { role: 'user', content: [{ type: 'text', text: 'a' }] },
      { role: 'assistant', content: [{ type: 'text', text: 'b' }] },
    ] as const
    expect(encode({ messages, reasoning: { effort: 'low' } }, counting).losses).toEqual(['dropped messages'])
  })

  it('is not asked of a model that cannot', () => {
    const { body, losses } = encode({ reasoning: { effort: 'high' } }, { model: 'claude-3-5-haiku-latest' })
    expect(body).not.toHaveProperty('thinking')
    expect(losses).toEqual(['dropped reasoning_effort'])
    expect(encode({ reasoning: { effort: 'high' } }, { traits: { reasoningEffort: false } }).losses).toEqual([
      'dropped reasoning_effort',
    ])
  })
})

describe('thinking by effort', () => {
  it('is what newer models take, as a recorded request shows', () => {
    const { body } = encode({ reasoning: { effort: 'xhigh', show: true } }, grading)
    const recorded = exchange('opus-47-features').request.body
    expect({ thinking: body.thinking, output_config: body.output_config }).toEqual({
      thinking: recorded.thinking,
      output_config: recorded.output_config,
    })
  })

  it('asks for the nearest effort that the model has', () => {
    expect(encode({ reasoning: { effort: 'xhigh' } }, { model: 'claude-opus-4-6' })).toMatchObject({
      body: { output_config: { effort: 'high' } },
      losses: ['approximated reasoning_effort'],
    })
    expect(encode({ reasoning: { effort: 'minimal' } }, grading)).toMatchObject({
      body: { output_config: { effort: 'low' } },
      losses: ['approximated reasoning_effort'],
    })
  })

  it('never asks for an effort that the recorded refusal lists as unknown', () => {
    const message = JSON.stringify(exchange('xhigh-unsupported').response.body)
    const supported = /Supported levels: ([a-z, ]+)/.exec(message)?.[1]?.split(', ')
    for (const effort of ['minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const) {
      const { body } = encode({ reasoning: { effort } }, { model: 'claude-opus-4-6' })
      expect(supported).toContain((body.output_config as { effort: string }).effort)
    }
  })

  it('grades a budget', () => {
    const { body, losses } = encode({ reasoning: { budget: 10_000 } }, grading)
    expect(body).toMatchObject({ thinking: { type: 'adaptive' }, output_config: { effort: 'high' } })
    expect(losses).toEqual(['approximated reasoning.max_tokens'])
  })

  it('shares its member with the format of the answer', () => {
    const { body } = encode(
      { reasoning: { effort: 'low' }, responseFormat: { type: 'json-schema', name: 'x', schema: { type: 'string' } } },
      grading,
    )
    expect(body.output_config).toEqual({ effort: 'low', format: { type: 'json_schema', schema: { type: 'string' } } })
  })
})

describe('not thinking', () => {
  it.each([
    ['claude-3-5-haiku-latest', undefined, undefined, []],
    ['claude-sonnet-4-5', { type: 'disabled' }, undefined, []],
    ['claude-opus-5', { type: 'disabled' }, undefined, []],
    ['claude-haiku-5-5', { type: 'disabled' }, undefined, []],
    ['claude-sonnet-5-5', { type: 'between_tools' }, undefined, ['approximated reasoning_effort']],
    ['claude-opus-5-5', undefined, { effort: 'low' }, ['approximated reasoning_effort']],
    ['claude-fable-5', undefined, { effort: 'low' }, ['approximated reasoning_effort']],
    ['claude-mythos-preview', undefined, { effort: 'low' }, ['approximated reasoning_effort']],
  ])('is asked of %s as the model takes it', (model, thinking, output_config, losses) => {
    const encoded = encode({ reasoning: { effort: 'none' } }, { model })
    expect(encoded.body.thinking).toEqual(thinking)
    expect(encoded.body.output_config).toEqual(output_config)
    expect(encoded.losses).toEqual(losses)
  })

  it('makes room for a forced tool, where the model thinks by default and may be stopped', () => {
    const { body, losses } = encode(tools, { model: 'claude-sonnet-5' })
    expect(body).toMatchObject({ thinking: { type: 'disabled' }, tool_choice: { type: 'any' } })
    expect(losses).toEqual(['approximated reasoning_effort'])
  })

  it('that cannot be had still excludes what thinking excludes', () => {
    const asked = { ...tools, reasoning: { effort: 'none' } } as const
    expect(encode(asked, { model: 'claude-fable-5' })).toMatchObject({
      body: { output_config: { effort: 'low' }, tool_choice: { type: 'auto' } },
      losses: ['approximated reasoning_effort', 'dropped tool_choice'],
    })
    expect(encode(asked, { model: 'claude-sonnet-4-5' })).toMatchObject({ body: { tool_choice: { type: 'any' } }, losses: [] })
  })

  it.each(['claude-opus-5-5', 'claude-sonnet-5-5', 'claude-fable-5-1'])('cannot make room for one in %s', (model) => {
    expect(encode(tools, { model })).toMatchObject({ body: { tool_choice: { type: 'auto' } }, losses: ['dropped tool_choice'] })
  })
})

describe('the thinking that a caller of this API asks for', () => {
  it.each([
    [{ type: 'enabled', budget_tokens: 8_000 }, undefined, { budget: 8_000, show: true }],
    [{ type: 'enabled', budget_tokens: 2_000, display: 'omitted' }, undefined, { budget: 2_000, show: false }],
    [{ type: 'enabled', budget_tokens: 2_000 }, 'high', { effort: 'high', budget: 2_000, show: true }],
    [{ type: 'adaptive' }, 'xhigh', { effort: 'xhigh', show: true }],
    [{ type: 'adaptive' }, undefined, { show: true }],
    [{ type: 'disabled' }, undefined, { effort: 'none' }],
    [undefined, 'max', { effort: 'max' }],
    [undefined, undefined, undefined],
  ])('%j with the effort %s', (thinking, effort, reasoning) => {
    const { request, losses } = decode({ ...(thinking && { thinking }), ...(effort && { output_config: { effort } }) })
    expect(request.reasoning).toEqual(reasoning)
    expect(losses).toEqual([])
  })

  it('is none when it is only between tools', () => {
    expect(decode({ thinking: { type: 'between_tools' } })).toMatchObject({
      request: { reasoning: { effort: 'none' } },
      losses: ['approximated thinking'],
    })
  })

  it('is reported when it is of a kind that is unknown', () => {
    expect(decode({ thinking: { type: 'of_tomorrow' }, output_config: { effort: 'utmost' } })).toMatchObject({
      request: { messages: expect.any(Array) },
      losses: ['dropped output_config.effort', 'dropped thinking'],
    })
  })

  it('keeps its effort through a budget and back', () => {
    for (const effort of ['low', 'medium', 'high', 'xhigh', 'max'] as const) expect(effortOf(effortBudgets[effort])).toBe(effort)
  })
})
