import { describe, expect, it, test } from 'vitest'
import { anthropicMessages } from '../../src/protocols/anthropic-messages/index.js'
import { gemini } from '../../src/protocols/gemini/index.js'
import { openaiChat } from '../../src/protocols/openai-chat/index.js'
import { takenEffort } from '../../src/protocols/openai-efforts.js'
import { openaiResponses } from '../../src/protocols/openai-responses/index.js'
import { openaiTraits } from '../../src/providers/openai-traits.js'

const efforts = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const

describe('the efforts that a model of OpenAI’s takes', () => {
  it.each([
    ['o3', 'low low low medium high high high'],
    ['o4-mini-2025-04-16', 'low low low medium high high high'],
    ['gpt-oss-120b', 'low low low medium high high high'],
    ['gpt-5', 'minimal minimal low medium high high high'],
    ['gpt-5-mini-2025-08-07', 'minimal minimal low medium high high high'],
    ['ft:gpt-5-nano:acme', 'minimal minimal low medium high high high'],
    ['gpt-5-pro', 'high high high high high high high'],
    ['gpt-5-codex', 'low low low medium high high high'],
    ['gpt-5.1', 'none low low medium high high high'],
    ['gpt-5.1-codex-mini', 'low low low medium high high high'],
    ['gpt-5.1-codex-max', 'low low low medium high xhigh xhigh'],
    ['gpt-5.2', 'none low low medium high xhigh xhigh'],
    ['gpt-5.2-pro', 'medium medium medium medium high xhigh xhigh'],
    ['gpt-5.3-codex', 'low low low medium high xhigh xhigh'],
    ['gpt-5.6-terra', 'none low low medium high xhigh max'],
    ['gpt-6-astra', 'low low low medium high xhigh max'],
  ])('%s', (model, taken) => {
    expect(efforts.map((effort) => takenEffort(model, effort, () => {})).join(' ')).toBe(taken)
  })

  it('are those that the caller asks for where the name tells nothing', () => {
    for (const model of ['gpt-99', 'openai/gpt-5', 'grok-4', 'qwen3-32b', 'prod'])
      for (const effort of efforts) expect(takenEffort(model, effort, () => expect.unreachable())).toBe(effort)
  })

  it('are told where they are others than the caller’s', () => {
    const losses: string[] = []
    expect(takenEffort('gpt-5', 'none', (path, action) => losses.push(`${action} ${path}`))).toBe('minimal')
    expect(losses).toEqual(['approximated reasoning_effort'])
  })
})

const messages = [{ role: 'user', content: 'Hi' }]
const callers = {
  Anthropic: (thinking: object) => [anthropicMessages, { model: 'm', max_tokens: 64_000, messages, thinking }] as const,
  Gemini: (thinkingConfig: object) =>
    [gemini, { contents: [{ parts: [{ text: 'Hi' }] }], generationConfig: { thinkingConfig } }] as const,
}

/** What is asked of a model of OpenAI's, and what is told to be dropped on the way. */
function asked([caller, body]: ReturnType<(typeof callers)[keyof typeof callers]>, model: string) {
  const dropped: string[] = []
  const lose = (path: string, action: string) => action === 'dropped' && dropped.push(path)
  const request = caller.downstream?.decodeRequest(JSON.parse(JSON.stringify(body)), lose)
  if (!request) throw new Error('Nobody calls in this protocol.')
  const context = { model, stream: false, traits: openaiTraits(model), lose }
  const chat = openaiChat.upstream.encodeRequest(request, context)
  const responses = openaiResponses.upstream.encodeRequest(request, context)
  return { chat: chat.reasoning_effort, responses: responses.reasoning, dropped }
}

describe('thinking, asked for in another vendor’s words', () => {
  test('is turned off, or down as far as the model lets it, without a loss', () => {
    for (const off of [callers.Anthropic({ type: 'disabled' }), callers.Gemini({ thinkingBudget: 0 })]) {
      expect(asked(off, 'gpt-5')).toEqual({ chat: 'minimal', responses: { effort: 'minimal' }, dropped: [] })
      expect(asked(off, 'o3')).toEqual({ chat: 'low', responses: { effort: 'low' }, dropped: [] })
      expect(asked(off, 'gpt-5.2')).toEqual({ chat: 'none', responses: { effort: 'none' }, dropped: [] })
      expect(asked(off, 'gpt-4o')).toEqual({ dropped: [] })
    }
  })

  test('in tokens becomes a grade that the model has, without a loss', () => {
    const most = callers.Anthropic({ type: 'enabled', budget_tokens: 31_999 })
    expect(asked(most, 'gpt-5')).toEqual({ chat: 'high', responses: { effort: 'high', summary: 'auto' }, dropped: [] })
    const some = callers.Anthropic({ type: 'enabled', budget_tokens: 10_000 })
    expect(asked(some, 'gpt-5')).toEqual({ chat: 'medium', responses: { effort: 'medium', summary: 'auto' }, dropped: [] })
  })
})
