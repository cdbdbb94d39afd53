/** What a report is asked for by the query of an address, and how it is told. */
import type { Context } from 'hono'
import { LeashError } from '../../core/errors.js'
import { IteratorStream } from '../../iterator-stream.js'
import { inTurns } from '../in-turns.js'
import { csvOf, csvRows } from '../usage/csv.js'
import { noUsageRow } from '../usage/report.js'
import { type Dimension, dimensions, type ReportQuery, type UsageLog, type UsageRow } from '../usage/usage.js'
import { only, timeIn } from './fields.js'

type Asked = ReportQuery & Required<Pick<ReportQuery, 'by'>>

const conditions = ['tenant', 'key', 'user', 'model', 'provider']

const formats = ['json', 'csv']

/** @throws LeashError `invalid_request` that names what is wrong */
export function reportQuery(query: Readonly<Record<string, string>>): Asked {
  const tags = Object.entries(query).filter(([name]) => isTag(name))
  only(query, ['by', 'from', 'to', 'top', 'format', ...conditions, ...tags.map(([tag]) => tag)])
  if (!formats.includes(query.format ?? 'json'))
    throw new LeashError('invalid_request', '`format` is json or csv.', { param: 'format' })
  const { top } = query
  if (top !== undefined && (!/^[1-9]\d{0,5}$/.test(top) || query.format === 'csv'))
    throw new LeashError('invalid_request', '`top` is a whole number from 1 on, and for JSON: CSV has all rows.', {
      param: 'top',
    })
  const asked = (query.by ?? 'model').split(',').filter((name) => name !== '')
  const by = asked.map(dimensionOf)
  if (by.includes(undefined))
    throw new LeashError('invalid_request', `\`by\` is a list of: ${dimensions.join(', ')}, and one tag such as tag:team.`)
  if (tags.length > 1) throw new LeashError('invalid_request', 'A report can filter by one tag. Ask for each tag separately.')
  const tagged = tags.map(([name, value]) => ({ tag: name.slice('tag:'.length), value }))[0]
  const where = Object.fromEntries(conditions.flatMap((name) => (query[name] === undefined ? [] : [[name, query[name]]])))
  return {
    by: by.filter((name) => name !== undefined),
    ...momentOf(query, 'from'),
    ...momentOf(query, 'to'),
    where,
    ...(top !== undefined && { top: Number(top) }),
    ...(tagged && { tagged }),
  }
}

/** As JSON, or as CSV for who has asked for that. Some rows of many come with the sum of all. */
export async function reported(c: Context, usage: UsageLog, query: Asked): Promise<Response> {
  const [rows = [], all] = await usage.reports(query.top === undefined ? [query] : [query, { ...query, by: [] }])
  const isCsv = c.req.query('format') === 'csv'
  const body = new IteratorStream(isCsv ? csvIn(rows, query.by) : jsonIn(rows, all && (all[0] ?? noUsageRow())))
  return c.body(body, 200, { 'content-type': isCsv ? 'text/csv; charset=utf-8' : 'application/json' })
}

async function* csvIn(rows: readonly UsageRow[], by: readonly Dimension[]): AsyncGenerator<Uint8Array> {
  yield Buffer.from(csvOf([], by))
  for await (const some of inTurns(rows)) yield Buffer.from(csvRows(some, by))
}

async function* jsonIn(rows: readonly UsageRow[], total?: UsageRow): AsyncGenerator<Uint8Array> {
  let between = `{${total ? `"total":${JSON.stringify(total)},` : ''}"rows":[`
  for await (const some of inTurns(rows)) {
    yield Buffer.from(between + some.map((row) => JSON.stringify(row)).join(','))
    between = ','
  }
  yield Buffer.from(rows.length === 0 ? `${between}]}` : ']}')
}

const isTag = (name: string): name is `tag:${string}` => /^tag:./.test(name)

function dimensionOf(name: string): Dimension | undefined {
  return isTag(name) ? name : dimensions.find((dimension) => dimension === name)
}

export function momentOf<N extends string>(query: Readonly<Record<string, string>>, name: N): { readonly [K in N]?: number } {
  const given = query[name]
  if (given === undefined) return {}
  const at = /^\d{1,15}$/.test(given) ? Number(given) : timeIn(given)
  if (Number.isNaN(at))
    throw new LeashError('invalid_request', `\`${name}\` is a date such as 2026-11-01, or milliseconds since 1970.`)
  return { [name]: at } as { readonly [K in N]?: number }
}
