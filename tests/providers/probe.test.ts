import { describe, expect, it } from 'vitest'
import { LeashError } from '../../src/core/errors.js'
import type { Provider } from '../../src/core/provider.js'
import { configuredProviders, type ProvidersOptions } from '../../src/providers/registry.js'

function provider(name: string, options: ProvidersOptions[string]): Provider {
  const found = configuredProviders({ [name]: options }).get(name)
  if (!found) throw new Error(`There is no ${name}.`)
  return found
}

describe('a probe', () => {
  it.each<[string, ProvidersOptions[string], string, Record<string, string>]>([
    [
      'openai',
      { apiKey: 'key', organization: 'org' },
      'https://api.openai.com/v1/models',
      { authorization: 'Bearer key', 'openai-organization': 'org' },
    ],
    [
      'anthropic',
      { apiKey: 'key' },
      'https://api.anthropic.com/v1/models?limit=1',
      { 'x-api-key': 'key', 'anthropic-version': '2023-06-01' },
    ],
    [
      'google',
      { apiKey: 'key' },
      'https://generativelanguage.googleapis.com/v1beta/models?pageSize=1',
      { 'x-goog-api-key': 'key' },
    ],
    ['azure', { apiKey: 'key', resource: 'acme' }, 'https://acme.openai.azure.com/openai/v1/models', { 'api-key': 'key' }],
    ['groq', { apiKey: 'key' }, 'https://api.groq.com/openai/v1/models', { authorization: 'Bearer key' }],
    [
      'acme',
      { baseURL: 'https://acme.example/api/v2?team=red', apiKey: 'key', headers: { 'x-team': 'red' } },
      'https://acme.example/api/v2/models?team=red',
      { authorization: 'Bearer key', 'x-team': 'red' },
    ],
  ])('of %s asks for its models, with its key and headers', async (name, options, url, headers) => {
    expect(await provider(name, options).probe?.()).toEqual({ url, headers })
  })

  it.each([
    ['2024-10-21', 'openai/models?api-version=2024-10-21'],
    ['preview', 'openai/v1/models?api-version=preview'],
    ['v1', 'openai/v1/models'],
  ])('of Azure knows the version %s', async (apiVersion, path) => {
    const found = provider('azure', { apiKey: 'key', resource: 'acme', apiVersion })
    expect(await found.probe?.()).toMatchObject({ url: `https://acme.openai.azure.com/${path}` })
  })

  it.each(['health', '/health', '//health'])('goes to the path that is given: %s', async (path) => {
    const found = provider('openai', { apiKey: 'key', baseURL: 'https://acme.example/v1' })
    expect(await found.probe?.(path)).toMatchObject({ url: 'https://acme.example/v1/health' })
    expect(await found.probe?.(`${path}?deep=1`)).toMatchObject({ url: 'https://acme.example/v1/health?deep=1' })
  })

  it('takes a key of several, and says which', async () => {
    const found = provider('openai', { apiKey: [{ key: 'secret', name: 'search' }] })
    expect(await found.probe?.()).toMatchObject({ headers: { authorization: 'Bearer secret' }, key: { name: 'search' } })
  })

  it('is not made without a key', async () => {
    const asked = async () => provider('openai', {}).probe?.()
    await expect(asked()).rejects.toThrow(LeashError)
  })

  it.each(['bedrock', 'vertex'])('there is none for %s, which has no address for it', (name) => {
    expect(provider(name, {}).probe).toBeUndefined()
  })
})
