import type { NumberRun } from './number-run.js'

/** Of sixteen groups with twenty-five digits at most. */
const mostDigits = 400

/** What four digits add up to by their value, the first and the third doubled. */
let ofFours: Uint8Array | undefined

const doubledDigit = (digit: number): number => (digit > 4 ? digit * 2 - 9 : digit * 2)

function sumsOfFours(): Uint8Array {
  return Uint8Array.from({ length: 10_000 }, (_, value) => {
    const digit = (place: number) => Math.floor(value / place) % 10
    return doubledDigit(digit(1000)) + digit(100) + doubledDigit(digit(10)) + digit(1)
  })
}

/** Whether groups of four digits each pass, and are not one digit over and over. */
export function areValidFours(run: NumberRun, first: number, last: number): boolean {
  ofFours ??= sumsOfFours()
  const one = run.value(first)
  let sum = 0
  let areAlike = one % 1111 === 0
  for (let group = first; group <= last; group++) {
    const value = run.value(group)
    sum += ofFours[value] ?? 0
    if (value !== one) areAlike = false
  }
  return sum % 10 === 0 && !areAlike
}

/** Whether the digits of one group pass, and are not one over and over. */
export function isValidGroup(run: NumberRun, group: number): boolean {
  const start = run.startOf(group)
  const end = run.endOf(group)
  let sum = 0
  let areAlike = true
  for (let at = start; at < end; at++) {
    const digit = run.text.codeAt(at) - 48
    sum += ((end - at) & 1) === 0 ? doubledDigit(digit) : digit
    if (at > start && run.text.codeAt(at - 1) - 48 !== digit) areAlike = false
  }
  return sum % 10 === 0 && !areAlike
}

/**
 * Luhn's check (ISO/IEC 7812-1, annex B) of any part of a run of numbers. Many parts of one may be a card: what its digits add up to is
 * summed up once.
 */
export class LuhnSums {
  /** Of the digits before each, with those at even places doubled, and with those at odd ones. */
  readonly #even = new Int32Array(mostDigits + 1)
  readonly #odd = new Int32Array(mostDigits + 1)
  /** Where the digits began to be the same as this one. */
  readonly #alike = new Int32Array(mostDigits)

  /** Not summed up yet. */
  #run: NumberRun | undefined

  open(run: NumberRun): void {
    this.#run = run
  }

  #read(run: NumberRun): void {
    const text = run.text
    let count = 0
    let last = -1
    for (let group = 0; group < run.count; group++) {
      const end = run.endOf(group)
      for (let at = run.startOf(group); at < end && count < mostDigits; at++, count++) {
        const digit = text.codeAt(at) - 48
        const doubled = doubledDigit(digit)
        const isEven = (count & 1) === 0
        this.#even[count + 1] = (this.#even[count] ?? 0) + (isEven ? doubled : digit)
        this.#odd[count + 1] = (this.#odd[count] ?? 0) + (isEven ? digit : doubled)
        this.#alike[count] = digit === last ? (this.#alike[count - 1] ?? 0) : count
        last = digit
      }
    }
  }

  /** Whether these digits pass, and are not one over and over. */
  isValid(start: number, end: number): boolean {
    if (this.#run !== undefined) this.#read(this.#run)
    this.#run = undefined
    const sums = (end & 1) === 0 ? this.#even : this.#odd
    const sum = (sums[end] ?? 0) - (sums[start] ?? 0)
    return sum % 10 === 0 && (this.#alike[end - 1] ?? 0) > start
  }
}
