import { isFarLetter, isLetter } from './chars.js'
import { Text } from './text.js'
import { meanings } from './words.js'

const longestWord = 24

/**
 * What words mean. They are looked up by a hash where they stand and compared there, as cutting each out of the text would cost more than all
 * the rest of a scan.
 */
export class WordTable {
  readonly #words: string[] = []
  readonly #meanings: number[] = []
  /** Open addressing; a quarter full. Holds a word's index and one, so that 0 is an empty slot. */
  readonly #slots: Int16Array
  readonly #mask: number
  /** By length, which letters words end with, as bits of five: most words that say nothing are told by that. */
  readonly #endings = new Int32Array(longestWord + 1)

  constructor(further: readonly (readonly [meaning: number, word: string])[]) {
    const all = new Map<string, number>()
    const add = (word: string, meaning: number) => all.set(word, (all.get(word) ?? 0) | meaning)
    for (const [meaning, words] of meanings) for (const word of words.split(/\s+/)) add(word, meaning)
    for (const [meaning, word] of further) add(folded(word), meaning)
    const size = 2 ** Math.ceil(Math.log2(all.size * 4))
    this.#mask = size - 1
    this.#slots = new Int16Array(size)
    const text = new Text()
    for (const [word, meaning] of all) {
      text.open(word)
      text.read()
      let slot = hashOf(text, 0, word.length) & this.#mask
      while (this.#slots[slot] !== 0) slot = (slot + 1) & this.#mask
      this.#slots[slot] = this.#words.push(word)
      this.#meanings.push(meaning)
      if (word.length <= longestWord) this.#endings[word.length] = (this.#endings[word.length] ?? 0) | endingOf(text, word.length)
    }
  }

  /** 0 for a word that says nothing. */
  meaning(text: Text, start: number, end: number): number {
    if (((this.#endings[end - start] ?? 0) & endingOf(text, end)) === 0) return 0
    for (let slot = hashOf(text, start, end) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const index = this.#slots[slot] ?? 0
      if (index === 0) return 0
      if (same(this.#words[index - 1] ?? '', text, start, end)) return this.#meanings[index - 1] ?? 0
    }
  }

  /** Where the word that begins at `start` ends. */
  end(text: Text, start: number): number {
    let end = start
    while (end < text.length && end - start < longestWord && isWordLetter(text.codeAt(end))) end++
    return end
  }
}

/** Of Latin, Greek, Cyrillic, or Han. */
export const isWordLetter = (code: number): boolean => (code < 128 ? isLetter(code) : isFarLetter(code) || isHan(code))

export const isHan = (code: number): boolean => code >= 0x4e00 && code <= 0x9fff

const endingOf = (text: Text, end: number): number => 1 << (fold(text.codeAt(end - 1)) & 31)

function hashOf(text: Text, start: number, end: number): number {
  let hash = 0
  for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + fold(text.codeAt(at))) | 0
  return hash ^ (hash >>> 15)
}

function same(word: string, text: Text, start: number, end: number): boolean {
  if (word.length !== end - start) return false
  for (let at = start; at < end; at++) if (fold(text.codeAt(at)) !== word.charCodeAt(at - start)) return false
  return true
}

const folded = (word: string): string =>
  String.fromCharCode(...Array.from({ length: word.length }, (_, at) => fold(word.charCodeAt(at))))

/** Small letters for capitals, of the scripts that the words are in. */
function fold(code: number): number {
  if (code < 128) return code >= 65 && code <= 90 ? code | 32 : code
  if ((code >= 0xc0 && code <= 0xde) || (code >= 0x391 && code <= 0x3a9) || (code >= 0x410 && code <= 0x42f)) return code + 32
  return code
}
