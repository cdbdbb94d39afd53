import { build } from 'esbuild'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { LeashError } from '../../src/core/errors.js'
import type { Provider } from '../../src/core/provider.js'
import { configuredProviders, type ProvidersOptions } from '../../src/providers/registry.js'
import { root } from '../helpers/source.js'
import { bare, wire } from './upstream.js'

const chat = wire({ protocol: 'openai-chat', model: 'm' })
const fails = (options: unknown): LeashError => {
  try {
    configuredProviders(options as ProvidersOptions, bare)
  } catch (error) {
    return error as LeashError
  }
  throw new Error('It was taken.')
}

const configured = (options: ProvidersOptions, env?: Record<string, string>) => {
  const providers = configuredProviders(options, env)
  return providers.names().filter(providers.isConfigured)
}

afterEach(() => vi.unstubAllEnvs())

describe('the registry', () => {
  test('knows the built-in providers and the presets, and nobody else', () => {
    const providers = configuredProviders({}, bare)
    expect(providers.names().slice(0, 6)).toEqual(['openai', 'azure', 'anthropic', 'google', 'vertex', 'bedrock'])
    expect(providers.names()).toEqual(expect.arrayContaining(['mistral', 'openrouter', 'ollama']))
    for (const name of providers.names()) {
      expect(providers.has(name)).toBe(true)
      expect(providers.get(name)?.name).toBe(name)
    }
    for (const name of ['meta-llama', '', 'constructor', '__proto__', 'toString', 'OpenAI']) {
      expect(providers.has(name), name).toBe(false)
      expect(providers.get(name), name).toBeUndefined()
    }
  })

  test('makes a provider once', () => {
    const providers = configuredProviders({}, bare)
    expect(providers.get('openai')).toBe(providers.get('openai'))
  })

  test('gives options to the provider of that name', async () => {
    const providers = configuredProviders(
      { openai: { apiKey: 'own', organization: 'org' }, mistral: { apiKey: 'm', baseURL: 'https://eu.example/v1' } },
      bare,
    )
    expect((await providers.get('openai')?.prepare(chat))?.headers).toMatchObject({
      authorization: 'Bearer own',
      'openai-organization': 'org',
    })
    expect((await providers.get('mistral')?.prepare(chat))?.url).toBe('https://eu.example/v1/chat/completions')
  })

  test('takes the particular options of each provider, without any of the common ones', () => {
    const options: ProvidersOptions = {
      openai: { organization: 'org' },
      azure: { resource: 'acme' },
      anthropic: { authToken: 't' },
      vertex: { project: 'p', location: 'eu' },
      bedrock: { region: 'eu-central-1', profile: 'default' },
      ollama: {},
    }
    expect(() => configuredProviders(options, bare)).not.toThrow()
  })

  test('takes a whole provider as it is', () => {
    const mine: Provider = {
      name: 'mine',
      protocols: ['openai-chat'],
      traits: () => ({}),
      missing: () => undefined,
      prepare: () => Promise.reject(new Error('no')),
    }
    expect(configuredProviders({ mine, openai: mine }, bare).get('openai')).toBe(mine)
    expect(configuredProviders({ mine }, bare).names()[0]).toBe('mine')
  })

  test('makes another of the same kind under a name of the user', async () => {
    const providers = configuredProviders(
      {
        'openai-eu': { type: 'openai', apiKey: 'eu', baseURL: 'https://eu.api.openai.com/v1' },
        gpu: { type: 'vllm', baseURL: 'http://gpu-7:8000/v1' },
      },
      bare,
    )
    expect(providers.get('openai-eu')).toMatchObject({
      name: 'openai-eu',
      protocols: ['openai-chat', 'openai-responses', 'openai-embeddings'],
    })
    expect((await providers.get('openai-eu')?.prepare(chat))?.headers.authorization).toBe('Bearer eu')
    expect((await providers.get('gpu')?.prepare(chat))?.url).toBe('http://gpu-7:8000/v1/chat/completions')
    expect(providers.get('gpu')?.traits('m')).toMatchObject({ systemRole: 'system' })
  })

  test('an unknown name with a base URL is a server that follows OpenAI', async () => {
    const providers = configuredProviders(
      { acme: { baseURL: 'https://llm.acme.example/v1', apiKeyVariable: 'ACME_KEY' } },
      { ACME_KEY: 'k' },
    )
    expect((await providers.get('acme')?.prepare(chat))?.url).toBe('https://llm.acme.example/v1/chat/completions')
    expect(providers.isConfigured('acme')).toBe(true)
  })

  test('what is configured is checked at once, and the message names the place', () => {
    expect(fails({ acme: {} })).toMatchObject({ code: 'invalid_config', message: expect.stringContaining('providers.acme') })
    expect(fails({ acme: { type: 'fax', baseURL: 'https://a.example' } }).message).toContain('providers.acme.type')
    expect(fails({ acme: 'https://a.example' }).message).toContain('providers.acme')
    expect(fails({ 'a/b': { baseURL: 'https://a.example' } }).code).toBe('invalid_config')
    expect(fails({ openai: { baseURL: 'nonsense' } }).code).toBe('invalid_config')
    expect(fails({ openai: { apikey: 'sk-secret' } }).message).toMatch(/unknown option `providers.openai.apikey` .*apiKey/)
    expect(fails({ openai: { apikey: 'sk-secret' } }).message).not.toContain('secret')
    expect(fails({ vertex: { apiKey: 'k', region: 'x' } }).message).toContain('location')
  })

  test.each<[name: string, option: string, value: unknown, expected: string]>([
    ['openai', 'headers', 'x-team: a', 'must be an object'],
    ['openai', 'headers.x-team', 5, 'must be a string'],
    ['openai', 'organization', {}, 'must be a string'],
    ['openai', 'baseURL', 5, 'must be a string'],
    ['groq', 'idempotencyHeader', true, 'must be a string'],
    ['google', 'traits', 'vision', 'must be a function or an object'],
    ['azure', 'endpoint', {}, 'must be a string'],
    ['azure', 'resource', null, 'must be a string'],
    ['azure', 'azureADTokenProvider', 'token', 'must be a function'],
    ['vertex', 'project', {}, 'must be a string'],
    ['vertex', 'credentials', '{"type":"service_account"}', 'must be an object'],
    ['bedrock', 'region', 5, 'must be a string'],
    ['bedrock', 'client', true, 'must be an object'],
    ['acme', 'keyless', 'yes', 'must be a boolean'],
  ])('an option that is nothing of its kind is refused by its place: %s, %s', (name, option, value, expected) => {
    const [member = '', inner] = option.split('.')
    const error = fails({ [name]: { [member]: inner === undefined ? value : { [inner]: value } } })
    expect(error.code).toBe('invalid_config')
    expect(error.message).toContain(`\`providers.${name}.${option}\`: ${expected}`)
  })

  test('what is not configured is not asked for', () => {
    vi.stubEnv('AZURE_OPENAI_ENDPOINT', 'nonsense')
    expect(() => configuredProviders().names()).not.toThrow()
  })

  describe('those that are configured', () => {
    test('are those with a key in the environment', () => {
      expect(configured({}, bare)).toEqual([])
      expect(configured({}, { ANTHROPIC_API_KEY: 'k', GROQ_API_KEY: 'k' })).toEqual(['anthropic', 'groq'])
      vi.stubEnv('ANTHROPIC_API_KEY', 'k')
      expect(configured({})).toContain('anthropic')
    })

    test('and those with options, when nothing is missing', () => {
      expect(configured({ openai: { apiKey: 'k' }, groq: { baseURL: 'https://g.example/v1' } }, bare)).toEqual(['openai'])
    })

    test('a local server counts when somebody said where it is, because it wants no key', () => {
      expect(configured({}, { OLLAMA_HOST: '127.0.0.1' })).toEqual(['ollama'])
      expect(configured({ vllm: {} }, bare)).toEqual(['vllm'])
      expect(configuredProviders({}, bare).get('ollama')?.missing()).toBeUndefined()
    })

    test('a key that is set later counts from then on', () => {
      const env: Record<string, string> = {}
      const providers = configuredProviders({}, env)
      expect(providers.isConfigured('openai')).toBe(false)
      env.OPENAI_API_KEY = 'k'
      expect(providers.isConfigured('openai')).toBe(true)
    })
  })
})

test('importing the registry loads no package at all', async () => {
  const { metafile } = await build({
    entryPoints: [`${root}/src/providers/registry.ts`],
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'neutral',
    packages: 'external',
    outdir: 'unused',
  })
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports)
  expect(imports.filter(({ kind }) => kind !== 'dynamic-import')).toEqual([])
  expect(imports.map(({ path }) => path)).toContain('google-auth-library')
})
