/** A leashed client before a mock, for the tests of the client. They run on each major of `openai` that we support. */
import type OpenAI from 'openai'
import { LeashLLM, type LeashLLMOptions } from '../../src/client.js'
import { mockProviders } from '../../src/testing/index.js'
import type { Mock } from '../helpers/mock.js'

/** With a key for every vendor, and no wait between tries. */
export function leashed(mock: Mock, options: LeashLLMOptions = {}): LeashLLM {
  return new LeashLLM({
    apiKey: 'caller',
    baseURL: `${mock.url}/v1`,
    providers: mockProviders(mock.url),
    retry: { backoff: () => 0 },
    ...options,
  })
}

export const prompt = 'The quick brown fox.'
export const echo = `Echo: ${prompt}`
export const messages = [{ role: 'user' as const, content: prompt }]

export const create = (client: OpenAI, model: string) => client.chat.completions.create({ model, messages })

/** A model of the vendor that the client was made for, and of another. */
export const models = ['gpt-4o-mini', 'claude-sonnet-4-5'] as const

export const weather = {
  type: 'object' as const,
  properties: { city: { type: 'string' as const } },
  required: ['city'],
  additionalProperties: false,
}
