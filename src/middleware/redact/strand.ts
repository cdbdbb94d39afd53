/** A text of a stream that comes in pieces, and is decided as far as what follows cannot change it. */
import { settled, type TextEdit, type TextPiece, type TextSlot } from '../../core/edited-pieces.js'

export interface Reading {
  /** The text, and in front of it what has been let go already, as far as that is worth looking at. */
  readonly around: string
  /** How the text began. */
  readonly head: string
  /** Nothing more will come. */
  readonly final: boolean
  /** It did not come in pieces. */
  readonly whole: boolean
  /** It came in pieces before, and is told once more. */
  readonly repeated: boolean
}

/** Decides on a text: what to put where, and up to where that is settled. An edit ends before that. */
export type Decide = (text: string, reading: Reading) => { readonly edits: readonly TextEdit[]; readonly end: number }

const headLength = 32
/** Of a longer one what can be decided is decided before it ends. */
const longestWord = 256

/** So many times as much as is looked at is kept before it is cut: to cut costs more than to copy. */
const mostBehind = 4

/** A label has letters and `_`; a word anything of ASCII: other scripts have no blanks, and words that end without one. */
function isOfWord(text: string, any: boolean): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (any ? code <= 32 || code > 126 : !((code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95)) return false
  }
  return true
}

export class Strand {
  readonly #decide: Decide
  readonly #lookBehind: number
  /** Those that are not decided to their ends. */
  #pieces: TextPiece[] = []
  /** What is not decided, and in front of it what is, as far as it may be looked at: one string, for each new one is copied whole. */
  #all = ''
  #from = 0
  #head = ''

  constructor(decide: Decide, lookBehind = 0) {
    this.#decide = decide
    this.#lookBehind = lookBehind
  }

  get isOpen(): boolean {
    return this.#pieces.length > 0
  }

  /** What came last may be the end of an object in JSON. */
  get endsObject(): boolean {
    return this.#all.trimEnd().endsWith('}')
  }

  take(slot: TextSlot): void {
    if (this.#head.length < headLength) this.#head += slot.text.slice(0, headLength)
    const lengthens = this.isOpen && this.#all.length - this.#from < longestWord && isOfWord(slot.text, this.#lookBehind > 0)
    this.#pieces.push({ slot, left: slot.text.length })
    this.#all += slot.text
    // What waits is a label that goes on; and who looks for values lets no word go before it ends.
    if (lengthens) slot.isOpen = true
    else this.#settle(false)
  }

  /** A text that is whole in itself. */
  finish(slot: TextSlot, repeated = false): void {
    this.#pieces.push({ slot, left: slot.text.length })
    this.#all = this.#head = slot.text
    this.#settle(true, true, repeated)
  }

  /** Nothing more comes, or nobody waits for it. */
  close(): void {
    if (this.isOpen) this.#settle(true)
  }

  #settle(final: boolean, whole = false, repeated = false): void {
    const text = this.#all.slice(this.#from)
    const around = this.#all.slice(Math.max(0, this.#from - this.#lookBehind))
    const { edits, end } = this.#decide(text, { around, head: this.#head, final, whole, repeated })
    this.#pieces = settled(this.#pieces, text, edits, end)
    this.#from += Math.min(end, text.length)
    if (this.#from > mostBehind * this.#lookBehind) {
      const passed = Math.max(0, this.#from - this.#lookBehind)
      this.#all = this.#all.slice(passed)
      this.#from -= passed
    }
  }
}
