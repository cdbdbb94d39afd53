import { codeAt, isBlank, isWord } from './chars.js'
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
    const before = codeAt(text, middle - 1) | 32
    if (before !== 115 && before !== 110) return
    const start = middle - 4
    const end = start + 8
    if (start < 0 || isWord(codeAt(text, start - 1)) || !isBlank(codeAt(text, end))) return
    if (!/^(?:password|passwort|kennwort)$/i.test(text.slice(start, end))) return
    const filler = /^(?:(?:is|was|ist|to|of|string|revealed|attempt)[ :]+)+/.exec(text.slice(end + 1, end + 41))
    const value = valueAfter(scan, end + 1 + (filler?.[0].length ?? 0))
    if (value !== undefined && isPassword(text, value, false)) scan.report('PASSWORD', value.start, value.end, 0.7)
  },
}
