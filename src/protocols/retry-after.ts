/**
 * How long an answer asks us to wait, in milliseconds: `retry-after-ms`, else `Retry-After`, which is in seconds or a date
 * (RFC 9110, 10.2.3), and by some vendors in the forms of their resets. Undefined when it says nothing that can be read.
 */
export function retryAfterMs(headers: Headers): number | undefined {
  const ms = headers.get('retry-after-ms')
  if (ms !== null && ms.trim() !== '' && Number(ms) >= 0) return Number(ms)
  return untilMs(headers.get('retry-after') ?? '', nowIn(headers))
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** From such a number on, it is a moment since 1970 and not a time from now: in seconds, and in milliseconds. */
const since1970 = { seconds: 1e9, ms: 1e12 }

/** A time such as `6m0s` or `120ms`, seconds, a moment since 1970, or a date. Undefined for none of these. */
export function untilMs(text: string, now: number): number | undefined {
  const trimmed = text.trim()
  if (/^(?:\d+(?:\.\d+)?(?:ms|[smhd]))+$/.test(trimmed)) {
    return [...trimmed.matchAll(/([\d.]+)(ms|[smhd])/g)].reduce(
      (sum, [, much, unit = '']) => sum + Number(much) * (units[unit] ?? 0),
      0,
    )
  }
  const number = Number(trimmed)
  // To `Date`, a number below zero is a month.
  if (trimmed === '' || number < 0) return undefined
  if (number >= since1970.ms) return Math.max(0, number - now)
  if (number >= since1970.seconds) return Math.max(0, number * 1000 - now)
  if (number >= 0) return number * 1000
  const date = dateIn(trimmed)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

/** What time it is for whoever answered: the dates in an answer are by that clock, and ours may be minutes off. */
export function nowIn(headers: Headers): number {
  return dateIn(headers.get('date') ?? '') || Date.now()
}

/** Without a zone it is in UTC, as one of the forms of RFC 9110 is: `Date` takes it for the time of this machine. NaN for no date. */
export function dateIn(text: string): number {
  return Date.parse(/(?:[a-z]|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`)
}
