import { isBlank, isDigit } from './chars.js'
import type { Text } from './text.js'

/** What may stand between two groups of one number: up to three characters. */
const longest = 3

/** What one character between two groups is taken for; 0 for what parts them. */
export function markOf(code: number): number {
  if (code === 32 || code === 45 || code === 46 || code === 47 || code === 40 || code === 41) return code
  if (code < 128) return 0
  return isBlank(code) ? 32 : code === 0x2010 || code === 0x2011 || code === 0x2013 ? 45 : 0
}

/** Past the separator of two characters or more that begins at `at`, if digits follow it; else -1. */
export function separatorEnd(text: Text, at: number): number {
  let next = at
  for (; next < at + longest; next++) {
    const code = text.codeAt(next)
    if (isDigit(code)) break
    const mark = markOf(code)
    if (mark === 0 || ((mark === 46 || mark === 47) && next > at)) return -1
  }
  if (!isDigit(text.codeAt(next))) return -1
  // Two spaces part columns; two dashes, or a slash with something beside it, are no separator either.
  const mark = widestMark(text, at, next)
  return mark === 40 || mark === 41 || (mark === 45 && next - at === longest) ? next : -1
}

/** What it is taken for: the bracket in it, or the dash. */
export function widestMark(text: Text, at: number, end: number): number {
  let mark = 0
  for (let next = at; next < end; next++) {
    const one = markOf(text.codeAt(next))
    if (one === 40 || one === 41) mark = one
    else if (one === 32) mark ||= 32
    else if (one !== 45 || (mark !== 40 && mark !== 41)) mark = one
  }
  return mark
}
