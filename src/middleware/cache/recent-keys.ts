interface Recent {
  readonly around: string
  readonly text: string
  readonly key: string
}

/**
 * The keys of requests that came before, by their very text: to compare 100 kB with what they were the last time takes a tenth of
 * what it takes to put them in order and hash them.
 */
export class RecentKeys {
  readonly #maxBytes: number
  /** By a mark of the text. Of two texts with the same mark the newer one stays: the other is hashed again. */
  readonly #recent = new Map<number, Recent>()
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get(around: string, text: string): string | undefined {
    const recent = this.#recent.get(markOf(text))
    return recent && recent.around === around && recent.text === text ? recent.key : undefined
  }

  set(around: string, text: string, key: string): void {
    const mark = markOf(text)
    this.#drop(mark)
    this.#recent.set(mark, { around, text, key })
    this.#bytes += sizeOf(text)
    // The oldest first, used or not: one that is used comes back with the next call.
    for (const oldest of this.#recent.keys()) {
      if (this.#bytes <= this.#maxBytes) return
      this.#drop(oldest)
    }
  }

  #drop(mark: number): void {
    const recent = this.#recent.get(mark)
    if (!recent) return
    this.#recent.delete(mark)
    this.#bytes -= sizeOf(recent.text)
  }
}

/** Two bytes for each character, and what an entry takes beside its text. */
function sizeOf(text: string): number {
  return 2 * text.length + 200
}

/** Of the length, the end, where prompts differ most, and some characters in between. */
function markOf(text: string): number {
  const { length } = text
  let mark = length
  for (let at = Math.max(0, length - 128); at < length; at++) mark = Math.imul(mark ^ text.charCodeAt(at), 0x9e3779b1)
  const step = 1 + (length >> 5)
  for (let at = 0; at < length; at += step) mark = Math.imul(mark ^ text.charCodeAt(at), 0x9e3779b1)
  return mark
}
