/**
 * A text as its reader takes it, where that is not how it is written: full-width letters, digits and brackets are letters, digits and
 * brackets, digits of Arabic, Persian and Hindi too, spaces of other widths are spaces, and what is drawn by nobody (zero-width spaces,
 * marks of direction, selectors, tags) parts nothing. In texts of Latin letters V8 need not look for any.
 */
const digits = '\\u0660-\\u0669\\u06f0-\\u06f9\\u0966-\\u096f'
const wide = '\\u2212\\uff08\\uff09\\uff0b\\uff0d\\uff0e\\uff10-\\uff19\\uff20-\\uff3a\\uff3f\\uff41-\\uff5a'
const spaces = '\\u2000-\\u200a\\u205f\\u3000'
/** `Default_Ignorable_Code_Point` of Unicode; of tags, what they begin with. */
const unseen =
  '\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u206f\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\udb40'
/** The only one of Latin-1: to search for it by itself takes no time. */
const softHyphen = '\u00ad'

const unusual = new RegExp(`[${digits}${wide}${spaces}${unseen}]`)
const each = new RegExp(`\\udb40[\\udc00-\\udfff]|${unusual.source}|${softHyphen}`, 'g')

const zeros = [0x660, 0x6f0, 0x966]

export interface Folded {
  readonly text: string
  /** Where the character at this place was written. */
  placeOf(at: number): number
}

/** Undefined for a text that is written as it is read. */
export function foldedOf(text: string): Folded | undefined {
  if (!unusual.test(text) && !text.includes(softHyphen)) return undefined
  /** Where in the text as it is read something was left out. */
  const gaps: number[] = []
  const read = text.replace(each, (sign, at: number) => {
    const put = readAs(sign.charCodeAt(0))
    const gap = at - gaps.length
    for (let unit = 0; put === '' && unit < sign.length; unit++) gaps.push(gap)
    return put
  })
  return { text: read, placeOf: (at) => at + gapsUpTo(gaps, at) }
}

function gapsUpTo(gaps: readonly number[], place: number): number {
  let [low, high] = [0, gaps.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((gaps[middle] ?? 0) <= place) low = middle + 1
    else high = middle
  }
  return low
}

function readAs(code: number): string {
  if (code > 0xff00 && code < 0xff60) return String.fromCharCode(code - 0xfee0)
  if ((code >= 0x2000 && code <= 0x200a) || code === 0x205f || code === 0x3000) return ' '
  if (code === 0x2212) return '-'
  const zero = zeros.find((zero) => code >= zero && code <= zero + 9)
  return zero === undefined ? '' : String(code - zero)
}
