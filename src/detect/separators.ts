import { isBlank, isDigit, lookUp } from './chars.js'
import type { Text } from './text.js'

/** What may stand between two groups of one number: up to three characters. */
const longest = 3

const marks = new Uint8Array(128)
for (const mark of ' -./()') marks[mark.charCodeAt(0)] = mark.charCodeAt(0)

const markOfAscii = lookUp(marks)

/** What one character between two groups is taken for; 0 for what parts them. */
export function markOf(code: number): number {
  if (code < 128) return markOfAscii(code)
  return isBlank(code) ? 32 : code === 0x2010 || code === 0x2011 || code === 0x2013 ? 45 : 0
}

/** The separator of two characters or more at `at`, if digits follow it; else 0. See {@link lengthOf} and {@link markIn}. */
export function separatorAt(text: Text, at: number): number {
  let mark = 0
  let length = 0
  for (; length < longest; length++) {
    const code = text.codeAt(at + length)
    if (isDigit(code)) break
    const one = markOf(code)
    if (one === 0 || ((one === 46 || one === 47) && length > 0)) return 0
    mark = wider(mark, one)
  }
  // Two spaces part columns; two dashes, or a slash with something beside it, are no separator either.
  if (mark !== 40 && mark !== 41 && (mark !== 45 || length < longest)) return 0
  return isDigit(text.codeAt(at + length)) ? (mark << 2) | length : 0
}

export const lengthOf = (separator: number): number => separator & 3

/** What it is taken for: the bracket in it, or the dash. */
export const markIn = (separator: number): number => separator >> 2

function wider(mark: number, one: number): number {
  if (one === 40 || one === 41) return one
  if (one === 32) return mark === 0 ? 32 : mark
  return one === 45 && (mark === 40 || mark === 41) ? mark : one
}
