/**
 * How long an answer asks us to wait, in milliseconds: `retry-after-ms`, else `Retry-After` in seconds or as a date
 * (RFC 9110, 10.2.3). Undefined when it says nothing that can be read.
 */
export function retryAfterMs(headers: Headers): number | undefined {
  const ms = headers.get('retry-after-ms')
  if (ms !== null && ms.trim() !== '' && Number(ms) >= 0) return Number(ms)
  const after = headers.get('retry-after') ?? ''
  // To `Date`, a number below zero is a month.
  if (after.trim() === '' || Number(after) < 0) return undefined
  if (Number(after) >= 0) return Number(after) * 1000
  const date = dateIn(after)
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowIn(headers))
}

/** What time it is for whoever answered: the dates in an answer are by that clock, and ours may be minutes off. */
export function nowIn(headers: Headers): number {
  return dateIn(headers.get('date') ?? '') || Date.now()
}

/** Without a zone it is in UTC, as one of the forms of RFC 9110 is: `Date` takes it for the time of this machine. NaN for no date. */
export function dateIn(text: string): number {
  return Date.parse(/(?:[a-z]|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`)
}
