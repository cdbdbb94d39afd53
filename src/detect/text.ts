/** Zeros before a text and after it, so that who looks a little further than its ends need not ask where they are. */
const margin = 16
const shortest = 2 ** 11
/** What is kept from one text for the next. */
const longestKept = 2 ** 18

/** Copies a string's units at once, where there is one and the machine has them in the same order. */
const { Buffer: Bytes } = globalThis as { readonly Buffer?: typeof Buffer }
const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

/** The UTF-16 unit at a place in a string; 0 outside of it. */
export const unitAt = (text: string, at: number): number => (at >= 0 && at < text.length ? text.charCodeAt(at) : 0)

/**
 * A text whose UTF-16 units are read from an array: V8 looks at every `charCodeAt` what kind of string it is asked of, and of one that was cut out of
 * another where that is kept, which takes four times as long. Most of a scan are such looks.
 */
export class Text {
  whole = ''
  length = 0
  #units = new Uint16Array(0)
  #bytes: Buffer | undefined

  open(whole: string): void {
    this.whole = whole
    this.length = whole.length
  }

  /** Before the first `codeAt`: a text in which there is nothing to look at does without. */
  read(): void {
    const { whole, length } = this
    const end = margin + length
    if (this.#units.length < end + margin) this.#resize(length > longestKept ? length : Math.max(2 * length, shortest))
    const units = this.#units
    if (this.#bytes !== undefined) this.#bytes.write(whole, 2 * margin, 'utf16le')
    else for (let at = 0; at < length; at++) units[margin + at] = whole.charCodeAt(at)
    for (let at = end; at < end + margin; at++) units[at] = 0
  }

  /** Lets go of it, which may be large. */
  close(): void {
    this.whole = ''
    this.length = 0
    if (this.#units.length > longestKept) this.#resize(shortest)
  }

  #resize(length: number): void {
    this.#units = new Uint16Array(length + 2 * margin)
    if (isLittleEndian) this.#bytes = Bytes?.from(this.#units.buffer)
  }

  /** The UTF-16 unit at a place; 0 outside of the text, but for far outside of it. */
  codeAt(at: number): number {
    // The margin, written out: what a bundler makes of its name is a variable, which V8 would read each time.
    return this.#units[at + 16] ?? 0
  }

  slice(start: number, end: number): string {
    return this.whole.slice(start, end)
  }

  /** Whatever its case. */
  hasWord(word: string, start: number): boolean {
    for (let at = 0; at < word.length; at++) if ((this.codeAt(start + at) | 32) !== word.charCodeAt(at)) return false
    return true
  }

  startsWith(prefix: string, start: number): boolean {
    for (let at = 0; at < prefix.length; at++) if (this.codeAt(start + at) !== prefix.charCodeAt(at)) return false
    return true
  }
}
