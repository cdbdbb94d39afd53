import { areValidFours, isValidGroup, LuhnSums } from './luhn.js'
import { type NumberRun, Shape } from './number-run.js'
import type { Finder, Scan } from './scan.js'
import { Meaning } from './words.js'

const fewest = 12
const most = 19

/**
 * Payment cards: ISO/IEC 7812-1 (Luhn) and the ranges that issuers have. One number of ten passes Luhn, among them one in ten
 * timestamps and order numbers: so without a word for it a card must be of a range and of its usual length.
 */
export const card: Finder = {
  types: ['CREDIT_CARD'],
  trigger: { digits: [fewest, Infinity], shape: Shape.long },
  longest: most + 18,
  find(scan) {
    const run = scan.run
    sums.open(run)
    let digits = 0
    for (let group = 0; group < run.count; group++) {
      const last = run.length(group) < 3 ? -1 : cardFrom(scan, run, group, digits)
      for (; group < last; group++) digits += run.length(group)
      digits += run.length(group)
    }
  },
}

const sums = new LuhnSums()

/** The last group of the card that begins with `group`, which so many digits are before; -1 when none does. */
function cardFrom(scan: Scan, run: NumberRun, group: number, before: number): number {
  const mark = run.separator(group)
  const inside = group > 0 && mark !== 0 && run.separator(group - 1) === mark
  if (inside) return fourFoursFrom(scan, run, group, before)
  let digits = 0
  let found = -1
  for (let last = group; last < run.count && last - group < 6; last++) {
    const length = run.length(last)
    digits += length
    if (digits > most || length < 3) break
    if (digits >= fewest && isCard(scan, group, last, before, digits)) found = last
    if (run.separator(last) !== mark || (mark !== 32 && mark !== 45 && mark !== 46)) break
  }
  return found
}

/** In a longer row of groups a card is of four times four digits. */
function fourFoursFrom(scan: Scan, run: NumberRun, group: number, before: number): number {
  const last = group + 3
  const mark = run.separator(group)
  if (last >= run.count || !areFours(run, group, last) || (mark !== 32 && mark !== 45 && mark !== 46)) return -1
  if (run.separator(group + 1) !== mark || run.separator(group + 2) !== mark) return -1
  return isCard(scan, group, last, before, 16) ? last : -1
}

function isCard(scan: Scan, group: number, last: number, before: number, digits: number): boolean {
  const run = scan.run
  if (last === run.count - 1 && !standsAlone(run)) return false
  const grouped = last > group
  const start = run.startOf(group)
  const usual = (grouped ? isUsualGrouping(run, group, last) : isAlone(run, group)) && usualBrand(run, group, digits)
  // The digits are sooner summed up than the words before them read.
  const isValid = !grouped
    ? isValidGroup(run, group)
    : areFours(run, group, last)
      ? areValidFours(run, group, last)
      : sums.isValid(before, before + digits)
  if (!isValid && !(grouped && isFourFours(run, group, last))) return false
  const named = isNamed(scan, run.start)
  if (!named && !(usual && isValid)) return false
  // Four times four digits after "card" are to be kept even if one of them is wrong.
  scan.report('CREDIT_CARD', start, run.endOf(last), !isValid ? 0.6 : named ? 0.99 : grouped ? 0.9 : 0.8)
  return true
}

const isNamed = (scan: Scan, at: number): boolean =>
  (scan.before(at).labels & Meaning.card) !== 0 || scan.isNear(at, Meaning.card)

/** Not a word's beginning, a decimal, nor a percentage. */
function standsAlone(run: NumberRun): boolean {
  const code = run.text.codeAt(run.last)
  return !(code === 37 || code === 95 || (code >= 48 && code <= 57) || (code | 32) === 101)
}

/** No path, decimal, or variable has it as a part. */
function isAlone(run: NumberRun, group: number): boolean {
  if (group > 0 || run.count > 1) return false
  const code = run.before
  return code !== 46 && code !== 47 && code !== 45 && code !== 36 && code !== 35
}

const isFourFours = (run: NumberRun, group: number, last: number): boolean => last - group === 3 && areFours(run, group, last)

function areFours(run: NumberRun, group: number, last: number): boolean {
  const all = (1 << (last - group + 1)) - 1
  return ((run.fours >> group) & all) === all
}

/** 4-4-4-4, with three more of a 19-digit card; 4-6-5 (American Express), 4-6-4 (Diners Club). */
function isUsualGrouping(run: NumberRun, group: number, last: number): boolean {
  if (run.length(group) !== 4) return false
  if (last - group === 2) return run.length(group + 1) === 6 && run.length(last) >= 4 && run.length(last) <= 5
  if (last - group === 4) return isFourFours(run, group, last - 1) && run.length(last) === 3
  return isFourFours(run, group, last)
}

/** Ranges: ISO/IEC 7812 registrations as issuers publish them (Visa, Mastercard, American Express, Discover, Diners Club, JCB, UnionPay). */
function usualBrand(run: NumberRun, group: number, digits: number): boolean {
  const four = run.length(group) === 4 ? run.value(group) : firstFour(run, group)
  const two = Math.floor(four / 100)
  if (digits === 16) {
    if (four >= 4000 && four <= 4999) return true
    if ((two >= 51 && two <= 55) || (four >= 2221 && four <= 2720)) return true
    return four === 6011 || two === 65 || (four >= 6440 && four <= 6499) || (four >= 3528 && four <= 3589) || two === 62
  }
  if (digits === 15) return two === 34 || two === 37 || four === 1800 || four === 2131
  return digits === 14 && (two === 36 || two === 38 || (four >= 3000 && four <= 3059))
}

function firstFour(run: NumberRun, group: number): number {
  const start = run.startOf(group)
  let four = 0
  for (let at = start; at < start + 4; at++) four = four * 10 + run.text.codeAt(at) - 48
  return four
}
