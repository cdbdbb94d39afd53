import { isBlank, isDigit, isLetter } from './chars.js'
import type { Finder, Scan } from './scan.js'
import { Meaning } from './words.js'

/** Months by their first three letters, in the languages whose words for birth we know. */
const months = new Set(
  `jan feb mar apr may jun jul aug sep oct nov dec mär mai okt dez fév fev avr jui aoû ene abr ago dic gen mag giu lug set ott out mrt mei maj dez`.split(
    ' ',
  ),
)
const longestWritten = 24

/** A date after a word for birth: "born on 2/8/1935", "DOB: 1990-01-31", "geboren am 3. März 1980". */
export const birth: Finder = {
  types: ['DATE_OF_BIRTH'],
  trigger: { digits: [1, 8] },
  longest: longestWritten,
  find(scan) {
    const run = scan.run
    if (run.date) tell(scan, run.first, run.last)
    else if (run.count === 1 && run.length(0) === 8) compact(scan)
    else if (run.count === 1 && run.length(0) <= 4 && !run.plus) written(scan)
  },
}

function tell(scan: Scan, start: number, end: number): void {
  if ((scan.before(start).labels & Meaning.birth) !== 0) scan.report('DATE_OF_BIRTH', start, end, 0.95)
  else if ((scan.near(start) & Meaning.birth) !== 0) scan.report('DATE_OF_BIRTH', start, end, 0.75)
}

/** `19800131`, right after the word. */
function compact(scan: Scan): void {
  const run = scan.run
  const value = run.value(0)
  const [year, month, day] = [Math.floor(value / 10_000), Math.floor(value / 100) % 100, value % 100]
  if (year < 1880 || year > 2100 || month < 1 || month > 12 || day < 1 || day > 31) return
  const context = scan.before(run.start)
  if ((context.labels & Meaning.birth) !== 0) scan.report('DATE_OF_BIRTH', run.first, run.last, 0.85)
}

/** `12 May 1990`, `3. März 1980` from the day on; `May 12, 1990` from the month before the day. */
function written(scan: Scan): void {
  const { run, text } = scan
  if (run.length(0) > 2) return
  const month = monthAfter(text, run.last)
  if (month !== -1) {
    const end = yearEnd(text, month)
    if (end !== -1) tell(scan, run.first, end)
    return
  }
  let start = run.first
  while (start > 0 && isBlank(text.charCodeAt(start - 1))) start--
  const wordEnd = start
  while (start > 0 && wordEnd - start < 12 && isName(text.charCodeAt(start - 1))) start--
  if (wordEnd - start < 3 || !isMonth(text, start)) return
  const end = yearEnd(text, run.last)
  if (end !== -1) tell(scan, start, end)
}

/** Past the name of the month after the day; -1 when there is none. "12th of May", "12-May-1990". */
function monthAfter(text: string, day: number): number {
  let at = day
  while (at - day < 8 && (isBlank(text.charCodeAt(at)) || text.charCodeAt(at) === 46 || text.charCodeAt(at) === 45)) at++
  if (text.startsWith('de ', at) || text.startsWith('of ', at)) at += 3
  if (!isMonth(text, at)) return -1
  let end = at
  while (end - at < 12 && isName(text.charCodeAt(end))) end++
  return end
}

function isMonth(text: string, at: number): boolean {
  return isName(text.charCodeAt(at)) && months.has(text.slice(at, at + 3).toLowerCase())
}

/** Past four digits that follow with a comma, dash, full stop or blank between; -1 when they do not. */
function yearEnd(text: string, from: number): number {
  let at = from
  while (
    at - from < 4 &&
    (isBlank(text.charCodeAt(at)) || text.charCodeAt(at) === 44 || text.charCodeAt(at) === 46 || text.charCodeAt(at) === 45)
  )
    at++
  if (text.startsWith('de ', at)) at += 3
  for (let digit = 0; digit < 4; digit++) if (!isDigit(text.charCodeAt(at + digit))) return -1
  return isDigit(text.charCodeAt(at + 4)) ? -1 : at + 4
}

const isName = (code: number): boolean => isLetter(code) || (code >= 0xc0 && code <= 0x17f)
