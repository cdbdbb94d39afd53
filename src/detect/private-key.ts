import { isDigit, isLetter } from './chars.js'
import type { Finder } from './scan.js'
import { unitAt } from './text.js'

const longest = 16_384
const dashes = '-----'

/**
 * Private keys in PEM (RFC 7468), OpenSSH's and PGP's armour included; with real line breaks, or with `\n` as in JSON. One that was
 * cut before its end is a key all the same.
 */
export const privateKey: Finder = {
  types: ['PRIVATE_KEY'],
  trigger: { characters: ['-'], after: '-' },
  longest,
  find(scan, start) {
    const text = scan.text
    if (text.codeAt(start + 5) !== 66 || !text.startsWith('-----BEGIN ', start)) return
    const end = start + 10
    const label = text.slice(end, end + 40)
    const body = label.indexOf(dashes)
    if (body === -1 || !label.slice(0, body).includes('PRIVATE KEY')) return
    const from = end + body + dashes.length
    const closed = closing(text.whole, from, start + longest)
    const to = closed === -1 ? cut(text.whole, from, start + longest) : closed
    if (to !== -1) scan.report('PRIVATE_KEY', start, to, closed === -1 ? 0.9 : 0.99)
  },
}

/** Past `-----END …-----`, if nothing but base64, white space and header lines are before it; -1 otherwise. */
function closing(text: string, from: number, limit: number): number {
  let at = from
  while (at < text.length && at < limit && isArmour(unitAt(text, at))) {
    if (unitAt(text, at) === 45 && text.startsWith(dashes, at)) break
    at++
  }
  if (!text.startsWith('-----END ', at)) return -1
  const end = text.slice(at + 9, at + 49).indexOf(dashes)
  return end === -1 ? -1 : at + 9 + end + dashes.length
}

/** Past the base64 that follows; -1 when that is too short to be of a key. */
function cut(text: string, from: number, limit: number): number {
  let at = from
  let length = 0
  for (; at < text.length && at < limit; at++) {
    const code = unitAt(text, at)
    if (isLetter(code) || isDigit(code) || code === 43 || code === 47 || code === 61) length++
    else if (code !== 10 && code !== 13 && code !== 92) break
  }
  return length >= 48 ? at : -1
}

/** Base64, white space, the backslash of an escape, and `: , . ( )` of header lines. */
function isArmour(code: number): boolean {
  if (isLetter(code) || isDigit(code)) return true
  return (
    code === 10 ||
    code === 13 ||
    code === 32 ||
    code === 9 ||
    code === 92 ||
    (code >= 40 && code <= 47) ||
    code === 58 ||
    code === 61
  )
}

/** Whether a first line begins in the text, or its dashes end it. */
export const mayHaveKey = (text: string): boolean => text.includes('-----BEGIN')

/** Where a key begins that the text does not end; -1 when there is none. */
export function openKey(text: string): number {
  const start = text.lastIndexOf(dashes)
  const begin = text.lastIndexOf('-----BEGIN')
  if (begin === -1) return -1
  if (start === begin) return isOpen(text, begin + dashes.length) ? begin : -1
  return text.length - begin <= longest &&
    closing(text, headEnd(text, begin), begin + longest) === -1 &&
    isOpen(text, headEnd(text, begin))
    ? begin
    : -1
}

/** Where the key begins that has `at` inside it, though the text goes on behind it; -1 when none has. */
export function keyAround(text: string, at: number): number {
  const begin = text.lastIndexOf('-----BEGIN', at)
  if (begin === -1 || begin === at) return -1
  const from = headEnd(text, begin)
  return Math.max(closing(text, from, begin + longest), cut(text, from, begin + longest)) > at ? begin : -1
}

/** Past the dashes that end the first line. */
const headEnd = (text: string, begin: number): number => {
  const end = text.indexOf(dashes, begin + dashes.length)
  return end === -1 ? text.length : end + dashes.length
}

/** Whether the armour goes on to the end of the text. */
function isOpen(text: string, from: number): boolean {
  for (let at = from; at < text.length; at++) if (!isArmour(unitAt(text, at))) return false
  return true
}
