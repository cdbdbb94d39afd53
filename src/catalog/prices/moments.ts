/** When prices change: by the hour, and on a day that is announced. Everything is in UTC. */
import type { ModelInfo } from '@pydantic/genai-prices'
import type { PriceEntry } from './entry.js'

const day = 86_400_000

/** The start of a day such as `2026-12-01`. */
export function startOf(date: string): number {
  return Date.parse(`${date}T00:00:00Z`)
}

/** The stretch of time between two of these moments that this one falls into. */
export function stretchOf(moments: readonly number[], at: number): { readonly since: number; readonly until: number } {
  return {
    since: Math.max(Number.NEGATIVE_INFINITY, ...moments.filter((moment) => moment <= at)),
    until: Math.min(Number.POSITIVE_INFINITY, ...moments.filter((moment) => moment > at)),
  }
}

/** The moments around now at which the data set has another price for the model. */
export function changesOf({ prices }: ModelInfo, at: number): number[] {
  if (!Array.isArray(prices)) return []
  return prices.flatMap(({ constraint }) => {
    if (constraint?.type === 'start_date') return [startOf(constraint.start_date)]
    return constraint ? [...daily(constraint.start_time, at), ...daily(constraint.end_time, at)] : []
  })
}

const around = [-day, 0, day]

/** A time such as `16:30:00Z`, yesterday, today and tomorrow. */
function daily(time: string, at: number): number[] {
  return around.map((offset) => Date.parse(`${new Date(at + offset).toISOString().slice(0, 10)}T${time}`))
}

export type Peak = NonNullable<PriceEntry['peak']>

/** Peak hours are given as `01:00-04:00`, and those that go on after midnight as `22:00-02:00`. */
export function isPeak({ hours, weekdays }: Peak, at: number): boolean {
  const now = new Date(at)
  if (weekdays && (now.getUTCDay() === 0 || now.getUTCDay() === 6)) return false
  const minute = now.getUTCHours() * 60 + now.getUTCMinutes()
  return hours.some((span) => {
    const [start = 0, end = 0] = span.split('-').map(minutes)
    return start < end ? start <= minute && minute < end : start <= minute || minute < end
  })
}

export function peakChanges({ hours }: Peak, at: number): number[] {
  const midnight = Math.floor(at / day) * day
  // Midnight, for on the next day it may be the weekend.
  return ['00:00', ...hours]
    .flatMap((span) => span.split('-').map(minutes))
    .flatMap((minute) => around.map((offset) => midnight + offset + minute * 60_000))
}

function minutes(time: string): number {
  const [hour = 0, minute = 0] = time.split(':').map(Number)
  return hour * 60 + minute
}
