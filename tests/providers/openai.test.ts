import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import { openai } from '../../src/providers/openai.js'
import { bare, sent, upstream, wire } from './upstream.js'

describe('openai', () => {
  test.each([
    ['openai-chat', '/v1/chat/completions'],
    ['openai-responses', '/v1/responses'],
    ['openai-embeddings', '/v1/embeddings'],
  ])('sends %s where OpenAI serves it', async (protocol, path) => {
    await using server = await upstream()
    const provider = openai({ apiKey: 'sk-test', baseURL: `${server.url}/v1`, env: bare })
    const received = await sent(provider, wire({ protocol, model: 'gpt-4o' }), server)
    expect(received).toMatchObject({
      method: 'POST',
      path,
      headers: { authorization: 'Bearer sk-test', 'content-type': 'application/json' },
    })
  })

  test('lives at api.openai.com unless told otherwise', async () => {
    const address = async (env: Record<string, string>, baseURL?: string) =>
      (await openai({ apiKey: 'k', env, baseURL }).prepare(wire({ protocol: 'openai-chat', model: 'gpt-4o' }))).url
    expect(await address({})).toBe('https://api.openai.com/v1/chat/completions')
    expect(await address({ OPENAI_BASE_URL: 'https://eu.api.openai.com/v1' })).toBe(
      'https://eu.api.openai.com/v1/chat/completions',
    )
    expect(await address({ OPENAI_BASE_URL: 'https://a.example' }, 'https://b.example/v1')).toBe(
      'https://b.example/v1/chat/completions',
    )
  })

  test('knows an address of a region', () => {
    const { inRegion } = openai({ apiKey: 'k', env: bare })
    expect(inRegion?.()).toBe(false)
    expect(inRegion?.('https://eu.api.openai.com/v1/responses')).toBe(true)
    expect(openai({ apiKey: 'k', env: { OPENAI_BASE_URL: 'https://us.api.openai.com/v1' } }).inRegion?.()).toBe(true)
    expect(openai({ apiKey: 'k', env: bare, baseURL: 'https://eu.example/api.openai.com' }).inRegion?.()).toBe(false)
  })

  test('a bad base URL fails when the provider is made, one in the environment when it is used', async () => {
    expect(() => openai({ baseURL: 'localhost:8080' })).toThrow(expect.objectContaining({ code: 'invalid_config' }))
    const provider = openai({ apiKey: 'k', env: { OPENAI_BASE_URL: 'nonsense' } })
    expect(() => provider.prepare(wire({ protocol: 'openai-chat', model: 'm' }))).toThrow(
      expect.objectContaining({ code: 'invalid_config' }),
    )
  })

  test('a body that nobody changed goes out as the bytes it came in', async () => {
    await using server = await upstream()
    const text = '{ "model":"gpt-4o",\n "messages":[], "n":1e0 }'
    const provider = openai({ apiKey: 'k', baseURL: server.url, env: bare })
    const { body } = await sent(
      provider,
      wire({ protocol: 'openai-chat', model: 'gpt-4o', body: JSON.parse(text), text }),
      server,
    )
    expect(body).toBe(text)
  })

  test('a body without bytes is written with its members in their order', async () => {
    await using server = await upstream()
    const body = { z: 1, model: 'gpt-4o', a: { y: 'ü', b: [] } }
    const provider = openai({ apiKey: 'k', baseURL: server.url, env: bare })
    const received = await sent(provider, wire({ protocol: 'openai-chat', model: 'gpt-4o', body }), server)
    expect(received.body).toBe('{"z":1,"model":"gpt-4o","a":{"y":"ü","b":[]}}')
  })

  test('organisation and project come from the options, else from the environment', async () => {
    const env = { OPENAI_ORG_ID: 'org-env', OPENAI_PROJECT_ID: 'proj-env' }
    const ask = async (options: { organization?: string }) =>
      (await openai({ apiKey: 'k', env, ...options }).prepare(wire({ protocol: 'openai-chat', model: 'm' }))).headers
    expect(await ask({})).toMatchObject({ 'openai-organization': 'org-env', 'openai-project': 'proj-env' })
    expect(await ask({ organization: 'org-own' })).toMatchObject({ 'openai-organization': 'org-own' })
    const error = await ask({ organization: 'Käse GmbH' }).catch((error) => error)
    expect(error).toMatchObject({ code: 'invalid_config', message: expect.stringContaining('"openai-organization"') })
    expect(error.message).not.toContain('Käse')
  })

  test("the caller's headers are passed on, and the user's own stand above them", async () => {
    const provider = openai({ apiKey: 'k', headers: { 'X-Team': 'blue', 'Idempotency-Key': 'ours' }, env: bare })
    const { headers } = await provider.prepare(
      wire({ protocol: 'openai-chat', model: 'm', headers: { 'idempotency-key': 'theirs', 'openai-beta': 'x' } }),
    )
    expect(headers).toMatchObject({ 'x-team': 'blue', 'idempotency-key': 'ours', 'openai-beta': 'x' })
  })

  test('a protocol that OpenAI does not speak is refused', () => {
    const provider = openai({ apiKey: 'k', env: bare })
    for (const protocol of ['anthropic-messages', 'constructor'])
      expect(() => provider.prepare(wire({ protocol, model: 'm' }))).toThrow(expect.objectContaining({ code: 'unsupported' }))
  })

  test("asks as OpenAI's own SDK does", async () => {
    await using server = await upstream()
    const options = { apiKey: 'sk-same', organization: 'org-1', project: 'proj-1', baseURL: `${server.url}/v1/` }
    const client = new OpenAI({ ...options, maxRetries: 0 })
    const body = { model: 'gpt-4o', messages: [] }
    await client.chat.completions.create(body)
    await client.responses.create({ model: 'gpt-4o', input: 'hi' })
    await client.embeddings.create({ model: 'text-embedding-3-small', input: 'hi', encoding_format: 'float' })
    const theirs = [...server.received]
    for (const [index, protocol] of ['openai-chat', 'openai-responses', 'openai-embeddings'].entries()) {
      const ours = await sent(openai({ ...options, env: bare }), wire({ protocol, model: 'gpt-4o', body }), server)
      expect(ours.path).toBe(theirs[index]?.path)
      for (const name of ['authorization', 'content-type', 'openai-organization', 'openai-project'])
        expect(ours.headers[name], name).toBe(theirs[index]?.headers[name])
    }
  })

  describe('what is known of its models', () => {
    const known = openai({ env: bare })

    test.each(['o3', 'o4-mini', 'o1-2024-12-17', 'gpt-5', 'gpt-5-mini', 'gpt-5-2025-08-07', 'gpt-6-astra'])(
      '%s samples by itself',
      (model) => {
        expect(known.traits(model).refuses).toEqual(expect.arrayContaining(['temperature', 'top_p']))
      },
    )

    test.each(['gpt-4o', 'gpt-4.1', 'gpt-5.1', 'gpt-5.4-mini', 'gpt-5-chat-latest', 'gpt-6-luna', 'my-fine-tune'])(
      '%s takes what is asked',
      (model) => {
        expect(known.traits(model).refuses).not.toContain('temperature')
      },
    )

    test("members by other vendors' conventions are left out of histories that they began, where OpenAI itself is asked", () => {
      const foreign = ['reasoning_content', 'reasoning_details', 'cache_control']
      const refused = (baseURL?: string) => openai({ baseURL, env: bare }).traits('gpt-4o').refuses
      expect(refused()).toEqual(expect.arrayContaining(foreign))
      expect(refused('https://eu.api.openai.com/v1')).toEqual(expect.arrayContaining(foreign))
      expect(refused(), 'it is a member of the Responses API').not.toContain('reasoning')
      expect(refused('https://gateway.example/v1')).toBeUndefined()
      expect(refused('https://openai.com.evil.example/v1')).toBeUndefined()
      expect(openai({ env: { OPENAI_BASE_URL: 'http://127.0.0.1:8000/v1' } }).traits('gpt-4o').refuses).toBeUndefined()
    })

    test('ids of calls are bounded, and metadata wants the answer stored, at OpenAI itself', () => {
      const own = { longestCallId: 40, storedMetadata: true }
      expect(known.traits('gpt-5.4')).toMatchObject(own)
      expect(openai({ baseURL: 'https://gateway.example/v1', env: bare }).traits('gpt-5.4')).not.toMatchObject(own)
    })

    test('only models that reason take an effort', () => {
      for (const model of [
        'gpt-4o',
        'gpt-4.1-mini',
        'gpt-3.5-turbo',
        'chatgpt-4o-latest',
        'gpt-5-chat-latest',
        'ft:gpt-4o:acme::1',
      ])
        expect(known.traits(model).reasoningEffort, model).toBe(false)
      for (const model of ['gpt-5', 'o3', 'gpt-6-sol']) expect(known.traits(model).reasoningEffort, model).toBeUndefined()
    })

    test('a translated call takes the Responses API where Chat Completions falls short, and chat stays open to callers of it', () => {
      const first = (model: string) => known.protocolsFor?.(model)[0]
      for (const model of ['gpt-5.1-codex', 'o3-pro', 'gpt-5.6-sol', 'gpt-6-luna', 'o4-mini-deep-research'])
        expect(first(model), model).toBe('openai-responses')
      for (const model of ['gpt-4o', 'gpt-5', 'gpt-5.4', 'o3', 'ft:gpt-4o:acme::1'])
        expect(first(model), model).toBe('openai-chat')
      expect(known.protocolsFor?.('gpt-6-luna')).toContain('openai-chat')
    })

    test('the user knows better', () => {
      expect(openai({ traits: { refuses: [] }, env: bare }).traits('o3')).toMatchObject({ refuses: [], supportsPrefill: false })
      expect(openai({ traits: (model) => ({ supportsPrefill: model === 'x' }), env: bare }).traits('x').supportsPrefill).toBe(
        true,
      )
    })
  })
})
