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

function isSpoken(text: Text, start: number): boolean {
  const first = text.codeAt(start) | 32
  if (first === 107) return text.hasWord('kennwort', start)
  return first === 112 && (text.hasWord('password', start) || text.hasWord('passwort', start))
}

const fillers = ['is', 'was', 'ist', 'to', 'of', 'string', 'revealed', 'attempt']
const longestFilled = 40

/** Past the words that may stand between that and the value, with a space or a colon behind each. */
function pastFillers(text: Text, start: number): number {
  const limit = start + longestFilled
  let from = start
  for (let end = fillerEnd(text, from); end !== -1 && end < limit; end = fillerEnd(text, from)) {
    from = end
    while (from < limit && isBehind(text.codeAt(from))) from++
  }
  return from
}

/** Past the one that begins there; -1 when none does. */
function fillerEnd(text: Text, start: number): number {
  const first = text.codeAt(start)
  for (const word of fillers)
    if (word.charCodeAt(0) === first && text.startsWith(word, start) && isBehind(text.codeAt(start + word.length)))
      return start + word.length
  return -1
}

/** A space, a colon. */
const isBehind = (code: number): boolean => code === 32 || code === 58
