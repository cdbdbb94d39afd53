import { Char, classOf, isDigit, isLetter, longToken, pastEscape } from './chars.js'
import { Shape } from './number-run.js'
import type { Finder, Scan } from './scan.js'
import { markOf } from './separators.js'
import { type Text, unitAt } from './text.js'

/** Finders by a length, of a run or a token: the last list is of all that are longer. */
type ByLength = readonly Asked[]

interface Asked {
  readonly finders: readonly Finder[]
  /** Of the runs that each of them is asked at. */
  readonly shapes: Int32Array
}

/** Who is asked at a character: each is a bit, which is set for those characters beside it that he asks for. */
interface AtCharacter {
  readonly before: Uint8Array
  readonly after: Uint8Array
  readonly finders: Finder[]
}

/**
 * One pass over the text, which stops at digits and at the characters that finders have asked for. Every other character costs one look
 * into a table of 128 bytes.
 */
export class Scanner {
  /** 0, `Char.digit`, or `Char.trigger`. */
  readonly #stops = new Uint8Array(128)
  readonly #atCharacter: readonly AtCharacter[]
  readonly #atNumber: ByLength
  readonly #atToken: ByLength
  /** With fewer in its run no finder is asked about a number; infinite where none ever is. */
  readonly #leastDigits: number
  /** Likewise of one with nothing else in its run, and which is no year. */
  readonly #leastAlone: number
  /** Of the text up to here no token is looked at again, and of that up to there no run. */
  #done = 0
  #numbersFrom = 0

  constructor(finders: readonly Finder[]) {
    const atCharacter: AtCharacter[] = Array.from({ length: 128 }, () => ({
      before: new Uint8Array(129),
      after: new Uint8Array(129),
      finders: [],
    }))
    const numbers: Ranged[] = []
    const tokens: Ranged[] = []
    for (const finder of finders) {
      const { trigger } = finder
      if ('digits' in trigger) numbers.push({ range: trigger.digits, shape: trigger.shape ?? anyShape, finder })
      else if ('token' in trigger) tokens.push({ range: trigger.token, shape: anyShape, finder })
      else {
        for (const characters of trigger.characters) {
          const code = characters.charCodeAt(0)
          this.#stops[code] = Char.trigger
          const { before, after, finders } = atCharacter[code] as AtCharacter
          const bit = 1 << (finders.push(finder) - 1)
          add(before, bit, among(trigger.before))
          add(after, bit, characters.length > 1 ? only(characters.slice(1)) : among(trigger.after))
        }
      }
    }
    this.#atCharacter = atCharacter
    this.#atNumber = byLength(numbers)
    this.#atToken = byLength(tokens)
    this.#leastDigits = numbers.length === 0 ? Infinity : Math.min(longToken, ...numbers.map(({ range }) => range[0]))
    const alone = numbers.filter(({ shape }) => (shape & shapesAlone) !== 0).map(({ range }) => range[0])
    this.#leastAlone = Math.min(fewestOfDate, ...alone)
    if (numbers.length + tokens.length > 0) this.#stops.fill(Char.digit, 48, 58)
  }

  /** Whether there is anything in the text from there on that a finder is asked at. */
  stopsIn(text: string, from: number): boolean {
    return nextStop(text, from, this.#stops) < text.length
  }

  /** No loop within this one: the engine compiles it anew, again and again, where one is left in the middle of a text. */
  run(scan: Scan): void {
    const { text } = scan
    const { whole } = text
    const stops = this.#stops
    this.#done = this.#numbersFrom = 0
    let at = this.#firstAsked(whole)
    if (at < whole.length) text.read()
    while (at < whole.length) {
      const code = text.codeAt(at)
      if (stops[code] === Char.trigger) this.#character(scan, code, at++)
      else at = this.#around(scan, at)
      // Where there is one, the next is often near.
      if (isStop(text.codeAt(at), stops)) continue
      at = isStop(text.codeAt(at + 1), stops) ? at + 1 : nextStop(whole, at + 2, stops)
    }
  }

  /** Before it nobody is asked. */
  #firstAsked(text: string): number {
    const stops = this.#stops
    let at = nextStop(text, 0, stops)
    while (at < text.length) {
      const code = unitAt(text, at)
      if (stops[code] !== Char.trigger || this.#whoAt(code, unitAt(text, at - 1), unitAt(text, at + 1)) !== 0) break
      at = nextStop(text, at + 1, stops)
    }
    return at
  }

  /** Who is asked at a character between these two, as bits. */
  #whoAt(code: number, before: number, after: number): number {
    const asked = this.#atCharacter[code]
    return asked === undefined ? 0 : (asked.before[placeIn(before)] ?? 0) & (asked.after[placeIn(after)] ?? 0)
  }

  /** The token around a digit. Answers where the scan goes on. */
  #around(scan: Scan, digit: number): number {
    const text = scan.text
    let seen: number = Char.digit
    let start = digit
    let before = 0
    for (const done = this.#done; start > done; start--) {
      const kind = classOf((before = text.codeAt(start - 1)))
      if (kind === 0) break
      seen |= kind
    }
    let digits = 1
    let end = digit + 1
    for (; end < text.length; end++) {
      const kind = classOf(text.codeAt(end))
      if (kind === 0) break
      seen |= kind
      digits += kind & Char.digit
    }
    this.#done = end
    const from = before === 92 ? pastEscape(text, start) : start
    const mixed = (seen & (Char.letter | Char.low)) !== 0
    if (mixed ? isNumber(text, from, end) : this.#mayBeAsked(text, from, end, digits)) {
      this.#numbers(scan, Math.max(from, this.#numbersFrom), end)
      if (this.#numbersFrom > end) this.#done = Math.max(end, scan.run.skip)
    }
    if (mixed || end - from >= longToken) this.#token(scan, from, end, seen, digits)
    return this.#done
  }

  /** Whether anybody may be asked at the number that a token of digits and dashes is, or begins. */
  #mayBeAsked(text: Text, start: number, end: number, digits: number): boolean {
    const length = end - start
    const after = text.codeAt(end)
    if (mayGoOn(after) && mayFollow(text.codeAt(end + 1))) return true
    const isAlone = digits === length || (digits === length - 1 && text.codeAt(end - 1) === 45 && markOf(after) === 0)
    if (!isAlone || digits >= this.#leastAlone) return length >= this.#leastDigits
    // A year, of which the first digit is told.
    return digits === 4 && (text.codeAt(start) === 49 || text.codeAt(start) === 50)
  }

  #token(scan: Scan, start: number, end: number, seen: number, digits: number): void {
    const { finders } = this.#atToken[Math.min(end - start, this.#atToken.length - 1)] ?? nobody
    scan.seen = seen
    scan.digits = digits
    for (let index = 0; index < finders.length; index++) finders[index]?.find(scan, start, end)
  }

  #character(scan: Scan, code: number, at: number): void {
    const text = scan.text
    const bits = this.#whoAt(code, text.codeAt(at - 1), text.codeAt(at + 1))
    if (bits === 0) return
    const { finders = [] } = this.#atCharacter[code] ?? {}
    for (let index = 0; bits >> index !== 0; index++) if (((bits >> index) & 1) !== 0) finders[index]?.find(scan, at, at + 1)
  }

  /** The runs that begin in the token from `first` on: more than one where a date ends the first. */
  #numbers(scan: Scan, first: number, end: number): void {
    if (this.#leastDigits === Infinity) return
    const { text, run } = scan
    for (let at = nextDigit(text, first, end); at < end; at = nextDigit(text, at, end)) {
      this.#numbersFrom = at = run.read(at)
      scan.passRun()
      const { finders, shapes } = this.#atNumber[Math.min(run.digits, this.#atNumber.length - 1)] ?? nobody
      for (let index = 0; index < finders.length; index++)
        if (((shapes[index] ?? 0) & run.shape) !== 0) finders[index]?.find(scan, run.start, run.end)
    }
  }
}

const anyShape = -1
/** What one number may be that is neither a date nor after a dash, with how many digits such ones have at least. */
const shapesAlone = Shape.dateless | Shape.long | Shape.bare
const fewestOfDate = 8
const nobody: Asked = { finders: [], shapes: new Int32Array(0) }

/** All that is beyond ASCII has one place. */
const placeIn = (code: number): number => (code < 128 ? code : 128)

function only(characters: string): Uint8Array {
  const table = new Uint8Array(129)
  for (const character of characters) table[character.charCodeAt(0)] = 1
  return table
}

function among(characters: string | undefined): Uint8Array {
  return characters === undefined ? new Uint8Array(129).fill(1) : only(characters).fill(1, 128)
}

function add(bits: Uint8Array, bit: number, table: Uint8Array): void {
  for (let place = 0; place < table.length; place++) if (table[place] === 1) bits[place] = (bits[place] ?? 0) | bit
}

interface Ranged {
  readonly range: readonly [least: number, most: number]
  readonly shape: number
  readonly finder: Finder
}

function byLength(ranged: readonly Ranged[]): ByLength {
  const bounds = ranged.flatMap(({ range: [least, most] }) => [least, most === Infinity ? least : most + 1])
  return Array.from({ length: Math.max(0, ...bounds) + 1 }, (_, length) => {
    const asked = ranged.filter(({ range: [least, most] }) => length >= least && length <= most)
    return { finders: asked.map(({ finder }) => finder), shapes: Int32Array.from(asked, ({ shape }) => shape) }
  })
}

const isStop = (code: number, stops: Uint8Array): boolean => code < 128 && stops[code] !== 0

/** A function of its own, so that the engine compiles it once and well: most of a text is passed here. */
function nextStop(text: string, from: number, stops: Uint8Array): number {
  let at = from
  for (; at < text.length; at++) {
    const code = unitAt(text, at)
    if (code < 128 && stops[code] !== 0) break
  }
  return at
}

function nextDigit(text: Text, from: number, end: number): number {
  let at = from
  while (at < end && !isDigit(text.codeAt(at))) at++
  return at
}

/** Whether it is a separator of a run of numbers: any but the `- ` that a token has in itself. */
const mayGoOn = (code: number): boolean => code !== 45 && markOf(code) !== 0

/** Whether it may stand behind the first character of a separator. */
const mayFollow = (code: number): boolean => isDigit(code) || markOf(code) !== 0

/** Digits and dashes, with an extension ("x123") or a word after a dash ("-Office") at the end. */
function isNumber(text: Text, start: number, end: number): boolean {
  if (isLetter(text.codeAt(start))) return false
  let extended = false
  for (let at = start; at < end; at++) {
    const code = text.codeAt(at)
    if (isDigit(code) || code === 45) continue
    if (!isLetter(code) || at === start) return false
    if (!extended && (code | 32) === 120 && isDigit(text.codeAt(at - 1)) && isDigit(text.codeAt(at + 1))) {
      extended = true
      continue
    }
    if (text.codeAt(at - 1) !== 45) return false
    for (let rest = at; rest < end; rest++) if (!isLetter(text.codeAt(rest))) return false
    return true
  }
  return true
}
