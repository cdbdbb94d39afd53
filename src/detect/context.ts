import { isDigit } from './chars.js'
import { Gap, Kind, Marks } from './gap.js'
import { NearWords } from './near-words.js'
import type { Text } from './text.js'
import { wordEnd, wordStart } from './word-bounds.js'
import { isHan, isWordLetter, WordTable } from './word-table.js'
import { Meaning } from './words.js'

/** How many characters before a value are read. */
export const lookBehind = 72

const maxWords = 10
/** A power of two, and more words than within reach of a value. */
const remembered = 128
/** Other values between a word and its own: a list of three telephone numbers, and not a table. */
const maxDigits = 24
/** What does not say of which kind a value is. */
const wordless = Meaning.glue | Meaning.number | Meaning.owner

/** What stands directly before a value. */
export interface Context {
  /** Of the nearest word that means something, with nothing but glue between it and the value. 0 when there is none. */
  label: number
  /** Of that word and of those it goes together with: "driver's license number". */
  labels: number
  /** Whether "my number is", with no word that says which. */
  owned: boolean
  /** How many words stand between the label and the value. */
  apart: number
  /** Whether "number" is one of them. */
  numbered: boolean
  /** Whether only prose is between them: no quote, bracket, `=` or `:`. */
  prose: boolean
  /** Whether a colon is. */
  colon: boolean
  /** Whether another number is. */
  past: boolean
}

export const emptyContext = (): Context => ({
  label: 0,
  labels: 0,
  owned: false,
  numbered: false,
  apart: 0,
  prose: true,
  colon: false,
  past: false,
})

/** Reads backwards from a value, word by word; `phoneNumber` and `phone_number` are two. */
export class ContextReader {
  readonly #words: WordTable
  /** What `before` has passed without finding a word that says something. */
  readonly #passed = new Stretch()
  readonly #nearWords: NearWords
  /** The words that were read last, by where they end: values that follow each other have the same ones before them. */
  readonly #ends = new Int32Array(remembered).fill(-1)
  readonly #starts = new Int32Array(remembered)
  readonly #meanings = new Int32Array(remembered)
  /** Where the word before each of them ends, if that is known, and what is between them. */
  readonly #previous = new Int32Array(remembered)
  readonly #digits = new Uint8Array(remembered)
  readonly #marks = new Uint8Array(remembered)
  readonly #gap = new Gap()
  #isAnyRead = false
  /** Of the word that was read last, and its place among the remembered: -1 where it has none. */
  #meaning = 0
  #slot = -1
  /** The value of which `before` was asked last, where the first word before it ends on its line, and how many digits are between them. */
  #firstOf = -1
  #firstEnd = 0
  #firstDigits = 0

  constructor(further: readonly (readonly [meaning: number, word: string])[] = []) {
    this.#words = new WordTable(further)
    this.#nearWords = new NearWords(this.#words)
  }

  /** Another text is read. */
  open(): void {
    this.#passed.end = 0
    this.#firstOf = -1
    this.#nearWords.open()
    if (this.#isAnyRead) this.#ends.fill(-1)
    this.#isAnyRead = false
    this.#gap.open()
  }

  /** A run of numbers was read, which nobody need go through again. */
  run(start: number, end: number, digits: number, hasBracket: boolean): void {
    this.#gap.run(start, end, digits, hasBracket)
  }

  /** Up to the first word that says nothing of a value. */
  // state machine: one turn for each word, or line, and what is before it
  before(text: Text, value: number, seen: Context): void {
    clear(seen)
    const gap = this.#gap
    const limit = Math.max(0, value - lookBehind)
    const known = this.#passed.endFor(value, limit)
    const floor = known === -1 || this.#isCut(text, limit) ? limit : known
    let lines = 0
    let digits = 0
    let words = 0
    let slot = -1
    let at = value
    while (at > (words === 0 ? floor : limit) && words < maxWords) {
      const most = lines > 0 || seen.label !== 0 ? 0 : maxDigits - digits
      at = this.#pass(text, at, words === 0 ? floor : limit, most, slot)
      if (seen.label === 0) {
        digits += gap.digits
        take(seen, gap)
      } else if ((gap.marks & Marks.end) !== 0) break
      if (gap.kind === Kind.line) {
        at--
        slot = -1
        if (++lines > 1 || seen.past) break
        continue
      }
      if (gap.kind !== Kind.letter) break
      if (words === 0 && lines === 0) {
        this.#firstOf = value
        this.#firstEnd = at
        this.#firstDigits = digits
      }
      const start = this.#wordBefore(text, at, limit)
      const meaning = this.#meaning
      slot = this.#slot
      if (meaning !== 0) {
        read(seen, meaning)
        at = start
      } else if (isHan(text.codeAt(at - 1)) && seen.label === 0 && words < 4) {
        // Words of Han run together: the one that says something may end a character earlier.
        at--
        slot = -1
      } else {
        if (words === 0) at = start
        else words++
        break
      }
      words++
    }
    if (words === 0) this.#passed.note(at, value, known)
  }

  /** Whether any word within reach on the same line says any of this. */
  isNear(text: Text, value: number, wanted: number): boolean {
    const limit = Math.max(0, value - lookBehind)
    if (!this.#nearWords.isAny(text, limit, value, wanted)) return false
    let digits = 0
    let at = value
    let slot = -1
    for (let words = 0; at > limit && words < maxWords; words++) {
      const next = slot === -1 ? 0 : (this.#previous[slot] ?? 0)
      if (next > limit && this.#ends[next & (remembered - 1)] === next) {
        // Both words and what is between them are known.
        digits += this.#digits[slot] ?? 0
        if (digits > maxDigits) break
        const start = this.#starts[(slot = next & (remembered - 1))] ?? 0
        if (start >= limit) {
          if (start < next - 1 && ((this.#meanings[slot] ?? 0) & wanted) !== 0) return true
          at = start
          continue
        }
        at = next
      } else if (this.#firstOf === value && words === 0) {
        at = this.#firstEnd
        digits = this.#firstDigits
      } else {
        at = this.#pass(text, at, limit, maxDigits - digits, slot)
        if (this.#gap.kind !== Kind.letter) break
        digits += this.#gap.digits
      }
      if (at <= limit) break
      // No letter by itself tells of which kind a value is.
      if (!isWordLetter(text.codeAt(at - 2))) {
        at--
        slot = -1
        continue
      }
      const start = this.#wordBefore(text, at, limit)
      slot = this.#slot
      if (start < at - 1 && (this.#meaning & wanted) !== 0) return true
      at = start
    }
    return false
  }

  /** Back over what is no word, to the one that ends there: at once if that is known of the word in front of it, which has a place of its own. */
  #pass(text: Text, from: number, floor: number, most: number, slot: number): number {
    const gap = this.#gap
    if (slot === -1) return gap.back(text, from, floor, most)
    const end = this.#previous[slot] ?? 0
    const digits = this.#digits[slot] ?? 0
    if (end > floor && digits <= most) {
      gap.kind = Kind.letter
      gap.digits = digits
      gap.marks = this.#marks[slot] ?? 0
      return end
    }
    const at = gap.back(text, from, floor, most)
    if (gap.kind === Kind.letter) {
      this.#previous[slot] = at
      this.#digits[slot] = gap.digits
      this.#marks[slot] = gap.marks
    }
    return at
  }

  /** The limit may cut a word that says nothing, and leave one that does: then who looks as far has to look himself. */
  #isCut(text: Text, limit: number): boolean {
    if (limit <= this.#passed.start || !isWordLetter(text.codeAt(limit)) || !isWordLetter(text.codeAt(limit - 1))) return false
    return isHan(text.codeAt(limit)) || this.#words.meaning(text, limit, wordEnd(text, limit)) !== 0
  }

  /** Of the word that begins at `start`, and where it ends: for the one after a value. */
  after(text: Text, start: number): { readonly meaning: number; readonly end: number } {
    const end = this.#words.end(text, start)
    return { meaning: end === start ? 0 : this.#words.meaning(text, start, end), end }
  }

  /** Where the word begins that ends at `end`; what it says is `#meaning`. */
  #wordBefore(text: Text, end: number, limit: number): number {
    const slot = end & (remembered - 1)
    const known = this.#starts[slot] ?? 0
    if (this.#ends[slot] === end && known >= limit) {
      this.#meaning = this.#meanings[slot] ?? 0
      this.#slot = slot
      return known
    }
    const start = wordStart(text, end, limit)
    const meaning = this.#words.meaning(text, start, end)
    this.#meaning = meaning !== 0 && isOfHash(text, start, end) ? 0 : meaning
    // One that the limit may have cut is another for who reads on.
    this.#slot = start > limit ? slot : -1
    if (start > limit) {
      this.#isAnyRead = true
      this.#ends[slot] = end
      this.#starts[slot] = start
      this.#meanings[slot] = this.#meaning
      this.#previous[slot] = 0
    }
    return start
  }
}

/** Two letters between digits are of a hash: `8cc7`. */
function isOfHash(text: Text, start: number, end: number): boolean {
  return end - start <= 2 && start > 0 && isDigit(text.codeAt(end)) && isDigit(text.codeAt(start - 1))
}

/** A part of the text that one has gone back through for nothing: so does who comes back to it from further on, and stops where it ends. */
class Stretch {
  start = 0
  end = 0

  /** Where who looks from `value` to `limit` may stop; -1 where he has to look himself. */
  endFor(value: number, limit: number): number {
    return value < this.end || this.end === 0 || limit > this.end ? -1 : this.end
  }

  /** @param known where it was known to go on */
  note(start: number, end: number, known: number): void {
    if (end < this.end) return
    if (known === -1) this.start = start
    this.end = end
  }
}

function clear(seen: Context): void {
  seen.label = seen.labels = seen.apart = 0
  seen.owned = seen.numbered = seen.colon = seen.past = false
  seen.prose = true
}

/** Takes down what is between a value and the word that says what it is. */
function take(seen: Context, { digits, marks }: Gap): void {
  if (digits > 0) seen.past = true
  if ((marks & Marks.colon) !== 0) seen.colon = true
  if ((marks & Marks.other) !== 0) seen.prose = false
}

/** Takes down a word that says something, or that lets look past it. */
function read(seen: Context, meaning: number): void {
  if ((meaning & ~wordless) !== 0) {
    if (seen.label === 0) seen.label = meaning
    seen.labels |= meaning
  } else if (seen.label === 0) {
    if ((meaning & Meaning.number) !== 0) seen.numbered = true
    else if (seen.numbered && (meaning & Meaning.owner) !== 0) seen.owned = true
    seen.apart++
  }
}
