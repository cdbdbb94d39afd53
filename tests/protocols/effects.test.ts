import { expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.js'
import { hasEffects } from '../../src/protocols/effects.js'

const cases: readonly (readonly [has: boolean, protocol: string, body: JsonObject])[] = [
  [true, 'openai-responses', { conversation: 'conv_1' }],
  [true, 'anthropic-messages', { container: 'container_1' }],
  [true, 'anthropic-messages', { thread: { type: 'create' } }],
  [false, 'openai-responses', { store: false, conversation: null }],
  // The same, as users of the AI SDK's own providers ask for it.
  [true, 'ai-sdk', { providerOptions: { openai: { conversation: 'conv_1' } } }],
  [true, 'ai-sdk', { providerOptions: { openai: { store: true } } }],
  [true, 'ai-sdk', { providerOptions: { anthropic: { container: { id: 'container_1' } } } }],
  [false, 'ai-sdk', { providerOptions: { openai: { store: false, previousResponseId: 'r' } } }],
]

test.each(cases)('it is %s that a request has effects: %s %j', (has, protocol, body) => {
  expect(hasEffects(protocol, body)).toBe(has)
})
