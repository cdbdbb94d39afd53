import { areDigits, isWord } from './chars.js'
import { type NumberRun, Shape } from './number-run.js'
import type { Finder, Scan } from './scan.js'
import type { Text } from './text.js'
import { Meaning } from './words.js'

/**
 * Social security and individual taxpayer numbers: 3-2-4, never of zeros alone in a group, never 666, and from 900 on a taxpayer's.
 * https://www.ssa.gov/employer/randomization.html, https://www.irs.gov/individuals/individual-taxpayer-identification-number
 */
export const usIds: Finder = {
  types: ['US_SSN', 'US_ITIN'],
  trigger: { digits: [4, Infinity], shape: Shape.id },
  longest: 11,
  find(scan) {
    const run = scan.run
    if (run.count === 1) {
      if (run.digits === 9) bare(scan, run)
      else if (run.digits === 4) maskedHead(scan, run)
      return
    }
    for (let group = 0; group + 3 <= run.count; group++) if (isThreeTwoFour(run, group)) separated(scan, run, group)
  },
}

/** `987-XX-XXXX` and `XXX-XX-2409`, where they are one token. */
export const maskedSsn: Finder = {
  types: ['US_SSN'],
  trigger: { token: [11, 11] },
  longest: 11,
  find(scan, start, end) {
    const text = scan.text
    if (text.codeAt(start + 3) !== 45 || text.codeAt(start + 6) !== 45) return
    const head = isMasked(text, start, 3) && areDigits(text, start + 7, 4)
    const tail = areDigits(text, start, 3) && isMasked(text, start + 7, 4)
    if (!isMasked(text, start + 4, 2) || !(head || tail)) return
    if (head || (scan.before(start).labels & Meaning.ssn) !== 0 || scan.isNear(start, Meaning.ssn))
      scan.report('US_SSN', start, end, 0.8)
  },
}

function isThreeTwoFour(run: NumberRun, group: number): boolean {
  if (run.length(group) !== 3 || run.length(group + 1) !== 2 || run.length(group + 2) !== 4) return false
  const mark = run.separator(group)
  if (mark !== run.separator(group + 1) || (mark !== 45 && mark !== 32 && mark !== 46)) return false
  return !(group > 0 && run.separator(group - 1) === mark) && run.separator(group + 2) !== mark
}

const its = Meaning.ssn | Meaning.tax

function separated(scan: Scan, run: NumberRun, group: number): void {
  const start = run.startOf(group)
  const end = run.endOf(group + 2)
  const before = run.text.codeAt(start - 1)
  const after = run.text.codeAt(end)
  if (isWord(before) || before === 45 || isWord(after) || (after === 45 && isWord(run.text.codeAt(end + 1)))) return
  const type = typeOf(run.value(group), run.value(group + 1), run.value(group + 2))
  if (type === undefined) return
  const context = scan.before(start)
  const named = (context.labels & its) !== 0 || scan.isNear(start, its)
  if (!named) {
    if (run.separator(group) !== 45 || before === 47 || before === 61 || before === 35) return
    if ((context.label & (Meaning.other | Meaning.phone | Meaning.licence | Meaning.passport | Meaning.account)) !== 0) return
  }
  scan.report(type, start, end, named ? 0.99 : 0.85)
}

/** Nine digits in a row are anybody's: only after the words for it. */
function bare(scan: Scan, run: NumberRun): void {
  if (isWord(run.after) || run.separator(0) !== 0) return
  const value = run.value(0)
  const type = typeOf(Math.floor(value / 1_000_000), Math.floor(value / 10_000) % 100, value % 10_000)
  if (type === undefined) return
  if ((scan.before(run.start).labels & Meaning.ssn) !== 0) scan.report(type, run.first, run.last, 0.8)
}

/** `***-**-1234`: the digits are a token of their own. */
function maskedHead(scan: Scan, run: NumberRun): void {
  const start = run.first - 7
  const text = run.text
  if (start < 0 || run.before !== 45 || text.codeAt(start + 3) !== 45) return
  if (!isMasked(text, start, 3) || !isMasked(text, start + 4, 2) || isWord(run.after)) return
  scan.report('US_SSN', start, run.last, 0.8)
}

function typeOf(area: number, group: number, serial: number): 'US_SSN' | 'US_ITIN' | undefined {
  if (area === 0 || area === 666 || group === 0 || serial === 0) return undefined
  if (area < 900) return 'US_SSN'
  const taxpayer = (group >= 50 && group <= 65) || (group >= 70 && group <= 88) || (group >= 90 && group !== 93)
  return taxpayer ? 'US_ITIN' : undefined
}

/** `X`, `x`, `*`, `#`, a bullet. */
function isMasked(text: Text, start: number, length: number): boolean {
  for (let at = start; at < start + length; at++) {
    const code = text.codeAt(at)
    if (code !== 88 && code !== 120 && code !== 42 && code !== 35 && code !== 0x2022) return false
  }
  return true
}
