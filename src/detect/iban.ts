import { isBlank, isDigit, isLetter, isWithin, isWord } from './chars.js'
import type { Finder, Scan } from './scan.js'
import { Meaning } from './words.js'

/** Lengths by country, of the SWIFT IBAN registry, release 99 (https://www.swift.com/standards/data-standards/iban-international-bank-account-number). */
const lengths = new Uint8Array(26 * 26)
for (const entry of `AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18
   FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27
   MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27
   SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30`.split(/\s+/)) {
  lengths[countryAt(entry, 0)] = Number(entry.slice(2))
}
const longest = 34

/** ISO 13616: country, length and remainder by 97; in groups of four or not, capitals or not. */
export const iban: Finder = {
  types: ['IBAN_CODE'],
  trigger: { token: [4, 42] },
  longest: longest + 8,
  find(scan, start) {
    const text = scan.text
    if (!isLetter(text.charCodeAt(start)) || !isLetter(text.charCodeAt(start + 1))) return
    if (!isDigit(text.charCodeAt(start + 2)) || !isDigit(text.charCodeAt(start + 3))) return
    if (isWithin(text, start)) return
    const length = lengths[countryAt(text, start)] ?? 0
    const end = length === 0 ? -1 : endOf(text, start, length)
    if (end !== -1 && remainder(text, start, end) === 1) scan.report('IBAN_CODE', start, end, 0.98)
    else mistyped(scan, start, length)
  },
}

/** Which of the 676 pairs of letters stands there, whatever their case. */
function countryAt(text: string, at: number): number {
  return ((text.charCodeAt(at) | 32) - 97) * 26 + (text.charCodeAt(at + 1) | 32) - 97
}

/** After `length` letters and digits, all together or with one mark after every fourth; -1 when there are fewer. */
function endOf(text: string, start: number, length: number): number {
  const mark = text.charCodeAt(start + 4)
  const grouped = isBlank(mark) || mark === 45
  // Where it would end no word goes on: that is seen before any of it is read.
  if (isWord(text.charCodeAt(start + length + (grouped ? (length - 1) >> 2 : 0)))) return -1
  let taken = 0
  let at = start
  for (; taken < length; at++) {
    const code = text.charCodeAt(at)
    if (grouped && taken > 0 && taken % 4 === 0 && code === mark && text.charCodeAt(at - 1) !== mark) continue
    if (!isDigit(code) && !isLetter(code)) return -1
    if (grouped && taken > 0 && taken % 4 === 0 && text.charCodeAt(at - 1) !== mark) return -1
    taken++
  }
  return at
}

/** By 97, of the number that the first four characters moved to the end and letters from 10 make. */
function remainder(text: string, start: number, end: number): number {
  let rest = 0
  const take = (from: number, to: number) => {
    for (let at = from; at < to; at++) {
      const code = text.charCodeAt(at)
      if (isDigit(code)) rest = (rest * 10 + code - 48) % 97
      else if (isLetter(code)) rest = (rest * 100 + (code | 32) - 87) % 97
    }
  }
  take(start + 4, end)
  take(start, start + 4)
  return rest
}

/** After the word itself, what has the form of one is worth keeping even if a digit is wrong. */
function mistyped(scan: Scan, start: number, length: number): void {
  if ((scan.before(start).label & Meaning.iban) === 0) return
  const text = scan.text
  let end = start + 4
  let digits = 2
  while (end < text.length && end - start < longest + 8) {
    const code = text.charCodeAt(end)
    const further = isBlank(code) && isWord(text.charCodeAt(end + 1))
    if (!isDigit(code) && !(code >= 65 && code <= 90) && !further) break
    if (isDigit(code)) digits++
    end++
  }
  if (end - start < 15 || digits < 6 || isWord(text.charCodeAt(end))) return
  scan.report('IBAN_CODE', start, end, length === 0 ? 0.55 : 0.6)
}
