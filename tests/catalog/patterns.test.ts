import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { knownModels } from '../../src/catalog/models.js'
import { resolveByPattern } from '../../src/catalog/patterns.js'
import { configuredProviders } from '../../src/providers/registry.js'

const first = (model: string) => resolveByPattern(model)[0]

describe("a model's name leads to its maker", () => {
  test.each([
    [
      'openai',
      'gpt-4o gpt-6-astra gpt-5.4-mini-2026-03-17 chatgpt-4o-latest o1 o3-mini o4-mini-2025-04-16 codex-mini-latest ft:gpt-4o-2024-08-06:acme::abc text-embedding-3-large text-embedding-ada-002 davinci-002 gpt-image-1 whisper-1',
    ],
    ['anthropic', 'claude-sonnet-4-5 claude-3-5-haiku-latest claude-opus-5-5 claude-fable-5-2 claude-mythos-preview'],
    [
      'google',
      'gemini-2.5-pro gemini-flash-latest gemini-4-argon gemini-embedding-001 gemma-3-27b-it text-embedding-004 models/gemini-2.5-flash tunedModels/mine',
    ],
    [
      'vertex',
      'claude-sonnet-4-5@20250929 publishers/google/models/gemini-2.5-pro projects/p/locations/l/endpoints/1 endpoints/123',
    ],
    [
      'bedrock',
      'amazon.nova-pro-v1:0 anthropic.claude-3-haiku-20240307-v1:0 us.anthropic.claude-sonnet-4-5-20250929-v1:0 global.anthropic.claude-opus-5 eu.amazon.nova-lite-v1:0 us-gov.anthropic.claude-3-haiku-20240307-v1:0 meta.llama3-3-70b-instruct-v1:0 mistral.mistral-large-2402-v1:0 deepseek.r1-v1:0 openai.gpt-oss-120b-1:0 qwen.qwen3-32b-v1:0 cohere.embed-v4:0 amazon.titan-embed-text-v2:0 arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/x',
    ],
    [
      'mistral',
      'mistral-large-latest open-mistral-nemo open-mixtral-8x22b ministral-8b-latest magistral-medium-latest codestral-latest devstral-small-2507 pixtral-large-latest voxtral-mini-latest mistral-embed',
    ],
    ['deepseek', 'deepseek-chat deepseek-reasoner deepseek-v4-pro deepseek-flash'],
    ['xai', 'grok-4.3 grok-code-fast-1 grok-latest'],
    ['cohere', 'command-a-03-2025 command-r-plus-08-2024 embed-v4.0 embed-english-v3.0'],
    ['perplexity', 'sonar sonar-pro'],
    ['moonshot', 'kimi-k3 kimi-k2.6 moonshot-v1-128k'],
    ['groq', 'llama-3.3-70b-versatile llama-3.1-8b-instant'],
    ['cerebras', 'gpt-oss-120b llama3.1-8b zai-glm-4.7'],
    ['fireworks', 'accounts/fireworks/models/deepseek-v4-pro accounts/acme/deployments/abc'],
    [
      'ollama',
      'llama3.2:latest qwen3:8b gpt-oss:20b gemma3:27b-it-qat deepseek-r1:1.5b gpt-oss:120b-cloud gemma4:e4b mistral:7b',
    ],
    ['openrouter', 'meta-llama/llama-3.3-70b-instruct Qwen/Qwen3-32B x-ai/grok-4.3 z-ai/glm-5.2 openrouter/auto'],
  ])('%s', (provider, models) => {
    for (const model of models.split(' ')) expect(first(model), model).toBe(provider)
  })

  test.each([
    '',
    'llama',
    'my-model',
    'acme/llama',
    'gpt4o',
    'claude',
    'o',
    'opus',
    'just some words',
    'constructor',
    'meta-llama',
  ])('%j tells nothing', (model) => {
    expect(resolveByPattern(model)).toEqual([])
  })

  test('others who serve it follow, for those who have no key of the maker', () => {
    expect(resolveByPattern('claude-sonnet-4-5')).toEqual(['anthropic', 'vertex'])
    expect(resolveByPattern('gpt-4o')).toEqual(['openai', 'azure'])
    expect(resolveByPattern('gemini-2.5-pro')).toEqual(['google', 'vertex'])
  })

  test('the case of the letters does not matter', () => {
    expect(first('GPT-4o')).toBe('openai')
    expect(first('Claude-Sonnet-4-5')).toBe('anthropic')
  })

  test('every provider that a pattern names is one that exists', () => {
    const providers = configuredProviders({}, {})
    const named = knownModels
      .flatMap(({ name }) => resolveByPattern(name))
      .concat(resolveByPattern('meta-llama/x'), resolveByPattern('qwen3:8b'))
    for (const name of named) expect(providers.has(name), name).toBe(true)
  })

  test('any text at all is answered, and quickly', () => {
    fc.assert(fc.property(fc.string({ maxLength: 2000 }), (text) => Array.isArray(resolveByPattern(text))))
    expect(resolveByPattern(`gpt-${'a'.repeat(1_000_000)}`)).toEqual([])
  })
})

test('each known model leads to the provider that it is listed under', () => {
  for (const { name, provider } of knownModels)
    if (!name.startsWith('openai/')) expect(resolveByPattern(name), name).toContain(provider)
})
