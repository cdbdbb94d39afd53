/** Where words begin and end: `phoneNumber` is two, and `IPAddress`. */
import type { Text } from './text.js'
import { isHan, isWordLetter } from './word-table.js'

/** Of the word that ends at `end`: back over lower case to the capital before it, or over capitals. Of Chinese, two characters. */
export function wordStart(text: Text, end: number, limit: number): number {
  let at = end - 1
  const last = text.codeAt(at)
  if (isHan(last)) return at > limit && isHan(text.codeAt(at - 1)) ? at - 1 : at
  if (isCapital(last)) {
    while (at > limit && isCapital(text.codeAt(at - 1))) at--
    return at
  }
  while (at > limit) {
    const code = text.codeAt(at - 1)
    if (!isWordLetter(code) || isHan(code)) break
    at--
    if (isCapital(code)) break
  }
  return at
}

/** Where the word ends that {@link wordStart} goes back to `start` from. */
export function wordEnd(text: Text, start: number): number {
  let end = start + 1
  if (isCapital(text.codeAt(start)) && isCapital(text.codeAt(end))) {
    while (isCapital(text.codeAt(end))) end++
    return isWordLetter(text.codeAt(end)) && !isHan(text.codeAt(end)) ? end - 1 : end
  }
  for (; ; end++) {
    const code = text.codeAt(end)
    if (!isWordLetter(code) || isCapital(code) || isHan(code)) return end
  }
}

const isCapital = (code: number): boolean => code >= 65 && code <= 90
