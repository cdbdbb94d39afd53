import { isBlank, isDigit, isLetter } from './chars.js'
import type { Context } from './context.js'
import { isDottedQuad } from './dotted-quad.js'
import { type NumberRun, Shape } from './number-run.js'
import { formOf, mayHaveForm } from './phone-forms.js'
import type { Finder, Scan } from './scan.js'
import { Meaning } from './words.js'

/** ITU-T E.164, 6.2, and an international prefix and a trunk zero. */
const mostDigits = 17

/**
 * Telephone numbers. The world writes them in so many ways that the form alone tells few: a word before ("call me at", `"phone":`)
 * or after ("… office") makes a number one, a word for something else ("order", "ISBN") unmakes it, and with neither it has to
 * have a form that little else has.
 */
export const phone: Finder = {
  types: ['PHONE_NUMBER'],
  trigger: { digits: [6, Infinity], shape: Shape.dateless },
  longest: 48,
  find(scan) {
    const run = scan.run
    if (!mayBe(run)) return
    const context = scan.before(run.start)
    const confidence = named(context, run) || followed(scan, run)
    if (confidence > 0) {
      const last = lastWithin(run, mostDigits)
      if (last !== -1) scan.report('PHONE_NUMBER', run.start, last === run.count - 1 ? run.end : run.endOf(last), confidence)
      return
    }
    byForm(scan, run, context)
  },
}

/** Not an amount, a decimal, a percentage, a time, or a part of a name. */
function mayBe(run: NumberRun): boolean {
  const { before, after, text } = run
  if (before === 36 || before === 163 || before === 8364 || before === 165 || before === 95) return false
  if (after === 37 || after === 95 || after === 8364 || after === 176 || isLetter(after)) return false
  if ((before === 44 || before === 46 || before === 58) && isDigit(text.codeAt(run.start - 2))) return false
  if ((after === 44 || after === 46 || after === 58) && isDigit(text.codeAt(run.end + 1))) return false
  return !isAddress(run)
}

/** As a telephone number nobody writes one. */
const isAddress = (run: NumberRun): boolean => run.count === 4 && isDottedQuad(run, 0)

/** The last group with which the digits are not too many; -1 when the first alone has too many. */
function lastWithin(run: NumberRun, most: number): number {
  let digits = 0
  for (let group = 0; group < run.count; group++) {
    digits += run.length(group)
    if (digits > most) return group - 1
  }
  return run.count - 1
}

/** By the words before it. */
function named(context: Context, run: NumberRun): number {
  const { label } = context
  // Amounts and house numbers have few digits; a bare one is a telephone number from seven on.
  const enough = run.count > 1 || run.digits >= 7
  if ((label & Meaning.phone) !== 0) return enough || context.colon ? 0.95 : 0
  if ((label & Meaning.line) !== 0 && context.colon && enough) return 0.9
  if ((label & Meaning.call) !== 0 && context.prose && enough)
    return run.count > 1 || run.digits >= 9 || context.apart > 0 || endsSentence(run) ? 0.85 : 0
  return context.owned && label === 0 && run.digits >= 7 && (run.count > 1 || run.digits >= 9) ? 0.65 : 0
}

/** "You can call 8703186." and not "call 00401000 <main>", "call 1234567 times". */
function endsSentence(run: NumberRun): boolean {
  const { after, text } = run
  const next = text.codeAt(run.end + 1)
  return (
    run.text.codeAt(run.first) !== 48 &&
    (run.end === text.length || after === 10 || ((after === 46 || after === 63) && !(next > 32)))
  )
}

/** By the word after it: "416 60 039 office", "06-10446904-Office", "555 1234 (mobile)"; of seven digits in a row on a line of their own. */
function followed(scan: Scan, run: NumberRun): number {
  const text = scan.text
  if (run.digits < 9 && run.count < 2 && (run.digits < 7 || run.before !== 10)) return 0
  let at = run.end
  if (isBlank(text.codeAt(at))) at++
  if (text.codeAt(at) === 40 || text.codeAt(at) === 45) at++
  if (isBlank(text.codeAt(at))) at++
  if (text.codeAt(at) < 65) return 0
  const word = scan.after(at)
  if ((word.meaning & Meaning.line) === 0) return 0
  // "1 000 000 mobile users" go on; a label ends its line or its item.
  const next = word.end < text.length ? text.codeAt(word.end) : 10
  return next === 10 || next === 13 || next === 41 || next === 44 || next === 59 || next === 92 || next === 45 || next === 124
    ? 0.85
    : 0
}

/** By how it is written, wherever in the run that begins. */
function byForm(scan: Scan, run: NumberRun, context: Context): void {
  if (!mayHaveForm(run)) return
  const other =
    (context.label & ~(Meaning.glue | Meaning.number | Meaning.owner | Meaning.ip | Meaning.call | Meaning.line)) !== 0
  if (other && !run.plus) return
  if (run.after === 47 || run.after === 61 || run.before === 47 || run.before === 61 || run.before === 92 || run.before === 46)
    return
  if (run.before === 45 || isLetter(run.before) || isDigit(run.before)) return
  for (let group = 0; group < run.count; group++) {
    if (group > 0 && run.length(group) === 1) continue
    const { last, confidence } = formOf(run, group)
    if (confidence === 0) continue
    const start = group === 0 ? run.start : startOf(run, group)
    const end = last === run.count - 1 ? run.end : run.endOf(last)
    scan.report('PHONE_NUMBER', start, end, other ? 0.6 : run.extension ? 0.9 : confidence)
    group = last
  }
}

/** With the bracket before the group. */
function startOf(run: NumberRun, group: number): number {
  const start = run.startOf(group)
  return run.text.codeAt(start - 1) === 40 ? start - 1 : start
}
