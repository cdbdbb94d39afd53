import type { Text } from './text.js'
/** Character classes of ASCII as bits; what is beyond ASCII has none, and so ends whatever is read. */
export const Char = {
  digit: 1,
  letter: 2,
  /** `_` */
  low: 4,
  /** `-` */
  dash: 8,
  /** A character that some finder is asked at. */
  trigger: 16,
  /** A small letter, which is a letter as well. */
  small: 32,
} as const

/** What a token is made of. */
export const tokenChar = Char.digit | Char.letter | Char.small | Char.low | Char.dash

/** From so many characters on one is looked at even if it is of digits alone. */
export const longToken = 16

const table = new Uint8Array(128)
table
  .fill(Char.digit, 48, 58)
  .fill(Char.letter, 65, 91)
  .fill(Char.letter | Char.small, 97, 123)
table[45] = Char.dash
table[95] = Char.low

/**
 * Looks up characters of ASCII; 0 for any other. The table is a constant to the function that has it as its own, where a bundler
 * makes a variable of what stands at the top of a module, which V8 would look at each time.
 */
export const lookUp =
  (table: Uint8Array) =>
  (code: number): number =>
    code < 128 ? (table[code] ?? 0) : 0

export const classOf = lookUp(table)

/** Of ASCII. */
export const alphanumeric = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** One comparison of a distance without its sign is sooner made than two, and sooner foreseen by the machine. */
export const isDigit = (code: number): boolean => (code - 48) >>> 0 <= 9

export const isLetter = (code: number): boolean => ((code | 32) - 97) >>> 0 <= 25

export const isWord = (code: number): boolean => isDigit(code) || isLetter(code) || code === 95

export const isHex = (code: number): boolean => isDigit(code) || ((code | 32) - 97) >>> 0 <= 5

/** Whether that many digits follow one another from `start` on. */
export function areDigits(text: Text, start: number, count: number): boolean {
  for (let at = start; at < start + count; at++) if (!isDigit(text.codeAt(at))) return false
  return true
}

/** Which of the 676 pairs of letters they are, whatever their case. */
export const letterPair = (first: number, second: number): number => ((first | 32) - 97) * 26 + (second | 32) - 97

/** Letters of Latin, Greek and Cyrillic beyond ASCII, which stand in names and so in addresses. */
export const isFarLetter = (code: number): boolean => code >= 0xc0 && code <= 0x52f && code !== 0xd7 && code !== 0xf7

/** Space, no-break space, narrow no-break space. */
export const isBlank = (code: number): boolean => code === 32 || code === 0xa0 || code === 0x202f

/**
 * Where a token truly begins: the `n` of a `\n` in a text that is itself JSON belongs to the escape.
 */
export function pastEscape(text: Text, start: number): number {
  if (start === 0 || text.codeAt(start - 1) !== 92) return start
  const code = text.codeAt(start)
  return code === 110 || code === 116 || code === 114 ? start + 1 : start
}

/** Whether a word goes on at `at` rather than begins there: the `n` of a `\n` before it is of an escape and of no word. */
export const isWithin = (text: Text, at: number): boolean => at > 0 && isWord(text.codeAt(at - 1)) && text.codeAt(at - 2) !== 92
