import { classOf, isBlank, isDigit, isLetter, longToken, tokenChar } from './chars.js'
import { lengthOf, markIn, markOf, separatorAt } from './separators.js'
import type { Text } from './text.js'

const mostGroups = 16
/** Longer runs of bare digits are no number of anybody. Keeps every reader of a run bounded. */
const longestGroup = 24

/** What a run may be by its form, as bits: who looks for one of them need not be asked of any other. */
export const Shape = {
  date: 1,
  dateless: 2,
  /** More than two dots. */
  dotted: 4,
  /** Without a `+`, and a group of three digits or more. */
  long: 8,
  /** Neither date nor `+` nor `(`. */
  bare: 16,
  /** Such a one of nine digits, after a dash, or with groups of three, two and four. */
  id: 32,
  /** It begins with a year, or may be year, month and day. */
  year: 64,
} as const

/**
 * Groups of digits with a separator of one or two characters between them, as telephone, card and social security numbers and dates
 * are written: `+46 (0)8 928 571 38`. Read once, then shown to every finder of numbers. A run begins anew after a date
 * and after sixteen groups.
 */
export class NumberRun {
  readonly text: Text
  /** With the `+` or `(` before the first digit, and with the extension. */
  start = 0
  end = 0
  /** Of the first digit, and past the last. */
  first = 0
  last = 0
  count = 0
  digits = 0
  /** Digits of the longest group, dots between groups, and whether groups of three, two and four, or of three, three and four follow each other: at least what there is, so that most finders need not look at groups. */
  longest = 0
  dots = 0
  hasThreeTwoFour = false
  hasThreeThreeFour = false
  /** Which groups are of four digits, as bits. */
  fours = 0
  /** The first group with a bracket behind it. */
  bracket = mostGroups
  /** Up to here there is no more in the run for who looks at tokens: all are of digits and short. */
  skip = 0
  /** Where the token begins in which the run ends; -1 when one before it is long. */
  #token = 0
  /** Of each group where it starts, its length, its value, and the separator after it. */
  readonly #of = new Int32Array(4 * mostGroups)
  plus = false
  open = false
  extension = false
  /** Whether the groups are a date. */
  date = false
  /** Of {@link Shape}. */
  shape = 0
  /** What stands directly before and after; 0 at the ends of the text. */
  before = 0
  after = 0

  constructor(text: Text) {
    this.text = text
  }

  length(group: number): number {
    return this.#of[4 * group + 1] ?? 0
  }

  startOf(group: number): number {
    return this.#of[4 * group] ?? 0
  }

  endOf(group: number): number {
    return (this.#of[4 * group] ?? 0) + (this.#of[4 * group + 1] ?? 0)
  }

  /** As a number; -1 when it has more than nine digits. */
  value(group: number): number {
    return this.#of[4 * group + 2] ?? 0
  }

  /** The separator after it: its character, or the bracket or dash in it; 0 after the last. */
  separator(group: number): number {
    return this.#of[4 * group + 3] ?? 0
  }

  /** Reads the run whose first digit is at `first`, and answers where the scan may look for the next. */
  read(first: number): number {
    const text = this.text
    this.first = this.start = first
    this.plus = this.open = this.extension = this.date = false
    this.#groups(text, first)
    let code = text.codeAt(this.endOf(this.count - 1))
    if ((code === 58 || code === 95 || isLetter(code)) && this.#giveBack()) code = text.codeAt(this.endOf(this.count - 1))
    this.last = this.end = this.endOf(this.count - 1)
    this.#endSkip(code)
    this.before = text.codeAt(first - 1)
    if (this.before === 43 || this.before === 40) this.#head()
    if (isBlank(code) || (code | 32) === 101 || (code | 32) === 120) {
      this.#extend()
      code = text.codeAt(this.end)
    }
    this.after = code
    this.shape = this.#shape()
    return this.end
  }

  #shape(): number {
    const dotted = this.dots > 2 ? Shape.dotted : 0
    if (this.date) return dotted | Shape.date
    const dateless = dotted | Shape.dateless | (this.#mayBeYear() ? Shape.year : 0)
    if (this.plus) return dateless
    const plain = dateless | (this.longest > 2 ? Shape.long : 0)
    if (this.open) return plain
    const isId = this.count === 1 ? this.digits === 9 || this.before === 45 : this.hasThreeTwoFour
    return plain | Shape.bare | (isId ? Shape.id : 0)
  }

  #mayBeYear(): boolean {
    return this.length(0) === 4 ? isYear(this.value(0)) : this.digits === 8 && this.count === 1
  }

  // state machine: one turn for each group and what follows it
  #groups(text: Text, first: number): void {
    const of = this.#of
    let count = 0
    let digits = 0
    let longest = 0
    let dots = 0
    let fours = 0
    let lengths = 0
    let mark = 0
    let markBefore = 0
    let markEarlier = 0
    let token = first
    let digit = text.codeAt(first)
    this.skip = first
    this.hasThreeTwoFour = this.hasThreeThreeFour = false
    this.bracket = mostGroups
    for (let start = first; ; ) {
      let at = start + 1
      let code = 0
      let value = digit - 48
      for (; isDigit((code = text.codeAt(at))); at++) value = (Math.imul(value, 10) + code - 48) | 0
      const length = at - start
      of[4 * count] = start
      of[4 * count + 1] = length
      of[4 * count + 2] = length > 9 ? -1 : value
      of[4 * count++ + 3] = 0
      if (length === 4) fours |= 1 << (count - 1)
      digits += length
      if (length > longest) longest = length
      if (length > longestGroup) break
      lengths = ((lengths << 4) | (length > 15 ? 15 : length)) & 0xfff
      if (lengths === 0x324) this.hasThreeTwoFour = true
      else if (lengths === 0x334) this.hasThreeThreeFour = true
      if (count > 2 && mark === markBefore && mark !== markEarlier && this.#dateEnds(count - 3, mark)) {
        if (count === 3) this.date = true
        else for (let dropped = 0; dropped < 3; dropped++) digits -= this.length(--count)
        of[4 * count - 1] = 0
        break
      }
      const single = count < mostGroups ? markOf(code) : 0
      if (single === 0) break
      markEarlier = markBefore
      markBefore = mark
      mark = single
      let next = at + 1
      digit = text.codeAt(next)
      if (!isDigit(digit)) {
        const separator = markOf(digit) === 0 ? 0 : separatorAt(text, at)
        if (separator === 0) break
        next = at + lengthOf(separator)
        mark = markIn(separator)
        digit = text.codeAt(next)
      }
      of[4 * count - 1] = mark
      if (mark === 46) dots++
      else if ((mark === 40 || mark === 41) && this.bracket === mostGroups) this.bracket = count - 1
      if (code !== 45) {
        if (token >= 0 && at - token < longToken) {
          this.skip = at
          // A separator of more than one character may end with dashes, which are of the token.
          token = next > at + 1 ? next - 2 : next
        } else token = -1
      } else if (next > at + 1) token = -1
      start = next
    }
    this.count = count
    this.digits = digits
    this.longest = longest
    this.dots = dots
    this.fours = fours
    this.#token = token
  }

  #endSkip(after: number): void {
    if (this.skip > this.last) this.skip = this.first
    else if (this.#token >= 0 && this.last - this.#token < longToken && (classOf(after) & tokenChar) === 0) this.skip = this.last
  }

  /** Whether the groups from this one on, which are the last three and have the same mark between them alone, are a date. It ends the run: alone if it began it, else before it. */
  #dateEnds(group: number, mark: number): boolean {
    if (mark !== 45 && mark !== 46 && mark !== 47) return false
    const end = this.endOf(group + 2)
    if (this.text.codeAt(end) === mark && isDigit(this.text.codeAt(end + 1))) return false
    const one = this.length(group)
    const two = this.length(group + 1)
    const three = this.length(group + 2)
    if (two > 2 || (one === 4 ? three > 2 : one > 2 || (three !== 4 && !(three === 2 && one + two >= 3)))) return false
    const a = this.value(group)
    const b = this.value(group + 1)
    const c = this.value(group + 2)
    if (one === 4) return isYear(a) && isDayAndMonth(c, b)
    return (three === 2 || isYear(c)) && (isDayAndMonth(a, b) || isDayAndMonth(b, a))
  }

  /** A last group that goes on as a word ("40th"), a time ("09:00") or a decimal is not of the run. False where there is none. */
  #giveBack(): boolean {
    const before = this.count
    while (!this.date && this.count > 1) {
      const end = this.endOf(this.count - 1)
      const code = this.text.codeAt(end)
      const time = code === 58 && isDigit(this.text.codeAt(end + 1)) && this.separator(this.count - 2) === 32
      if (!time && (!isLetter(code) || this.#isExtension(end)) && code !== 95) break
      this.digits -= this.length(--this.count)
      this.#of[4 * this.count - 1] = 0
    }
    return this.count < before
  }

  /** The `+`, `(` or `(+` before the first digit. */
  #head(): void {
    const text = this.text
    let start = this.first
    this.plus = this.before === 43
    if (this.plus) start--
    this.open = text.codeAt(start - 1) === 40 && this.separator(0) === 41
    if (this.open) start--
    if (!this.plus && this.open && text.codeAt(start - 1) === 43) {
      this.plus = true
      start--
    }
    this.start = start
    this.before = text.codeAt(start - 1)
  }

  #isExtension(at: number): boolean {
    return (this.text.codeAt(at) | 32) === 120 && isDigit(this.text.codeAt(at + 1))
  }

  /** `x123`, ` x123`, ` ext. 123`, ` extension 123`. */
  #extend(): void {
    const text = this.text
    let at = this.last
    if (isBlank(text.codeAt(at))) at++
    if (text.hasWord('ext', at)) {
      at += text.hasWord('extension', at) ? 9 : 3
      if (text.codeAt(at) === 46) at++
      if (isBlank(text.codeAt(at))) at++
    } else if (this.#isExtension(at)) at++
    else return
    const start = at
    while (at - start < 6 && isDigit(text.codeAt(at))) at++
    if (at === start || isDigit(text.codeAt(at)) || isLetter(text.codeAt(at))) return
    this.extension = true
    this.end = at
  }
}

const isYear = (year: number): boolean => year >= 1800 && year <= 2199

const isDayAndMonth = (day: number, month: number): boolean => day >= 1 && day <= 31 && month >= 1 && month <= 12
