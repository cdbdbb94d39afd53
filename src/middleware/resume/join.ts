/**
 * Joins the rest of an answer to what was said, so that no word stands twice. A model that continues its own message goes on
 * exactly where that ends; one that was told to go on is told to begin with its last words, and is taken at its word.
 */

/** Characters of the last words: enough to stand only once in an answer, and few enough to be repeated faithfully. */
const anchorLength = 80
/** A repetition that was not asked for counts from so many characters on: shorter ones happen by chance. */
const leastOverlap = 12
const mostOverlap = 1000

/** The words that a model is told to begin with. */
export function anchorOf(said: string): string {
  const whole = said.trim()
  if (whole.length <= anchorLength) return whole
  const tail = whole.slice(-anchorLength)
  const word = tail.search(/\s\S/)
  return word < 0 ? tail.replace(/^[\udc00-\udfff]/, '') : tail.slice(word + 1)
}

export class Join {
  readonly #said: string
  /** White space at the end of what was said, which the model was not shown. */
  readonly #gap: string
  readonly #anchor: string | undefined
  #heard = ''
  /** Characters that were left out of what was heard. */
  left = 0
  #joined = false

  /** @param anchor what the model was told to repeat; undefined where it continues the message itself */
  constructor(said: string, anchor: string | undefined) {
    this.#said = said.trimEnd()
    this.#gap = said.slice(this.#said.length)
    this.#anchor = anchor
  }

  /** @returns what is new; nothing while that cannot be told */
  push(delta: string): string {
    if (this.#joined) return delta
    this.#heard += delta
    return this.#take(this.#newFrom(this.#heard, false))
  }

  end(): string {
    return this.#joined ? '' : this.#take(this.#newFrom(this.#heard, true))
  }

  #take(from: number | undefined): string {
    if (from === undefined) return ''
    this.#joined = true
    this.left = from
    return this.#heard.slice(from)
  }

  /** Where the new text begins in what was heard; undefined as long as more must be heard to tell. */
  #newFrom(heard: string, over: boolean): number | undefined {
    const anchor = this.#anchor
    const words = heard.trimStart()
    if (!anchor || (words === '' && over)) return this.#behindGap(heard, 0, over)
    if (words === '') return undefined
    const lead = heard.length - words.length
    if (words.startsWith(anchor)) return this.#behindGap(heard, lead + anchor.length, over)
    if (anchor.startsWith(words)) return over ? heard.length : undefined
    for (const tail of this.#tails()) {
      if (words.startsWith(tail)) return this.#behindGap(heard, lead + tail.length, over)
      if (tail.startsWith(words) && !over) return undefined
    }
    return this.#behindGap(heard, 0, over)
  }

  /** What may be repeated although it was not asked for, the longest first: all of it, or a part of its end. */
  *#tails(): Generator<string> {
    const said = this.#said.trimStart()
    if (said.length > mostOverlap) yield said
    for (let length = Math.min(said.length, mostOverlap); length >= leastOverlap; length--) yield said.slice(-length)
  }

  #behindGap(heard: string, at: number, over: boolean): number | undefined {
    let end = at
    while (end - at < this.#gap.length && heard[end] === this.#gap[end - at]) end++
    const mayGoOn = end === heard.length && end - at < this.#gap.length
    return mayGoOn && !over ? undefined : end
  }
}
