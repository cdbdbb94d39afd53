/**
 * A text as its reader takes it: of JSON, what its strings say, without escapes. Found there, a value is cut out of the text as
 * it was written, so that all the rest stays byte for byte.
 */

/** A value where it stands in the text as it was written. */
export interface Place {
  readonly start: number
  readonly end: number
  readonly value: string
  /** What is put in its place must be written so. */
  readonly as: 'plain' | 'escaped' | 'string'
}

export interface View {
  /** What is looked at. */
  readonly text: string
  /** The values in a part of it: one, or more where the part goes beyond a string. */
  places(start: number, end: number): Place[]
}

export function viewOf(text: string): View {
  return isJson(text) ? new JsonView(text) : plain(text)
}

/** Of an object or an array: any other text may be JSON by chance. */
export function isJson(text: string): boolean {
  if (!/^\s*[{[]/.test(text)) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** A text as it is to stand in a place. */
export const writtenAs = (as: Place['as'], text: string): string =>
  as === 'plain' ? text : as === 'escaped' ? escaped(text) : JSON.stringify(text)

export const escaped = (value: string): string => JSON.stringify(value).slice(1, -1)

const plain = (text: string): View => ({
  text,
  places: (start, end) => [{ start, end, value: text.slice(start, end), as: 'plain' }],
})

const quote = 0x22

/** A string's content or a number, by its place in what is looked at. */
interface Token {
  readonly start: number
  readonly end: number
  readonly isString: boolean
}

class JsonView implements View {
  readonly text: string
  readonly #tokens: Token[] = []
  /** Where each character was written; absent where nothing is escaped. */
  #written: number[] | undefined

  constructor(json: string) {
    this.text = json.includes('\\') ? this.#decode(json) : json
    this.#tokenize()
  }

  places(start: number, end: number): Place[] {
    const places: Place[] = []
    for (let at = this.#firstAfter(start); at < this.#tokens.length; at++) {
      const token = this.#tokens[at] as Token
      if (token.start >= end) break
      const from = token.isString ? Math.max(start, token.start) : token.start
      const to = token.isString ? Math.min(end, token.end) : token.end
      if (from >= to) continue
      places.push({
        start: this.#at(from),
        end: this.#at(to),
        value: this.text.slice(from, to),
        as: token.isString ? 'escaped' : 'string',
      })
    }
    return places
  }

  #at(index: number): number {
    return this.#written ? (this.#written[index] as number) : index
  }

  /** The index of the first token that ends after this place. */
  #firstAfter(place: number): number {
    let [low, high] = [0, this.#tokens.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#tokens[middle] as Token).end > place) high = middle
      else low = middle + 1
    }
    return low
  }

  /** The text is JSON, as was seen. */
  #decode(json: string): string {
    const places: number[] = []
    const pieces: string[] = []
    let from = 0
    const copy = (to: number) => {
      pieces.push(json.slice(from, to))
      for (let at = from; at < to; at++) places.push(at)
    }
    for (let at = json.indexOf('\\'); at >= 0; at = json.indexOf('\\', from)) {
      copy(at)
      const length = json[at + 1] === 'u' ? 6 : 2
      pieces.push(JSON.parse(`"${json.slice(at, at + length)}"`))
      places.push(at)
      from = at + length
    }
    copy(json.length)
    this.#written = places
    return pieces.join('')
  }

  #tokenize(): void {
    const { text } = this
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code === quote) {
        const end = this.#stringEnd(at + 1)
        this.#tokens.push({ start: at + 1, end, isString: true })
        at = end
      } else if (code === 0x2d || (code >= 0x30 && code <= 0x39)) {
        const start = at
        while (at + 1 < text.length && /[\d.eE+-]/.test(text[at + 1] as string)) at++
        this.#tokens.push({ start, end: at + 1, isString: false })
      }
    }
  }

  /** An escaped quote was written as two characters, and one that ends a string as itself. */
  #stringEnd(from: number): number {
    const { text } = this
    for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 1)) {
      if (!this.#written || this.#at(at + 1) - this.#at(at) === 1) return at
    }
    return text.length
  }
}
