import { Meaning, meanings } from './words.js'

/** How many characters before a value are read. */
export const lookBehind = 72

const maxWords = 10
const longestWord = 24
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

/**
 * Reads backwards, word by word; `phoneNumber` and `phone_number` are two. Words are looked up by a rolling hash and compared
 * where they stand, as cutting each out of the text would cost more than all the rest.
 */
export class ContextReader {
  readonly #words: string[] = []
  readonly #meanings: number[] = []
  readonly #slots: Int16Array
  readonly #mask: number
  readonly seen: Context = {
    label: 0,
    labels: 0,
    owned: false,
    numbered: false,
    apart: 0,
    prose: true,
    colon: false,
    past: false,
  }

  constructor(further: readonly (readonly [meaning: number, word: string])[] = []) {
    const all = new Map<string, number>()
    const add = (word: string, meaning: number) => all.set(word, (all.get(word) ?? 0) | meaning)
    for (const [meaning, words] of meanings) for (const word of words.split(/\s+/)) add(word, meaning)
    for (const [meaning, word] of further) add(foldAll(word), meaning)
    const size = 2 ** Math.ceil(Math.log2(all.size * 4))
    this.#mask = size - 1
    this.#slots = new Int16Array(size)
    for (const [word, meaning] of all) {
      let hash = 0
      for (let at = word.length - 1; at >= 0; at--) hash = (Math.imul(hash, 31) + word.charCodeAt(at)) | 0
      let slot = spread(hash) & this.#mask
      while (this.#slots[slot] !== 0) slot = (slot + 1) & this.#mask
      this.#slots[slot] = this.#words.push(word)
      this.#meanings.push(meaning)
    }
  }

  /** Up to the first word that says nothing of a value. */
  // state machine: one turn for each character class met on the way back
  before(text: string, value: number): Context {
    const seen = this.seen
    seen.label = seen.labels = seen.apart = 0
    seen.owned = seen.numbered = seen.colon = seen.past = false
    seen.prose = true
    const limit = Math.max(0, value - lookBehind)
    let lines = 0
    for (let at = value, words = 0; at > limit && words < maxWords; ) {
      const code = text.charCodeAt(at - 1)
      if (isLetter(code)) {
        const start = wordStart(text, at, limit)
        const meaning = this.#meaning(text, start, at)
        // Words of Han run together: the one that says something may end a character earlier.
        const within = meaning === 0 && isHan(code) && seen.label === 0 && words < 4
        at = within ? at - 1 : start
        words++
        if (within) continue
        if ((meaning & ~wordless) !== 0) {
          if (seen.label === 0) seen.label = meaning
          seen.labels |= meaning
        } else if (meaning === 0) break
        else if (seen.label === 0) {
          if ((meaning & Meaning.number) !== 0) seen.numbered = true
          else if (seen.numbered && (meaning & Meaning.owner) !== 0) seen.owned = true
          seen.apart++
        }
        continue
      }
      at--
      if (isDigit(code)) {
        if (lines > 0) break
        if (seen.label === 0) seen.past = true
      } else if (code === 10) {
        if (++lines > 1 || seen.past) break
      } else if (seen.label === 0) {
        if (code === 58) seen.colon = true
        if (isCodePunctuation(code)) seen.prose = false
      } else if (code === 59 || code === 123 || code === 125) break
    }
    return seen
  }

  /** Of all words within reach on the same line. */
  near(text: string, value: number): number {
    const limit = Math.max(0, value - lookBehind)
    let all = 0
    for (let at = value, words = 0; at > limit && words < maxWords; ) {
      const code = text.charCodeAt(at - 1)
      if (code === 10) break
      if (!isLetter(code)) {
        at--
        continue
      }
      const start = wordStart(text, at, limit)
      all |= this.#meaning(text, start, at)
      at = start
      words++
    }
    return all
  }

  /** Of the word that begins at `start`, and how long it is: for the one after a value. */
  after(text: string, start: number): { readonly meaning: number; readonly end: number } {
    let end = start
    while (end < text.length && end - start < longestWord && isLetter(text.charCodeAt(end))) end++
    return { meaning: end === start ? 0 : this.#meaning(text, start, end), end }
  }

  #meaning(text: string, start: number, end: number): number {
    if (end - start > longestWord) return 0
    let hash = 0
    for (let at = end - 1; at >= start; at--) hash = (Math.imul(hash, 31) + fold(text.charCodeAt(at))) | 0
    for (let slot = spread(hash) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const index = this.#slots[slot] ?? 0
      if (index === 0) return 0
      if (same(this.#words[index - 1] ?? '', text, start, end)) return this.#meanings[index - 1] ?? 0
    }
  }
}

/** Of the word that ends at `end`: back over lower case to the capital before it, or over capitals. Of Chinese, two characters. */
function wordStart(text: string, end: number, limit: number): number {
  let at = end - 1
  const last = text.charCodeAt(at)
  if (isHan(last)) return at > limit && isHan(text.charCodeAt(at - 1)) ? at - 1 : at
  if (isCapital(last)) {
    while (at > limit && isCapital(text.charCodeAt(at - 1))) at--
    return at
  }
  while (at > limit) {
    const code = text.charCodeAt(at - 1)
    if (!isLetter(code) || isHan(code)) break
    at--
    if (isCapital(code)) break
  }
  return at
}

function same(word: string, text: string, start: number, end: number): boolean {
  if (word.length !== end - start) return false
  for (let at = start; at < end; at++) if (fold(text.charCodeAt(at)) !== word.charCodeAt(at - start)) return false
  return true
}

const foldAll = (word: string): string =>
  String.fromCharCode(...Array.from({ length: word.length }, (_, at) => fold(word.charCodeAt(at))))

const spread = (hash: number): number => hash ^ (hash >>> 15)

/** Small letters for capitals, of the scripts that the words are in. */
function fold(code: number): number {
  if (code < 128) return code >= 65 && code <= 90 ? code | 32 : code
  if ((code >= 0xc0 && code <= 0xde) || (code >= 0x391 && code <= 0x3a9) || (code >= 0x410 && code <= 0x42f)) return code + 32
  return code
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57

const isCapital = (code: number): boolean => code >= 65 && code <= 90

/** Of Latin, Greek, Cyrillic, or Han. */
function isLetter(code: number): boolean {
  if (code < 128) return (code >= 97 && code <= 122) || (code >= 65 && code <= 90)
  return (code >= 0xc0 && code <= 0x52f && code !== 0xd7 && code !== 0xf7) || isHan(code)
}

const isHan = (code: number): boolean => code >= 0x4e00 && code <= 0x9fff

/** `" ' ( ) < = > [ ] _ { }`: what stands between a key and its value, and seldom between a verb and its object. */
function isCodePunctuation(code: number): boolean {
  return (
    code === 34 ||
    code === 39 ||
    code === 40 ||
    code === 41 ||
    (code >= 60 && code <= 62) ||
    code === 91 ||
    code === 93 ||
    code === 95 ||
    code === 123 ||
    code === 125
  )
}
