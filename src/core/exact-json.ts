/**
 * Whole numbers of more digits than JavaScript's hold, such as ids of rows and snowflakes: where one stands, its own text is kept
 * in place of a number, and `JSON.stringify` writes it as it came. https://github.com/tc39/proposal-json-parse-with-source
 */

/** Runtimes that are older have neither, and read such numbers as JavaScript's. */
const json: {
  parse(text: string, revive: (key: string, value: unknown, context?: { readonly source?: string }) => unknown): unknown
  rawJSON?(text: string): unknown
} = JSON

/** As `JSON.parse`, but with all digits of whole numbers. @throws SyntaxError */
export function readExact(text: string): unknown {
  const { rawJSON } = json
  if (!rawJSON || !hasLongNumber(text)) return JSON.parse(text)
  return json.parse(text, (_, value, { source = '' } = {}) =>
    typeof value === 'number' && /^-?\d{16,}$/.test(source) && String(value) !== source ? rawJSON(source) : value,
  )
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
