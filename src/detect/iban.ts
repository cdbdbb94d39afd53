import { isBlank, isDigit, isLetter, isWithin, isWord, letterPair } from './chars.js'
import type { Finder, Scan } from './scan.js'
import type { Text } from './text.js'
import { Meaning } from './words.js'

/** Lengths by country, of the SWIFT IBAN registry, release 99 (https://www.swift.com/standards/data-standards/iban-international-bank-account-number). */
const lengths = new Uint8Array(26 * 26)
for (const entry of `AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18
   FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27
   MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27
   SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30`.split(/\s+/)) {
  lengths[letterPair(entry.charCodeAt(0), entry.charCodeAt(1))] = Number(entry.slice(2))
}
const shortest = 15
const longest = 34

/** ISO 13616: country, length and remainder by 97; in groups of four or not, capitals or not. */
export const iban: Finder = {
  types: ['IBAN_CODE'],
  trigger: { token: [4, 42] },
  longest: longest + 8,
  find(scan, start) {
    const text = scan.text
    // A token has four characters at least.
    if (!isDigit(text.codeAt(start + 2)) || !isDigit(text.codeAt(start + 3))) return
    const [first, second] = [text.codeAt(start), text.codeAt(start + 1)]
    if (!isLetter(first) || !isLetter(second) || isWithin(text, start)) return
    const length = lengths[letterPair(first, second)] ?? 0
    const end = length === 0 ? -1 : checkedEnd(text, start, length)
    if (end !== -1) scan.report('IBAN_CODE', start, end, 0.98)
    else mistyped(scan, start, length)
  },
}

/**
 * Past `length` letters and digits, all together or with one mark after every fourth, if the number that they make leaves 1 by 97, with the
 * first four characters moved to the end and letters from 10 on; else -1.
 */
function checkedEnd(text: Text, start: number, length: number): number {
  const mark = text.codeAt(start + 4)
  const grouped = isBlank(mark) || mark === 45
  const end = start + length + (grouped ? (length - 1) >> 2 : 0)
  // Where it would end no word goes on: that is seen before any of it is read.
  if (end > text.length || isWord(text.codeAt(end))) return -1
  let rest = 0
  for (let at = start + 4; at < end; at++) {
    const code = text.codeAt(at)
    if (grouped && (at - start) % 5 === 4) {
      if (code !== mark) return -1
    } else if (isDigit(code) || isLetter(code)) rest = appended(rest, code)
    else return -1
  }
  for (let at = start; at < start + 4; at++) rest = appended(rest, text.codeAt(at))
  return rest % 97 === 1 ? end : -1
}

/** Divided now and then, which takes longer than all the rest. */
function appended(rest: number, code: number): number {
  const small = rest > 1_000_000 ? rest % 97 : rest
  return isDigit(code) ? small * 10 + code - 48 : small * 100 + (code | 32) - 87
}

/** After the word itself, what has the form of one is worth keeping even if a digit is wrong. */
function mistyped(scan: Scan, start: number, length: number): void {
  const { text, capitals } = scan
  // They may follow one another: how far they go is looked for once.
  if (start < capitals.start || start + 4 > capitals.end) {
    capitals.start = start
    capitals.end = groupsEnd(text, start)
  }
  if (capitals.end < start + shortest) return
  const end = Math.min(capitals.end, start + longest + 8)
  // What stands before it is asked last, as that takes longest.
  if (isWord(text.codeAt(end)) || (scan.before(start).label & Meaning.iban) === 0 || digitsIn(text, start, end) < 6) return
  scan.report('IBAN_CODE', start, end, length === 0 ? 0.55 : 0.6)
}

/** Past the capitals and digits behind the first four characters, and the blanks between them. */
function groupsEnd(text: Text, start: number): number {
  let end = start + 4
  for (; end < text.length; end++) {
    const code = text.codeAt(end)
    if (!isDigit(code) && !(code >= 65 && code <= 90) && !(isBlank(code) && isWord(text.codeAt(end + 1)))) break
  }
  return end
}

function digitsIn(text: Text, start: number, end: number): number {
  let digits = 0
  for (let at = start; at < end; at++) if (isDigit(text.codeAt(at))) digits++
  return digits
}
