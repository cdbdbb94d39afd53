import { Char, classOf, isDigit, isWord } from './chars.js'
import type { Context } from './context.js'
import { Shape } from './number-run.js'
import type { Finder, Scan } from './scan.js'
import type { Text } from './text.js'
import { Meaning } from './words.js'

/**
 * Numbers that every state forms in its own way, and that only the words before them tell: passport, driving licence, tax and
 * bank account.
 */
const types = ['PASSPORT', 'DRIVER_LICENSE', 'TAX_ID', 'ACCOUNT_NUMBER', 'ROUTING_NUMBER'] as const

const longest = 24

export const labelledNumber: Finder = {
  types,
  trigger: { digits: [6, longest], shape: Shape.bare },
  longest,
  find(scan) {
    const run = scan.run
    if (run.end - run.first > longest || isWord(run.after)) return
    judge(scan, run.first, run.last, run.digits)
  },
}

export const labelledCode: Finder = {
  types,
  trigger: { token: [6, longest] },
  longest,
  find(scan, start, end) {
    // The `n` of an escape before the token is small, and no part of it.
    if (scan.digits >= 4 && ((scan.seen & (Char.small | Char.low)) === 0 || !hasSmall(scan.text, start, end)))
      judge(scan, start, end, scan.digits)
  },
}

function hasSmall(text: Text, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if ((classOf(text.codeAt(at)) & (Char.small | Char.low)) !== 0) return true
  return false
}

function judge(scan: Scan, start: number, end: number, digits: number): void {
  const context = scan.before(start)
  const { label, labels } = context
  if (label === 0 || context.past) return
  const length = end - start
  if ((label & Meaning.passport) !== 0 && length <= 12) scan.report('PASSPORT', start, end, 0.85)
  else if ((label & Meaning.licence) !== 0 && (labels & Meaning.driver) !== 0) scan.report('DRIVER_LICENSE', start, end, 0.85)
  else if ((label & Meaning.tax) !== 0 && digits >= 8 && digits <= 12) scan.report('TAX_ID', start, end, 0.8)
  else if ((label & Meaning.routing) !== 0 && isRoutingNumber(scan.text, start, end))
    scan.report('ROUTING_NUMBER', start, end, 0.9)
  else if ((label & Meaning.account) !== 0 && digits >= 6 && isAccount(context)) {
    scan.report('ACCOUNT_NUMBER', start, end, 0.7)
  }
}

/** "Account 12345678" and "account number is …", and not "account for 1000000". */
const isAccount = ({ apart, numbered, colon }: Context): boolean => apart === 0 || numbered || colon

/** ABA: nine digits, weights 3, 7, 1. https://www.aba.com/about-us/routing-number */
function isRoutingNumber(text: Text, start: number, end: number): boolean {
  if (end - start !== 9) return false
  let sum = 0
  for (let at = 0; at < 9; at++) {
    const code = text.codeAt(start + at)
    if (!isDigit(code)) return false
    sum += (code - 48) * ([3, 7, 1][at % 3] ?? 0)
  }
  return sum > 0 && sum % 10 === 0
}
