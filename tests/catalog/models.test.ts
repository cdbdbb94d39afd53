import { expect, test } from 'vitest'
import { knownModels } from '../../src/catalog/models.js'
import { configuredProviders } from '../../src/providers/registry.js'

test('every known model belongs to a provider that exists, and stands there once', () => {
  const providers = configuredProviders({}, {})
  const seen = knownModels.map(({ provider, name }) => `${provider}/${name}`)
  expect(new Set(seen).size).toBe(seen.length)
  for (const { provider } of knownModels) expect(providers.has(provider), provider).toBe(true)
})

test('the provider of a known model speaks its kind', () => {
  const providers = configuredProviders({}, {})
  for (const { provider, name, kind } of knownModels) {
    const found = providers.get(provider)
    const spoken = found?.protocolsFor?.(name) ?? found?.protocols ?? []
    expect(
      spoken.some((protocol) => protocol.endsWith('embeddings') === (kind === 'embeddings')),
      `${provider}/${name}`,
    ).toBe(true)
  }
})

test('no model answers with more tokens than it has room for', () => {
  for (const { name, contextWindow = 0, maxOutput = 0 } of knownModels) {
    expect(Number.isInteger(contextWindow) && Number.isInteger(maxOutput), name).toBe(true)
    if (maxOutput) expect(maxOutput, name).toBeLessThanOrEqual(contextWindow)
  }
})
