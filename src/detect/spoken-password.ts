import { isBlank, isWord } from './chars.js'
import type { Finder } from './scan.js'
import { isPassword, valueAfter } from './secret-value.js'

/** "Her password is Qr7!dke#39", in a sentence. */
export const spokenPassword: Finder = {
  types: ['PASSWORD'],
  // The middle of "password", "passwort" and "kennwort".
  trigger: { characters: ['wo', 'wO', 'WO'], before: 'sSnN' },
  longest: 64,
  find(scan, middle) {
    const text = scan.text
    const before = text.codeAt(middle - 1) | 32
    if (before !== 115 && before !== 110) return
    const start = middle - 4
    const end = start + 8
    if (start < 0 || isWord(text.codeAt(start - 1)) || !isBlank(text.codeAt(end))) return
    const last = text.codeAt(end - 1) | 32
    if ((last !== 100 && last !== 116) || !/^(?:password|passwort|kennwort)$/i.test(text.slice(start, end))) return
    const filler = mayFill(text.codeAt(end + 1))
      ? /^(?:(?:is|was|ist|to|of|string|revealed|attempt)[ :]+)+/.exec(text.slice(end + 1, end + 41))
      : null
    const value = valueAfter(scan, end + 1 + (filler?.[0].length ?? 0))
    if (value !== undefined && isPassword(text, value, false)) scan.report('PASSWORD', value.start, value.end, 0.7)
  },
}

/** The first letters of what may stand between the word and the value. */
const mayFill = (code: number): boolean =>
  code === 105 || code === 119 || code === 116 || code === 111 || code === 115 || code === 114 || code === 97
