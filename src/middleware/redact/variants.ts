import { escaped } from './view.js'

/** A shorter value is too likely a part of something else. */
const shortest = 5
const longestEncoded = 4096
/** A list of thousands of values is one that was made of them, and holds each as it is. */
export const mostEncoded = 10_000

/** Of such a list. */
export const unencoded: Spelling = { escapes: true, percents: false, base64: 0 }

/** What is in the texts that a value may be spelt with. What cannot be there need not be made and looked for. */
export interface Spelling {
  readonly escapes: boolean
  readonly percents: boolean
  /** As many characters of base64 follow each other somewhere. */
  readonly base64: number
}

/** Where texts are longer together, base64 is made at once. */
const longestRead = 4096

export function spellingIn(texts: readonly string[]): Spelling {
  const length = texts.reduce((length, text) => length + text.length, 0)
  return {
    escapes: texts.some((text) => text.includes('\\')),
    percents: texts.some((text) => text.includes('%')),
    base64: length > longestRead ? Infinity : Math.max(0, ...texts.map(longestRun)),
  }
}

function longestRun(text: string): number {
  let longest = 0
  let run = 0
  for (let at = 0; at < text.length; at++) {
    run = isBase64(text.charCodeAt(at)) ? run + 1 : 0
    if (run > longest) longest = run
  }
  return longest
}

/** In either alphabet of RFC 4648. */
function isBase64(code: number): boolean {
  const letter = code | 32
  return (letter >= 97 && letter <= 122) || (code >= 47 && code <= 57) || code === 43 || code === 45 || code === 95
}

/** How else a value may be spelt in a text: in JSON, in an address, in base64 by itself. */
export function variantsOf(value: string, { escapes, percents, base64 }: Spelling): ReadonlySet<string> {
  if (value.length < shortest) return new Set()
  const variants = new Set([value])
  if (escapes) variants.add(escaped(value))
  if (value.length > longestEncoded) return variants
  const address = percents ? percentEncoded(value) : value
  if (address !== value) variants.add(address).add(address.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()))
  // Four characters stand for three bytes.
  if (base64 * 3 >= value.length * 4) for (const encoded of base64Of(value)) variants.add(encoded)
  return variants
}

function base64Of(value: string): string[] {
  const bytes = isAscii(value) ? value : String.fromCharCode(...new TextEncoder().encode(value))
  const base64 = btoa(bytes).replace(/=+$/, '')
  return /[+/]/.test(base64) ? [base64, base64.replaceAll('+', '-').replaceAll('/', '_')] : [base64]
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) >= 0x80) return false
  return true
}

/** Half of a pair of surrogates cannot be encoded. */
function percentEncoded(value: string): string {
  return encodeURIComponent(value.toWellFormed())
}
