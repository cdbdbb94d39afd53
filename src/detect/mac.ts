import { isHex, isWord } from './chars.js'
import type { Finder } from './scan.js'

/** `00-1A-2B-3C-4D-5E`. The form with colons is found beside IPv6, which looks alike. */
export const mac: Finder = {
  types: ['MAC_ADDRESS'],
  trigger: { token: [17, 17] },
  longest: 17,
  find(scan, start, end) {
    const text = scan.text
    for (let at = 0; at < 17; at++) {
      const code = text.codeAt(start + at)
      if (at % 3 === 2 ? code !== 45 : !isHex(code)) return
    }
    scan.report('MAC_ADDRESS', start, end, 0.85)
  },
}

/** `001a.2b3c.4d5e`. */
export const dottedMac: Finder = {
  types: ['MAC_ADDRESS'],
  trigger: { token: [4, 4] },
  longest: 14,
  find(scan, start, end) {
    const text = scan.text
    if (text.codeAt(end) !== 46 || text.codeAt(end + 5) !== 46) return
    const last = start + 14
    if (isWord(text.codeAt(start - 1)) || isWord(text.codeAt(last)) || text.codeAt(start - 1) === 46) return
    if (text.codeAt(last) === 46 && isWord(text.codeAt(last + 1))) return
    for (let at = 0; at < 14; at++) if (at % 5 !== 4 && !isHex(text.codeAt(start + at))) return
    scan.report('MAC_ADDRESS', start, last, 0.85)
  },
}
