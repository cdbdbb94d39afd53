import { isBlank, isDigit, isLetter } from './chars.js'

const mostGroups = 16
/** Longer runs of bare digits are no number of anybody. Keeps every reader of a run bounded. */
const longestGroup = 24

/**
 * Groups of digits with a separator of one or two characters between them, as telephone, card and social security numbers and dates
 * are written: `+46 (0)8 928 571 38`. Read once, then shown to every finder of numbers. A run begins anew after a date
 * and after sixteen groups.
 */
export class NumberRun {
  text = ''
  /** With the `+` or `(` before the first digit, and with the extension. */
  start = 0
  end = 0
  /** Of the first digit, and past the last. */
  first = 0
  last = 0
  count = 0
  digits = 0
  readonly starts = new Int32Array(mostGroups)
  readonly ends = new Int32Array(mostGroups)
  /** The separator after each group: its character, or `(` or `)` when there is one in it. */
  readonly separators = new Int32Array(mostGroups)
  plus = false
  open = false
  extension = false
  /** Whether the groups are a date. */
  date = false
  /** What stands directly before and after; 32 at the ends of the text. */
  before = 32
  after = 32

  length(group: number): number {
    return (this.ends[group] ?? 0) - (this.starts[group] ?? 0)
  }

  startOf(group: number): number {
    return this.starts[group] ?? 0
  }

  endOf(group: number): number {
    return this.ends[group] ?? 0
  }

  separator(group: number): number {
    return this.separators[group] ?? 0
  }

  /** As a number; -1 when it has more than nine digits. */
  value(group: number): number {
    const end = this.endOf(group)
    let at = this.startOf(group)
    if (end - at > 9) return -1
    let value = 0
    for (; at < end; at++) value = value * 10 + this.text.charCodeAt(at) - 48
    return value
  }

  /** Reads the run whose first digit is at `first`, and answers where the scan may look for the next. */
  read(text: string, first: number): number {
    this.text = text
    this.first = first
    this.count = this.digits = 0
    this.extension = this.date = false
    let at = first
    while (this.count < mostGroups) {
      const start = at
      while (at < text.length && isDigit(text.charCodeAt(at))) at++
      const group = this.count++
      this.starts[group] = start
      this.ends[group] = at
      this.separators[group] = 0
      this.digits += at - start
      if (at - start > longestGroup) break
      if (group > 1 && this.#dateEnds()) break
      const next = this.#separator(at)
      if (next < 0) break
      at = next
    }
    this.#giveBack()
    this.last = this.end = this.count > 0 ? this.endOf(this.count - 1) : at
    this.#head()
    if (this.count > 0) this.#extend()
    this.before = this.start > 0 ? text.charCodeAt(this.start - 1) : 32
    this.after = this.end < text.length ? text.charCodeAt(this.end) : 32
    return Math.max(this.end, first + 1)
  }

  /** Past the separator at `at`, if digits follow it; else -1. */
  #separator(at: number): number {
    const text = this.text
    if (isDigit(text.charCodeAt(at + 1))) {
      const kind = singleOf(text.charCodeAt(at))
      if (kind === 0) return -1
      this.separators[this.count - 1] = kind
      return at + 1
    }
    let kind = 0
    let next = at
    for (; next < at + 3 && next < text.length; next++) {
      const code = text.charCodeAt(next)
      if (isDigit(code)) break
      if (code === 40 || code === 41) kind = code
      else if (isBlank(code)) kind ||= 32
      else if (code === 45 || code === 0x2010 || code === 0x2011 || code === 0x2013) kind = kind === 40 || kind === 41 ? kind : 45
      else if ((code === 46 || code === 47) && next === at) kind = code
      else return -1
    }
    if (kind === 0 || next === at || !isDigit(text.charCodeAt(next))) return -1
    // Two spaces part columns; two dashes, or a slash with something beside it, are no separator either.
    if (next - at > 1 && kind !== 40 && kind !== 41 && !(kind === 45 && next - at === 3)) return -1
    this.separators[this.count - 1] = kind
    return next
  }

  /** Whether the last three groups, of which there are as many, are a date, which ends the run: alone if it began it, else before it. */
  #dateEnds(): boolean {
    const group = this.count - 3
    const mark = this.separator(group)
    if (mark !== this.separator(group + 1) || (mark !== 45 && mark !== 46 && mark !== 47)) return false
    if (!this.#isDate(group)) return false
    const end = this.endOf(group + 2)
    if (this.text.charCodeAt(end) === mark && isDigit(this.text.charCodeAt(end + 1))) return false
    if (group > 0 && this.separator(group - 1) === mark) return false
    if (group === 0) this.date = true
    else this.#drop(3)
    return true
  }

  #isDate(group: number): boolean {
    const [one, two, three] = [this.length(group), this.length(group + 1), this.length(group + 2)]
    if (two > 2 || (one === 4 ? three > 2 : one > 2 || (three !== 4 && !(three === 2 && one + two >= 3)))) return false
    const [a, b, c] = [this.value(group), this.value(group + 1), this.value(group + 2)]
    if (one === 4) return isYear(a) && isDayAndMonth(c, b)
    return (three === 2 || isYear(c)) && (isDayAndMonth(a, b) || isDayAndMonth(b, a))
  }

  /** A last group that goes on as a word ("40th"), a time ("09:00") or a decimal is not of the run. */
  #giveBack(): void {
    while (this.count > 0 && !this.date) {
      const end = this.endOf(this.count - 1)
      const code = this.text.charCodeAt(end)
      const time =
        code === 58 && isDigit(this.text.charCodeAt(end + 1)) && this.count > 1 && this.separator(this.count - 2) === 32
      if (!time && (!isLetter(code) || this.#isExtension(end)) && code !== 95) return
      if (this.count === 1) return
      this.#drop(1)
    }
  }

  #drop(groups: number): void {
    for (let done = 0; done < groups; done++) this.digits -= this.length(--this.count)
    if (this.count > 0) this.separators[this.count - 1] = 0
  }

  /** The `+`, `(` or `(+` before the first digit. */
  #head(): void {
    const text = this.text
    let start = this.first
    this.plus = start > 0 && text.charCodeAt(start - 1) === 43
    if (this.plus) start--
    this.open = start > 0 && text.charCodeAt(start - 1) === 40 && this.separator(0) === 41
    if (this.open) start--
    if (!this.plus && this.open && start > 0 && text.charCodeAt(start - 1) === 43) {
      this.plus = true
      start--
    }
    this.start = start
  }

  #isExtension(at: number): boolean {
    return (this.text.charCodeAt(at) | 32) === 120 && isDigit(this.text.charCodeAt(at + 1))
  }

  /** `x123`, ` x123`, ` ext. 123`, ` extension 123`. */
  #extend(): void {
    const text = this.text
    let at = this.last
    if (isBlank(text.charCodeAt(at))) at++
    if ((text.charCodeAt(at) | 32) === 101 && text.slice(at, at + 3).toLowerCase() === 'ext') {
      at += text.slice(at, at + 9).toLowerCase() === 'extension' ? 9 : 3
      if (text.charCodeAt(at) === 46) at++
      if (isBlank(text.charCodeAt(at))) at++
    } else if (this.#isExtension(at)) at++
    else return
    const start = at
    while (at - start < 6 && isDigit(text.charCodeAt(at))) at++
    if (at === start || isDigit(text.charCodeAt(at)) || isLetter(text.charCodeAt(at))) return
    this.extension = true
    this.end = at
  }
}

/** What one character between two groups is taken for; 0 for what parts them. */
function singleOf(code: number): number {
  if (code === 32 || code === 45 || code === 46 || code === 47 || code === 40 || code === 41) return code
  if (code < 128) return 0
  return isBlank(code) ? 32 : code === 0x2010 || code === 0x2011 || code === 0x2013 ? 45 : 0
}

const isYear = (year: number): boolean => year >= 1800 && year <= 2199

const isDayAndMonth = (day: number, month: number): boolean => day >= 1 && day <= 31 && month >= 1 && month <= 12
