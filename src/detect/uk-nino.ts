import { areDigits, isBlank, isLetter, isWithin, isWord, letterPair } from './chars.js'
import type { Finder, Scan } from './scan.js'
import { Meaning } from './words.js'

/** Two letters, six digits, and A to D. https://www.gov.uk/hmrc-internal-manuals/national-insurance-manual/nim39110 */
export const ukNino: Finder = {
  types: ['UK_NINO'],
  trigger: { token: [9, 9] },
  longest: 13,
  find(scan, start, end) {
    if (!areDigits(scan.text, start + 2, 6)) return
    report(scan, start, end, scan.text.codeAt(end - 1), 0.7)
  },
}

/** `AB 12 34 56 C`. */
export const ukNinoSpaced: Finder = {
  types: ['UK_NINO'],
  trigger: { digits: [6, 6] },
  longest: 13,
  find(scan) {
    const run = scan.run
    if (run.count !== 3 || run.length(0) !== 2 || run.length(1) !== 2) return
    const mark = run.separator(0)
    if (mark !== run.separator(1) || (mark !== 32 && mark !== 45)) return
    const text = scan.text
    const [start, end] = [run.first - 3, run.last + 2]
    if (start < 0 || !isMark(text.codeAt(start + 2)) || !isMark(text.codeAt(end - 2))) return
    report(scan, start, end, text.codeAt(end - 1), 0.85)
  },
}

function report(scan: Scan, start: number, end: number, suffix: number, confidence: number): void {
  const text = scan.text
  const before = text.codeAt(start - 1)
  if (isWithin(text, start) || before === 45 || before === 47 || isWord(text.codeAt(end))) return
  if (!isSuffix(suffix, text.codeAt(start)) || !isPrefix(text.codeAt(start), text.codeAt(start + 1))) return
  const { labels, label } = scan.before(start)
  const named = (labels & Meaning.nino) !== 0
  if (!named && (label & Meaning.other) !== 0) return
  scan.report('UK_NINO', start, end, named ? 0.95 : confidence)
}

/** Neither letter is one of `D F I Q U V`, the second is no `O`, and some pairs are not given out. */
function isPrefix(first: number, second: number): boolean {
  return isLetter(first) && isLetter(second) && (first & 32) === (second & 32) && prefixes[letterPair(first, second)] === 1
}

const prefixes = new Uint8Array(26 * 26)
for (const first of 'abceghjklmnoprstwxyz')
  for (const second of 'abceghjklmnprstwxyz') prefixes[letterPair(first.charCodeAt(0), second.charCodeAt(0))] = 1
for (const pair of ['bg', 'gb', 'kn', 'nk', 'nt', 'tn', 'zz']) prefixes[letterPair(pair.charCodeAt(0), pair.charCodeAt(1))] = 0

/** A to D, in the same case as the prefix. */
function isSuffix(code: number, first: number): boolean {
  const small = code | 32
  return isLetter(code) && small >= 97 && small <= 100 && (code & 32) === (first & 32)
}

const isMark = (code: number): boolean => isBlank(code) || code === 45
