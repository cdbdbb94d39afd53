import { isBlank, isDigit, isFarLetter, isLetter } from './chars.js'
import { Shape } from './number-run.js'
import type { Finder, Scan } from './scan.js'
import type { Text } from './text.js'
import { Meaning } from './words.js'

/** Months by their first three letters, in the languages whose words for birth we know. */
const months = new Set(
  `jan feb mar apr may jun jul aug sep oct nov dec mär mai okt dez fév fev avr jui aoû ene abr ago dic gen mag giu lug set ott out mrt mei maj`
    .split(' ')
    .map((name) => monthOf(name.charCodeAt(0), name.charCodeAt(1), name.charCodeAt(2))),
)
const longestMonth = 12
const longestWritten = 24

/** A date after a word for birth: "born on 2/8/1935", "DOB: 1990-01-31", "geboren am 3. März 1980". */
export const birth: Finder = {
  types: ['DATE_OF_BIRTH'],
  trigger: { digits: [4, Infinity], shape: Shape.date | Shape.year },
  longest: longestWritten,
  find(scan) {
    const run = scan.run
    if (run.date) tell(scan, run.first, run.last)
    else if (run.count === 1 && run.digits === 8) compact(scan)
    else written(scan, run.first)
  },
}

/** `12-May-1990`, which is one token. */
export const birthToken: Finder = {
  types: ['DATE_OF_BIRTH'],
  trigger: { token: [8, 16] },
  longest: 16,
  find(scan, start, end) {
    const text = scan.text
    if (text.codeAt(end - 5) !== 45 || !isDigit(text.codeAt(start))) return
    if (isDigit(text.codeAt(end - 1)) && writtenStart(text, end - 4) === start) tell(scan, start, end)
  },
}

function tell(scan: Scan, start: number, end: number): void {
  if ((scan.before(start).labels & Meaning.birth) !== 0) scan.report('DATE_OF_BIRTH', start, end, 0.95)
  else if (scan.isNear(start, Meaning.birth)) scan.report('DATE_OF_BIRTH', start, end, 0.75)
}

/** `19800131`, right after the word. */
function compact(scan: Scan): void {
  const run = scan.run
  const value = run.value(0)
  const [year, month, day] = [Math.floor(value / 10_000), Math.floor(value / 100) % 100, value % 100]
  if (year < 1880 || year > 2100 || month < 1 || month > 12 || day < 1 || day > 31) return
  if ((scan.before(run.start).labels & Meaning.birth) !== 0) scan.report('DATE_OF_BIRTH', run.first, run.last, 0.85)
}

function written(scan: Scan, year: number): void {
  const start = writtenStart(scan.text, year)
  if (start !== -1) tell(scan, start, year + 4)
}

/** Where a day and a month before the year begin, in either order: `12 May`, `3. März`, `12th of May`, `May 12,`; -1 when they do not stand there. */
function writtenStart(text: Text, year: number): number {
  const end = ordinal(text, past(text, year))
  if (end === year) return -1
  if (isDigit(text.codeAt(end - 1))) {
    const day = dayStart(text, end)
    return day === -1 ? -1 : monthStart(text, past(text, day))
  }
  const month = monthStart(text, end)
  return month === -1 ? -1 : dayStart(text, past(text, ordinal(text, past(text, month))))
}

/** Back over blanks, marks, and one of the words that join a date's parts. */
function past(text: Text, from: number): number {
  const at = pastMarks(text, from)
  return text.startsWith(' de', at - 3) || text.startsWith(' of', at - 3) ? pastMarks(text, at - 2) : at
}

function pastMarks(text: Text, from: number): number {
  let at = from
  while (at > 0 && from - at < 4 && isMark(text.codeAt(at - 1))) at--
  return at
}

/** Back over the letters of `1st`, `2nd`, `3rd`, `4th`, and of the Romance `1º`. */
function ordinal(text: Text, from: number): number {
  if (text.codeAt(from - 1) === 0xba) return from - 1
  const last = text.codeAt(from - 1)
  if (last !== 116 && last !== 100 && last !== 104) return from
  const first = text.codeAt(from - 2)
  const isOrdinal = last === 116 ? first === 115 : last === 104 ? first === 116 : first === 110 || first === 114
  return isOrdinal ? from - 2 : from
}

function dayStart(text: Text, end: number): number {
  let at = end
  while (at > 0 && end - at < 3 && isDigit(text.codeAt(at - 1))) at--
  return end - at === 1 || end - at === 2 ? at : -1
}

function monthStart(text: Text, end: number): number {
  let at = end
  while (at > 0 && end - at < longestMonth && isName(text.codeAt(at - 1))) at--
  return end - at >= 3 && months.has(monthOf(text.codeAt(at), text.codeAt(at + 1), text.codeAt(at + 2))) ? at : -1
}

const isName = (code: number): boolean => isLetter(code) || isFarLetter(code)

/** A blank, `, - .` */
const isMark = (code: number): boolean => isBlank(code) || (code >= 44 && code <= 46)

/** Its first three letters as one number, small ones for capitals. */
function monthOf(first: number, second: number, third: number): number {
  return first < 256 && second < 256 && third < 256 ? ((first | 32) << 16) | ((second | 32) << 8) | third | 32 : 0
}
