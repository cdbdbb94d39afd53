import type { Head } from './kept.js'

/** A key, and what the answer began with that was found there the last time. */
export interface Known {
  readonly key: string
  head?: Head
}

interface Entry {
  readonly around: string
  readonly text: string
  readonly known: Known
}

/** Texts with one mark: each of them is compared with what is asked for. */
const mostAlike = 8

/**
 * The keys of requests that came before, by their very text: to compare 100 kB with what they were the last time takes a tenth of
 * what it takes to put them in order and hash them.
 */
export class RecentKeys {
  readonly #maxBytes: number
  /** By a mark of the text, the newest last. */
  readonly #recent = new Map<number, Entry[]>()
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get(around: string, text: string): Known | undefined {
    const alike = this.#recent.get(markOf(text))
    return alike?.find((recent) => recent.around === around && recent.text === text)?.known
  }

  set(around: string, text: string, known: Known): void {
    const mark = markOf(text)
    const alike = this.#recent.get(mark) ?? []
    // The marks that were set the longest ago are the first to be forgotten.
    this.#recent.delete(mark)
    this.#recent.set(mark, alike)
    alike.push({ around, text, known })
    this.#bytes += sizeOf(text)
    if (alike.length > mostAlike) this.#bytes -= sizeOf(alike.shift()?.text ?? '')
    for (const [oldest, recent] of this.#recent) {
      if (this.#bytes <= this.#maxBytes) return
      this.#recent.delete(oldest)
      for (const { text } of recent) this.#bytes -= sizeOf(text)
    }
  }
}

/** Two bytes for each character, and what an entry takes beside its text. */
function sizeOf(text: string): number {
  return 2 * text.length + 200
}

/** Of the length, the two ends, where prompts differ most, and some characters in between. */
function markOf(text: string): number {
  const { length } = text
  const step = 1 + (length >> 6)
  let mark = length
  for (let at = 0; at < length; at += at < 128 || at >= length - 128 ? 1 : Math.min(step, length - 128 - at))
    mark = Math.imul(mark ^ text.charCodeAt(at), 0x9e3779b1)
  return mark
}
