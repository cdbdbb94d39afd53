import { isBlank, isDigit, isFarLetter, isLetter, isWord } from './chars.js'
import { looksRandom } from './randomness.js'
import type { Scan } from './scan.js'
import type { Text } from './text.js'

/** What is given to a name: a quoted string, or what stands there up to a mark that ends it. */
export interface Value {
  readonly start: number
  readonly end: number
  readonly quoted: boolean
}

/** Longer ones are cut here. */
export const longestValue = 512
const longestPassword = 64

/** After an `=`, a `:` or a word that ends before `from`; undefined when nothing stands there, or a quotation that does not end on its line. */
export function valueAfter(scan: Scan, from: number): Value | undefined {
  const text = scan.text
  let start = from
  while (start - from < 4 && (isBlank(text.codeAt(start)) || text.codeAt(start) === 62)) start++
  // `\"`, of JSON in a string.
  const escaped = text.codeAt(start) === 92 && isQuote(text.codeAt(start + 1))
  if (escaped) start++
  const quote = text.codeAt(start)
  if (isQuote(quote)) return quoted(text, start + 1, quote, escaped)
  // In `a=1&b=2` and nowhere else an ampersand parts values.
  let end = bareEnd(scan, start, start === from && text.codeAt(from - 1) === 61)
  // The full stop that ends the sentence, the bracket that the value stands in.
  while (end > start && isClosing(text.codeAt(end - 1))) end--
  return end === start ? undefined : { start, end, quoted: false }
}

function quoted(text: Text, start: number, quote: number, escaped: boolean): Value | undefined {
  let end = start
  for (; end < text.length && end - start < longestValue; end++) {
    const code = text.codeAt(end)
    if (code === quote || isEnd(code) || (escaped && code === 92)) break
  }
  if (end === start || (!escaped && text.codeAt(end) !== quote)) return undefined
  return { start, end, quoted: true }
}

/** Names may be given values one in another, `a=b=c=…`: where they all end is looked for once. */
function bareEnd(scan: Scan, start: number, query: boolean): number {
  const { text, bare } = scan
  if (bare.query !== query || start < bare.start || start >= bare.end) {
    let end = start
    for (; end < text.length; end++) {
      const code = text.codeAt(end)
      if (isEnd(code) || isQuote(code) || code === 44 || code === 59 || (query && code === 38)) break
    }
    bare.start = start
    bare.end = end
    bare.query = query
  }
  return Math.min(bare.end, start + longestValue)
}

/** A literal: not a variable, a type, a call, a place to put one, or stars. `tight` is one with nothing between it and its `=`. */
export function isPassword(text: Text, { start, end, quoted }: Value, tight: boolean): boolean {
  const length = end - start
  if (length < 6 || length > longestPassword || isPlace(text.codeAt(start))) return false
  let [letters, digits, dots, marks] = [0, 0, 0, 0]
  for (let at = start; at < end; at++) {
    const code = text.codeAt(at)
    if (isLetter(code) || isFarLetter(code)) letters++
    else if (isDigit(code)) digits++
    else if (code === 46 || code === 47 || code === 45 || code === 95) dots++
    else if (isOfCode(code) || (code === 63 && text.codeAt(at + 1) === 46)) return false
    else marks++
  }
  if (letters < 2) return false
  if (marks > 0) return true
  if (digits === 0) return false
  return quoted || tight || (dots === 0 && letters > 2 && !isOfCode(text.codeAt(end)) && !isListMark(text.codeAt(end)))
}

/** Base64, base64url, hexadecimal or the like, drawn at random. */
export function isKey(text: Text, { start, end, quoted }: Value, tight: boolean): boolean {
  if (end - start < 16 || isPlace(text.codeAt(start))) return false
  let last = end
  // Base64 is filled up with `=` at its end, and has none before.
  while (text.codeAt(last - 1) === 61) last--
  for (let at = start; at < last; at++) {
    const code = text.codeAt(at)
    if (!isWord(code) && code !== 43 && code !== 47 && code !== 45 && code !== 46 && code !== 126) return false
  }
  // `settings.SECRET_2` is where one is kept.
  if (!quoted && !tight && /^[a-z_]\w*(?:\.[a-z_]\w*)+$/i.test(text.slice(start, end))) return false
  return looksRandom(text, start, end)
}

/** White space, controls, and what is beyond the scripts that secrets are written in. */
const isEnd = (code: number): boolean => code <= 32 || code === 0xa0 || code > 0x2000

export const isQuote = (code: number): boolean => code === 34 || code === 39 || code === 96

/** `) . :` */
const isClosing = (code: number): boolean => code === 41 || code === 46 || code === 58

/** `( ) < > [ ] { | }` */
const isOfCode = (code: number): boolean =>
  code === 40 || code === 41 || code === 60 || code === 62 || code === 91 || code === 93 || (code >= 123 && code <= 125)

/** `, ;`: what follows a variable and its type. */
const isListMark = (code: number): boolean => code === 44 || code === 59

/** `$ % { < * / :`, as of `$PASSWORD`, `%s`, `{{x}}`, a mask, a path. */
const isPlace = (code: number): boolean =>
  code === 36 || code === 37 || code === 123 || code === 60 || code === 42 || code === 47 || code === 58
