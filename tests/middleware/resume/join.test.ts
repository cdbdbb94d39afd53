import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anchorOf, Join } from '../../../src/middleware/resume/join.js'

function joined(said: string, heard: readonly string[], anchor: string | undefined): string {
  const join = new Join(said, anchor)
  return said + heard.map((delta) => join.push(delta)).join('') + join.end()
}

/** Texts that repeat themselves, and such with white space in odd places, are the hard ones. */
const text = fc.oneof(
  fc.string({ minLength: 1, maxLength: 200, unit: 'grapheme' }),
  fc
    .array(fc.constantFrom('ha', 'one', ' ', '\n', 'a', '. ', '  ', 'ü', '日本'), { maxLength: 80 })
    .map((words) => words.join('')),
)

const inPieces = (whole: string, size: number) => whole.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []

test('a model that goes on with its own message is joined where that ends, wherever it was cut', () => {
  fc.assert(
    fc.property(text, fc.nat(), fc.integer({ min: 1, max: 20 }), (whole, at, size) => {
      const said = whole.slice(0, at % (whole.length + 1))
      // It is not shown the white space at the end, and writes it again.
      expect(joined(said, inPieces(whole.slice(said.trimEnd().length), size), undefined)).toBe(whole)
    }),
  )
})

test('a model that begins with its last words, as it was told to, is joined behind them', () => {
  fc.assert(
    fc.property(text, fc.nat(), fc.integer({ min: 1, max: 20 }), (whole, at, size) => {
      const said = whole.slice(0, at % (whole.length + 1))
      const anchor = anchorOf(said)
      expect(joined(said, inPieces(anchor + whole.slice(said.trimEnd().length), size), anchor)).toBe(whole)
    }),
  )
})

describe('a model that does otherwise', () => {
  const said = 'It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of '
  const rest = 'foolishness.'

  test.each([
    ['repeats nothing', rest],
    ['begins anew', said + rest],
    ['repeats fewer of its last words', `it was the age of ${rest}`],
    ['repeats more of them', said.slice(-95) + rest],
    ['begins with white space', `\n\n${anchorOf(said)} ${rest}`],
    ['is not sure of the white space', `${anchorOf(said)}${rest}`],
  ])('%s: no word is doubled, and none is lost', (_, heard) => {
    for (const size of [1, 7, 500]) expect(joined(said, inPieces(heard, size), anchorOf(said))).toBe(said + rest)
  })

  test('repeats the end and has nothing to add', () => {
    expect(joined(said, [anchorOf(said)], anchorOf(said))).toBe(said)
    expect(joined(said, [anchorOf(said).slice(0, 20)], anchorOf(said))).toBe(said)
    expect(joined(said, [' '], anchorOf(said))).toBe(said)
  })

  test('comes upon the same few letters by chance: they are not taken for a repetition', () => {
    expect(joined('He said ha', ['ha ha.'], anchorOf('He said ha'))).toBe('He said haha ha.')
  })
})

test('the last words begin with a whole word, and are no more than a model repeats faithfully', () => {
  expect(anchorOf('short ')).toBe('short')
  const anchor = anchorOf('word '.repeat(100))
  expect(anchor).toMatch(/^(?:word )+word$/)
  expect(anchor.length).toBeLessThanOrEqual(80)
  expect(anchorOf('日'.repeat(200))).toBe('日'.repeat(80))
  expect(anchorOf(`${'😀'.repeat(60)}x`).isWellFormed()).toBe(true)
})
