import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { LeashError } from '../../src/core/errors.js'
import type { Provider } from '../../src/core/provider.js'
import { anthropic } from '../../src/providers/anthropic.js'
import { azure } from '../../src/providers/azure.js'
import { google } from '../../src/providers/google.js'
import { openai } from '../../src/providers/openai.js'
import { openaiCompatible } from '../../src/providers/openai-compatible.js'
import type { ApiKey } from '../../src/providers/options.js'
import { preset } from '../../src/providers/presets.js'
import { vertex } from '../../src/providers/vertex.js'
import { bare, wire } from './upstream.js'

/** Each provider with a key, and the header that is to carry it. */
const all: readonly {
  readonly title: string
  readonly variable?: string
  readonly header: string
  readonly carries: (key: string) => string
  readonly make: (apiKey: ApiKey | undefined, env: Record<string, string>) => Provider
  readonly protocol: string
}[] = [
  {
    title: 'openai',
    variable: 'OPENAI_API_KEY',
    header: 'authorization',
    carries: bearer,
    protocol: 'openai-chat',
    make: (apiKey, env) => openai({ apiKey, env }),
  },
  {
    title: 'azure',
    variable: 'AZURE_OPENAI_API_KEY',
    header: 'api-key',
    carries: plain,
    protocol: 'openai-chat',
    make: (apiKey, env) => azure({ apiKey, env, resource: 'acme' }),
  },
  {
    title: 'anthropic',
    variable: 'ANTHROPIC_API_KEY',
    header: 'x-api-key',
    carries: plain,
    protocol: 'anthropic-messages',
    make: (apiKey, env) => anthropic({ apiKey, env }),
  },
  {
    title: 'google',
    variable: 'GEMINI_API_KEY',
    header: 'x-goog-api-key',
    carries: plain,
    protocol: 'gemini',
    make: (apiKey, env) => google({ apiKey, env }),
  },
  {
    title: 'mistral',
    variable: 'MISTRAL_API_KEY',
    header: 'authorization',
    carries: bearer,
    protocol: 'openai-chat',
    make: (apiKey, env) => preset('mistral', { apiKey, env }),
  },
  {
    title: 'acme',
    variable: 'ACME_KEY',
    header: 'authorization',
    carries: bearer,
    protocol: 'openai-chat',
    make: (apiKey, env) =>
      openaiCompatible({ name: 'acme', baseURL: 'https://acme.example/v1', apiKeyVariable: 'ACME_KEY', apiKey, env }),
  },
]

const ask = async (provider: Provider, protocol: string) => (await provider.prepare(wire({ protocol, model: 'm' }))).headers
const failure = (promise: Promise<unknown>): Promise<LeashError> =>
  promise.then(
    () => {
      throw new Error('It did not fail.')
    },
    (error) => error,
  )

describe.each(all)('a key for $title', ({ title, variable, header, carries, make, protocol }) => {
  test('is taken from the options before the environment', async () => {
    const headers = await ask(make('from-options', variable ? { [variable]: 'from-env' } : {}), protocol)
    expect(headers[header]).toBe(carries('from-options'))
  })

  test('is taken from the environment, at each call', async () => {
    const env: Record<string, string> = {}
    const provider = make(undefined, env)
    expect(provider.missing()).toContain(variable)
    env[variable ?? ''] = 'first'
    expect(provider.missing()).toBeUndefined()
    expect((await ask(provider, protocol))[header]).toBe(carries('first'))
    env[variable ?? ''] = 'second'
    expect((await ask(provider, protocol))[header]).toBe(carries('second'))
  })

  test('may come from a function, which is asked for each request', async () => {
    let count = 0
    const provider = make(async () => `key-${++count}`, {})
    expect(provider.missing()).toBeUndefined()
    expect((await ask(provider, protocol))[header]).toBe(carries('key-1'))
    expect((await ask(provider, protocol))[header]).toBe(carries('key-2'))
  })

  test.each(['', ' ', '\t \n'])('counts as missing when it is blank (%j)', async (blank) => {
    const provider = make(blank, variable ? { [variable]: blank } : {})
    expect(provider.missing()).toContain(variable)
    const error = await failure(Promise.resolve().then(() => ask(provider, protocol)))
    expect(error).toMatchObject({ code: 'missing_key', status: 401 })
    expect(error.message).toContain(variable)
    expect(error.message).toContain(title)
  })

  test.each(['', '  ', undefined, null, 7])('that a function fails to give (%j) is missing', async (given) => {
    const broken: unknown = () => given
    const error = await failure(Promise.resolve().then(() => ask(make(broken as ApiKey, {}), protocol)))
    expect(error).toMatchObject({ code: 'missing_key' })
    expect(error.message).toContain('apiKey')
  })

  test('with a character that cannot stand in a header is refused, and never shown', async () => {
    const secret = fc.stringMatching(/^[A-Za-z0-9_-]{8,40}$/)
    const bad = fc.constantFrom('\n', '\r\nx-evil: 1', '\0', '\x7f', '“', '\u200b', 'é', '\t')
    await fc.assert(
      fc.asyncProperty(secret, bad, secret, fc.boolean(), async (front, middle, back, asFunction) => {
        const key = front + middle + back
        const error = await failure(Promise.resolve().then(() => ask(make(asFunction ? () => key : key, {}), protocol)))
        expect(error).toMatchObject({ code: 'invalid_config' })
        const shown = `${error.message}\n${error.stack}\n${inspect(error, { depth: 9, showHidden: true })}\n${JSON.stringify(error)}`
        for (const part of [front, back]) expect(shown).not.toContain(part)
      }),
      { numRuns: 60 },
    )
  })

  test('is not to be seen on the provider', () => {
    expect(inspect(make('sk-very-secret', {}), { depth: 9, showHidden: true })).not.toContain('sk-very-secret')
  })
})

const own = { headers: { Authorization: 'Bearer gateway' }, env: bare }

test.each([
  ['openai', openai(own), 'openai-chat', 'x-api-key'],
  ['anthropic', anthropic(own), 'anthropic-messages', 'x-api-key'],
  ['google', google(own), 'gemini', 'x-goog-api-key'],
] as const)('a key for %s gives way to a header of the user that authenticates', async (_, provider, protocol, otherwise) => {
  expect(provider.missing()).toBeUndefined()
  const headers = await ask(provider, protocol)
  expect(headers.authorization).toBe('Bearer gateway')
  expect(headers[otherwise]).toBeUndefined()
})

test('the own error of a key function is the cause, and its text stays out of the message', async () => {
  const cause = new Error('vault says: token hvs.s3cret expired')
  const provider = openai({ apiKey: () => Promise.reject(cause), env: bare })
  const error = await failure(Promise.resolve().then(() => ask(provider, 'openai-chat')))
  expect(error).toMatchObject({ code: 'missing_key', cause })
  expect(error.message).not.toContain('s3cret')
})

test('a key that is no text is refused when the provider is made', () => {
  const wrong: unknown = 42
  expect(() => openai({ apiKey: wrong as string })).toThrow(expect.objectContaining({ code: 'invalid_config' }))
})

test('a bad header is refused without its value', () => {
  const make = (headers: Record<string, string>) => () => openai({ headers, env: bare })
  expect(make({ 'x-a': 'one\r\ntwo' })).toThrow(
    expect.objectContaining({ code: 'invalid_config', message: expect.not.stringContaining('two') }),
  )
  expect(make({ 'x a': 'b' })).toThrow(/header "x a"/)
  expect(make({ 'x-ok': 'fine' })).not.toThrow()
})

test('no message of any provider names a key that was given elsewhere', () => {
  const env = { OPENAI_API_KEY: 'sk-env-secret' }
  for (const provider of [
    openai({ env }),
    azure({ env, apiKey: 'sk-azure-secret' }),
    vertex({ env, accessToken: 'ya29.secret' }),
  ])
    expect(provider.missing() ?? '').not.toContain('secret')
})

function bearer(key: string): string {
  return `Bearer ${key}`
}
function plain(key: string): string {
  return key
}
