/**
 * What the caller is told of its limits, in the words of OpenAI's headers, of each unit the limit of which the least is left.
 * https://platform.openai.com/docs/guides/rate-limits#rate-limits-in-headers
 */
import { formatUsd } from '../../core/money.js'
import type { Unit } from './units.js'

export interface Standing {
  readonly unit: Unit
  readonly limit: number
  readonly remaining: number
  readonly resetMs: number
}

const prefix = 'x-leash-ratelimit-'

export function headersOf(standings: readonly Standing[]): Record<string, string> {
  const tightest = new Map<Unit, Standing>()
  for (const standing of standings) {
    const other = tightest.get(standing.unit)
    if (!other || standing.remaining / standing.limit < other.remaining / other.limit) tightest.set(standing.unit, standing)
  }
  const headers: Record<string, string> = {}
  for (const { unit, limit, remaining, resetMs } of tightest.values()) {
    const show = (amount: number) => (unit === 'usd' ? formatUsd(Math.floor(amount)) : String(Math.floor(amount)))
    headers[`${prefix}limit-${unit}`] = show(limit)
    headers[`${prefix}remaining-${unit}`] = show(remaining)
    headers[`${prefix}reset-${unit}`] = `${Math.ceil(resetMs) / 1000}s`
  }
  return headers
}

/** The same under the vendors' own names: for an answer in which no vendor speaks of limits. */
export function plain(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.replace('x-leash-', 'x-'), value]))
}

/** Ours, and also under the vendors' own names where the vendor itself does not speak of limits. */
export function besides(theirs: Iterable<string>, ours: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  for (const name of theirs) if (name.includes('ratelimit-')) return ours
  return { ...plain(ours), ...ours }
}
