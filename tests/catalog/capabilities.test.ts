import { beforeAll, describe, expect, test } from 'vitest'
import { loadCapabilities } from '../../src/catalog/capabilities.js'
import { abilitiesOf, sources } from '../../src/catalog/families.js'
import { knownModels } from '../../src/catalog/models.js'
import type { Capabilities } from '../../src/core/capabilities.js'
import { configuredProviders } from '../../src/providers/registry.js'

const registry = configuredProviders({}, {})
let ask: (name: string) => Capabilities

beforeAll(async () => {
  const capabilities = await loadCapabilities()
  ask = (name) => {
    const slash = name.indexOf('/')
    const provider = name.slice(0, slash)
    return capabilities({ provider: registry.get(provider) ?? { name: provider }, model: name.slice(slash + 1) })
  }
})

describe('capabilities', () => {
  test.each<[string, Capabilities]>([
    [
      'openai/gpt-4o',
      { contextWindow: 128_000, maxOutput: 16_384, tools: true, images: true, audio: false, thinking: false, prefill: false },
    ],
    ['openai/gpt-5-2025-08-07', { contextWindow: 400_000, maxOutput: 128_000, thinking: true }],
    ['openai/gpt-4o-audio-preview', { audio: true, images: false }],
    ['openai/o3', { contextWindow: 200_000, thinking: true }],
    ['openai/text-embedding-3-small', { contextWindow: 8192, embeddings: true, tools: false }],
    ['azure/gpt-4o', { contextWindow: 128_000, maxOutput: 16_384 }],
    [
      'anthropic/claude-sonnet-4-5-20250929',
      { contextWindow: 200_000, maxOutput: 64_000, prefill: true, structuredOutput: true, files: true },
    ],
    ['anthropic/claude-opus-5-5', { contextWindow: 1_000_000, maxOutput: 128_000, prefill: false, thinking: true, audio: false }],
    ['anthropic/claude-3-haiku-20240307', { contextWindow: 200_000, thinking: false, structuredOutput: false }],
    ['vertex/claude-sonnet-4-5@20250929', { contextWindow: 200_000, maxOutput: 64_000 }],
    ['google/gemini-2.5-pro', { contextWindow: 1_048_576, maxOutput: 65_536, audio: true, thinking: true }],
    ['bedrock/us.anthropic.claude-haiku-4-5-20251001-v1:0', { contextWindow: 200_000, images: true }],
    ['bedrock/amazon.nova-micro-v1:0', { contextWindow: 128_000, images: false, structuredOutput: false }],
    ['groq/openai/gpt-oss-120b', { contextWindow: 131_072, maxOutput: 65_536, images: false, structuredOutput: true }],
    ['groq/llama-3.3-70b-versatile', { images: false, tools: true, structuredOutput: false }],
    ['deepseek/deepseek-v4-pro', { images: false, thinking: true, structuredOutput: false }],
    ['openrouter/anthropic/claude-sonnet-4.5', { images: true }],
  ])('of %s are known', (name, expected) => {
    expect(ask(name)).toMatchObject(expected)
  })

  test.each(['nobody/anything', 'vllm/my-own-model', 'ollama/qwen3:0.6b'])(
    'of %s are unknown, and nothing is guessed',
    (name) => {
      const { prefill: _, ...said } = ask(name)
      expect(said).toEqual({})
    },
  )

  test('of a deployment are those of the model behind it', async () => {
    const capabilities = await loadCapabilities()
    const provider = { name: 'azure', traits: () => ({ baseModel: 'gpt-4o-mini' }) }
    expect(capabilities({ provider, model: 'prod' })).toMatchObject({ contextWindow: 128_000, images: true })
  })

  test('never contradict the list of known models', () => {
    for (const { provider, name, kind, contextWindow, maxOutput } of knownModels) {
      const said = ask(`${provider}/${name}`)
      if (contextWindow !== undefined) expect(said.contextWindow, name).toBe(contextWindow)
      if (maxOutput !== undefined) expect(said.maxOutput, name).toBe(maxOutput)
      expect(said.embeddings ?? false, name).toBe(kind === 'embeddings')
    }
  })

  test('of nearly every known chat model tell whether it takes tools and images', () => {
    const chat = knownModels.filter(({ kind }) => kind === 'chat')
    const told = chat.filter(({ name }) => abilitiesOf(name).tools !== undefined && abilitiesOf(name).images !== undefined)
    expect(told.length / chat.length).toBeGreaterThan(0.9)
  })

  test('each row tells a page', () => {
    for (const source of sources) expect(source).toMatch(/^https:\/\//)
  })
})
