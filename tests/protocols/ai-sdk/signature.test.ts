/** Opaque state of vendors, in our own member and in those of the AI SDK's own providers. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { optionsOf, readCarried } from '../../../src/protocols/ai-sdk/signature.js'

const openai = { format: 'openai-responses-v1', value: 'gAAA' } as const
const claude = { format: 'anthropic-claude-v1', value: 'EqQB' } as const
const gemini = { format: 'google-gemini-v1', value: 'CiQB' } as const

describe('what is written', () => {
  test.each([
    ['shown', { signature: openai, id: 'rs_1' }],
    ['hidden', { signature: openai, id: 'rs_1', redacted: true }],
  ])('is read by OpenAI’s provider, thoughts that are %s too', (_, part) => {
    expect(optionsOf(part).providerOptions?.openai).toEqual({ itemId: 'rs_1', reasoningEncryptedContent: 'gAAA' })
  })

  test('is read by Anthropic’s and Bedrock’s providers, which keep what is hidden apart', () => {
    const shown = optionsOf({ signature: claude }).providerOptions
    expect([shown?.anthropic, shown?.bedrock]).toEqual([{ signature: 'EqQB' }, { signature: 'EqQB' }])
    const hidden = optionsOf({ signature: claude, redacted: true }).providerOptions
    expect([hidden?.anthropic, hidden?.bedrock]).toEqual([{ redactedData: 'EqQB' }, { redactedData: 'EqQB' }])
  })

  test('is read by Google’s and Vertex AI’s providers', () => {
    const { providerOptions } = optionsOf({ signature: gemini })
    expect([providerOptions?.google, providerOptions?.vertex]).toEqual([
      { thoughtSignature: 'CiQB' },
      { thoughtSignature: 'CiQB' },
    ])
  })

  test('stands beside marks for the prompt cache', () => {
    expect(optionsOf({ signature: claude, cache: { ttl: '1h' } }).providerOptions?.anthropic).toEqual({
      signature: 'EqQB',
      cacheControl: { type: 'ephemeral', ttl: '1h' },
    })
  })

  test('is nothing where there is nothing', () => {
    expect(optionsOf({})).toEqual({})
  })
})

test('whatever is written is read back', () => {
  const signature = fc.record({
    format: fc.constantFrom(openai.format, claude.format, gemini.format),
    value: fc.string({ minLength: 1 }),
  })
  const part = fc.record(
    { signature, id: fc.string(), redacted: fc.constant(true), summary: fc.constant(true) },
    { requiredKeys: ['signature'] },
  )
  fc.assert(
    fc.property(part, (part) => {
      expect(readCarried(optionsOf(part).providerOptions)).toEqual(part)
    }),
  )
})

describe('what is read of strangers', () => {
  test.each([
    undefined,
    null,
    'text',
    7,
    [],
    { leash: null },
    { leash: { signature: 'x' } },
    { leash: { signature: { format: 'of-nobody', value: 'x' } } },
    { anthropic: { signature: 7 } },
    { anthropic: { signature: '' } },
    { google: [] },
  ])('is nothing in %j', (given) => {
    expect(readCarried(given)).toEqual({})
  })

  test('is our own member before theirs', () => {
    const given = { leash: { signature: openai }, anthropic: { signature: 'EqQB' } }
    expect(readCarried(given)).toEqual({ signature: openai })
  })
})
