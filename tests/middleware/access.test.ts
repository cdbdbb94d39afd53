import { describe, expect, test } from 'vitest'
import { createLeash, type LeashOptions } from '../../src/leash.js'
import { mockProviders } from '../../src/testing/index.js'
import { useMock } from '../helpers/mock.js'

const mock = useMock()

async function asked(model: string, options: LeashOptions): Promise<string> {
  const leash = createLeash({ providers: mockProviders(mock.url), ...options })
  const response = await leash.handle(
    new Request('http://leash.test/v1/chat/completions', {
      method: 'POST',
      body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }] }),
    }),
  )
  const { error, model: answered } = await response.json()
  await leash.close()
  return error ? `${response.status} ${error.code}` : answered
}

const refused = '403 model_not_allowed'

describe('access', () => {
  test.each([
    [{ models: { allow: ['gpt-4o-mini'] } }, 'gpt-4o-mini', 'gpt-4o-mini'],
    [{ models: { allow: ['openai/gpt-4o-mini'] } }, 'gpt-4o-mini', 'gpt-4o-mini'],
    [{ models: { allow: ['gpt-*'] } }, 'gpt-4o-mini', 'gpt-4o-mini'],
    [{ models: { allow: ['gpt-4o'] } }, 'gpt-4o-mini', refused],
    [{ models: { allow: [] } }, 'gpt-4o-mini', refused],
    [{ models: { allow: ['gpt-*'], deny: ['gpt-4o*'] } }, 'gpt-4o-mini', refused],
    [{ models: { deny: ['anthropic/*'] } }, 'gpt-4o-mini', 'gpt-4o-mini'],
    [{ providers: { allow: ['anthropic'] } }, 'gpt-4o-mini', refused],
    [{ providers: { deny: ['openai'] } }, 'openai/gpt-4o-mini', refused],
  ])('%j, asked for %s: %s', async (access, model, answer) => {
    expect(await asked(model, { access })).toContain(answer)
    expect(mock.requests).toHaveLength(answer === refused ? 0 : 1)
  })

  test.each([
    ['google/gemini-2.5-pro', 'google/models/gemini-2.5-pro'],
    ['vertex/gemini-*', 'vertex/publishers/google/models/gemini-2.5-pro'],
    ['claude-*', 'vertex/anthropic/claude-sonnet-4-5'],
    ['bedrock/anthropic.*', 'bedrock/arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0'],
    ['bedrock/anthropic.*', 'bedrock/us.anthropic.claude-3-haiku-20240307-v1:0'],
    ['bedrock/amazon.nova-*', 'bedrock/arn:aws:bedrock:us-east-1:1:inference-profile/us-gov.amazon.nova-lite-v1:0'],
    ['azure/gpt-4o', 'azure/GPT-4o'],
    ['google/Gemini-2.5-*', 'google/gemini-2.5-pro'],
  ])('that denies %s denies it by its other name %s', async (denied, model) => {
    expect(await asked(model, { access: { models: { deny: [denied] } } })).toContain(refused)
    expect(await asked(model, { access: { models: { deny: ['pro', 'gpt-4', 'models'] } } })).not.toContain(refused)
  })

  test('allows nothing by another name', async () => {
    const access = { models: { allow: ['fireworks/llama-*', 'azure/gpt-4o'] } }
    expect(await asked('fireworks/accounts/somebody/models/llama-3', { access })).toContain(refused)
    expect(await asked('azure/GPT-4o', { access })).toContain(refused)
  })

  test('looks no longer at a name that is a prompt', async () => {
    const began = performance.now()
    await asked('/'.repeat(1_000_000), { access: { models: { deny: ['claude-*'] } } })
    expect(performance.now() - began).toBeLessThan(2000)
  })

  test('holds for what a fallback chooses', async () => {
    mock.script({ status: 503 }, { status: 503 }, { status: 503 })
    const options = {
      access: { providers: { allow: ['openai'] } },
      fallback: ['anthropic/claude-haiku-4-5'],
      retry: false,
    } as const
    expect(await asked('gpt-4o-mini', options)).not.toContain('claude')
    expect(mock.requests.filter(({ path }) => path.includes('messages'))).toEqual([])
  })

  test('holds for what a route chooses, and a route may lead to what may not be named', async () => {
    const routes = {
      fast: 'openai/gpt-4o-mini',
      odd: { targets: ['anthropic/claude-haiku-4-5', 'groq/llama-3.3-70b-versatile'] },
    }
    const access = { providers: { allow: ['openai'] } }
    expect(await asked('fast', { access, routes })).toContain('gpt-4o-mini')
    expect(await asked('odd', { access, routes })).toContain(refused)
  })

  test('holds at another address of the same provider', async () => {
    const { port } = new URL(mock.url)
    const providers = { openai: { apiKey: 'k', baseURL: `http://localhost:${port}/v1` } }
    expect(await asked('gpt-4o-mini', { providers, access: { models: { deny: ['openai/gpt-4o-mini'] } } })).toContain(refused)
    expect(await asked('gpt-4o-mini', { providers, access: { models: { allow: ['openai/gpt-4o-mini'] } } })).not.toContain(
      refused,
    )
  })

  test('that is written wrongly fails when the leash is made', () => {
    const wrong: object = { access: { models: ['gpt-4o'] } }
    expect(() => createLeash(wrong)).toThrow('access.models')
  })
})
