/** Totals over lines of the ledger, by whatever stands in them. Sums are of whole nano-dollars and tokens. */
import type { LedgerLine } from '../core/ledger.js'
import { formatUsd, type Nano } from '../core/money.js'
import { addUsage, noUsage, type Usage } from '../core/usage.js'

/** What usage can be grouped by. A tag is `tag:` and its name. */
export type Dimension = 'tenant' | 'user' | 'key' | 'provider' | 'model' | 'outcome' | 'day' | `tag:${string}`

export interface UsageQuery {
  /** One row for each combination of these. Absent: one row in all. */
  readonly by?: Dimension | readonly Dimension[]
  /** Attempts that began at this time or later, in milliseconds since 1970. */
  readonly since?: number
  /** Attempts that began before this time. */
  readonly until?: number
}

export interface UsageRow {
  /** The values of the dimensions that were asked for; empty where a line has none. */
  readonly of: Readonly<Record<string, string>>
  readonly calls: number
  readonly attempts: number
  readonly usage: Usage
  /** US dollars, exact to the nano-dollar, of the attempts whose price is known. */
  readonly cost: string
  /** The same in nano-dollars. */
  readonly nano: Nano
  /** Attempts whose usage or cost is an estimate. */
  readonly estimated: number
  /** Attempts with usage whose price is unknown: `cost` does not include them. */
  readonly unpriced: number
  /** Calls that were answered from a cache. They have no attempt. */
  readonly cached: number
  /** Calls that shared the answer of an identical one. They have no attempt either. */
  readonly coalesced: number
  /** US dollars that those answers had cost, as far as is known. */
  readonly saved: string
}

interface Sum {
  readonly of: Readonly<Record<string, string>>
  readonly calls: Set<string>
  attempts: number
  usage: Usage
  nano: Nano
  estimated: number
  unpriced: number
  cached: number
  coalesced: number
  saved: Nano
}

/** The dearest first. A line that is there twice counts once. */
export function fold(
  lines: readonly LedgerLine[],
  { by = [], since = 0, until = Number.POSITIVE_INFINITY }: UsageQuery = {},
): UsageRow[] {
  const dimensions: readonly Dimension[] = typeof by === 'string' ? [by] : by
  const sums = new Map<string, Sum>()
  const seen = new Set<string>()
  for (const line of lines) {
    if (line.at < since || line.at >= until || seen.has(line.id)) continue
    seen.add(line.id)
    const values = dimensions.map((dimension) => valueIn(line, dimension))
    const key = JSON.stringify(values)
    let sum = sums.get(key)
    if (!sum) {
      const of = Object.fromEntries(dimensions.map((dimension, place) => [dimension, values[place] ?? '']))
      sum = {
        of,
        calls: new Set(),
        attempts: 0,
        usage: noUsage,
        nano: 0,
        estimated: 0,
        unpriced: 0,
        cached: 0,
        coalesced: 0,
        saved: 0,
      }
      sums.set(key, sum)
    }
    sum.calls.add(line.callId)
    if (line.cached || line.coalesced) {
      if (line.cached) sum.cached++
      else sum.coalesced++
      sum.saved += line.saved ?? 0
      continue
    }
    sum.attempts++
    sum.usage = addUsage(sum.usage, line.usage)
    if (line.cost === null) sum.unpriced++
    else sum.nano += line.cost
    if (line.basis === 'estimated') sum.estimated++
  }
  return [...sums.values()]
    .sort((a, b) => b.nano - a.nano)
    .map(({ calls, ...sum }) => ({ ...sum, calls: calls.size, cost: formatUsd(sum.nano), saved: formatUsd(sum.saved) }))
}

function valueIn(line: LedgerLine, dimension: Dimension): string {
  if (dimension === 'day') return new Date(line.at).toISOString().slice(0, 10)
  if (dimension.startsWith('tag:')) return line.tags?.[dimension.slice(4)] ?? ''
  return String(line[dimension as Exclude<Dimension, 'day' | `tag:${string}`>] ?? '')
}
