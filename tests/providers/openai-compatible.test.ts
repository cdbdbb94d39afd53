import { describe, expect, test } from 'vitest'
import { type OpenAICompatibleOptions, openaiCompatible } from '../../src/providers/openai-compatible.js'
import { bare, sent, upstream, wire } from './upstream.js'

const acme = (options: Partial<OpenAICompatibleOptions> = {}) =>
  openaiCompatible({ name: 'acme', baseURL: 'https://llm.acme.example/v1', env: bare, ...options })
const chat = wire({ protocol: 'openai-chat', model: 'm' })

describe('a server that follows OpenAI', () => {
  test('is asked for chat and embeddings below its base, with a key as bearer', async () => {
    await using server = await upstream()
    const provider = acme({ baseURL: `${server.url}/deep/v1?tenant=7`, apiKey: 'k' })
    expect(provider.protocols).toEqual(['openai-chat', 'openai-embeddings'])
    expect(await sent(provider, chat, server)).toMatchObject({
      path: '/deep/v1/chat/completions?tenant=7',
      headers: { authorization: 'Bearer k' },
    })
    expect(await sent(provider, { ...chat, protocol: 'openai-embeddings' }, server)).toMatchObject({
      path: '/deep/v1/embeddings?tenant=7',
    })
  })

  test('needs a key, unless it is said to want none', async () => {
    expect(acme().missing()).toBe('Pass `apiKey`.')
    expect(acme({ apiKeyVariable: ['ACME_KEY', 'ACME_TOKEN'] }).missing()).toBe('Set ACME_KEY or ACME_TOKEN, or pass `apiKey`.')
    const open = acme({ keyless: true })
    expect(open.missing()).toBeUndefined()
    expect((await open.prepare(chat)).headers).not.toHaveProperty('authorization')
  })

  test('that wants no key is sent one that is given', async () => {
    expect((await acme({ keyless: true, apiKey: 'k' }).prepare(chat)).headers.authorization).toBe('Bearer k')
    expect(
      (await acme({ keyless: true, apiKeyVariable: 'ACME_KEY', env: { ACME_KEY: 'e' } }).prepare(chat)).headers.authorization,
    ).toBe('Bearer e')
  })

  test('speaks the protocols that it is said to speak', async () => {
    const provider = acme({ apiKey: 'k', protocols: ['openai-responses'] })
    expect(provider.protocols).toEqual(['openai-responses'])
    expect((await provider.prepare({ ...chat, protocol: 'openai-responses' })).url).toBe('https://llm.acme.example/v1/responses')
    expect(() => acme({ protocols: ['smoke-signals'] })).toThrow(expect.objectContaining({ code: 'invalid_config' }))
    expect(() => acme({ protocols: [] })).toThrow(expect.objectContaining({ code: 'invalid_config' }))
  })

  test('has the traits that it is said to have', () => {
    expect(acme().traits('m')).toEqual({})
    expect(acme({ traits: { maxTokensField: 'max_tokens' } }).traits('m')).toEqual({ maxTokensField: 'max_tokens' })
    expect(acme({ traits: (model) => ({ imageUrls: model !== 'blind' }) }).traits('blind')).toEqual({ imageUrls: false })
  })

  test.each([{ name: '' }, { name: 'a/b' }, { name: 'a b' }, { baseURL: '' }, { baseURL: 'acme.example' }])(
    '%j is refused',
    (options) => {
      expect(() => acme(options)).toThrow(expect.objectContaining({ code: 'invalid_config' }))
    },
  )

  test('without a base URL the message gives an example', () => {
    const none: unknown = { name: 'acme' }
    expect(() => openaiCompatible(none as OpenAICompatibleOptions)).toThrow(/https:\/\/llm\.example\.com\/v1/)
  })
})
