import { isDigit, isHex, isLetter, isWord } from './chars.js'
import { isDottedQuad } from './dotted-quad.js'
import { type NumberRun, Shape } from './number-run.js'
import type { Finder, Scan } from './scan.js'
import type { Text } from './text.js'
import { Meaning } from './words.js'

/** Eight groups of four and seven colons; the last two groups may be an IPv4 address; a zone may follow. */
const longestV6 = 45

export const ipv4: Finder = {
  types: ['IP_ADDRESS'],
  trigger: { digits: [4, Infinity], shape: Shape.dotted },
  longest: 15,
  find(scan) {
    const run = scan.run
    for (let group = 0; group + 4 <= run.count; group++) {
      if (!isDottedQuad(run, group)) continue
      const start = run.startOf(group)
      if (start < scan.addressEnd) continue
      const end = run.endOf(group + 3)
      const outside = isOutside(scan.text, start, end) && !(blockHeads[run.value(group)] === 1 && isBlock(scan.text, start, end))
      const confidence = outside ? trust(scan, run, group, start) : 0
      if (confidence > 0) scan.report('IP_ADDRESS', start, end, confidence)
      group += 3
    }
  },
}

export const ipv6: Finder = {
  types: ['IP_ADDRESS', 'MAC_ADDRESS'],
  trigger: { characters: [':'], after: ':0123456789abcdefABCDEF' },
  longest: longestV6,
  find(scan, at) {
    if (at < scan.hexEnd) return
    const text = scan.text
    const next = text.codeAt(at + 1)
    if (!isHex(next) && next !== 58) return
    let start = at
    while (start > 0 && at - start < 5 && isHex(text.codeAt(start - 1))) start--
    if (start === at && next !== 58) return
    let end = at
    let colons = 0
    for (; end < text.length && end - start < longestV6 + 1; end++) {
      const code = text.codeAt(end)
      if (code === 58) colons++
      else if (!isHex(code)) break
    }
    scan.hexEnd = end
    if (colons < 2) return
    const before = text.codeAt(start - 1)
    if (isWord(before) || before === 58 || before === 46) return
    if (text.codeAt(end) === 46) end = withV4(text, end)
    // What begins with no group is in use only where it ends as one of IPv4 is written.
    else if (start === at) return
    // "The address is fe80::1:" ends a sentence.
    if (text.codeAt(end - 1) === 58 && text.codeAt(end - 2) !== 58) end--
    if (isWord(text.codeAt(end)) || end - start > longestV6) return
    if (isMac(text, start, end)) scan.report('MAC_ADDRESS', start, end, 0.9)
    else if (isV6(text, start, end) && !(text.codeAt(end - 1) === 58 && isBlock(text, start, end))) {
      scan.addressEnd = end
      scan.report('IP_ADDRESS', start, end, 0.95)
    }
  },
}

/** Not a part of a longer name or number: `1.2.3.4-beta`, `v1.2.3.4`, `.1.2.3.4`. */
function isOutside(text: Text, start: number, end: number): boolean {
  const before = text.codeAt(start - 1)
  if (isWord(before) || before === 46 || before === 43) return false
  const after = text.codeAt(end)
  if (isLetter(after) || after === 95) return false
  return !((after === 45 || after === 43 || after === 46) && isWord(text.codeAt(end + 1)) && !isDigit(text.codeAt(end + 1)))
}

/** Blocks that are set apart for everybody: https://www.iana.org/assignments/iana-ipv4-special-registry, and that of IPv6. */
const blocks = new Set(
  `0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.31.196.0/24 192.52.193.0/24
   192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 64:ff9b::/96
   2001::/23 2001::/32 2001:db8::/32 2002::/16 fc00::/7 fd00::/8 fe80::/10 ff00::/8`.split(/\s+/),
)

/** What they begin with. */
const blockHeads = new Uint8Array(256)
for (const block of blocks) if (/^\d+\./.test(block)) blockHeads[Number.parseInt(block, 10)] = 1

/** `10.0.0.0/8` is a block, and nobody's address. Those of IPv6 end with a colon. */
function isBlock(text: Text, start: number, end: number): boolean {
  if (text.codeAt(end) !== 47) return false
  let last = end + 1
  while (last < end + 4 && isDigit(text.codeAt(last))) last++
  return !isWord(text.codeAt(last)) && blocks.has(text.slice(start, last))
}

/**
 * Versions, sections and object identifiers have four parts too, mostly small ones. Addresses of no machine, of every machine itself, and
 * masks are no address of anybody.
 */
function trust(scan: Scan, run: NumberRun, group: number, start: number): number {
  const first = run.value(group)
  const second = run.value(group + 1)
  const third = run.value(group + 2)
  const fourth = run.value(group + 3)
  if (first === 127 || first === 255 || (first === 0 && second === 0)) return 0
  const confidence = bySize(scan, first, Math.max(second, third, fourth), second, start)
  return confidence < scan.least || (scan.before(start).label & Meaning.version) !== 0 ? 0 : confidence
}

function bySize(scan: Scan, first: number, largest: number, second: number, start: number): number {
  // Reserved ones are given to nobody, but are made up.
  if (first >= 240) return scan.isNear(start, Meaning.ip) ? 0.6 : 0
  const identifier = (first === 1 && (second === 2 || second === 3)) || (first === 2 && second === 5)
  if (first === 10 || (!identifier && largest >= 30)) return 0.9
  if (scan.isNear(start, Meaning.ip)) return 0.9
  return !identifier && first >= 10 && largest >= 10 ? 0.55 : 0.3
}

/** Of `64:ff9b::192.0.2.33`. */
function withV4(text: Text, end: number): number {
  let at = end
  while (at < text.length && at - end < 12 && (isDigit(text.codeAt(at)) || text.codeAt(at) === 46)) at++
  while (text.codeAt(at - 1) === 46) at--
  return at
}

function isMac(text: Text, start: number, end: number): boolean {
  if (end - start !== 17) return false
  let varied = false
  for (let at = 0; at < 17; at++) {
    const code = text.codeAt(start + at)
    if (at % 3 === 2 ? code !== 58 : !isHex(code)) return false
    if (at % 3 !== 2 && code !== text.codeAt(start)) varied = true
  }
  return varied
}

/** RFC 4291, 2.2. `a::b` could be C++: a short form must begin as an address in use does. */
function isV6(text: Text, start: number, end: number): boolean {
  let groups = 0
  let gap = false
  let digits = 0
  for (let at = start; at < end; ) {
    const from = at
    while (at < end && isHex(text.codeAt(at))) if (isDigit(text.codeAt(at++))) digits++
    if (at - from > 4) return false
    if (at > from && text.codeAt(at) === 46) return isTailV4(text, from, end) && (gap ? groups < 6 : groups === 6)
    if (at > from) groups++
    if (at === end) break
    if (text.codeAt(at) !== 58) return false
    at++
    if (text.codeAt(at) !== 58) {
      if (at === end || at - 1 === start) return false
      continue
    }
    if (gap) return false
    gap = true
    at++
    if (text.codeAt(at) === 58) return false
  }
  if (!gap) return groups === 8 && digits > 0
  return groups >= 2 && groups <= 7 && digits > 0 && isInUse(text, start)
}

/** `2… 3… fc… fd… fe8…` to `feb… ff…`, of four digits each, and `64:ff9b::`. */
function isInUse(text: Text, start: number): boolean {
  const first = text.codeAt(start)
  const second = text.codeAt(start + 1) | 32
  if (first === 54) return second === 52 && text.codeAt(start + 2) === 58
  if (text.codeAt(start + 4) !== 58) return false
  for (let at = start; at < start + 4; at++) if (!isHex(text.codeAt(at))) return false
  if (first === 50 || first === 51) return true
  if ((first | 32) !== 102) return false
  const third = text.codeAt(start + 2) | 32
  return (
    second === 99 ||
    second === 100 ||
    second === 102 ||
    (second === 101 && (third === 56 || third === 57 || third === 97 || third === 98))
  )
}

function isTailV4(text: Text, start: number, end: number): boolean {
  let parts = 0
  for (let at = start; at <= end; parts++) {
    const from = at
    let value = 0
    while (at < end && isDigit(text.codeAt(at)) && at - from < 3) value = value * 10 + text.codeAt(at++) - 48
    if (at === from || value > 255 || (at < end && text.codeAt(at) !== 46)) return false
    at++
  }
  return parts === 4
}
