import { isInternational } from './calling-codes.js'
import { isDigit } from './chars.js'
import type { NumberRun } from './number-run.js'

/** A form that was recognised, its last group, and how far it can be trusted with no word for it; 0 when none was. */
export interface Form {
  readonly last: number
  readonly confidence: number
}

const none: Form = { last: -1, confidence: 0 }

/**
 * National forms that begin with a trunk zero, as lengths of their groups: France, Germany, the United Kingdom, Belgium, Switzerland,
 * Italy, the Netherlands, Austria, Sweden, Australia, Japan, South Africa. Nine to eleven digits.
 */
const trunkForms = new Set(
  `2,2,2,2,2 4,2,2,2 3,2,2,2 3,3,2,2 4,3,2,2 3,3,4 3,4,4 4,3,4 4,3,3 5,3,3 5,6 4,6 4,7 3,7 3,8 2,8 2,4,4 3,3,3,2 2,3,2,2 4,4,3 2,7`
    .split(' ')
    .map((form) => form.split(',').reduce((lengths, length) => lengths * 16 + Number(length), 0)),
)

/** Whether there is anything in the run that one of them has. */
export const mayHaveForm = (run: NumberRun): boolean =>
  run.plus || run.hasThreeThreeFour || run.bracket < run.count || run.text.codeAt(run.first) === 48

export function formOf(run: NumberRun, group: number): Form {
  if (group > 0 && run.separator(group - 1) !== 32 && run.separator(group - 1) !== 40) return none
  if (group === 0 && run.plus) return international(run)
  const digit = run.text.codeAt(run.startOf(group))
  if (digit === 48)
    return run.length(group) >= 2 && run.text.codeAt(run.startOf(group) + 1) === 48 ? prefixed(run, group) : trunk(run, group)
  return northAmerican(run, group)
}

/** `+` and a country's code, with as many digits as that country has. */
function international(run: NumberRun): Form {
  let digits = 0
  let leading = 0
  for (let at = run.first; digits < 3 && at < run.last; at++) {
    const code = run.text.codeAt(at)
    if (!isDigit(code)) continue
    leading = leading * 10 + code - 48
    digits++
  }
  const trunk = run.count > 1 && run.length(1) === 1 && run.value(1) === 0 && run.separator(1) === 41
  if (digits < 3 || run.length(run.count - 1) < 2 || !isInternational(leading, run.digits, trunk)) return none
  return { last: run.count - 1, confidence: run.count > 1 ? 0.9 : 0.8 }
}

/** `00` or `011` for the `+`, and then as there, in groups: `001-748-088-2851`. */
function prefixed(run: NumberRun, group: number): Form {
  if (group > 0 || run.count < 3) return none
  const first = run.length(0)
  const country = run.value(0)
  const digits = run.digits - (first - String(country).length)
  if (country === 0 || country > 999 || first - String(country).length !== 2) return none
  const next = run.count > 1 ? run.text.codeAt(run.startOf(1)) - 48 : 0
  const leading = country >= 100 ? country : country >= 10 ? country * 10 + next : country * 100 + next * 10
  if (!isInternational(leading, digits, false)) return none
  return { last: run.count - 1, confidence: uniform(run, 0, run.count - 1) ? 0.8 : 0.7 }
}

/** `(555) 123-4567`, `555-123-4567`, `555.123.4567`, `1-555-123-4567`; with spaces alone only where such a number can be. */
function northAmerican(run: NumberRun, group: number): Form {
  const one = run.length(group) === 1 && run.value(group) === 1 && group === 0
  const from = one ? 1 : group
  if (run.length(from) !== 3 || run.length(from + 1) !== 3 || run.length(from + 2) !== 4 || from + 3 > run.count)
    return bracketed(run, group)
  const [mark, second] = [run.separator(from), run.separator(from + 1)]
  const last = from + 2
  if (last < run.count - 1 && run.separator(last) !== 32) return none
  const valid = isExchange(run, from) && isExchange(run, from + 1)
  if (mark === 41) return { last, confidence: valid ? 0.85 : 0.7 }
  if (mark !== second) return mark === 32 && second === 45 && valid ? { last, confidence: 0.7 } : none
  if (mark === 45 || mark === 46) return { last, confidence: valid ? 0.8 : 0.55 }
  return mark === 32 && valid && last === run.count - 1 && group === 0 ? { last, confidence: 0.6 } : none
}

/** `(11) 4706-6184`, `(37) 788-063`: an area code in brackets and a dash in what follows. */
function bracketed(run: NumberRun, group: number): Form {
  if (run.separator(group) !== 41 || run.length(group) < 2 || run.length(group) > 5 || !(group > 0 || run.open)) return none
  if (group + 3 > run.count || run.separator(group + 1) !== 45) return none
  const rest = run.length(group + 1) + run.length(group + 2)
  return rest >= 6 && rest <= 8 && run.length(group + 1) >= 3 ? { last: group + 2, confidence: 0.6 } : none
}

/** A national number with its trunk zero. It has the whole run: a longer one is a table. */
function trunk(run: NumberRun, group: number): Form {
  if (group > 0) return none
  if (run.open) {
    const form = bracketed(run, 0)
    if (form.confidence > 0) return form
  }
  if (run.digits < 9 || run.digits > 11 || run.count < 2 || run.count > 5) return none
  let lengths = 0
  for (let at = 0; at < run.count; at++) lengths = lengths * 16 + run.length(at)
  // `<Buffer 01 02 03 04 05>`
  if (!trunkForms.has(lengths) || run.after === 62) return none
  const alike = uniform(run, 1, run.count - 1)
  const mark = run.separator(0)
  if (!alike || (mark !== 45 && mark !== 46 && mark !== 32 && mark !== 41)) return none
  return { last: run.count - 1, confidence: 0.55 }
}

/** Whether all separators from the group on are the same. */
function uniform(run: NumberRun, from: number, to: number): boolean {
  for (let at = from + 1; at < to; at++) if (run.separator(at) !== run.separator(from)) return false
  return true
}

/** Area codes and exchanges do not begin with 0 or 1. https://www.nanpa.com/numbering/north-american-numbering-plan */
const isExchange = (run: NumberRun, group: number): boolean => run.text.codeAt(run.startOf(group)) >= 50
