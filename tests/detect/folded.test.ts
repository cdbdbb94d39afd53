import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { foldedOf } from '../../src/detect/folded.js'
import { createDetector } from '../../src/detect/index.js'

const { detect } = createDetector()
const fullWidth = (text: string) => text.replace(/[0-9A-Za-z@.+_-]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) + 0xfee0))

describe('what is written in other signs is found', () => {
  test.each([
    ['カード番号４１１１ １１１１ １１１１ １１１１です', '４１１１ １１１１ １１１１ １１１１'],
    ['電話：０３−１２３４−５６７８', '０３−１２３４−５６７８'],
    ['اتصل على +٩٦٦٥٠١٢٣٤٥٦٧ اليوم', '+٩٦٦٥٠١٢٣٤٥٦٧'],
    ['write to ada@exa\u200bmple.org\u200b now', 'ada@exa\u200bmple.org'],
    [`write to ${fullWidth('ada@example.org')} now`, fullWidth('ada@example.org')],
    ['write to ada@exa\u00admple.org now', 'ada@exa\u00admple.org'],
    ['card 4111 11\u202a11 1111\u2069 1111 now', '4111 11\u202a11 1111\u2069 1111'],
    ['card 4111 11\ufe0f11 11\u{e0061}11 1111 now', '4111 11\ufe0f11 11\u{e0061}11 1111'],
    ['カード番号４１１１　１１１１　１１１１　１１１１です', '４１１１　１１１１　１１１１　１１１１'],
    ['電話（０３）１２３４−５６７８', '（０３）１２３４−５６７８'],
    ['card 4111\u20071111\u20091111\u20021111 now', '4111\u20071111\u20091111\u20021111'],
    ['👨‍👩‍👧 write to ada@example.org', 'ada@example.org'],
  ])('%s', (text, value) => {
    expect(detect(text).map(({ start, end }) => text.slice(start, end))).toEqual([value])
  })

  test('and your own words stay your own', () => {
    const { detect } = createDetector({ deny: ['東京１丁目', 'A1'] })
    const text = '東京１丁目 and Ａ１'
    expect(detect(text).map(({ start, end }) => text.slice(start, end))).toEqual(['東京１丁目', 'Ａ１'])
  })
})

test('each character is found where it was written, and a text without such signs is left alone', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', '1', '\u200b', '\u{e0061}', '１', '٣', '。', '🦊') }), (text) => {
      const folded = foldedOf(text)
      expect(folded === undefined).toBe(!/[\u200b\u{e0061}１٣]/u.test(text))
      if (!folded) return
      expect(folded.text).toBe(
        text
          .replace(/[\u200b\u{e0061}]/gu, '')
          .replaceAll('１', '1')
          .replaceAll('٣', '3'),
      )
      for (let at = 0; at < folded.text.length; at++) {
        const written = text.charAt(folded.placeOf(at))
        expect({ '１': '1', '٣': '3' }[written] ?? written).toBe(folded.text.charAt(at))
      }
    }),
  )
})
