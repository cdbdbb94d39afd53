import { AzureOpenAI } from 'openai'
import { describe, expect, test } from 'vitest'
import { type AzureOptions, azure } from '../../src/providers/azure.js'
import { bare, sent, upstream, wire } from './upstream.js'

const ask = (options: AzureOptions, protocol = 'openai-chat', model = 'gpt-4o') =>
  Promise.resolve(azure({ apiKey: 'k', env: bare, ...options }).prepare(wire({ protocol, model })))

describe('azure', () => {
  test.each([
    ['openai-chat', 'https://acme.openai.azure.com/openai/v1/chat/completions'],
    ['openai-responses', 'https://acme.openai.azure.com/openai/v1/responses'],
    ['openai-embeddings', 'https://acme.openai.azure.com/openai/v1/embeddings'],
  ])('speaks %s in the v1 API, with the deployment in the body', async (protocol, url) => {
    const { headers, ...rest } = await ask({ resource: 'acme' }, protocol)
    expect(rest).toMatchObject({ url, body: '{"model":"gpt-4o"}' })
    expect(headers).toMatchObject({ 'api-key': 'k' })
    expect(headers).not.toHaveProperty('authorization')
  })

  test.each([
    ['openai-chat', 'https://acme.openai.azure.com/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21'],
    ['openai-embeddings', 'https://acme.openai.azure.com/openai/deployments/gpt-4o/embeddings?api-version=2024-10-21'],
    ['openai-responses', 'https://acme.openai.azure.com/openai/responses?api-version=2024-10-21'],
  ])('speaks %s in the classic API when a dated version is given', async (protocol, url) => {
    expect((await ask({ resource: 'acme', apiVersion: '2024-10-21' }, protocol)).url).toBe(url)
    expect((await ask({ resource: 'acme', env: { OPENAI_API_VERSION: '2024-10-21' } }, protocol)).url).toBe(url)
  })

  test('a version of the v1 API is passed on, and `v1` itself needs no word', async () => {
    expect((await ask({ resource: 'acme', apiVersion: 'preview' })).url).toBe(
      'https://acme.openai.azure.com/openai/v1/chat/completions?api-version=preview',
    )
    expect((await ask({ resource: 'acme', apiVersion: 'v1' })).url).toBe(
      'https://acme.openai.azure.com/openai/v1/chat/completions',
    )
  })

  test.each([
    'https://acme.openai.azure.com',
    'https://acme.openai.azure.com/',
    'https://acme.openai.azure.com/openai',
    'https://acme.openai.azure.com/openai/v1/',
    'https://acme.openai.azure.com/openai/v1/?api-version=preview',
    'https://acme.openai.azure.com/openai/v1/chat/completions',
    'https://acme.openai.azure.com/openai/deployments/gpt-4o/chat/completions?api-version=2025-01-01-preview',
  ])('takes the endpoint as the portal shows it: %s', async (endpoint) => {
    expect((await ask({ endpoint })).url).toBe('https://acme.openai.azure.com/openai/v1/chat/completions')
    expect((await ask({ env: { AZURE_OPENAI_ENDPOINT: endpoint } })).url).toBe(
      'https://acme.openai.azure.com/openai/v1/chat/completions',
    )
  })

  test("takes Foundry's endpoints, with a project or without", async () => {
    expect((await ask({ endpoint: 'https://acme.services.ai.azure.com' })).url).toBe(
      'https://acme.services.ai.azure.com/openai/v1/chat/completions',
    )
    expect((await ask({ endpoint: 'https://acme.services.ai.azure.com/api/projects/p1' })).url).toBe(
      'https://acme.services.ai.azure.com/api/projects/p1/openai/v1/chat/completions',
    )
  })

  test.each([
    'https://acme.services.ai.azure.com/anthropic/',
    'https://acme.services.ai.azure.com/anthropic/v1/messages',
    'https://acme.services.ai.azure.com/models',
  ])("takes Foundry's endpoint as the portal shows it: %s", async (endpoint) => {
    expect((await ask({ endpoint }, 'anthropic-messages')).url).toBe('https://acme.services.ai.azure.com/anthropic/v1/messages')
  })

  test('the path and query of a gateway stay', async () => {
    expect((await ask({ endpoint: 'https://gw.example/ai?team=7' })).url).toBe(
      'https://gw.example/ai/openai/v1/chat/completions?team=7',
    )
  })

  test('a deployment stands for the model, in the path and in the body', async () => {
    const classic = { resource: 'acme', apiVersion: '2024-10-21' }
    expect(await ask({ resource: 'acme', deployment: 'prod' })).toMatchObject({ body: '{"model":"prod"}' })
    expect((await ask({ ...classic, deployment: 'prod' })).url).toContain('/deployments/prod/')
    expect((await ask({ ...classic, deployment: { 'gpt-4o': 'four', other: 'x' } })).url).toContain('/deployments/four/')
    expect((await ask({ ...classic, deployment: { other: 'x' } })).url).toContain('/deployments/gpt-4o/')
    expect((await ask({ ...classic }, 'openai-chat', 'a/b c')).url).toContain('/deployments/a/b%20c/')
  })

  test('an Entra token takes the place of a key, and is fetched for each request', async () => {
    let count = 0
    const provider = azure({
      resource: 'acme',
      azureADTokenProvider: async () => `token-${++count}`,
      env: { AZURE_OPENAI_API_KEY: 'unused' },
    })
    expect(provider.missing()).toBeUndefined()
    for (const turn of [1, 2]) {
      const { headers } = await provider.prepare(wire({ protocol: 'openai-chat', model: 'gpt-4o' }))
      expect(headers.authorization).toBe(`Bearer token-${turn}`)
      expect(headers).not.toHaveProperty('api-key')
    }
  })

  test('a key and a token provider together are a mistake', () => {
    expect(() => azure({ apiKey: 'k', azureADTokenProvider: () => 't' })).toThrow(
      expect.objectContaining({ code: 'invalid_config' }),
    )
  })

  test('says what is missing: first the endpoint, then the key', () => {
    expect(azure({ env: bare }).missing()).toContain('AZURE_OPENAI_ENDPOINT')
    expect(azure({ resource: 'acme', env: bare }).missing()).toContain('AZURE_OPENAI_API_KEY')
    expect(azure({ env: { AZURE_OPENAI_ENDPOINT: 'https://a.example', AZURE_OPENAI_API_KEY: 'k' } }).missing()).toBeUndefined()
    expect(() => azure({ apiKey: 'k', env: bare }).prepare(wire({ protocol: 'openai-chat', model: 'm' }))).toThrow(
      expect.objectContaining({ code: 'invalid_config', message: expect.stringContaining('AZURE_OPENAI_ENDPOINT') }),
    )
  })

  test('a deployment of Claude speaks the protocol of Anthropic', async () => {
    const provider = azure({ endpoint: 'https://acme.services.ai.azure.com', apiKey: 'k', env: bare })
    expect(provider.protocolsFor?.('claude-opus-4-6')).toEqual(['anthropic-messages'])
    const request = await provider.prepare(
      wire({ protocol: 'anthropic-messages', model: 'claude-opus-4-6', headers: { 'anthropic-beta': 'a' } }),
    )
    expect(request).toMatchObject({
      url: 'https://acme.services.ai.azure.com/anthropic/v1/messages',
      headers: { 'api-key': 'k', 'anthropic-version': '2023-06-01', 'anthropic-beta': 'a' },
      body: '{"model":"claude-opus-4-6"}',
    })
    expect(provider.traits('claude-opus-4-6').supportsPrefill).toBe(false)
    expect(() => provider.prepare(wire({ protocol: 'gemini', model: 'claude-opus-4-6' }))).toThrow(
      expect.objectContaining({ code: 'unsupported' }),
    )
  })

  test('a deployment under a name of its own is known by its model', () => {
    const models: Record<string, string> = { prod: 'o3', writer: 'claude-opus-4-6', coder: 'gpt-5.1-codex' }
    const provider = azure({
      resource: 'acme',
      apiKey: 'k',
      traits: (name) => (models[name] ? { baseModel: models[name] } : {}),
      env: bare,
    })
    expect(provider.traits('prod').refuses).toContain('temperature')
    expect(provider.traits('other').refuses).not.toContain('temperature')
    expect(provider.protocolsFor?.('writer')).toEqual(['anthropic-messages'])
    expect(provider.protocolsFor?.('coder')[0]).toBe('openai-responses')
    expect(provider.protocolsFor?.('other')[0]).toBe('openai-chat')
  })

  test("asks as OpenAI's own SDK for Azure does", async () => {
    await using server = await upstream()
    const same = { endpoint: server.url, apiKey: 'same', apiVersion: '2024-10-21' }
    const client = new AzureOpenAI({ ...same, maxRetries: 0 })
    const body = { model: 'my-deployment', messages: [] }
    await client.chat.completions.create(body)
    await client.responses.create({ model: 'my-deployment', input: 'hi' })
    const theirs = [...server.received]
    for (const [index, protocol] of ['openai-chat', 'openai-responses'].entries()) {
      const ours = await sent(azure({ ...same, env: bare }), wire({ protocol, model: 'my-deployment', body }), server)
      expect(ours.path).toBe(theirs[index]?.path)
      expect(ours.headers['api-key']).toBe(theirs[index]?.headers['api-key'])
    }
  })
})
