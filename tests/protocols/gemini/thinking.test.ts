import { describe, expect, it } from 'vitest'
import type { Reasoning } from '../../../src/core/message.js'
import { decode, encode, say } from './support.js'

function thinking(reasoning: Reasoning, model: string) {
  const { body, losses } = encode({ messages: [say('Hi')], reasoning }, model)
  return { config: (body.generationConfig as { thinkingConfig?: object } | undefined)?.thinkingConfig, losses }
}
const effort = 'approximated reasoning_effort'

describe('up to Gemini 2.5, a budget', () => {
  it.each<[string, Reasoning, object | undefined, string[]]>([
    ['gemini-2.5-flash', { effort: 'none' }, { thinkingBudget: 0 }, []],
    ['gemini-2.5-pro', { effort: 'none' }, { thinkingBudget: 128 }, [effort]],
    ['gemini-2.5-flash', { effort: 'low' }, { thinkingBudget: 1024 }, [effort]],
    ['gemini-2.5-flash', { effort: 'medium', show: true }, { includeThoughts: true, thinkingBudget: 8192 }, [effort]],
    ['gemini-2.5-pro', { effort: 'xhigh' }, { thinkingBudget: 24_576 }, [effort]],
    ['gemini-2.5-flash', { budget: 2000 }, { thinkingBudget: 2000 }, []],
    ['gemini-2.5-flash', { budget: 100_000 }, { thinkingBudget: 24_576 }, ['approximated reasoning.budget']],
    ['gemini-2.5-flash-lite', { budget: 100 }, { thinkingBudget: 512 }, ['approximated reasoning.budget']],
    ['gemini-2.5-flash', { effort: 'high', budget: 2000 }, { thinkingBudget: 2000 }, [effort]],
    ['gemini-2.5-flash', { show: false }, { includeThoughts: false }, []],
    ['gemini-2.5-flash', { budget: 2000, show: true }, { includeThoughts: true, thinkingBudget: 2000 }, []],
    ['gemini-2.0-flash', { effort: 'high' }, undefined, ['dropped reasoning_effort']],
    ['gemini-2.0-flash', { effort: 'none' }, undefined, []],
    ['tunedModels/mine', { effort: 'low' }, { thinkingBudget: 1024 }, [effort]],
  ])('%s %o', (model, reasoning, config, losses) => {
    expect(thinking(reasoning, model)).toEqual({ config, losses })
  })

  it('does not take the square of the time for a model with an endless name', () => {
    expect(thinking({ effort: 'low' }, 'gemini-'.repeat(100_000)).config).toEqual({ thinkingBudget: 1024 })
  })
})

describe('from Gemini 3 on, a level', () => {
  it.each<[string, Reasoning, object | undefined, string[]]>([
    ['gemini-3-flash-preview', { effort: 'minimal' }, { thinkingLevel: 'MINIMAL' }, []],
    ['gemini-3-flash-preview', { effort: 'none' }, { thinkingLevel: 'MINIMAL' }, [effort]],
    ['gemini-3-pro-preview', { effort: 'minimal' }, { thinkingLevel: 'LOW' }, [effort]],
    ['gemini-3-pro-preview', { effort: 'medium' }, { thinkingLevel: 'HIGH' }, [effort]],
    ['gemini-3.1-pro-preview', { effort: 'medium' }, { thinkingLevel: 'MEDIUM' }, []],
    ['gemini-3.8-flash', { effort: 'minimal' }, { thinkingLevel: 'LOW' }, [effort]],
    ['gemini-flash-latest', { effort: 'high' }, { thinkingLevel: 'HIGH' }, []],
    ['gemini-3-flash-preview', { effort: 'max', show: true }, { includeThoughts: true, thinkingLevel: 'HIGH' }, [effort]],
    // A budget is still taken, but never beside a level.
    ['gemini-3-flash-preview', { budget: 4000 }, { thinkingBudget: 4000 }, []],
    ['gemini-3-flash-preview', { effort: 'low', budget: 4000 }, { thinkingLevel: 'LOW' }, ['dropped reasoning.budget']],
  ])('%s %o', (model, reasoning, config, losses) => {
    expect(thinking(reasoning, model)).toEqual({ config, losses })
  })
})

describe('read from a caller', () => {
  it.each<[object, Reasoning | undefined]>([
    [{ thinkingBudget: 0 }, { effort: 'none' }],
    [{ thinkingBudget: -1, includeThoughts: true }, { show: true }],
    [{ thinking_budget: 500 }, { budget: 500 }],
    [{ thinkingLevel: 'LOW' }, { effort: 'low' }],
    [{ thinkingLevel: 'minimal' }, { effort: 'minimal' }],
    [{}, undefined],
  ])('%o', (thinkingConfig, reasoning) => {
    const { request } = decode({ contents: [], generationConfig: { thinkingConfig: { ...thinkingConfig } } })
    expect(request.reasoning).toEqual(reasoning)
  })
})
