import type { LeashOptions } from '../../src/leash.js'
import { mockProviders } from '../../src/testing/index.js'

/** One model of every protocol, on a leash with the providers below. */
export const models = {
  'openai-chat': 'chat/gpt-4o-mini',
  'openai-responses': 'responses/gpt-5-mini',
  'anthropic-messages': 'anthropic/claude-sonnet-4-5',
  gemini: 'google/gemini-2.5-flash',
  'bedrock-converse': 'bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0',
} as const

export const everyModel = Object.entries(models)

export function leashAt(url: string): LeashOptions {
  const { openai: compatible, ...providers } = mockProviders(url)
  return {
    retry: { backoff: () => 0 },
    prices: { 'chat/*': { like: 'openai/*' }, 'responses/*': { like: 'openai/*' } },
    providers: {
      ...providers,
      openai: compatible,
      chat: { type: 'openai-compatible', ...compatible, protocols: ['openai-chat'] },
      responses: { type: 'openai-compatible', ...compatible, protocols: ['openai-responses'] },
    },
  }
}

export const prompt = 'The quick brown fox.'

/** A red pixel. */
export const pixel = Uint8Array.from(
  atob('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=='),
  (character) => character.charCodeAt(0),
)
