import { isDigit, isLetter } from './chars.js'
import type { Text } from './text.js'

const counts = new Uint16Array(128)

/** Shannon entropy in bits for each character, as a key has it and a name has not. */
function entropy(text: Text, start: number, end: number): number {
  counts.fill(0)
  for (let at = start; at < end; at++) {
    const code = text.codeAt(at) & 127
    counts[code] = (counts[code] ?? 0) + 1
  }
  let bits = 0
  for (const count of counts) if (count > 0) bits -= (count / (end - start)) * Math.log2(count / (end - start))
  return bits
}

/** Drawn at random, as far as one can see: digits among letters, few repetitions, and no row of words with dashes. */
export function looksRandom(text: Text, start: number, end: number): boolean {
  let digits = 0
  let letters = 0
  let dashes = 0
  for (let at = start; at < end; at++) {
    const code = text.codeAt(at)
    if (isDigit(code)) digits++
    else if (isLetter(code)) letters++
    else if (code === 45 || code === 95 || code === 46) dashes++
  }
  if (digits < (end - start < 32 ? 2 : 1) || letters < 2 || dashes * 6 > end - start) return false
  return entropy(text, start, end) >= 3
}

/** `xxxxxxxx`, `0000-0000`: a place for a key. */
export function isPlaceholder(text: Text, start: number, end: number): boolean {
  let distinct = 0
  let seenLow = 0
  let seenHigh = 0
  for (let at = start; at < end && distinct < 6; at++) {
    const code = (text.codeAt(at) | 32) - 32
    const bit = 1 << (code & 31)
    if (code & 32 ? seenHigh & bit : seenLow & bit) continue
    if (code & 32) seenHigh |= bit
    else seenLow |= bit
    distinct++
  }
  return distinct < 6
}
