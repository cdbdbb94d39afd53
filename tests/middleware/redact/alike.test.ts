import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { alikeTo, onlyData } from '../../../src/middleware/redact/alike.js'
import { joined } from '../../../src/protocols/framing/joined.js'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const event = (content: string, id = 'chatcmpl-1') =>
  encoder.encode(`data: ${JSON.stringify({ id, choices: [{ index: 0, delta: { content }, finish_reason: null }] })}\n\n`)
const learned = alikeTo(event('Hello'), 'Hello')

describe('events that are alike but for one text', () => {
  test('any text without an escape is read as JSON says it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (text) => {
        const read = learned?.textIn(event(text))
        if (JSON.stringify(text) === `"${text}"`) expect(read).toBe(text)
        else expect(read).toBeUndefined()
      }),
    )
  })

  test.each(['grapheme', 'grapheme-ascii', 'binary-ascii'] as const)('any text is written as JSON would: %s', (unit) => {
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 40 }), (text) => {
        const pieces: Uint8Array[] = []
        learned?.write(text, pieces)
        expect(decoder.decode(joined(pieces))).toBe(decoder.decode(event(text)))
      }),
    )
  })

  test('another member makes an event another', () => {
    expect(learned?.textIn(event('Hello', 'chatcmpl-2'))).toBeUndefined()
    expect(learned?.textIn(encoder.encode('data: [DONE]\n\n'))).toBeUndefined()
    expect(learned?.textIn(event('Hello').subarray(0, 40))).toBeUndefined()
    const finished = Buffer.from(event('Hello')).toString().replace('null', '1234')
    expect(learned?.textIn(encoder.encode(finished))).toBeUndefined()
  })

  test('a line that ends in the text makes an event another', () => {
    const lines = Buffer.from(event('a b')).toString().replace('a b', 'a\nb')
    expect(learned?.textIn(encoder.encode(lines))).toBeUndefined()
  })

  test('nothing is learnt of a text that stands in its event twice', () => {
    expect(alikeTo(event('chatcmpl-1'), 'chatcmpl-1')).toBeUndefined()
  })
})

test.each([
  ['data: {"a":1}\n\n', '{"a":1}'],
  ['data: \u{feff}x\n\n', '\u{feff}x'],
  ['data:{"a":1}\n\n', undefined],
  ['data: a\ndata: b\n\n', undefined],
  ['event: x\ndata: a\n\n', undefined],
  ['data: a\r\n\r\n', undefined],
  ['data: a\rdata: b\n\n', undefined],
  ['\u{feff}data: a\n\n', undefined],
  [': ping\n\n', undefined],
])('%j has %j and nothing else', (text, data) => {
  expect(onlyData(encoder.encode(text))).toBe(data)
})
