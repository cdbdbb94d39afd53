import { connectionString } from './connection-string.js'
import { longestSpaced } from './safe-end.js'
import type { Finder } from './scan.js'
import { lastLetters, secretNamed } from './secret-name.js'
import { isKey, isPassword, isQuote, valueAfter } from './secret-value.js'

/** Values that are given to a name for a secret: `DB_PASSWORD=…`, `"client_secret": "…"`. */
export const assignedSecret: Finder = {
  types: ['PASSWORD', 'API_KEY', 'CONNECTION_STRING'],
  trigger: { characters: [':', '='], before: `${lastLetters}"'\` \\` },
  longest: longestSpaced,
  find(scan, at) {
    if (at < scan.pairsEnd) return
    const text = scan.text
    let nameEnd = at
    while (nameEnd > 0 && at - nameEnd < 4 && isBetween(text.codeAt(nameEnd - 1))) nameEnd--
    const kind = secretNamed(text, nameEnd)
    if (kind === undefined) return
    const value = valueAfter(scan, at + 1)
    if (value === undefined) return
    const tight = text.codeAt(at) === 61 && value.start === at + 1 && nameEnd === at
    if (!(kind === 'password' ? isPassword(text, value, tight) : isKey(text, value, tight))) return
    if (connectionString(scan, nameEnd, value)) return
    scan.report(kind === 'password' ? 'PASSWORD' : 'API_KEY', value.start, value.end, value.quoted || tight ? 0.8 : 0.65)
  },
}

/** What stands between a name and its mark: the quote that closes it, the backslash of a quote in a string, a space. */
const isBetween = (code: number): boolean => isQuote(code) || code === 32 || code === 92
