/** A text as its reader takes it. One that is JSON, as a tool's arguments are, says what its strings do: `\\n` is no letter of a word. */
import { isJson } from '../../middleware/redact/view.js'
import type { Text } from '../module.js'

export type Read = (text: string) => string

/** As many characters an escape has at most for one of a text. */
export const longestEscape = 6

/**
 * As a reader takes it: full-width letters are letters (NFKC), and what Unicode has drawn by nobody (zero-width spaces and joiners, the
 * soft hyphen, marks of direction, selectors, tags) does not hide a word.
 */
export function folded(text: string): string {
  return text.normalize('NFKC').replace(/\p{Default_Ignorable_Code_Point}/gu, '')
}

const unseen = /\p{Default_Ignorable_Code_Point}/u
/** What may be written with more characters than it is read as. */
const long = /[\p{Default_Ignorable_Code_Point}\u{10000}-\u{10ffff}]|\\u/u
/** What is read as one character at most. */
const written = /\\u(?:d[89ab][\da-f]{2}\\u)?[\da-f]{4}|./gisu
/** Who floods a word with more than this is not waited for. */
const longestEnd = 10_000

/** The length of the end of a text that has so many characters which can be seen. */
export function endWith(seen: number, { text, kind }: Text): number {
  if (!long.test(text)) return seen
  const read: Read = kind === 'arguments' ? unescaped : (one) => one
  const all = text.match(kind === 'arguments' ? written : /./gsu) ?? []
  let length = 0
  for (let left = seen, at = all.length - 1; left > 0 && at >= 0; at--) {
    const one = all[at] ?? ''
    length += one.length
    if (!unseen.test(read(one))) left--
  }
  return Math.min(length, longestEnd)
}

/** Vendors that have arguments as objects, and not as JSON, have plain strings in them: what stands there is read both ways. */
export function readingsOf({ text, kind }: Text, isPiece = false): readonly Read[] {
  const isEscaped = text.includes('\\') && (kind === 'arguments' || (!isPiece && isJson(text)))
  return isEscaped ? [folded, (text) => folded(unescaped(text))] : [folded]
}

const signs: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: ' ', f: ' ' }

/** An escape that the text ends in the middle of is left out. */
function unescaped(json: string): string {
  return json.replace(/\\(?:u([\da-f]{4})|(u[\da-f]{0,3}$|$)|(.))/gis, (_, code?: string, cut?: string, sign = '') =>
    code ? String.fromCharCode(Number.parseInt(code, 16)) : cut === undefined ? (signs[sign] ?? sign) : '',
  )
}
