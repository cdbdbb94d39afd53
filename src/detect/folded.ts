/**
 * A text as its reader takes it, where that is not how it is written: full-width letters and digits are letters and digits, those of
 * Arabic, Persian and Hindi too, and what is drawn by nobody parts nothing. In texts of Latin letters V8 need not look for any.
 */
const unusual =
  /[\u0660-\u0669\u06f0-\u06f9\u0966-\u096f\u200b-\u200f\u2060-\u2064\u2212\ufeff\uff0b\uff0d\uff0e\uff10-\uff19\uff20-\uff3a\uff3f\uff41-\uff5a]/

const each = new RegExp(unusual, 'g')

const zeros = [0x660, 0x6f0, 0x966]

export interface Folded {
  readonly text: string
  /** Where the character at this place was written. */
  placeOf(at: number): number
}

/** Undefined for a text that is written as it is read. */
export function foldedOf(text: string): Folded | undefined {
  if (!unusual.test(text)) return undefined
  /** Where in the text as it is read something was left out. */
  const gaps: number[] = []
  const read = text.replace(each, (sign, at: number) => {
    const put = readAs(sign.charCodeAt(0))
    if (put === '') gaps.push(at - gaps.length)
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
  if (code >= 0xff00 && code !== 0xfeff) return String.fromCharCode(code - 0xfee0)
  if (code === 0x2212) return '-'
  const zero = zeros.find((zero) => code >= zero && code <= zero + 9)
  return zero === undefined ? '' : String(code - zero)
}
