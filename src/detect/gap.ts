import { lookUp } from './chars.js'
import type { Text } from './text.js'
import { isWordLetter } from './word-table.js'

/** A power of two, and more runs than within reach of a value. */
const remembered = 128

/** What a character on the way back may be, and what a gap ends at: nothing where one may go no further, a digit where it is one too many. */
export const Kind = { nothing: 0, letter: 1, digit: 2, line: 3, mark: 4 } as const

/** What marks a gap has, as bits. */
export const Marks = {
  colon: 1,
  /** What stands between a key and its value, and seldom between a verb and its object. */
  other: 2,
  /** What ends a statement. */
  end: 4,
} as const

const kinds = new Uint8Array(128)
kinds.fill(Kind.letter, 65, 91).fill(Kind.letter, 97, 123).fill(Kind.digit, 48, 58)
kinds[10] = Kind.line
const marks = new Uint8Array(128)
for (const mark of `"'()<>=[]_{}`) marks[mark.charCodeAt(0)] = Marks.other
for (const mark of '{;}') marks[mark.charCodeAt(0)] = (marks[mark.charCodeAt(0)] ?? 0) | Marks.end
marks[58] = Marks.colon
for (let code = 0; code < 128; code++) if (marks[code] !== 0) kinds[code] = Kind.mark

const kindOfAscii = lookUp(kinds)
const marksOf = lookUp(marks)
const kindOf = (code: number): number => (code < 128 ? kindOfAscii(code) : isWordLetter(code) ? Kind.letter : Kind.nothing)

/** Of what stands between words, or between one and a value. */
export class Gap {
  digits = 0
  marks = 0
  kind: number = Kind.nothing
  /** The runs of numbers that were read last, by where they end: in them there is nothing but digits, brackets, and what does not count. */
  readonly #ends = new Int32Array(remembered).fill(-1)
  readonly #starts = new Int32Array(remembered)
  readonly #digits = new Int32Array(remembered)
  readonly #marks = new Uint8Array(remembered)
  #isAnyRun = false

  /** Another text is read. */
  open(): void {
    if (this.#isAnyRun) this.#ends.fill(-1)
    this.#isAnyRun = false
  }

  run(start: number, end: number, digits: number, hasBracket: boolean): void {
    const slot = end & (remembered - 1)
    this.#isAnyRun = true
    this.#ends[slot] = end
    this.#starts[slot] = start
    this.#digits[slot] = digits
    this.#marks[slot] = hasBracket ? Marks.other : 0
  }

  /** Back from `from` to a letter or a line, past so many digits at `most`. Answers how far. */
  back(text: Text, from: number, floor: number, most: number): number {
    let digits = 0
    let seen = 0
    let kind: number = Kind.nothing
    let at = from
    for (; at > floor; at--) {
      const code = text.codeAt(at - 1)
      kind = kindOf(code)
      if (kind === Kind.nothing) continue
      if (kind === Kind.mark) seen |= marksOf(code)
      else if (kind !== Kind.digit) break
      else {
        const slot = at & (remembered - 1)
        const start = this.#starts[slot] ?? 0
        if (this.#ends[slot] === at) {
          const all = digits + (this.#digits[slot] ?? 0)
          if (start >= floor && all <= most) {
            digits = all
            seen |= this.#marks[slot] ?? 0
            at = start + 1
            continue
          }
          // However many of them are beyond the floor.
          if (all - Math.max(0, floor - start) > most && this.#marks[slot] === 0) {
            digits = most
            break
          }
        }
        if (digits === most) break
        digits++
      }
    }
    this.digits = digits
    this.marks = seen
    this.kind = at > floor ? kind : Kind.nothing
    return at
  }
}
