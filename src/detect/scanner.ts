import { Char, classOf, isDigit, isLetter, pastEscape, tokenChar } from './chars.js'
import type { Finder, Scan } from './scan.js'

const longToken = 16

interface Ranged {
  readonly least: number
  readonly most: number
  readonly finder: Finder
}

interface Pair {
  /** What must follow the character; -1 for anything. */
  readonly next: number
  readonly finder: Finder
}

/**
 * One pass over the text, which stops at digits and at the characters that finders have asked for. Every other character costs one look
 * into a table of 128 bytes.
 */
export class Scanner {
  /** 0, `Char.digit`, or `Char.trigger`. */
  readonly #stops = new Uint8Array(128)
  readonly #atCharacter: readonly (readonly Pair[])[]
  readonly #atNumber: Ranged[] = []
  readonly #atToken: Ranged[] = []
  /** With fewer in its run no finder is asked about a number. */
  readonly #leastDigits: number

  constructor(finders: readonly Finder[]) {
    const atCharacter: Pair[][] = Array.from({ length: 128 }, () => [])
    for (const finder of finders) {
      const { trigger } = finder
      if ('digits' in trigger) this.#atNumber.push({ least: trigger.digits[0], most: trigger.digits[1], finder })
      else if ('token' in trigger) this.#atToken.push({ least: trigger.token[0], most: trigger.token[1], finder })
      else {
        for (const characters of trigger.characters) {
          this.#stops[characters.charCodeAt(0)] = Char.trigger
          atCharacter[characters.charCodeAt(0)]?.push({ next: characters.length > 1 ? characters.charCodeAt(1) : -1, finder })
        }
      }
    }
    this.#atCharacter = atCharacter
    this.#leastDigits = Math.min(longToken, ...this.#atNumber.map(({ least }) => least))
    if (this.#atNumber.length + this.#atToken.length > 0) this.#stops.fill(Char.digit, 48, 58)
  }

  run(scan: Scan): void {
    const text = scan.text
    const stops = this.#stops
    let numbersFrom = 0
    let done = 0
    for (let at = nextStop(text, 0, stops); at < text.length; at = nextStop(text, at + 1, stops)) {
      const code = text.charCodeAt(at)
      if (stops[code] === Char.trigger) {
        this.#character(scan, code, at)
        continue
      }
      if (at < numbersFrom) {
        const end = shortNumberEnd(text, at, done)
        if (end !== -1 && end <= numbersFrom) {
          done = end
          at = end - 1
          continue
        }
      }
      // The token around the digit.
      let start = at
      let seen = 0
      for (let kind: number; start > done && ((kind = classOf(text.charCodeAt(start - 1))) & tokenChar) !== 0; start--)
        seen |= kind
      for (let kind: number; at < text.length && ((kind = classOf(text.charCodeAt(at))) & tokenChar) !== 0; at++) seen |= kind
      numbersFrom = this.#token(scan, start, at, seen, numbersFrom)
      done = at--
    }
  }

  #character(scan: Scan, code: number, at: number): void {
    const pairs = this.#atCharacter[code] ?? []
    const following = scan.text.charCodeAt(at + 1)
    for (const { next, finder } of pairs) if (next === -1 || next === following) finder.find(scan, at, at + 1)
  }

  /** Answers where the next run of numbers may begin. */
  #token(scan: Scan, start: number, end: number, seen: number, numbersFrom: number): number {
    const text = scan.text
    const from = pastEscape(text, start)
    const mixed = (seen & (Char.letter | Char.low)) !== 0
    let next = numbersFrom
    if (
      this.#atNumber.length > 0 &&
      (mixed ? isNumber(text, from, end) : end - from >= this.#leastDigits || mayGoOn(text, end))
    ) {
      let first = Math.max(from, next)
      // A date may end a run in the middle of a token: what follows is another.
      while (first < end) {
        while (first < end && !isDigit(text.charCodeAt(first))) first++
        if (first >= end) break
        next = first = scan.run.read(text, first)
        const { digits, start: runStart, end: runEnd } = scan.run
        for (const { least, most, finder } of this.#atNumber)
          if (digits >= least && digits <= most) finder.find(scan, runStart, runEnd)
      }
    }
    const length = end - from
    if (mixed || length >= longToken) {
      for (const { least, most, finder } of this.#atToken) if (length >= least && length <= most) finder.find(scan, from, end)
    }
    return next
  }
}

/** Where a token of digits alone ends, fewer than a long one has; -1 where it is none. Within a run that was read it says nothing more. */
function shortNumberEnd(text: string, start: number, done: number): number {
  if (start > done && (classOf(text.charCodeAt(start - 1)) & tokenChar) !== 0) return -1
  let end = start + 1
  while (end < text.length && isDigit(text.charCodeAt(end))) end++
  return end - start < longToken && (end === text.length || (classOf(text.charCodeAt(end)) & tokenChar) === 0) ? end : -1
}

/** A function of its own, so that the engine compiles it once and well: most of a text is passed here. */
function nextStop(text: string, from: number, stops: Uint8Array): number {
  let at = from
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code < 128 && stops[code] !== 0) break
  }
  return at
}

/** Whether a separator of a run of numbers follows: any but the `- ` that a token has in itself. */
function mayGoOn(text: string, end: number): boolean {
  const code = text.charCodeAt(end)
  return code === 32 || code === 46 || code === 47 || code === 40 || code === 41 || code > 127
}

/** Digits and dashes, with an extension ("x123") or a word after a dash ("-Office") at the end. */
function isNumber(text: string, start: number, end: number): boolean {
  if (isLetter(text.charCodeAt(start))) return false
  let extended = false
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at)
    if (isDigit(code) || code === 45) continue
    if (!isLetter(code) || at === start) return false
    if (!extended && (code | 32) === 120 && isDigit(text.charCodeAt(at - 1)) && isDigit(text.charCodeAt(at + 1))) {
      extended = true
      continue
    }
    if (text.charCodeAt(at - 1) !== 45) return false
    for (let rest = at; rest < end; rest++) if (!isLetter(text.charCodeAt(rest))) return false
    return true
  }
  return true
}
