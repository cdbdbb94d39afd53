/** What was used, by whom and when: sums over hours. */
import { LeashError } from '../../core/errors.js'
import { formatUsd, type Nano } from '../../core/money.js'
import { addUsage, buckets, noUsage, type Usage, usageOf } from '../../core/usage.js'
import { inTurns } from '../in-turns.js'
import type { Reads, SqlValue } from '../store/sql.js'
import { usageColumns } from './hours.js'
import { dayMs, hourMs, partOf } from './parts.js'

export const dimensions = ['tenant', 'key', 'user', 'model', 'provider', 'hour', 'day', 'month'] as const
/** A tag is `tag:` and its name. */
export type Dimension = (typeof dimensions)[number] | `tag:${string}`

/** Rows of these alone. An empty string stands for lines that name none. */
export type Where = Readonly<Partial<Record<'tenant' | 'key' | 'user' | 'model' | 'provider', string>>>

export interface ReportQuery {
  /** One row for each combination of these. Absent: one row in all. */
  readonly by?: readonly Dimension[]
  /** In milliseconds since 1970; the hour that it is in counts as a whole. */
  readonly from?: number
  /** Likewise, and before this time. */
  readonly to?: number
  readonly where?: Where
  /** Of lines with this tag alone. A report is by one tag, or of one. */
  readonly tagged?: { readonly tag: string; readonly value: string }
}

export interface UsageRow {
  /** The values of the dimensions that were asked for; empty where a line has none. Times are in UTC: `2026-11-21T18`, `2026-11-21`, `2026-11`. */
  readonly of: Readonly<Partial<Record<Dimension, string>>>
  readonly calls: number
  readonly attempts: number
  readonly errors: number
  readonly cancelled: number
  /** Calls that got an answer which had been kept. */
  readonly cached: number
  /** Calls that were answered together with an identical one. */
  readonly coalesced: number
  /** Attempts whose usage or cost is an estimate. */
  readonly estimated: number
  /** Attempts whose price is not known: `cost` is without them. */
  readonly unpriced: number
  /** Of all attempts together. */
  readonly durationMs: number
  readonly usage: Usage
  /** US dollars, every nano-dollar of them. */
  readonly cost: string
  /** The same in nano-dollars, and exact up to nine million dollars. */
  readonly nano: Nano
  /** US dollars that answers which were given again had cost. */
  readonly saved: string
}

type Counts = Record<(typeof counts)[number], number>
type Found = Readonly<Record<string, string | number>>

interface Sum extends Counts {
  readonly of: Readonly<Partial<Record<Dimension, string>>>
  durationMs: number
  usage: Usage
  cost: bigint
  saved: bigint
}

const counts = ['calls', 'attempts', 'errors', 'cancelled', 'cached', 'coalesced', 'estimated', 'unpriced'] as const

/** Of a dimension that is no time. */
const named = { tenant: 'tenant', key: 'key_id', user: 'user_id', model: 'model', provider: 'provider' } as const

/** How much of an ISO date each shows. */
const shown = { hour: 13, day: 10, month: 7 } as const

const perDollar = 1_000_000_000n
const mostRows = 100_000

/** @throws LeashError `invalid_request` when it has more rows than anybody reads, or is by more than one tag */
export async function reportOf(sql: Reads, query: ReportQuery): Promise<UsageRow[]> {
  const tag = tagOf(query)
  const sums = await sumsOf(sql, query, tag)
  // What has no such tag is what all of it is beyond that.
  if (tag !== undefined && !query.tagged) await addUntagged(sums, sql, query)
  const rows: UsageRow[] = []
  const sorted = [...sums.values()].sort((a, b) => (a.cost === b.cost ? 0 : a.cost < b.cost ? 1 : -1))
  for await (const some of inTurns(sorted)) rows.push(...some.map(rowOf))
  return rows
}

async function sumsOf(sql: Reads, query: ReportQuery, tag: string | undefined): Promise<Map<string, Sum>> {
  const { by = [], where = {}, tagged } = query
  const sums = new Map<string, Sum>()
  const { text, params } = whereOf(where, 3)
  const ofTag = [
    ...(tag === undefined ? [] : [{ column: 'tag', value: tag }]),
    ...(tagged ? [{ column: 'value', value: tagged.value }] : []),
  ]
  const also = ofTag.map(({ column }, at) => ` AND ${column} = $${3 + params.length + at}`).join('')
  const groups = [...new Set(by.map(columnOf))]
  for (const { table, part, from, to } of sourcesOf(query, tag)) {
    const found = await sql.all<Found>(
      `SELECT ${[...groups.map((group, at) => `${group} AS by_${at}`), ...sumColumns].join(', ')}
       FROM ${table} WHERE ${part}hour >= $1 AND hour < $2${text}${also}
       ${groups.length > 0 ? `GROUP BY ${groups.join(', ')}` : ''} LIMIT ${mostRows + 1}`,
      [from, to, ...params, ...ofTag.map(({ value }) => value)],
    )
    if (found.length > mostRows) throw tooLong()
    const columns = by.map((dimension) => [dimension, `by_${groups.indexOf(columnOf(dimension))}`] as const)
    for await (const some of inTurns(found))
      for (const row of some) {
        if (row.lines === 0) continue
        const of = Object.fromEntries(columns.map(([dimension, column]) => [dimension, valueIn(dimension, row[column])]))
        const name = JSON.stringify(of)
        const sum = sums.get(name) ?? { ...nothing(), of }
        sums.set(name, sum)
        add(sum, row)
      }
    if (sums.size > mostRows) throw tooLong()
  }
  return sums
}

function tooLong(): LeashError {
  return new LeashError('invalid_request', `The report has more than ${mostRows} rows. Ask for a shorter period or fewer groups.`)
}

interface Source {
  readonly table: string
  /** Of the table, as a condition. */
  readonly part: string
  readonly from: number
  readonly to: number
}

/** Whole days are read from sums by the day where there are such, and what is around them from those by the hour. */
function sourcesOf(query: ReportQuery, tag: string | undefined): readonly Source[] {
  const { by = [], from: since = 0, to = Number.MAX_SAFE_INTEGER, where = {}, tagged } = query
  const from = since - (since % hourMs)
  const asked = [
    ...by.filter((dimension) => !isTime(dimension)).map(columnOf),
    ...conditionsOf(where).map(({ column }) => column),
    ...(tag === undefined ? [] : ['tag']),
    ...(tagged ? ['value'] : []),
  ]
  const source = (ms: number, from: number, to: number): readonly Source[] => {
    if (from >= to) return []
    const part = partOf(asked, ms)
    if (part)
      return [{ table: 'usage_parts', part: `part = '${part.name}' AND ${tag === undefined ? `tag = '' AND ` : ''}`, from, to }]
    return [{ table: tag === undefined ? 'usage_hours' : 'usage_tag_hours', part: '', from, to }]
  }
  const first = Math.ceil(from / dayMs) * dayMs
  const last = query.to === undefined ? to : to - (to % dayMs)
  if (by.includes('hour') || first >= last || !partOf(asked, dayMs)) return source(hourMs, from, to)
  return [...source(hourMs, from, first), ...source(dayMs, first, last), ...source(hourMs, last, to)]
}

async function addUntagged(tagged: Map<string, Sum>, sql: Reads, query: ReportQuery): Promise<void> {
  const { by = [] } = query
  const others = by.filter((dimension) => !isTag(dimension))
  const rest = await sumsOf(sql, { ...query, by: others }, undefined)
  for await (const some of inTurns([...tagged.values()]))
    for (const sum of some) {
      const whole = rest.get(JSON.stringify(Object.fromEntries(others.map((dimension) => [dimension, sum.of[dimension]]))))
      if (whole) take(whole, sum)
    }
  for (const sum of rest.values()) {
    if (sum.calls === 0 && sum.attempts === 0) continue
    const of = Object.fromEntries(by.map((dimension) => [dimension, sum.of[dimension] ?? '']))
    tagged.set(JSON.stringify(of), { ...sum, of })
  }
}

const isTime = (dimension: Dimension): dimension is keyof typeof shown => dimension in shown

const isTag = (dimension: Dimension): dimension is `tag:${string}` => dimension.startsWith('tag:')

function tagOf({ by = [], tagged }: ReportQuery): string | undefined {
  const tags = new Set([...by.filter(isTag).map((dimension) => dimension.slice('tag:'.length)), ...(tagged ? [tagged.tag] : [])])
  if (tags.size > 1)
    throw new LeashError('invalid_request', 'A report can use only one tag. Ask for each tag separately.', { param: 'by' })
  const [tag] = tags
  return tag
}

/** @param first number of the parameters */
export function whereOf(where: Where, first: number): { readonly text: string; readonly params: readonly SqlValue[] } {
  const given = conditionsOf(where)
  return {
    text: given.map(({ column }, at) => ` AND ${column} = $${first + at}`).join(''),
    params: given.map(({ value }) => value),
  }
}

function conditionsOf(where: Where) {
  return Object.entries(named).flatMap(([dimension, column]) => {
    const value = where[dimension as keyof Where]
    return value === undefined ? [] : [{ column, value }]
  })
}

/** No sum is read that a number cannot hold. Money is read in dollars and what is beyond them: so it is exact at any size. */
const sumColumns = [
  'COUNT(*) AS lines',
  ...[...counts, 'duration_ms', ...Object.values(usageColumns)].map(
    (column) =>
      `CASE WHEN SUM(${column}) > ${Number.MAX_SAFE_INTEGER} THEN ${Number.MAX_SAFE_INTEGER}
       ELSE CAST(COALESCE(SUM(${column}), 0) AS BIGINT) END AS ${column}`,
  ),
  ...['cost', 'saved'].flatMap((column) => [
    `CAST(COALESCE(SUM(${column}), 0) AS BIGINT) / ${perDollar} AS ${column}_dollars`,
    `CAST(COALESCE(SUM(${column}), 0) AS BIGINT) % ${perDollar} AS ${column}_rest`,
  ]),
]

function add(sum: Sum, row: Found): void {
  const of = (column: string) => Number(row[column])
  for (const count of counts) sum[count] += of(count)
  sum.durationMs += of('duration_ms')
  sum.usage = addUsage(sum.usage, usageIn(row))
  sum.cost += money(of('cost_dollars'), of('cost_rest'))
  sum.saved += money(of('saved_dollars'), of('saved_rest'))
}

/** What is in another sum is taken out of this one. */
function take(sum: Sum, part: Sum): void {
  for (const count of counts) sum[count] -= part[count]
  sum.durationMs -= part.durationMs
  sum.usage = usageOf(Object.fromEntries(buckets.map((bucket) => [bucket, sum.usage[bucket] - part.usage[bucket]])))
  sum.cost -= part.cost
  sum.saved -= part.saved
}

function usageIn(row: Found): Usage {
  const usage: Record<keyof Usage, number> = { ...noUsage }
  for (const bucket of buckets) usage[bucket] = Number(row[usageColumns[bucket]])
  return usage
}

const money = (dollars: number, rest: number) => BigInt(dollars) * perDollar + BigInt(rest)

function rowOf({ cost, saved, ...rest }: Sum): UsageRow {
  return { ...rest, cost: usd(cost), nano: Number(cost), saved: usd(saved) }
}

/** Of a time in which nothing was used. */
export const noUsageRow = (): UsageRow => rowOf(nothing())

/** {@link formatUsd} is exact up to nine million dollars; whole dollars stand by themselves. */
function usd(nano: bigint): string {
  const [, decimals] = formatUsd(Number(nano % perDollar)).split('.')
  return decimals === undefined ? String(nano / perDollar) : `${nano / perDollar}.${decimals}`
}

function nothing(): Sum {
  const none = Object.fromEntries(counts.map((count) => [count, 0])) as Counts
  return { of: {}, ...none, durationMs: 0, usage: noUsage, cost: 0n, saved: 0n }
}

/**
 * Months since March 1968, so that a leap day is the last of its year, counted by the database: the days of some years are more
 * rows than are read. Right until 2100, which has none.
 */
const marchDays = `(hour / ${dayMs} + 671)`
const marchYears = `((4 * ${marchDays} + 3) / 1461)`
const monthColumn = `12 * ${marchYears} + (5 * (${marchDays} - 1461 * ${marchYears} / 4) + 2) / 153`

function columnOf(dimension: Dimension): string {
  if (dimension === 'hour') return 'hour'
  if (dimension === 'day') return `hour - hour % ${dayMs}`
  if (dimension === 'month') return monthColumn
  return isTag(dimension) ? 'value' : named[dimension]
}

function valueIn(dimension: Dimension, value: string | number | undefined): string {
  if (!isTime(dimension)) return String(value ?? '')
  const at = dimension === 'month' ? Date.UTC(1968, 2 + Number(value)) : Number(value)
  return new Date(at).toISOString().slice(0, shown[dimension])
}
