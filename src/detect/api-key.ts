import { crc32 } from '../core/crc32.js'
import { alphanumeric, isDigit, isLetter, isWithin, isWord } from './chars.js'
import { dottedShapes, type KeyShape, shapesOf } from './key-shapes.js'
import { isPlaceholder, looksRandom } from './randomness.js'
import type { Finder, Scan } from './scan.js'
import type { Text } from './text.js'

const longestKey = 2048

/** Keys that their vendor marks with a prefix. */
export const apiKey: Finder = {
  types: ['API_KEY'],
  trigger: { token: [16, Infinity] },
  longest: longestKey,
  find(scan, start, end) {
    const text = scan.text
    if (text.codeAt(start - 1) === 46) {
      for (const shape of dottedShapes) if (matches(scan, shape, start - shape.prefix.length)) return
    }
    for (const shape of shapesOf(text.codeAt(start), text.codeAt(start + 1))) if (matches(scan, shape, start)) return
    if (text.codeAt(start) === 115 && text.startsWith('sk-', start)) unmarked(scan, start, end)
    if (text.codeAt(end) === 58) return
    if (text.codeAt(start - 1) === 58) telegram(scan, start, end)
  },
}

/**
 * Keys so short that one of thirty has no digit, which is what the other finder is asked at: AWS' at the third of their first letters,
 * Stripe's at their first mark.
 */
export const digitlessKey: Finder = {
  types: ['API_KEY'],
  trigger: { characters: ['IA', '_l', '_t'], before: 'KSBk' },
  longest: longestKey,
  find(scan, at) {
    const text = scan.text
    const start = at - 2
    if (start < 0 || isWithin(text, start) || text.codeAt(start - 1) === 45) return
    for (const shape of shapesOf(text.codeAt(start), text.codeAt(start + 1)))
      if (shape.least === 16 && matches(scan, shape, start)) return
  },
}

/** Azure's client secrets: three characters, a digit, `Q~`, thirty-one to thirty-four more. */
export const azureSecret: Finder = {
  types: ['API_KEY'],
  trigger: { characters: ['~'], before: 'Q' },
  longest: 40,
  find(scan, at) {
    const text = scan.text
    const start = at - 5
    if (start < 0 || text.codeAt(at - 1) !== 81 || !isDigit(text.codeAt(at - 2))) return
    if (isSecretCharacter(text.codeAt(start - 1)) && text.codeAt(start - 2) !== 92) return
    let end = at + 1
    while (end - at < 36 && isSecretCharacter(text.codeAt(end))) end++
    while (text.codeAt(end - 1) === 46) end--
    const length = end - at - 1
    if (length < 31 || length > 34) return
    scan.report('API_KEY', start, end, 0.9)
  },
}

function matches(scan: Scan, shape: KeyShape, start: number): boolean {
  const text = scan.text
  const { prefix, least, most, allowed } = shape
  if (start < 0 || !text.startsWith(prefix, start)) return false
  if (prefix.endsWith('.') && isWithin(text, start)) return false
  const from = start + prefix.length
  let end = from
  while (end - from < most && end < text.length && allowed(text.codeAt(end))) end++
  while (text.codeAt(end - 1) === 46) end--
  if (end - from < least || isWord(text.codeAt(end)) || isPlaceholder(text, from, end)) return false
  // Short prefixes that are words or the beginnings of names as well have to be followed by what looks drawn.
  if (prefix.length < 5 && !/\d/.test(text.slice(from, end)) && shape.least >= 20) return false
  scan.report('API_KEY', start, end, shape.checksum ? (isChecksummed(text, from, end) ? 0.99 : 0.85) : 0.95)
  return true
}

/** `sk-` with no mark of the vendor: OpenAI's older keys, and those of vendors who copied them. */
function unmarked(scan: Scan, start: number, end: number): void {
  const length = end - start - 3
  if (length >= 20 && length <= 200 && looksRandom(scan.text, start + 3, end)) scan.report('API_KEY', start, end, 0.85)
}

/** Telegram's bots: eight to ten digits, a colon, thirty-five characters that begin with `AA`. */
function telegram(scan: Scan, start: number, end: number): void {
  const text = scan.text
  if (end - start !== 35 || !text.startsWith('AA', start)) return
  let from = start - 1
  while (from > 0 && start - from < 12 && isDigit(text.codeAt(from - 1))) from--
  const digits = start - 1 - from
  if (digits >= 8 && digits <= 10 && !isWithin(text, from)) scan.report('API_KEY', from, end, 0.95)
}

/** The last six characters are the CRC-32 of those before, in base 62. https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/ */
function isChecksummed(text: Text, start: number, end: number): boolean {
  let rest = crc32(new TextEncoder().encode(text.slice(start, end - 6)))
  let sum = ''
  for (let place = 0; place < 6; place++, rest = Math.floor(rest / 62)) sum = alphanumeric.charAt(rest % 62) + sum
  return text.startsWith(sum, end - 6)
}

const isSecretCharacter = (code: number): boolean =>
  isLetter(code) || isDigit(code) || code === 46 || code === 95 || code === 45 || code === 126
