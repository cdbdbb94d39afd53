import { isBlank, isDigit, isLetter, isWord } from './chars.js'
import { looksRandom } from './randomness.js'
import type { Finder, Scan } from './scan.js'

const longest = 512
const longestName = 40
const passwordNames = /(?:password|passwd|pwd|passphrase|passcode|passwort|kennwort)$/
const keyNames =
  /(?:secret|api_?key|access_?key|secret_?key|private_?key|account_?key|encryption_?key|signing_?key|master_?key|(?:auth|access|refresh|bearer|bot|api|session|id|personal|security)_?token|client_?secret|^token)$/

/**
 * Values that are given to a name for a secret: `DB_PASSWORD=…`, `"client_secret": "…"`, `--password …`. Passwords may be of any form,
 * so what is no literal is left out; keys have to look drawn at random.
 */
export const assignedSecret: Finder = {
  types: ['PASSWORD', 'API_KEY', 'CONNECTION_STRING'],
  trigger: { characters: [':', '='] },
  longest,
  find(scan, at) {
    const text = scan.text
    if (at < scan.pairsEnd) return
    let end = at
    while (end > 0 && at - end < 4 && isQuoteOrBlank(text.charCodeAt(end - 1))) end--
    if (end < 3 || !mayEndName(text.charCodeAt(end - 1))) return
    let start = end
    while (start > 0 && end - start < longestName && (isWord(text.charCodeAt(start - 1)) || text.charCodeAt(start - 1) === 45))
      start--
    if (end - start < 3) return
    const name = text.slice(start, end).toLowerCase().replaceAll('-', '_')
    const isPassword = passwordNames.test(name)
    if (!isPassword && !keyNames.test(name)) return
    const value = valueAfter(text, at + 1)
    if (value === undefined) return
    const tight = text.charCodeAt(at) === 61 && value.start === at + 1 && end === at
    if (isPassword ? !isPasswordValue(text, value, tight) : !isKeyValue(text, value, tight)) return
    if (pairs(scan, start, value)) return
    scan.report(isPassword ? 'PASSWORD' : 'API_KEY', value.start, value.end, value.quoted || tight ? 0.8 : 0.65)
  },
}

/** "Her password is Qr7!dke#39", in a sentence. */
export const spokenPassword: Finder = {
  types: ['PASSWORD'],
  trigger: { characters: ['wo', 'wO', 'WO'] },
  longest: 64,
  find(scan, middle) {
    const text = scan.text
    const before = text.charCodeAt(middle - 1) | 32
    if (before !== 115 && before !== 110) return
    // The `w` of "password", "passwort" and "kennwort".
    const start = middle - 4
    const end = start + 8
    if (start < 0 || isWord(text.charCodeAt(start - 1)) || !isBlank(text.charCodeAt(end))) return
    if (!/^(?:password|passwort|kennwort)$/i.test(text.slice(start, end))) return
    const filler = /^(?:(?:is|was|ist|to|of|string|revealed|attempt)[ :]+)+/.exec(text.slice(end + 1, end + 41))
    const value = valueAfter(text, end + 1 + (filler?.[0].length ?? 0))
    if (value !== undefined && isPasswordValue(text, value, false)) scan.report('PASSWORD', value.start, value.end, 0.7)
  },
}

interface Value {
  readonly start: number
  readonly end: number
  readonly quoted: boolean
}

/** A quoted string on the line, or what stands there up to white space or a mark that ends it. */
function valueAfter(text: string, from: number): Value | undefined {
  let start = from
  while (start - from < 4 && (isBlank(text.charCodeAt(start)) || text.charCodeAt(start) === 62)) start++
  // In `a=1&b=2` and nowhere else an ampersand parts values.
  const query = start === from && text.charCodeAt(from - 1) === 61
  // `\"`, of JSON in a string.
  const escaped = text.charCodeAt(start) === 92 && isQuote(text.charCodeAt(start + 1))
  if (escaped) start++
  const quote = isQuote(text.charCodeAt(start)) ? text.charCodeAt(start++) : 0
  let end = start
  for (; end < text.length && end - start < longest; end++) {
    const code = text.charCodeAt(end)
    if (code <= 32 || code > 0x2000 || (escaped && code === 92)) break
    if (quote !== 0 ? code === quote : isQuote(code) || code === 44 || code === 59 || (query && code === 38)) break
  }
  if (quote !== 0 && !escaped && text.charCodeAt(end) !== quote) return undefined
  // The full stop that ends the sentence, the bracket that the value stands in.
  while (quote === 0 && end > start && isClosing(text.charCodeAt(end - 1))) end--
  return end === start ? undefined : { start, end, quoted: quote !== 0 }
}

/** `) . :` */
const isClosing = (code: number): boolean => code === 41 || code === 46 || code === 58

/** A literal: not a variable, a type, a call, a place to put one, or stars. */
function isPasswordValue(text: string, { start, end, quoted }: Value, tight: boolean): boolean {
  const length = end - start
  if (length < 6 || length > 64 || isPlace(text.charCodeAt(start))) return false
  let [letters, digits, dots, marks] = [0, 0, 0, 0]
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at)
    if (isLetter(code)) letters++
    else if (isDigit(code)) digits++
    else if (code === 46 || code === 47 || code === 45 || code === 95) dots++
    else if (isOfCode(code) || (code === 63 && text.charCodeAt(at + 1) === 46)) return false
    else marks++
  }
  if (letters < 2) return false
  if (marks > 0) return true
  if (digits === 0) return false
  return quoted || tight || (dots === 0 && letters > 2 && !isOfCode(text.charCodeAt(end)) && !isListMark(text.charCodeAt(end)))
}

/** `( ) < > [ ] { | }` */
const isOfCode = (code: number): boolean =>
  code === 40 || code === 41 || code === 60 || code === 62 || code === 91 || code === 93 || (code >= 123 && code <= 125)

/** `, ;`: what follows a variable and its type. */
const isListMark = (code: number): boolean => code === 44 || code === 59

/** `$ % { < * / :`, as of `$PASSWORD`, `%s`, `{{x}}`, a mask, a path. */
const isPlace = (code: number): boolean =>
  code === 36 || code === 37 || code === 123 || code === 60 || code === 42 || code === 47 || code === 58

function isKeyValue(text: string, { start, end, quoted }: Value, tight: boolean): boolean {
  if (end - start < 16 || isPlace(text.charCodeAt(start))) return false
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at)
    if (!isWord(code) && code !== 43 && code !== 47 && code !== 61 && code !== 45 && code !== 46 && code !== 126) return false
  }
  // `settings.SECRET_2` is where one is kept.
  if (!quoted && !tight && /^[a-z_]\w*(?:\.[a-z_]\w*)+$/i.test(text.slice(start, end))) return false
  return looksRandom(text, start, end)
}

/** Whether the secret stands among `name=value;` pairs: then these are a connection string, which is reported as a whole. */
function pairs(scan: Scan, nameStart: number, value: Value): boolean {
  const text = scan.text
  if (text.charCodeAt(value.end) !== 59 && text.charCodeAt(nameStart - 1) !== 59) return false
  let start = nameStart
  const floor = Math.max(scan.pairsEnd, nameStart - longest / 2)
  for (let at = nameStart - 1, equals = 0; at >= floor; at--) {
    const code = text.charCodeAt(at)
    if (!isPairCharacter(code)) break
    if (code === 61) equals = at
    else if (code === 59) {
      if (equals === 0 && at < nameStart - 1) break
      equals = 0
    }
    if (equals > 0 && (at === floor || !isPairCharacter(text.charCodeAt(at - 1)) || text.charCodeAt(at - 1) === 59)) start = at
  }
  while (text.charCodeAt(start) === 32) start++
  let end = value.end
  for (let at = end, equals = false; at < text.length && at - nameStart < longest / 2; at++) {
    const code = text.charCodeAt(at)
    if (!isPairCharacter(code)) {
      if (equals) end = at
      break
    }
    if (code === 61) equals = true
    else if (code === 59) {
      if (!equals && at > value.end) break
      end = at + 1
      equals = false
    } else if (at === text.length - 1 && equals) end = at + 1
  }
  if (start === nameStart && end <= value.end + 1) return false
  scan.pairsEnd = end
  scan.report('CONNECTION_STRING', start, end, 0.9)
  return true
}

const isQuote = (code: number): boolean => code === 34 || code === 39 || code === 96

const isQuoteOrBlank = (code: number): boolean => isQuote(code) || code === 32 || code === 92

/** The last letters of the names above. */
const mayEndName = (code: number): boolean => {
  const small = code | 32
  return small === 100 || small === 101 || small === 116 || small === 121 || small === 110
}

/** Anything on the line but quotes and brackets of markup. */
const isPairCharacter = (code: number): boolean =>
  code >= 32 && code !== 34 && code !== 39 && code !== 96 && code !== 60 && code !== 62
