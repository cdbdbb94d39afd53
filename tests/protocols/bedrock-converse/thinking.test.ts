import { describe, expect, it } from 'vitest'
import type { ChatRequest } from '../../../src/core/message.js'
import { assistant, encode, models, results, user } from './bedrock.js'

const fields = (request: Partial<ChatRequest>, model: string) => {
  const { body, lost } = encode(request, model)
  return { fields: body.additionalModelRequestFields, config: body.inferenceConfig, output: body.outputConfig, lost }
}

describe('thinking on Bedrock', () => {
  it('is counted in tokens by older Claudes', () => {
    expect(fields({ reasoning: { budget: 4000 } }, models.claude45).fields).toEqual({
      thinking: { type: 'enabled', budget_tokens: 4000 },
    })
    expect(fields({ reasoning: { effort: 'high' } }, models.claude45).fields).toEqual({
      thinking: { type: 'enabled', budget_tokens: 16_384 },
    })
  })

  it('takes at least what Claude takes at least', () => {
    const { fields: sent, lost } = fields({ reasoning: { budget: 100 } }, models.claude45)
    expect(sent).toEqual({ thinking: { type: 'enabled', budget_tokens: 1024 } })
    expect(lost).toEqual(['approximated reasoning.max_tokens'])
  })

  it('raises the bound of an answer that would have no room beside it', () => {
    expect(fields({ reasoning: { budget: 4000 }, maxTokens: 500 }, models.claude45)).toMatchObject({
      config: { maxTokens: 4500 },
      lost: ['approximated max_tokens'],
    })
    expect(fields({ reasoning: { budget: 4000 }, maxTokens: 5000 }, models.claude45)).toMatchObject({
      config: { maxTokens: 5000 },
      lost: [],
    })
  })

  it('excludes going on with a turn of its own: the model is asked to', () => {
    const messages = [user('Count'), assistant({ type: 'text', text: 'One,' })]
    const { body, lost } = encode({ messages, reasoning: { effort: 'low' } }, models.claude45)
    expect(body.messages.at(-1)).toEqual({ role: 'user', content: [{ text: 'Go on exactly where your last message ends.' }] })
    expect(lost).toEqual(['approximated messages'])
    expect(encode({ messages, reasoning: { effort: 'none' } }, models.claude45).lost).toEqual([])
  })

  it('is graded by newer Claudes', () => {
    expect(fields({ reasoning: { effort: 'medium' } }, models.claude46)).toMatchObject({
      fields: { thinking: { type: 'adaptive' } },
      output: { effort: 'medium' },
      lost: [],
    })
    expect(fields({ reasoning: { effort: 'xhigh' } }, models.claude46)).toMatchObject({
      output: { effort: 'high' },
      lost: ['approximated reasoning_effort'],
    })
    expect(fields({ reasoning: { effort: 'xhigh' } }, models.claude48)).toMatchObject({ output: { effort: 'xhigh' }, lost: [] })
  })

  it('keeps a budget where both ways are known, and grades it where only effort is', () => {
    expect(fields({ reasoning: { budget: 4000 } }, models.claude46)).toMatchObject({
      fields: { thinking: { type: 'enabled', budget_tokens: 4000 } },
      lost: [],
    })
    expect(fields({ reasoning: { budget: 4000 } }, models.claude48)).toMatchObject({
      fields: { thinking: { type: 'adaptive' } },
      output: { effort: 'medium' },
      lost: ['approximated reasoning.max_tokens'],
    })
  })

  it.each([
    [models.claude46, ['low', 'medium', 'high', 'max']],
    [models.claude48, ['low', 'medium', 'high', 'xhigh', 'max']],
    [models.gptOss, ['low', 'medium', 'high']],
    [models.nova2, ['low', 'medium', 'high']],
  ] as const)('is asked of %s by every effort that it knows', (model, efforts) => {
    for (const effort of efforts) {
      const sent = fields({ reasoning: { effort } }, model)
      expect(JSON.stringify([sent.fields, sent.output])).toContain(`"${effort}"`)
      expect(sent.lost).toEqual([])
    }
  })

  it('is shown when asked for by the models that hide it', () => {
    expect(fields({ reasoning: { show: true } }, models.claude48).fields).toEqual({
      thinking: { type: 'adaptive', display: 'summarized' },
    })
    expect(fields({ reasoning: { show: true } }, models.claude46).fields).toEqual({ thinking: { type: 'adaptive' } })
  })

  it('takes its place from sampling', () => {
    const { config, lost } = fields({ reasoning: { budget: 2000 }, temperature: 0.5, topK: 3, topP: 0.2 }, models.claude37)
    expect(config).toBeUndefined()
    expect(lost).toEqual(['dropped temperature', 'dropped top_p', 'dropped top_k'])
    expect(fields({ reasoning: { budget: 2000 }, temperature: 1 }, models.claude37).lost).toEqual([])
  })

  it('frees a forced tool', () => {
    const { body, lost } = encode({ reasoning: { budget: 2000 }, tools: [{ name: 'a' }], toolChoice: { type: 'required' } })
    expect(body.toolConfig).not.toHaveProperty('toolChoice')
    expect(lost).toEqual(['dropped tool_choice'])
  })

  it('is left out amid a tool loop that another vendor began, which Claude would refuse', () => {
    const call = { type: 'tool-call', id: 'a', name: 'look', arguments: '{}' } as const
    const result = results({ type: 'tool-result', id: 'a', content: [{ type: 'text', text: 'ok' }] })
    const request = { tools: [{ name: 'look' }], reasoning: { effort: 'low' } as const }
    const foreign = encode({ ...request, messages: [user('Hi'), assistant(call), result] })
    expect(foreign.body).not.toHaveProperty('additionalModelRequestFields')
    expect(foreign.lost).toEqual(['dropped reasoning_effort'])
    const signed = { type: 'reasoning', text: 'hm', signature: { format: 'anthropic-claude-v1', value: 'c2ln' } } as const
    const own = encode({ ...request, messages: [user('Hi'), assistant(signed, call), result] })
    expect(own.body).toHaveProperty('additionalModelRequestFields')
    expect(own.lost).toEqual([])
    const over = encode({
      ...request,
      messages: [user('Hi'), assistant(call), result, assistant({ type: 'text', text: 'Done' }), user('More')],
    })
    expect(over.body).toHaveProperty('additionalModelRequestFields')
  })

  it('is Nova’s own, which at its highest decides the rest by itself', () => {
    expect(fields({ reasoning: { effort: 'low' }, maxTokens: 9 }, models.nova2)).toMatchObject({
      fields: { reasoningConfig: { type: 'enabled', maxReasoningEffort: 'low' } },
      config: { maxTokens: 9 },
      lost: [],
    })
    const { config, lost } = fields({ reasoning: { effort: 'high' }, maxTokens: 9, temperature: 0.1 }, models.nova2)
    expect(config).toBeUndefined()
    expect(lost).toEqual(['dropped max_tokens', 'dropped temperature'])
  })

  it('is an effort for gpt-oss', () => {
    expect(fields({ reasoning: { effort: 'minimal' } }, models.gptOss)).toMatchObject({
      fields: { reasoning_effort: 'low' },
      lost: ['approximated reasoning_effort'],
    })
  })

  it('is reported where the model does not think', () => {
    for (const model of [models.nova, models.llama, models.profile]) {
      expect(fields({ reasoning: { effort: 'low' } }, model)).toMatchObject({
        fields: undefined,
        lost: ['dropped reasoning_effort'],
      })
    }
  })

  it('is asked of the model behind a name that tells nothing, once that is told', () => {
    const { body } = encode({ reasoning: { budget: 2000 } }, models.profile, { baseModel: models.claude45 })
    expect(body.additionalModelRequestFields).toEqual({ thinking: { type: 'enabled', budget_tokens: 2000 } })
  })

  it('is not asked for when the effort is none', () => {
    expect(encode({ reasoning: { effort: 'none' } }).body).toEqual(encode({}).body)
  })
})

describe('thinking that a Claude on Bedrock does unasked', () => {
  const tools = [{ name: 'look' }]
  const forced = { tools, toolChoice: { type: 'required' } } as const
  const asked = (request: Partial<ChatRequest>, model: string) => {
    const { body, lost } = encode(request, model)
    const { toolChoice } = body.toolConfig as { toolChoice?: unknown }
    return { fields: body.additionalModelRequestFields, effort: body.outputConfig, toolChoice, lost }
  }

  it('is turned off where it can be, and else down', () => {
    const off = (model: string) => fields({ reasoning: { effort: 'none' } }, model)
    expect(off('global.anthropic.claude-opus-5')).toMatchObject({ fields: { thinking: { type: 'disabled' } }, lost: [] })
    expect(off('anthropic.claude-haiku-5-5')).toMatchObject({ fields: { thinking: { type: 'disabled' } }, lost: [] })
    const least = { lost: ['approximated reasoning_effort'] }
    expect(off('global.anthropic.claude-opus-5-5')).toMatchObject({ ...least, output: { effort: 'low' } })
    expect(off('anthropic.claude-sonnet-5-5')).toMatchObject({ ...least, fields: { thinking: { type: 'between_tools' } } })
    // Those before it do not think unless asked.
    for (const model of [models.claude45, models.claude46, models.claude48, models.nova])
      expect(off(model)).toMatchObject({ fields: undefined, output: undefined, lost: [] })
  })

  it('makes room for a forced tool where it can, and else the tool is free', () => {
    expect(asked(forced, 'global.anthropic.claude-opus-5')).toEqual({
      fields: { thinking: { type: 'disabled' } },
      toolChoice: { any: {} },
      lost: ['approximated reasoning_effort'],
    })
    expect(asked(forced, 'global.anthropic.claude-opus-5-5')).toEqual({ lost: ['dropped tool_choice'] })
    expect(asked({ tools }, 'global.anthropic.claude-opus-5')).toEqual({ lost: [] })
    expect(asked(forced, models.claude48)).toEqual({ toolChoice: { any: {} }, lost: [] })
  })
})
