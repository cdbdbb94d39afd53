import { describe, expect, test } from 'vitest'
import { candidates, parseModel } from '../../src/catalog/resolve.js'

const known = (name: string) => ['openai', 'anthropic', 'groq', 'openrouter', 'my-gpu'].includes(name)

describe('provider/model', () => {
  test.each([
    ['openai/gpt-4o', { provider: 'openai', model: 'gpt-4o' }],
    ['groq/openai/gpt-oss-120b', { provider: 'groq', model: 'openai/gpt-oss-120b' }],
    ['openrouter/meta-llama/llama-3.3-70b-instruct', { provider: 'openrouter', model: 'meta-llama/llama-3.3-70b-instruct' }],
    ['my-gpu/qwen3:8b', { provider: 'my-gpu', model: 'qwen3:8b' }],
    ['meta-llama/llama-3.3-70b-instruct', { model: 'meta-llama/llama-3.3-70b-instruct' }],
    ['gpt-4o', { model: 'gpt-4o' }],
    ['openai/', { model: 'openai/' }],
    ['/gpt-4o', { model: '/gpt-4o' }],
    ['', { model: '' }],
    [
      'arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0',
      { model: 'arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0' },
    ],
  ])('%s', (model, parsed) => {
    expect(parseModel(model, known)).toEqual(parsed)
  })

  test('leads to the provider that is named, whatever the model is called', () => {
    expect(candidates('groq/claude-sonnet-4-5', known)).toEqual({ providers: ['groq'], model: 'claude-sonnet-4-5' })
    expect(candidates('claude-sonnet-4-5', known)).toEqual({
      providers: ['anthropic', 'vertex'],
      model: 'claude-sonnet-4-5',
    })
  })
})
