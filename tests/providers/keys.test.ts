/** The option `apiKey` as a list, for each provider that takes one. */
import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LeashError } from '../../src/core/errors.js'
import type { HttpRequest, Provider } from '../../src/core/provider.js'
import { anthropic } from '../../src/providers/anthropic.js'
import { azure } from '../../src/providers/azure.js'
import { bedrock } from '../../src/providers/bedrock.js'
import { google } from '../../src/providers/google.js'
import { openai } from '../../src/providers/openai.js'
import { openaiCompatible } from '../../src/providers/openai-compatible.js'
import type { ApiKeys, KeysOptions } from '../../src/providers/options.js'
import { preset } from '../../src/providers/presets.js'
import { configuredProviders, type ProvidersOptions } from '../../src/providers/registry.js'
import { vertex } from '../../src/providers/vertex.js'
import { checkProvider } from '../../src/testing/provider-kit.js'
import { bare as env, wire } from './upstream.js'

type Make = (options: { readonly apiKey: ApiKeys; readonly keys?: KeysOptions }) => Provider

const all: readonly (readonly [title: string, protocol: string, header: string, url: string, make: Make])[] = [
  ['openai', 'openai-chat', 'authorization', 'https://api.openai.com/v1/chat/completions', (o) => openai({ ...o, env })],
  [
    'azure',
    'openai-chat',
    'api-key',
    'https://acme.openai.azure.com/openai/v1/chat/completions',
    (o) => azure({ ...o, resource: 'acme', env }),
  ],
  ['anthropic', 'anthropic-messages', 'x-api-key', 'https://api.anthropic.com/v1/messages', (o) => anthropic({ ...o, env })],
  [
    'google',
    'gemini',
    'x-goog-api-key',
    'https://generativelanguage.googleapis.com/v1beta/models/m:generateContent',
    (o) => google({ ...o, env }),
  ],
  [
    'mistral',
    'openai-chat',
    'authorization',
    'https://api.mistral.ai/v1/chat/completions',
    (o) => preset('mistral', { ...o, env }),
  ],
  [
    'acme',
    'openai-chat',
    'authorization',
    'https://llm.acme.example/v1/chat/completions',
    (o) => openaiCompatible({ ...o, name: 'acme', baseURL: 'https://llm.acme.example/v1', env }),
  ],
]

const secrets = ['sk-s3cret-one-0123', 'sk-s3cret-two-0123', 'sk-s3cret-three-0123'] as const
const list = [{ key: secrets[0], name: 'team', weight: 2 }, secrets[1], async () => secrets[2]] as const

const shown = (value: unknown) => `${inspect(value, { depth: 9, showHidden: true })} ${JSON.stringify(value)} ${String(value)}`
const fails = (make: () => unknown): LeashError => {
  try {
    make()
  } catch (error) {
    if (error instanceof LeashError) return error
    throw error
  }
  throw new Error('It was taken.')
}

describe.each(all)('several keys for %s', (title, protocol, header, url, make) => {
  const prepare = async (provider: Provider): Promise<HttpRequest> => provider.prepare(wire({ protocol, model: 'm' }))

  test('are all sent in its header, and named in their stead', async () => {
    const provider = make({ apiKey: list })
    expect(provider.missing()).toBeUndefined()
    const sent = new Map<string, string>()
    for (let call = 0; call < 30; call++) {
      const { headers, key } = await prepare(provider)
      sent.set(key?.name ?? '', headers[header] ?? '')
      key?.done()
    }
    expect([...sent].toSorted()).toEqual([
      ['key 2', expect.stringContaining(secrets[1])],
      ['key 3', expect.stringContaining(secrets[2])],
      ['team', expect.stringContaining(secrets[0])],
    ])
    expect(provider.keys?.()).toMatchObject([{ name: 'team', state: 'ready' }, { name: 'key 2' }, { name: 'key 3' }])
    expect(provider.keys?.().reduce((sum, { uses }) => sum + uses, 0)).toBe(30)
  })

  test('are not to be seen on the provider, its states, or its errors', async () => {
    const provider = make({ apiKey: list })
    const errors: unknown[] = []
    for (let call = 0; call < 4; call++) {
      const request = await prepare(provider).catch((error) => void errors.push(error))
      expect(shown(request?.key)).not.toContain('s3cret')
      request?.key?.failed(new LeashError('authentication_failed', 'No.'))
    }
    expect(errors).toMatchObject([{ code: 'authentication_failed' }])
    for (const value of [provider, provider.keys?.(), ...errors]) expect(shown(value)).not.toContain('s3cret')
  })

  test('keep the contract of a provider', async () => {
    const provider = make({ apiKey: [secrets[0], secrets[0]] })
    const results = await checkProvider(provider, { model: 'm', secret: secrets[0] })
    expect(results.filter(({ ok }) => !ok)).toEqual([])
  })

  test('are for its own server', () => {
    const { hasKeysFor } = make({ apiKey: list })
    expect(hasKeysFor?.(url)).toBe(true)
    for (const other of ['https://elsewhere.example/v1/chat/completions', `https://elsewhere.example/?to=${url}`, '', 'nonsense'])
      expect(hasKeysFor?.(other), other).toBe(false)
  })

  test('are no matter to a single key', async () => {
    const provider = make({ apiKey: secrets[0], keys: { strategy: 'least-used' } })
    expect(provider).not.toHaveProperty('keys')
    expect(provider).not.toHaveProperty('hasKeysFor')
    expect(await prepare(provider)).not.toHaveProperty('key')
  })

  test.each<[why: string, apiKey: unknown]>([
    ['an empty list', []],
    ['a blank key', ['a', ' ']],
    ['a key that is missing', ['a', undefined]],
    ['a key that is null', ['a', null]],
    ['an entry without a key', ['a', { name: 'b' }]],
    ['a list in the list', [['a']]],
    [
      'two keys of one name',
      [
        { key: 'a', name: 'x' },
        { key: 'b', name: 'x' },
      ],
    ],
    ['a name that another has by its place', [{ key: 'a', name: 'key 2' }, 'b']],
    ['a name that is the key', [{ key: 's3cret', name: 's3cret' }]],
    ['a blank name', [{ key: 'a', name: ' ' }]],
    ['a weight of 0', [{ key: 'a', weight: 0 }]],
    ['a weight below 0', [{ key: 'a', weight: -1 }]],
    ['a weight without an end', [{ key: 'a', weight: Number.POSITIVE_INFINITY }]],
    ['a weight that is no number', [{ key: 'a', weight: Number.NaN }]],
    ['a key with a line break', ['a', 's3cret\n']],
  ])('are refused with %s', (_, apiKey) => {
    const error = fails(() => make({ apiKey: apiKey as ApiKeys }))
    expect(error).toMatchObject({ code: 'invalid_config', message: expect.stringContaining(`"${title}"`) })
    expect(shown(error)).not.toContain('s3cret')
  })

  test.each<[why: string, keys: unknown]>([
    ['an unknown strategy', { strategy: 'random' }],
    ['a negative time', { cooldownMs: -1 }],
    ['a time that is no number', { disableMs: Number.NaN }],
    ['an unknown option', { coolDownMs: 5 }],
  ])('are refused with %s', (_, keys) => {
    expect(fails(() => make({ apiKey: list, keys: keys as KeysOptions }))).toMatchObject({ code: 'invalid_config' })
  })

  test.each<[where: string, keys: unknown]>([
    ['a list', ['s3cret', 'another']],
    ['a text', 's3cret'],
  ])('are not taken from `keys`: %s', (_, keys) => {
    const error = fails(() => make({ apiKey: secrets[0], keys: keys as KeysOptions }))
    expect(error).toMatchObject({
      code: 'invalid_config',
      message: expect.stringContaining('Give the keys themselves as `apiKey`'),
    })
    expect(shown(error)).not.toContain('s3cret')
  })
})

test('several keys in the options go before the one of the environment', async () => {
  const provider = openai({ apiKey: ['a', 'b'], env: { OPENAI_API_KEY: 'c' } })
  for (let call = 0; call < 10; call++) {
    const { headers } = await provider.prepare(wire({ protocol: 'openai-chat', model: 'm' }))
    expect(headers.authorization).toMatch(/^Bearer [ab]$/)
  }
})

test('a variable holds one key, commas and all: the vendor’s own SDK reads it too', async () => {
  const provider = openai({ env: { OPENAI_API_KEY: 'a,b' } })
  const { headers } = await provider.prepare(wire({ protocol: 'openai-chat', model: 'm' }))
  expect(headers.authorization).toBe('Bearer a,b')
})

test('a header of the user that authenticates takes the place of all keys', async () => {
  const provider = openai({ apiKey: ['a', 'b'], headers: { authorization: 'Bearer gateway' }, env })
  expect(provider).not.toHaveProperty('keys')
  const request = await provider.prepare(wire({ protocol: 'openai-chat', model: 'm' }))
  expect(request.headers.authorization).toBe('Bearer gateway')
})

test('keys for an address that is not known yet are for none', () => {
  const provider = azure({ apiKey: ['a', 'b'], env })
  expect(provider.hasKeysFor?.('https://acme.openai.azure.com/openai/v1/chat/completions')).toBe(false)
})

test('Vertex AI and Bedrock, whose credentials are chains, take one key', () => {
  const two: unknown = ['a', 'b']
  expect(fails(() => vertex({ apiKey: two as string, env }))).toMatchObject({ code: 'invalid_config' })
  expect(fails(() => bedrock({ apiKey: two as string, env }))).toMatchObject({ code: 'invalid_config' })
  for (const name of ['vertex', 'bedrock']) {
    const options: unknown = { [name]: { keys: { strategy: 'least-used' } } }
    expect(fails(() => configuredProviders(options as ProvidersOptions, env)).message).toContain(
      `unknown option \`providers.${name}.keys\``,
    )
  }
})

test('a list from a file of configuration is taken by every kind of provider', () => {
  const several = { apiKey: ['a', { key: 'b', weight: 2 }], keys: { cooldownMs: 5 } }
  const providers = configuredProviders(
    {
      openai: several,
      anthropic: several,
      groq: several,
      eu: { type: 'openai', ...several },
      acme: { baseURL: 'https://a.example', ...several },
    },
    env,
  )
  for (const name of ['openai', 'anthropic', 'groq', 'eu', 'acme']) expect(providers.get(name)?.keys?.()).toHaveLength(2)
})

test('a key of whatever text is shown nowhere but in the request', async () => {
  await fc.assert(
    fc.asyncProperty(fc.stringMatching(/^[!-~]{12,40}$/), async (secret) => {
      const provider = openai({ apiKey: [secret, { key: () => secret, name: 'read' }], env })
      const request = await provider.prepare(wire({ protocol: 'openai-chat', model: 'm' }))
      request.key?.failed(new LeashError('rate_limited', 'Slow down.', { retryable: true }))
      for (const value of [provider, provider.keys?.(), request.key]) expect(shown(value)).not.toContain(secret)
      expect(request.headers.authorization).toBe(`Bearer ${secret}`)
    }),
    { numRuns: 50 },
  )
})
