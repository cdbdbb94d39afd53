import { isBlank, isWord } from './chars.js'
import type { Finder } from './scan.js'
import { isPassword, valueAfter } from './secret-value.js'
import type { Text } from './text.js'

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
    if (!isSpoken(text, start)) return
    const value = valueAfter(scan, pastFillers(text, end + 1))
    if (value !== undefined && isPassword(text, value, false)) scan.report('PASSWORD', value.start, value.end, 0.7)
  },
}

const spoken = ['password', 'passwort', 'kennwort']

function isSpoken(text: Text, start: number): boolean {
  const last = text.codeAt(start + 7) | 32
  return (last === 100 || last === 116) && spoken.some((word) => isWordAt(text, start, word))
}

/** Whatever its case. */
function isWordAt(text: Text, start: number, word: string): boolean {
  for (let at = 0; at < word.length; at++) if ((text.codeAt(start + at) | 32) !== word.charCodeAt(at)) return false
  return true
}

const fillers = ['is', 'was', 'ist', 'to', 'of', 'string', 'revealed', 'attempt']
const longestFilled = 40

/** Past the words that may stand between that and the value, with a space or a colon behind each. */
function pastFillers(text: Text, start: number): number {
  const limit = start + longestFilled
  let from = start
  for (;;) {
    const filler = fillers.find((word) => text.startsWith(word, from) && isBehind(text.codeAt(from + word.length)))
    let at = from + (filler?.length ?? 0)
    if (filler === undefined || at >= limit) return from
    while (at < limit && isBehind(text.codeAt(at))) at++
    from = at
  }
}

/** A space, a colon. */
const isBehind = (code: number): boolean => code === 32 || code === 58
