import { classOf, tokenChar } from './chars.js'
import type { Finder } from './scan.js'
import type { Text } from './text.js'

const longest = 8192
const longestHeader = 1024

/** JSON Web Tokens, signed (three parts) and encrypted (five): RFC 7519. The first part must be a header. */
export const jwt: Finder = {
  types: ['JWT'],
  trigger: { token: [12, Infinity] },
  longest,
  find(scan, start, end) {
    const text = scan.text
    if (text.codeAt(start) !== 101 || start < scan.tokenEnd || !text.startsWith('eyJ', start)) return
    if (text.codeAt(end) !== 46 || !mayBeHeader(text, start, Math.min(end, start + longestHeader))) return
    let at = end
    let parts = 1
    while (parts < 5 && text.codeAt(at) === 46) {
      const from = ++at
      while (at < text.length && at - start < longest && (classOf(text.codeAt(at)) & tokenChar) !== 0) at++
      if (at === from && parts === 1) return
      parts++
    }
    if (parts < 3) return
    scan.tokenEnd = text.codeAt(at - 1) === 46 && parts > 3 ? at - 1 : at
    scan.report('JWT', start, scan.tokenEnd, 0.98)
  },
}

/** Tokens that follow one another are mostly of one issuer, and have one header: it is decoded once. */
const last = { part: '', isHeader: false }

function mayBeHeader(text: Text, start: number, end: number): boolean {
  if (end - start === last.part.length && text.startsWith(last.part, start)) return last.isHeader
  last.part = text.slice(start, end)
  last.isHeader = isHeader(last.part)
  return last.isHeader
}

function isHeader(part: string): boolean {
  try {
    const json = atob(
      part
        .slice(0, part.length - (part.length % 4))
        .replaceAll('-', '+')
        .replaceAll('_', '/'),
    )
    return json.startsWith('{"') && /"(?:alg|enc|typ|kid)"\s*:/.test(json)
  } catch {
    return false
  }
}
