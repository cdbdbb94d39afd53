import { describe, expect, it } from 'vitest'
import { gemini } from '../../../src/protocols/gemini/index.js'
import { madeElsewhere, unsignedCall, unwrapSignature, wrapSignature } from '../../../src/protocols/gemini/signature.js'
import { brief, collectLosses } from './support.js'

describe('a call is recognised by its address', () => {
  it.each([
    ['/v1beta/models/gemini-2.5-pro:generateContent', 'gemini-2.5-pro', false],
    ['/v1/models/gemini-2.5-pro:streamGenerateContent', 'gemini-2.5-pro', true],
    ['/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse', 'gemini-2.5-pro', true],
    [
      '/v1/projects/p/locations/global/publishers/google/models/gemini-3-pro-preview:generateContent',
      'gemini-3-pro-preview',
      false,
    ],
    ['/v1beta/tunedModels/mine-123:generateContent', 'tunedModels/mine-123', false],
    ['/v1/projects/p/locations/l/endpoints/456:streamGenerateContent', 'endpoints/456', true],
    ['/proxy/v1beta/models/a%2Bb:generateContent', 'a+b', false],
    ['/v1beta/models/a%zz:generateContent', 'a%zz', false],
  ])('%s', (path, model, stream) => {
    expect(gemini.match(path, {})).toEqual({ model, stream })
  })

  it.each([
    '/v1beta/models/gemini-2.5-pro:countTokens',
    '/v1beta/models/gemini-embedding-001:embedContent',
    '/v1beta/models/gemini-2.5-pro:generateContentLater',
    '/v1/projects/p/locations/l/publishers/anthropic/models/claude:rawPredict',
    '/v1beta/models',
    '/v1/chat/completions',
  ])('and %s is another', (path) => {
    expect(gemini.match(path, {})).toBeUndefined()
  })
})

it('names the model in the address alone', () => {
  const body = { contents: [] }
  expect(gemini.withModel(body, 'gemini-3-pro-preview')).toBe(body)
})

describe('a signature of another vendor', () => {
  const signed = {
    signature: { format: 'anthropic-claude-v1', value: 'EpwB+/=' },
    redacted: true,
    id: 'rs_1',
    summary: true,
  } as const

  it('travels through `thoughtSignature` and back, even when an SDK held it as bytes', () => {
    const carried = wrapSignature(signed)
    expect(unwrapSignature(carried)).toEqual(signed)
    expect(Buffer.from(carried, 'base64').toString('base64')).toBe(carried)
    expect(unwrapSignature(Buffer.from(carried, 'base64').toString('base64url'))).toEqual(signed)
  })

  it('is told from Google’s own, which stays as it is', () => {
    const own = { format: 'google-gemini-v1', value: 'CiIB0e2K' } as const
    expect(wrapSignature({ signature: own })).toBe(own.value)
    expect(unwrapSignature(own.value)).toEqual({ signature: own })
  })

  it.each([
    '',
    undefined,
    7,
    'skip_thought_signature_validator',
    'eyJsZWFzaCI6',
    madeElsewhere,
    'eyJsZWFzaCI6MSwiZm9ybWF0IjoieCIsInZhbHVlIjoieSJ9',
  ])('%s is none', (value) => {
    expect(unwrapSignature(value)).toBeUndefined()
  })

  it('never reaches Google in a history that passes through', () => {
    const { losses, lose } = collectLosses()
    const thoughtSignature = wrapSignature(signed)
    const body = {
      contents: [
        { role: 'user', parts: [{ text: 'Hi' }] },
        {
          role: 'model',
          parts: [
            { text: 'Hm', thought: true, thoughtSignature },
            { functionCall: { name: 'f' }, thought_signature: thoughtSignature },
          ],
        },
      ],
    }
    const adapted = gemini.adapt?.(body, {}, lose)
    expect(adapted?.contents).toEqual([
      body.contents[0],
      {
        role: 'model',
        parts: [
          { text: 'Hm', thought: true },
          { functionCall: { name: 'f' }, thoughtSignature: 'skip_thought_signature_validator' },
        ],
      },
    ])
    expect(brief(losses)).toEqual([
      'dropped contents[1].parts[0].thoughtSignature',
      'approximated contents[1].parts[1].thoughtSignature',
    ])
  })

  it('that only says that Gemini did not make a call is base64, and Google reads its own word for it', () => {
    // Go's and Java's SDKs read a signature as bytes, in the one alphabet.
    expect(Buffer.from(madeElsewhere, 'base64').toString('base64')).toBe(madeElsewhere)
    expect(madeElsewhere).not.toMatch(/[-_]/)
    const call = { functionCall: { name: 'f' } }
    const history = (thoughtSignature: string) => ({ contents: [{ role: 'model', parts: [{ ...call, thoughtSignature }] }] })
    expect(gemini.adapt?.(history(madeElsewhere), {}, () => {})).toEqual(history(unsignedCall))
  })

  it('takes hidden thinking with it, which is nothing else', () => {
    const part = { text: '', thought: true, thoughtSignature: wrapSignature(signed) }
    const body = {
      contents: [
        { role: 'model', parts: [part] },
        { role: 'model', parts: [part, { text: 'Hi' }] },
      ],
    }
    expect(gemini.adapt?.(body, {}, () => {})).toEqual({ contents: [{ role: 'model', parts: [{ text: 'Hi' }] }] })
  })

  it('and a body without one passes through as it is', () => {
    const { losses, lose } = collectLosses()
    const body = { contents: [{ role: 'model', parts: [{ text: 'Hi', thoughtSignature: 'CiIB' }] }], wonder: 1 }
    expect(gemini.adapt?.(body, {}, lose)).toBe(body)
    expect(losses).toEqual([])
  })
})
