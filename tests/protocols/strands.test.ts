import { expect, test } from 'vitest'
import { strandsOf } from '../../src/protocols/strands.js'

test('what an answer of Gemini quotes at its end is no more of its text', () => {
  const { of } = strandsOf('gemini')
  expect(of({}, '.candidates.0.text', 'text')).toBe('0.text')
  expect(of({}, '.candidates.0.functionCall.partialArgs.0.stringValue', 'arguments')).toBe('0.arguments')
  expect(of({}, '.candidates.0.groundingMetadata.groundingSupports.0.segment.text', 'text')).toBeUndefined()
})
