/**
 * Whole numbers of more digits than JavaScript's hold, such as ids of rows and snowflakes: where one stands, its own text is kept
 * in place of a number, and `JSON.stringify` writes it as it came. https://github.com/tc39/proposal-json-parse-with-source
 */
import { endOfString } from './end-of-string.js'

/** Runtimes that are older have none, and read such numbers as JavaScript's. */
const json: JSON & { rawJSON?(text: string): unknown } = JSON

/** As `JSON.parse`, but with all digits of whole numbers. @throws SyntaxError */
export function readExact(text: string): unknown {
  if (!json.rawJSON || !hasLongNumber(text)) return JSON.parse(text)
  // A reviver that is told of the text takes two hundred times as long as to parse it. Nobody else knows this mark.
  const mark = crypto.randomUUID()
  return unmarked(JSON.parse(marked(text, mark)), mark)
}

const long = /(?<=[\s:,[]|^)-?\d{16,}(?=\s*(?:[,\]}]|$))/g

/** With a string in the place of each number that JavaScript cannot hold. */
function marked(text: string, mark: string): string {
  let all = ''
  let from = 0
  for (let at = 0; at < text.length; ) {
    const next = text.indexOf('"', at)
    const quote = next < 0 ? text.length : next
    const between = text.slice(at, quote)
    const written = between.replace(long, (number) => (String(Number(number)) === number ? number : `"${mark}${number}"`))
    if (written !== between) {
      all += text.slice(from, at) + written
      from = quote
    }
    at = endOfString(text, quote)
  }
  return all + text.slice(from)
}

function unmarked(value: unknown, mark: string): unknown {
  if (typeof value === 'string') return value.startsWith(mark) ? json.rawJSON?.(value.slice(mark.length)) : value
  if (typeof value !== 'object' || value === null) return value
  // Of a list too: its places are its names.
  const members = value as Record<string, unknown>
  for (const name of Object.keys(members)) {
    const member = members[name]
    const own = unmarked(member, mark)
    if (own !== member) members[name] = own
  }
  return value
}

/** The same, or `undefined` for what is no JSON. */
export function parseExact(text: string): unknown {
  try {
    return readExact(text)
  } catch {
    return undefined
  }
}

/** A body that was read from this text already, where JavaScript's numbers hold all that stands in it. */
export function exactBody<Body>(text: string | undefined, body: Body): Body {
  const isExact = text === undefined || typeof body !== 'object' || !hasLongNumber(text)
  return isExact ? body : (readExact(text) as Body)
}

/** Of 16 digits in a row one stands at a 16th place: only those are looked at, which takes a tenth of the time of parsing. */
function hasLongNumber(text: string): boolean {
  for (let at = 15; at < text.length; at += 16) {
    if (!isDigit(text.charCodeAt(at))) continue
    let from = at
    let to = at + 1
    while (isDigit(text.charCodeAt(from - 1))) from--
    while (isDigit(text.charCodeAt(to))) to++
    if (to - from >= 16 && /[\s:,[-]/.test(text.charAt(from - 1))) return true
  }
  return false
}

const isDigit = (code: number) => code >= 48 && code <= 57
