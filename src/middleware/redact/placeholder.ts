/**
 * Placeholders as models write them: `<EMAIL_1>`, and what becomes of it in another case, in Markdown (`<EMAIL\_1\>`), in
 * JSON (`\u003cEMAIL_1\u003e`), in HTML (`&lt;EMAIL_1&gt;`) and in an address (`%3CEMAIL_1%3E`).
 */
import { longestLabel } from './labels.js'

const slashes = '\\\\{0,4}'
const open = `${slashes}(?:<|&(?:amp;)?(?:lt|#60|#x3c);|%3c)|\\\\{1,4}u003c`
const close = '>|&(?:amp;)?(?:gt|#62|#x3e);|%3e|u003e'
const name = `([a-z]{2,${longestLabel}})`
const number = '([1-9]\\d{0,6})'

const whole = new RegExp(`(${open})\\s{0,2}${name}(${slashes})[_ -]${number}\\s{0,2}(${slashes})(?:${close})`, 'iy')

/** As it is given out, which is how nearly all come back. */
const asGiven = new RegExp(`<([A-Z]{2,${longestLabel}}_[1-9]\\d{0,6})>`, 'y')

/** What one may begin with. */
const start = /[<&%\\]/g

/** The same, cut off somewhere. */
const begun = new RegExp(
  `(?:\\\\{1,4}(?:u0?0?3?)?$|&(?:a(?:m(?:p;?)?)?)?(?:lt?|#(?:60?|x(?:3c?)?)?)?$|%3?$|(?:${open})\\s{0,2}(?:$|([a-z]{1,${longestLabel}})${slashes}(?:$|([_ -])(?:$|${number}\\s{0,2}${slashes}(?:$|[&%u][a-z0-9#;]{0,9}$)))))`,
  'iy',
)

/** The most characters that one has. */
const longestPlaceholder = 96

export interface Written {
  readonly start: number
  readonly end: number
  /** `EMAIL_1` */
  readonly token: string
}

export const written = (token: string): string => `<${token}>`

/** The placeholders in a text that a vault knows, and where one begins that may go on behind the end of the text. */
export function findPlaceholders(
  text: string,
  known: { has(token: string): boolean; hasLabel(beginning: string, whole: boolean): boolean },
): { readonly found: readonly Written[]; readonly open: number } {
  start.lastIndex = 0
  if (!start.test(text)) return { found: [], open: text.length }
  const found: Written[] = []
  start.lastIndex = 0
  for (let hit = start.exec(text); hit; hit = start.exec(text)) {
    const at = hit.index
    const one = wholeAt(text, at)
    if (one && known.has(one.token)) {
      found.push(one)
      start.lastIndex = one.end
    } else if (text.length - at < longestPlaceholder && isBegun(text, at, known)) return { found, open: at }
  }
  return { found, open: text.length }
}

function wholeAt(text: string, at: number): Written | undefined {
  asGiven.lastIndex = at
  const token = asGiven.exec(text)?.[1]
  if (token !== undefined) return { start: at, end: asGiven.lastIndex, token }
  whole.lastIndex = at
  const [all, opened, label, ...rest] = whole.exec(text) ?? []
  if (all === undefined || opened === undefined || label === undefined) return undefined
  const [before, digits, after] = rest
  // A backslash in front belongs to the placeholder when it was escaped, and to the text when it was not.
  const escaped = before !== '' || after !== '' || !opened.endsWith('<')
  const skipped = escaped ? 0 : opened.length - opened.replace(/^\\+/, '').length
  return { start: at + skipped, end: at + all.length, token: `${label.toUpperCase()}_${digits}` }
}

function isBegun(text: string, at: number, known: { hasLabel(beginning: string, whole: boolean): boolean }): boolean {
  begun.lastIndex = at
  const match = begun.exec(text)
  if (!match) return false
  const [, label, separator] = match
  return label === undefined || known.hasLabel(label.toUpperCase(), separator !== undefined)
}

/** What looks like a placeholder with one of these labels in a text that nobody has redacted yet, however it is written. */
export function lookalikes(json: string, labels: ReadonlySet<string>): Set<string> {
  const taken = new Set<string>()
  if (labels.size === 0) return taken
  const pattern = likeOneOf([...labels].join('|'))
  for (let like = pattern.exec(json); like; like = pattern.exec(json)) taken.add(`${like[1]?.toUpperCase()}_${like[2]}`)
  return taken
}

/** Of the labels that were asked for last: mostly they are the same again. */
let latest: { readonly labels: string; readonly pattern: RegExp } | undefined

function likeOneOf(labels: string): RegExp {
  if (latest?.labels !== labels) latest = { labels, pattern: new RegExp(`(${labels})\\\\{0,16}[_ -]0*(\\d{1,7})`, 'gi') }
  return latest.pattern
}
