import type { Period } from './options.js'

export interface Window {
  /** Another one for each window. */
  readonly name: string
  /** Milliseconds since 1970. Absent: it never ends. */
  readonly endsAt?: number
}

const dayMs = 86_400_000
const lengths = { minute: 60_000, hour: 3_600_000, day: dayMs, week: 7 * dayMs } as const

/** The first Monday after the beginning of 1970. */
const mondayMs = 4 * dayMs

export const hourMs = lengths.hour

/** Nearly all calls are in the same window as the one before. */
const newest = new Map<Period, { readonly start: number; readonly window: Required<Window> }>()

const endless = { call: { name: 'call' }, total: { name: 'total' } } as const

/** @param at milliseconds since 1970 @returns the very same for all of one window, as long as nobody asks for another */
export function windowAt(per: Period, at: number): Window {
  if (per === 'call' || per === 'total') return endless[per]
  const known = newest.get(per)
  if (known && at >= known.start && at < known.window.endsAt) return known.window
  const [start, endsAt] = per === 'month' ? monthAt(at) : evenAt(at, lengths[per], per === 'week' ? mondayMs : 0)
  const window = { name: `${per} ${new Date(start).toISOString().slice(0, 16)}`, endsAt }
  newest.set(per, { start, window })
  return window
}

function monthAt(at: number): readonly [number, number] {
  const date = new Date(at)
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()]
  return [Date.UTC(year, month), Date.UTC(year, month + 1)]
}

function evenAt(at: number, length: number, first: number): readonly [number, number] {
  const start = Math.floor((at - first) / length) * length + first
  return [start, start + length]
}
