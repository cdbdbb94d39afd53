import fc from 'fast-check'
import { estimateTokenCount } from 'tokenx'
import { expect, test } from 'vitest'
import { asciiTokens } from '../../src/protocols/ascii-tokens.js'

const ascii = (limits: fc.StringConstraints = {}) =>
  fc.string({ unit: fc.integer({ min: 0, max: 127 }).map((code) => String.fromCharCode(code)), ...limits })
const wordy = fc.string({ unit: fc.constantFrom(...'aabcdeYZ0123  \n\t.,!-_\'"\r({') })

test('counts every ASCII text as tokenx does', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        ascii(),
        wordy,
        fc.array(wordy).map((lines) => lines.join('\n    ')),
      ),
      (text) => {
        expect(asciiTokens(text)).toBe(estimateTokenCount(text))
      },
    ),
    { numRuns: 2000 },
  )
})

test('leaves a text to tokenx wherever one character of it is not ASCII', () => {
  const foreign = fc.integer({ min: 128, max: 0xffff }).map((code) => String.fromCharCode(code))
  fc.assert(
    fc.property(ascii(), foreign, ascii(), (before, it, after) => {
      expect(asciiTokens(before + it + after)).toBeUndefined()
    }),
  )
})
