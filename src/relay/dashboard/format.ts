/** Numbers and times for people. What is small stays honest, and what is large stays short. */

const perDollar = 1_000_000_000

const grouped = new Intl.NumberFormat('en-US')
const cents = new Intl.NumberFormat('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })

/** Nano-dollars to the cent; below a cent with two digits that count, so that something is never shown as nothing. */
export function money(nano: number): string {
  const sign = nano < 0 ? '−' : ''
  const size = Math.abs(nano)
  if (size === 0) return '$0.00'
  if (size >= perDollar / 100) return `${sign}$${cents.format(size / perDollar)}`
  const places = Math.min(9, 10 - Math.floor(Math.log10(size)))
  return `${sign}$${(size / perDollar).toFixed(places).replace(/0+$/, '')}`
}

/** For a place that is narrow: of a thousand dollars, cents are no matter. */
export const wholeMoney = (nano: number): string =>
  nano < 1e12 ? money(nano) : nano < 1e15 ? money(nano).replace(/\..*/, '') : shortMoney(nano)

/** For the axis of a chart, whose marks are round. */
export function shortMoney(nano: number): string {
  const usd = nano / perDollar
  if (usd >= 1000) return `$${short(usd)}`
  return `$${Number.isInteger(usd) || usd >= 100 ? Math.round(usd) : usd >= 0.1 ? usd.toFixed(2) : Number(usd.toPrecision(2))}`
}

const units = [
  [1e12, 'T'],
  [1e9, 'B'],
  [1e6, 'M'],
  [1e3, 'k'],
] as const

/** Below ten thousand each one counts. */
export function count(value: number): string {
  return Math.abs(value) < 10_000 ? grouped.format(Math.round(value)) : short(value)
}

/** `12.3k` */
function short(value: number): string {
  for (const [at, [size, unit]] of units.entries()) {
    const scaled = value / size
    if (Math.abs(scaled) < 1) continue
    const rounded = Number(scaled.toPrecision(3))
    const [larger, largerUnit] = units[at - 1] ?? []
    if (rounded >= 1000 && larger && largerUnit) return `${Number((value / larger).toPrecision(3))}${largerUnit}`
    return `${rounded}${unit}`
  }
  return String(Number(value.toPrecision(3)))
}

/** For the axis of a chart. */
export const shortCount = (value: number): string => (value < 1000 ? String(Number(value.toPrecision(3))) : short(value))

export const exact = (value: number): string => grouped.format(value)

/** Of milliseconds. */
export function duration(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`
  if (ms < 99_950) return `${(ms / 1000).toFixed(ms < 9995 ? 2 : 1)} s`
  return `${Math.round(ms / 60_000)} min`
}

/** From 0 to 1. */
export function percent(share: number): string {
  if (share === 0) return '0 %'
  if (share < 0.001) return '< 0.1 %'
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`
}

const dayOnly = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' })
/** With its zone: the relay's logs and files have other times. */
const toTheSecond = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long' })
const clockOnly = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' })
const utcDay = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' })

export const day = (at: number): string => dayOnly.format(at)
export const moment = (at: number): string => toTheSecond.format(at)
export const clock = (at: number): string => clockOnly.format(at)
/** The relay counts by days of UTC. */
export const dayOfUtc = (at: number): string => utcDay.format(at)

const steps = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
] as const

export function ago(at: number, now = Date.now()): string {
  const passed = now - at
  if (passed > 30 * 86_400_000) return day(at)
  for (const [size, unit] of steps) if (passed >= size) return `${Math.floor(passed / size)} ${unit} ago`
  return passed < -60_000 ? day(at) : 'just now'
}
