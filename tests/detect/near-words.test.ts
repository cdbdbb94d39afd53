import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lookBehind } from '../../src/detect/context.js'
import { NearWords } from '../../src/detect/near-words.js'
import { Text } from '../../src/detect/text.js'
import { wordStart } from '../../src/detect/word-bounds.js'
import { isHan, isWordLetter, WordTable } from '../../src/detect/word-table.js'
import { Meaning } from '../../src/detect/words.js'

const words = new WordTable([])

function opened(whole: string): Text {
  const text = new Text()
  text.open(whole)
  text.read()
  return text
}

/** By going back for each value anew. */
function said(text: Text, limit: number, value: number): number {
  let all = 0
  for (let at = value; at > limit; ) {
    if (!isWordLetter(text.codeAt(at - 1))) at--
    else {
      const start = wordStart(text, at, limit)
      if (start < at - 1) all |= words.meaning(text, start, at)
      at = isHan(text.codeAt(at - 1)) ? at - 1 : start
    }
  }
  return all
}

const pieces = fc.constantFrom(
  ...[
    'card',
    'Card',
    'CARDNumber',
    'xcard',
    'ssn',
    'SSNo',
    'born',
    'ip',
    'IPAddress',
    'tax',
    'é',
    '电话',
    '卡',
    '身份证',
    'ab',
    'x'.repeat(70),
  ],
  ...[' ', '\n', ': ', '1', '4111-', '.'],
)

test('no word is missed that one who goes back from any value would find', () => {
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 40 }), fc.array(fc.nat(), { maxLength: 20 }), (parts, places) => {
      const text = opened(parts.join(''))
      const near = new NearWords(words)
      for (const place of places) {
        const value = text.length === 0 ? 0 : place % text.length
        const limit = Math.max(0, value - lookBehind)
        const found = said(text, limit, value)
        for (const wanted of [Meaning.card, Meaning.ssn | Meaning.tax, Meaning.ip, Meaning.birth])
          if ((found & wanted) !== 0) expect(near.isAny(text, limit, value, wanted)).toBe(true)
      }
    }),
    { numRuns: 500 },
  )
})

test('a word that says something else, or is out of reach, is none', () => {
  const text = opened(`my card ${'- '.repeat(40)}1`)
  const near = new NearWords(words)
  expect(near.isAny(text, 0, 8, Meaning.card)).toBe(true)
  expect(near.isAny(text, 0, 8, Meaning.ssn | Meaning.birth)).toBe(false)
  expect(near.isAny(text, text.length - lookBehind, text.length, Meaning.card)).toBe(false)
})

test('another text begins with nothing told', () => {
  const near = new NearWords(words)
  expect(near.isAny(opened('card '), 0, 5, Meaning.card)).toBe(true)
  near.open()
  expect(near.isAny(opened('cart '), 0, 5, Meaning.card)).toBe(false)
})
