import { isHex, isWord } from './chars.js'
import type { Finder } from './scan.js'

/** `00-1A-2B-3C-4D-5E`, and `001a.2b3c.4d5e`. The form with colons is found beside IPv6, which looks alike. */
export const mac: Finder = {
  types: ['MAC_ADDRESS'],
  trigger: { token: [4, 17] },
  longest: 17,
  find(scan, start, end) {
    const text = scan.text
    if (end - start === 17) {
      for (let at = 0; at < 17; at++) {
        const code = text.charCodeAt(start + at)
        if (at % 3 === 2 ? code !== 45 : !isHex(code)) return
      }
      scan.report('MAC_ADDRESS', start, end, 0.85)
    } else if (end - start === 4 && text.charCodeAt(end) === 46 && text.charCodeAt(end + 5) === 46) {
      const last = start + 14
      if (isWord(text.charCodeAt(start - 1)) || isWord(text.charCodeAt(last)) || text.charCodeAt(start - 1) === 46) return
      if (text.charCodeAt(last) === 46 && isWord(text.charCodeAt(last + 1))) return
      for (let at = 0; at < 14; at++) if (at % 5 !== 4 && !isHex(text.charCodeAt(start + at))) return
      scan.report('MAC_ADDRESS', start, last, 0.85)
    }
  },
}
