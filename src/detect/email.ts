import { alphanumeric, isDigit, isFarLetter, isLetter, isWord, pastEscape } from './chars.js'
import type { Finder } from './scan.js'
import type { Text } from './text.js'

/** RFC 5321, 4.5.3.1. */
const longestLocal = 64
const longestDomain = 253
const longestLabel = 63

/** Endings of files and units that stand after an `@` as well: `icon@2x.png`, `getty@tty1.service`. */
const noDomain = new Set(
  `png jpg jpeg gif svg webp avif ico bmp css scss less js mjs cjs ts mts jsx tsx json json5 yaml yml toml lock html htm xml map txt log
   tgz gz zip tar exe dll wasm service target socket timer mount scope slice device conf cfg ini java kt swift class`.split(
    /\s+/,
  ),
)

/** By length, what they begin with, as bits: most names are told by that. */
const noDomainBeginnings = new Int32Array(25)
const beginning = (code: number): number => 1 << (code & 31)
for (const name of noDomain)
  noDomainBeginnings[name.length] = (noDomainBeginnings[name.length] ?? 0) | beginning(name.charCodeAt(0))

export const email: Finder = {
  types: ['EMAIL_ADDRESS'],
  trigger: { characters: ['@'], before: `${alphanumeric}_-+%'`, after: alphanumeric },
  longest: longestLocal + 1 + longestDomain,
  find(scan, at) {
    const text = scan.text
    let start = at
    const limit = Math.max(0, at - longestLocal)
    while (start > limit && isLocal(text.codeAt(start - 1))) start--
    start = pastEscape(text, start)
    while (start < at && !isAtom(text.codeAt(start))) start++
    if (start === at || text.codeAt(at - 1) === 46) return
    const end = domainEnd(text, at + 1)
    if (end === -1 || isRemote(text, start, at, end)) return
    scan.report('EMAIL_ADDRESS', start, end, 0.95)
  },
}

/** Past the domain name at `start`, whose last label is of letters; -1 when there is none. */
export function domainEnd(text: Text, start: number): number {
  let end = start
  const limit = Math.min(text.length, start + longestDomain)
  while (end < limit && isHost(text.codeAt(end))) end++
  // "Write to a@b.com.2 of us" and "a@b.com-": what cannot be a top-level domain is given back, label by label.
  for (let tries = 0; tries < 4; tries++) {
    while (end > start && !isWord(text.codeAt(end - 1)) && !isFarLetter(text.codeAt(end - 1))) end--
    let dot = end - 1
    while (dot > start && text.codeAt(dot) !== 46) dot--
    if (dot <= start) return -1
    if (isTopLevel(text, dot + 1, end)) return labelsFit(text, start, end) ? end : -1
    end = dot
  }
  return -1
}

function isTopLevel(text: Text, start: number, end: number): boolean {
  const length = end - start
  if (length < 2 || length > 24) return false
  if (text.codeAt(start) === 120 && text.startsWith('xn--', start)) return true
  for (let at = start; at < end; at++) if (!isLetter(text.codeAt(at)) && !isFarLetter(text.codeAt(at))) return false
  return (
    ((noDomainBeginnings[length] ?? 0) & beginning(text.codeAt(start))) === 0 ||
    !noDomain.has(text.slice(start, end).toLowerCase())
  )
}

function labelsFit(text: Text, start: number, end: number): boolean {
  let label = 0
  for (let at = start; at < end; at++) {
    const dot = text.codeAt(at) === 46
    if (dot && label === 0) return false
    label = dot ? 0 : label + 1
    if (label > longestLabel) return false
  }
  return text.codeAt(start) !== 45
}

/** `git@github.com:owner/name` is nobody's address. */
function isRemote(text: Text, start: number, at: number, end: number): boolean {
  return text.codeAt(end) === 58 && at - start === 3 && text.startsWith('git', start)
}

const isAtom = (code: number): boolean => isWord(code) || isFarLetter(code)

/** `% ' + - .` beside letters and digits: what else RFC 5322 allows is seen in code alone. */
const isLocal = (code: number): boolean => isAtom(code) || code === 46 || code === 45 || code === 43 || code === 37 || code === 39

const isHost = (code: number): boolean => isLetter(code) || isDigit(code) || code === 46 || code === 45 || isFarLetter(code)
