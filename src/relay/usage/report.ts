/** What was used, by whom and when: sums over hours. */
import { LeashError } from '../../core/errors.js'
import { formatUsd, type Nano } from '../../core/money.js'
import { buckets, noUsage, type Usage } from '../../core/usage.js'
import { inTurns } from '../in-turns.js'
import type { Reads, Snapshot, SqlValue } from '../store/sql.js'
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
  /** Rows of these alone. */
  readonly tenants?: readonly string[]
  /** So many rows alone: those that cost most. */
  readonly top?: number
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

type Found = Readonly<Record<string, string | number>>

const counts = ['calls', 'attempts', 'errors', 'cancelled', 'cached', 'coalesced', 'estimated', 'unpriced'] as const

/** Of a dimension that is no time. */
const named = { tenant: 'tenant', key: 'key_id', user: 'user_id', model: 'model', provider: 'provider' } as const

/** How much of an ISO date each shows. */
const shown = { hour: 13, day: 10, month: 7 } as const

const perDollar = 1_000_000_000n
const mostRows = 100_000

/**
 * The dearest first, and of what costs the same that with more calls.
 *
 * @throws LeashError `invalid_request` when it has more rows than anybody reads, or is by more than one tag
 */
export async function reportOf(sql: Reads, query: ReportQuery): Promise<UsageRow[]> {
  const { text, params, rowOf } = statementOf(query)
  const found = await sql.all<Found>(text, params)
  if (found.length > mostRows) throw tooLong()
  const rows: UsageRow[] = []
  for await (const some of inTurns(found)) rows.push(...some.map(rowOf))
  return rows
}

/** The same, some at a time. @throws LeashError likewise, and only after many that it has too many */
export async function* slicesOf(sql: Snapshot, query: ReportQuery): AsyncGenerator<readonly UsageRow[]> {
  const { text, params, rowOf } = statementOf(query)
  let count = 0
  for await (const some of sql.slices<Found>(text, params)) {
    count += some.length
    if (count > mostRows) throw tooLong()
    yield some.map(rowOf)
  }
}

const tooLong = () =>
  new LeashError(
    'invalid_request',
    `The report has more than ${mostRows} rows. Ask for a shorter period, for fewer groups, or for the \`top\` of them.`,
  )

interface Statement {
  readonly text: string
  readonly params: readonly SqlValue[]
  readonly rowOf: (found: Found) => UsageRow
}

/** The database adds up, sorts and cuts: what is not told is not read either. */
function statementOf(query: ReportQuery): Statement {
  const { by = [], top = mostRows + 1 } = query
  const groups = [...new Set(by.map(columnOf))]
  const names = namesOf(groups)
  const columns = by.map((dimension) => [dimension, `by_${groups.indexOf(columnOf(dimension))}`] as const)
  const params: SqlValue[] = []
  const place = (value: SqlValue) => `$${params.push(value)}`
  const text = `SELECT ${[...names, ...sumColumns].join(', ')}
    FROM (${sourcesOf(query, groups)
      .map((source) => selectOf(source, place))
      .join(' UNION ALL ')}) AS sources
    ${groupedBy(names)} HAVING ${isLeft(groups.indexOf('value'))}
    ORDER BY ${['SUM(cost) DESC', 'SUM(calls) DESC', ...names].join(', ')} LIMIT ${place(Math.min(top, mostRows + 1))}`
  return { text, params, rowOf: (found) => rowOf(found, columns) }
}

const namesOf = (groups: readonly string[]) => groups.map((_, at) => `by_${at}`)

const groupedBy = (names: readonly string[]) => (names.length > 0 ? `GROUP BY ${names.join(', ')}` : '')

/** Where all calls of a kind have a tag, there is none without. @param value which of the groups is that of the tag's value, or -1 */
const isLeft = (value: number) => (value < 0 ? 'COUNT(*) > 0' : `by_${value} <> '' OR SUM(calls) > 0 OR SUM(attempts) > 0`)

interface Source {
  readonly table: string
  /** Of the table, as a condition. */
  readonly part: string
  readonly from: number
  readonly to: number
  /** As expressions. */
  readonly groups: readonly string[]
  /** Its sums are taken out of those of others. */
  readonly less?: boolean
  readonly conditions: readonly Condition[]
}

interface Condition {
  readonly column: string
  /** Any of them; without one, none. */
  readonly values: readonly SqlValue[]
}

function selectOf({ table, part, from, to, groups, less, conditions }: Source, place: (value: SqlValue) => string): string {
  const names = namesOf(groups)
  const sums = summed.map((column) => `${less ? '-' : ''}SUM(${column}) AS ${column}`)
  const also = conditions.map(({ column, values }) => ` AND ${column} IN (${values.map(place).join(', ') || 'NULL'})`)
  return `SELECT ${[...groups.map((group, at) => `${group} AS ${names[at]}`), ...sums].join(', ')}
    FROM ${table} WHERE ${part}hour >= ${place(from)} AND hour < ${place(to)}${also.join('')} ${groupedBy(names)} HAVING COUNT(*) > 0`
}

function sourcesOf(query: ReportQuery, groups: readonly string[]): readonly Source[] {
  const { by = [], where = {}, tenants, tagged } = query
  const tag = tagOf(query)
  const all = conditionsOf(where).map(({ column, value }) => ({ column, values: [value] }))
  if (tenants) all.push({ column: 'tenant', values: [...tenants] })
  if (tag === undefined) return timesOf(query, groups, all)
  const conditions = [{ column: 'tag', values: [tag] }, ...(tagged ? [{ column: 'value', values: [tagged.value] }] : []), ...all]
  const ofTag = timesOf(query, groups, conditions)
  if (tagged) return ofTag
  // What has no such tag is what all of it is beyond that.
  const untagged = groups.map((group) => (group === 'value' ? `''` : group))
  return [
    ...ofTag,
    ...timesOf({ ...query, by: by.filter((dimension) => !isTag(dimension)) }, untagged, all),
    ...ofTag.map((source) => ({ ...source, groups: untagged, less: true })),
  ]
}

/** Whole days are read from sums by the day where there are such, and what is around them from those by the hour. */
function timesOf(query: ReportQuery, groups: readonly string[], conditions: readonly Condition[]): readonly Source[] {
  const { by = [], from: since = 0, to = Number.MAX_SAFE_INTEGER } = query
  const from = since - (since % hourMs)
  const asked = [...by.filter((dimension) => !isTime(dimension)).map(columnOf), ...conditions.map(({ column }) => column)]
  const ofTag = asked.includes('tag')
  const source = (ms: number, from: number, to: number): Source => {
    const part = partOf(asked, ms)
    const where = { from, to, groups, conditions }
    if (part) return { table: 'usage_parts', part: `part = '${part.name}' AND ${ofTag ? '' : `tag = '' AND `}`, ...where }
    return { table: ofTag ? 'usage_tag_hours' : 'usage_hours', part: '', ...where }
  }
  const first = Math.ceil(from / dayMs) * dayMs
  const last = query.to === undefined ? to : to - (to % dayMs)
  if (by.includes('hour') || first >= last || !partOf(asked, dayMs)) return [source(hourMs, from, to)]
  const all = [source(hourMs, from, first), source(dayMs, first, last), source(hourMs, last, to)]
  return all.filter(({ from, to }) => from < to)
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

const counted = [...counts, 'duration_ms', ...Object.values(usageColumns)]
const amounts = ['cost', 'saved']
const summed = [...counted, ...amounts]

/** No sum is read that a number cannot hold. Money is read in dollars and what is beyond them: so it is exact at any size. */
const sumColumns = [
  ...counted.map(
    (column) =>
      `CASE WHEN SUM(${column}) > ${Number.MAX_SAFE_INTEGER} THEN ${Number.MAX_SAFE_INTEGER}
       ELSE CAST(SUM(${column}) AS BIGINT) END AS ${column}`,
  ),
  ...amounts.flatMap((column) => [
    `CAST(SUM(${column}) AS BIGINT) / ${perDollar} AS ${column}_dollars`,
    `CAST(SUM(${column}) AS BIGINT) % ${perDollar} AS ${column}_rest`,
  ]),
]

function rowOf(row: Found, columns: readonly (readonly [Dimension, string])[]): UsageRow {
  const sum = (column: string) => Number(row[column] ?? 0)
  const nano = (column: string) => BigInt(sum(`${column}_dollars`)) * perDollar + BigInt(sum(`${column}_rest`))
  const usage: Record<keyof Usage, number> = { ...noUsage }
  for (const bucket of buckets) usage[bucket] = sum(usageColumns[bucket])
  return {
    of: Object.fromEntries(columns.map(([dimension, column]) => [dimension, valueIn(dimension, row[column])])),
    ...(Object.fromEntries(counts.map((count) => [count, sum(count)])) as Record<(typeof counts)[number], number>),
    durationMs: sum('duration_ms'),
    usage,
    cost: usd(nano('cost')),
    nano: Number(nano('cost')),
    saved: usd(nano('saved')),
  }
}

/** Of a time in which nothing was used. */
export const noUsageRow = (): UsageRow => rowOf({}, [])

/** {@link formatUsd} is exact up to nine million dollars; whole dollars stand by themselves. */
function usd(nano: bigint): string {
  const [, decimals] = formatUsd(Number(nano % perDollar)).split('.')
  return decimals === undefined ? String(nano / perDollar) : `${nano / perDollar}.${decimals}`
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
