/**
 * Events of a stream that are the same but for one text, as nearly all of an answer are: what was read of the first is true of the
 * others, and their text alone is taken out and put back.
 */
const quote = 0x22
const backslash = 0x5c
/** Below are controls, which end a line or may not stand in a string. */
const space = 0x20

const encoder = new TextEncoder()
/** A mark at the beginning of a text is of the text. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

export class Alike {
  readonly #before: Uint8Array
  readonly #after: Uint8Array
  readonly #beforeView: DataView
  readonly #afterView: DataView

  /** @param before up to the quote before the text, and with it; `after` from the quote behind it on */
  constructor(before: Uint8Array, after: Uint8Array) {
    this.#before = before
    this.#after = after
    this.#beforeView = viewOn(before)
    this.#afterView = viewOn(after)
  }

  /** The text of an event that is like this; undefined for another, and for one whose text has an escape in it. */
  textIn(event: Uint8Array): string | undefined {
    const start = this.#before.length
    const end = event.length - this.#after.length
    if (end < start || event[start - 1] !== quote || event[end] !== quote) return undefined
    let all = 0
    for (let at = start; at < end; at++) {
      const byte = event[at] ?? 0
      if (byte === quote || byte === backslash || byte < space) return undefined
      all |= byte
    }
    const view = viewOn(event)
    if (!same(view, 0, this.#beforeView) || !same(view, end, this.#afterView)) return undefined
    return all < 0x80 && end - start <= short ? ascii(event, start, end) : decoder.decode(event.subarray(start, end))
  }

  /** The event with another text, in pieces. */
  write(text: string, out: Uint8Array[]): void {
    out.push(this.#before)
    if (text !== '') out.push(encoded(text))
    out.push(this.#after)
  }
}

/** What a model says in one event is mostly so short that a decoder takes longer to be called than to read it. */
const short = 24

function ascii(bytes: Uint8Array, start: number, end: number): string {
  let text = ''
  for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at] ?? 0)
  return text
}

function encoded(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code < space || code >= 0x80 || code === quote || code === backslash || text.length > short)
      return encoder.encode(JSON.stringify(text).slice(1, -1))
    bytes[at] = code
  }
  return bytes
}

/** Four bytes at a time, wherever they stand: this is most of what an event costs. */
function same(event: DataView, from: number, part: DataView): boolean {
  const length = part.byteLength
  let at = 0
  for (; at + 4 <= length; at += 4) if (event.getInt32(from + at) !== part.getInt32(at)) return false
  for (; at < length; at++) if (event.getInt8(from + at) !== part.getInt8(at)) return false
  return true
}

const viewOn = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length)

/** What events like this one have in common; undefined where its text stands there twice, or is written in another way than ours. */
export function alikeTo(event: Uint8Array, text: string): Alike | undefined {
  const all = decoder.decode(event)
  const written = JSON.stringify(text)
  const at = all.indexOf(written)
  if (at === -1 || all.indexOf(written, at + 1) !== -1) return undefined
  return new Alike(encoder.encode(all.slice(0, at + 1)), encoder.encode(all.slice(at + written.length - 1)))
}

const head = 'data: '
const tail = '\n\n'

/** Of an event that has one line, and that of data: most have. Undefined for others. */
export function onlyData(event: Uint8Array): string | undefined {
  const text = decoder.decode(event)
  const end = text.length - tail.length
  return text.startsWith(head) && text.indexOf('\n') === end && text.endsWith(tail) && !text.includes('\r')
    ? text.slice(head.length, end)
    : undefined
}
