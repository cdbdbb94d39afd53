/**
 * Finds given strings, however many, in one pass over a text. What was found to be somebody's in one place is his in every other
 * too, where nothing around it says so.
 */
export interface Hit {
  readonly start: number
  readonly end: number
  /** Which of the strings. */
  readonly index: number
}

/** So many characters are looked at before a string is: nearly every place of a text is passed by at this price. */
const longestBeginning = 5
const mostSlots = 1 << 16
/** For each string: one place of a text in so many is looked at twice for nothing. As bits, those of a few values are where objects are, and cost nothing to have. */
const slotsEach = 64
const base = 31

export class Sweep {
  /** In the order of their characters, each with its place among those given. */
  readonly #strings: readonly { readonly text: string; readonly index: number }[]
  /** Of each, the longest other one that it begins with; -1 when there is none. */
  readonly #inside: readonly number[]
  /** Whether a string may begin so. */
  readonly #begins: Uint8Array
  readonly #length: number

  constructor(strings: readonly string[]) {
    const sorted = strings.map((text, index) => ({ text, index }))
    sorted.sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0))
    this.#strings = sorted
    this.#length = strings.reduce((least, { length }) => Math.min(least, length), longestBeginning)
    this.#begins = new Uint8Array(Math.min(mostSlots, 2 ** Math.ceil(Math.log2(strings.length * slotsEach))) / 8)
    for (const string of strings) {
      const slot = this.#slotOf(this.#hash(string, 0))
      this.#begins[slot >> 3] = (this.#begins[slot >> 3] ?? 0) | (1 << (slot & 7))
    }
    const inside: number[] = []
    for (const [at, { text }] of sorted.entries()) {
      let before = at - 1
      while (before >= 0 && !text.startsWith(sorted[before]?.text ?? '')) before = inside[before] ?? -1
      inside.push(before)
    }
    this.#inside = inside
  }

  #slotOf(hash: number): number {
    return (hash ^ (hash >>> 15)) & (this.#begins.length * 8 - 1)
  }

  #mayBegin(hash: number): boolean {
    const slot = this.#slotOf(hash)
    return ((this.#begins[slot >> 3] ?? 0) & (1 << (slot & 7))) !== 0
  }

  #hash(text: string, at: number): number {
    let hash = 0
    for (let i = 0; i < this.#length; i++) hash = (Math.imul(hash, base) + text.charCodeAt(at + i)) | 0
    return hash
  }

  /** None overlaps another: of those that do, the one that begins first, and of these the longest. */
  find(text: string): Hit[] {
    const hits: Hit[] = []
    const length = this.#length
    let past = 1
    for (let i = 0; i < length; i++) past = Math.imul(past, base)
    let hash = this.#hash(text, 0)
    for (let at = 0; at + length <= text.length; ) {
      const string = this.#mayBegin(hash) ? this.#strings[this.#longestAt(text, at)] : undefined
      if (string) {
        hits.push({ start: at, end: at + string.text.length, index: string.index })
        at += string.text.length
        hash = this.#hash(text, at)
      } else {
        // The window goes on by one character (Karp and Rabin, 1987).
        hash = (Math.imul(hash, base) + text.charCodeAt(at + length) - Math.imul(text.charCodeAt(at), past)) | 0
        at++
      }
    }
    return hits
  }

  /** All strings between one that the text goes on with and the text itself begin with that one. */
  #longestAt(text: string, at: number): number {
    let [low, high] = [0, this.#strings.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (isBehind(this.#strings[middle]?.text ?? '', text, at)) high = middle
      else low = middle + 1
    }
    let found = low - 1
    while (found >= 0 && !text.startsWith(this.#strings[found]?.text ?? '', at)) found = this.#inside[found] ?? -1
    return found
  }
}

/** Whether a string stands behind what the text goes on with, in the order of characters. */
function isBehind(string: string, text: string, at: number): boolean {
  for (let i = 0; i < string.length; i++) {
    if (at + i >= text.length) return true
    const difference = string.charCodeAt(i) - text.charCodeAt(at + i)
    if (difference !== 0) return difference > 0
  }
  return false
}
