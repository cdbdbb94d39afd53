/** Which provider a model's name leads to, and in which order that is asked. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Here, Target } from '../src/core/call.js'
import { isLeashError } from '../src/core/errors.js'
import { configuredProviders, type ProvidersOptions } from '../src/providers/registry.js'
import { createResolver } from '../src/resolve.js'

const key = { apiKey: 'sk-do-not-tell' }

/** No variable is set but these. */
function resolver(providers: ProvidersOptions = {}, routes: Record<string, string> = {}, env: Record<string, string> = {}) {
  const resolve = createResolver(configuredProviders(providers, env), routes)
  return (model: string, here?: Here, protocol = 'openai-chat') => resolve(model, protocol, here)
}

const here = (over: Partial<Here> = {}): Here => ({
  url: 'https://api.openai.com/v1/chat/completions',
  headers: new Headers(),
  provider: 'openai',
  ready: true,
  isVendor: true,
  ...over,
})
const proxy = here({ url: 'https://proxy.example/v1/chat/completions', isVendor: false })
const brief = ({ provider, model, origin }: Target) => `${provider.name} ${model}${origin ? ' as addressed' : ''}`

function failure(run: () => unknown): { code: string; message: string } {
  try {
    run()
  } catch (error) {
    if (isLeashError(error)) return error
    throw error
  }
  throw new Error('It did not fail.')
}

describe('provider/model', () => {
  test('leads to that provider, whatever the rest looks like', () => {
    const resolve = resolver({ groq: key, openai: key, anthropic: key })
    expect(brief(resolve('groq/llama-3.3-70b-versatile'))).toBe('groq llama-3.3-70b-versatile')
    expect(brief(resolve('groq/openai/gpt-oss-120b'))).toBe('groq openai/gpt-oss-120b')
    expect(brief(resolve('openai/claude-sonnet-4-5'))).toBe('openai claude-sonnet-4-5')
  })

  test('wins over a route of the same name', () => {
    const resolve = resolver({ groq: key, openai: key }, { 'groq/x': 'openai/y' })
    expect(brief(resolve('groq/x'))).toBe('groq x')
  })

  test('is sent as its SDK addressed it when the SDK lives there', () => {
    expect(brief(resolver()('openai/gpt-9', here()))).toBe('openai gpt-9 as addressed')
    expect(brief(resolver({ openai: key })('openai/gpt-9', here({ ready: false })))).toBe('openai gpt-9')
  })

  test('knows providers of the user’s own', () => {
    const local = { baseURL: 'http://localhost:9/v1', keyless: true }
    expect(brief(resolver({ house: local })('house/any'))).toBe('house any')
  })

  test('may lead to a provider whose key is missing, and says which to set', () => {
    const { provider } = resolver()('anthropic/claude-sonnet-4-5', here())
    expect(provider.missing()).toContain('ANTHROPIC_API_KEY')
  })

  test('whose first part is no provider is one name', () => {
    expect(brief(resolver({ together: key })('meta-llama/llama-3.3-70b'))).toBe('together meta-llama/llama-3.3-70b')
  })
})

describe('routes', () => {
  test('are the user’s names for models', () => {
    const resolve = resolver({ groq: key }, { fast: 'groq/llama', '': 'groq/empty' })
    expect(brief(resolve('fast', here()))).toBe('groq llama')
  })

  test('win over the names that vendors use', () => {
    const resolve = resolver({ groq: key, openai: key }, { 'gpt-4o': 'groq/llama' })
    expect(brief(resolve('gpt-4o', here()))).toBe('groq llama')
  })

  test('do not lead to routes, and must name a provider', () => {
    const { code, message } = failure(() => resolver({ groq: key }, { a: 'b', b: 'groq/x' })('a'))
    expect(code).toBe('invalid_config')
    expect(message).toMatch(/route "a" leads to "b", which names no provider.*groq/)
  })

  test('may lead to a provider whose key is missing', () => {
    expect(resolver({}, { fast: 'groq/llama' })('fast', here()).provider.missing()).toContain('GROQ_API_KEY')
  })

  test('are not read from the prototype', () => {
    expect(brief(resolver({ openai: key })('constructor', here()))).toBe('openai constructor as addressed')
    expect(brief(resolver({ openai: key })('toString'))).toBe('openai toString')
  })
})

describe('a bare name', () => {
  test.each([
    ['claude-sonnet-4-5', 'anthropic'],
    ['gemini-2.5-flash', 'google'],
    ['mistral-large-latest', 'mistral'],
    ['deepseek-chat', 'deepseek'],
    ['grok-4', 'xai'],
    ['us.amazon.nova-lite-v1:0', 'bedrock'],
  ])('%s leads to its maker when there is a key', (model, provider) => {
    const all = { openai: key, anthropic: key, google: key, mistral: key, deepseek: key, xai: key }
    const bedrock = { region: 'us-east-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } }
    expect(brief(resolver({ ...all, bedrock })(model, here()))).toBe(`${provider} ${model}`)
  })

  test('leads to the first who has it and is configured', () => {
    const vertex = { project: 'p', location: 'global', accessToken: 't' }
    expect(brief(resolver({ vertex })('claude-sonnet-4-5', here()))).toBe('vertex claude-sonnet-4-5')
    expect(brief(resolver({ vertex, anthropic: key })('claude-sonnet-4-5', here()))).toBe('anthropic claude-sonnet-4-5')
  })

  test('leads to whom the SDK was made for before another who has it, where that one speaks its protocol', () => {
    const onVertex = here({ url: 'https://us-central1-aiplatform.googleapis.com/v1/x', provider: 'vertex', isVendor: false })
    const resolve = resolver({ google: key, anthropic: key })
    expect(brief(resolve('gemini-2.5-flash', onVertex, 'gemini'))).toBe('vertex gemini-2.5-flash as addressed')
    expect(brief(resolve('claude-sonnet-4-5', onVertex, 'gemini'))).toBe('anthropic claude-sonnet-4-5')
    expect(brief(resolve('google/gemini-2.5-flash', here({ ...onVertex, isVendor: true }), 'gemini'))).toBe(
      'google gemini-2.5-flash',
    )
  })

  test('counts a key in the environment', () => {
    expect(brief(resolver({}, {}, { ANTHROPIC_API_KEY: 'k' })('claude-sonnet-4-5', here()))).toBe('anthropic claude-sonnet-4-5')
  })

  test('without its maker’s key is not sent to another vendor, and says which key to set', () => {
    const { provider, origin } = resolver()('claude-sonnet-4-5', here())
    expect([origin, provider.missing()]).toEqual([undefined, expect.stringContaining('ANTHROPIC_API_KEY')])
  })

  test('without its maker’s key goes to an address of the caller’s own', () => {
    expect(brief(resolver()('claude-sonnet-4-5', proxy))).toBe('openai claude-sonnet-4-5 as addressed')
  })

  test('that nobody knows goes where the SDK was going', () => {
    expect(brief(resolver({ anthropic: key })('my-finetune-7', here()))).toBe('openai my-finetune-7 as addressed')
    expect(brief(resolver({ anthropic: key })('my-finetune-7', proxy))).toBe('openai my-finetune-7 as addressed')
  })

  test('that nobody knows goes, without an SDK, to the vendor of the protocol', () => {
    const resolve = resolver({ openai: key, anthropic: key, google: key })
    expect(brief(resolve('strange', undefined, 'openai-responses'))).toBe('openai strange')
    expect(brief(resolve('strange', undefined, 'anthropic-messages'))).toBe('anthropic strange')
    expect(brief(resolve('strange', undefined, 'gemini'))).toBe('google strange')
  })

  test('that nobody knows and nobody can take is refused, with who is configured', () => {
    const { code, message } = failure(() => resolver({ mistral: key })('claud-sonet-4-5'))
    expect(code).toBe('unknown_model')
    expect(message).toContain('configured here: mistral')
  })

  test('that nobody knows, without any key, is refused with one to set', () => {
    const { message } = failure(() => resolver()('xqzzk'))
    expect(message).toContain('OPENAI_API_KEY')
  })
})

test('no failure tells a key, and none quotes a name at length', () => {
  const prefix = fc.constantFrom('', 'anthropic/', 'openai/', 'gpt-', 'claude-')
  fc.assert(
    fc.property(prefix, fc.string({ maxLength: 3000 }), fc.boolean(), (prefix, rest, ready) => {
      try {
        resolver({ mistral: key, groq: key })(prefix + rest, ready ? undefined : here({ ready }))
      } catch (error) {
        if (!isLeashError(error)) throw error
        expect(error.message).not.toContain('sk-do-not-tell')
        expect(error.message.length).toBeLessThan(600)
      }
    }),
    { examples: [['anthropic/', 'x'.repeat(3000), true]] },
  )
})

describe('a name with a vendor in front, at an address of the caller’s own', () => {
  const openrouter = here({ url: 'https://openrouter.ai/api/v1/chat/completions', isVendor: false })

  test('stays whole where such names are the server’s own', () => {
    const resolve = resolver({ anthropic: key })
    expect(brief(resolve('openai/gpt-4o', openrouter))).toBe('openrouter openai/gpt-4o as addressed')
    expect(brief(resolve('anthropic/claude-sonnet-5-5', openrouter))).toBe('openrouter anthropic/claude-sonnet-5-5 as addressed')
  })

  test('stays whole where the vendor in front has no key here', () => {
    expect(brief(resolver()('anthropic/claude-sonnet-5-5', proxy))).toBe('openai anthropic/claude-sonnet-5-5 as addressed')
  })

  test('stays whole where a server on this machine could be meant, and nobody has configured one', () => {
    expect(brief(resolver()('ollama/llama3.3', proxy))).toBe('openai ollama/llama3.3 as addressed')
    expect(brief(resolver({ ollama: {} })('ollama/llama3.3', proxy))).toBe('ollama llama3.3')
    expect(brief(resolver()('ollama/llama3.3'))).toBe('ollama llama3.3')
  })

  test('leads to that vendor where it has a key', () => {
    expect(brief(resolver({ anthropic: key })('anthropic/claude-sonnet-5-5', proxy))).toBe('anthropic claude-sonnet-5-5')
  })
})

test('who lives at the public address of another vendor is that vendor, by the protocols that it speaks', () => {
  const at = (url: string) => here({ url, isVendor: false })
  expect(brief(resolver()('gpt-oss-120b', at('https://api.cerebras.ai/v1/chat/completions')))).toBe(
    'cerebras gpt-oss-120b as addressed',
  )
  const responses = at('https://api.cerebras.ai/v1/responses')
  expect(brief(resolver()('gpt-oss-120b', responses, 'openai-responses'))).toBe('openai gpt-oss-120b as addressed')
  const evil = at('https://api.cerebras.ai.evil.example/v1/chat/completions')
  expect(brief(resolver()('gpt-oss-120b', evil))).toBe('openai gpt-oss-120b as addressed')
  expect(brief(resolver()('gpt-oss-120b', at('http://127.0.0.1:8000/v1/chat/completions')))).toBe(
    'openai gpt-oss-120b as addressed',
  )
})
