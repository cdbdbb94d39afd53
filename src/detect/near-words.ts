import type { Text } from './text.js'
import { wordEnd } from './word-bounds.js'
import { isHan, isWordLetter, type WordTable } from './word-table.js'

/** Where a text last told of what: every word is read once, for however many values that have it within reach. */
export class NearWords {
  readonly #words: WordTable
  /** What was read. */
  #from = 0
  #to = 0
  /** Where the last word ends that tells of anything, and of each meaning by itself, by its bit. */
  #told = 0
  readonly #toldOf = new Int32Array(32)

  constructor(words: WordTable) {
    this.#words = words
  }

  /** Another text is read. */
  open(): void {
    this.#forget(0)
  }

  /** Whether there may be a word between these two that says any of this: where there is none, nobody need go back for it. */
  isAny(text: Text, limit: number, value: number, wanted: number): boolean {
    // Who begins within a word reads what is before him as one.
    if (value > limit && isWordLetter(text.codeAt(value)) && isWordLetter(text.codeAt(value - 1))) return true
    if (limit > this.#to || limit < this.#from) this.#forget(limit)
    for (let at = this.#to; at < value; ) at = isWordLetter(text.codeAt(at)) ? this.#read(text, at) : at + 1
    if (value > this.#to) this.#to = value
    // Of a word that begins before the limit the rest may say what the whole does not.
    if (limit > this.#from && isWordLetter(text.codeAt(limit - 1)) && isWordLetter(text.codeAt(limit))) this.#read(text, limit)
    return this.#told > limit && this.#toldWithin(limit, wanted)
  }

  #forget(from: number): void {
    this.#from = this.#to = from
    if (this.#told > 0) this.#toldOf.fill(0)
    this.#told = 0
  }

  /** The word that begins there. Answers where the next may. */
  #read(text: Text, at: number): number {
    // Of Han no word is told from the next without its end: any two may be one.
    const isOpen = isHan(text.codeAt(at))
    const end = isOpen ? at + 2 : wordEnd(text, at)
    // No letter by itself tells of which kind a value is.
    const meaning = end - at > 1 ? this.#words.meaning(text, at, end) : 0
    if (meaning !== 0) this.#tell(meaning, end)
    return isOpen ? at + 1 : end
  }

  #tell(meaning: number, end: number): void {
    if (end > this.#told) this.#told = end
    for (let bits = meaning; bits !== 0; bits &= bits - 1) {
      const bit = lowest(bits)
      if (end > (this.#toldOf[bit] ?? 0)) this.#toldOf[bit] = end
    }
  }

  #toldWithin(limit: number, wanted: number): boolean {
    for (let bits = wanted; bits !== 0; bits &= bits - 1) if ((this.#toldOf[lowest(bits)] ?? 0) > limit) return true
    return false
  }
}

const lowest = (bits: number): number => 31 - Math.clz32(bits & -bits)
