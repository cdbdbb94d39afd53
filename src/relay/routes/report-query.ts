/** What a report is asked for by the query of an address, and how it is told. */
import type { Context } from 'hono'
import { LeashError } from '../../core/errors.js'
import { IteratorStream } from '../../iterator-stream.js'
import { csvOf, csvRows } from '../usage/csv.js'
import { type Dimension, dimensions, type ReportQuery, type UsageLog } from '../usage/usage.js'
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

/**
 * As JSON, or as CSV for who has asked for that. Some rows of many come with the sum of all. What is read is kept as the bytes
 * that are sent, which are few beside the rows: so the database is not kept by who takes them slowly.
 */
export async function reported(c: Context, usage: UsageLog, query: Asked): Promise<Response> {
  const { by } = query
  const isCsv = c.req.query('format') === 'csv'
  const parts = [Buffer.from(isCsv ? csvOf([], by) : '{"rows":[')]
  const total = await usage.slices(query, (rows) => {
    const text = isCsv ? csvRows(rows, by) : JSON.stringify(rows).slice(1, -1)
    parts.push(Buffer.from(isCsv || parts.length === 1 ? text : `,${text}`))
  })
  if (!isCsv) parts.push(Buffer.from(total ? `],"total":${JSON.stringify(total)}}` : ']}'))
  return c.body(new IteratorStream(handedOut(parts)), 200, {
    'content-type': isCsv ? 'text/csv; charset=utf-8' : 'application/json',
  })
}

/** What is sent is kept no longer. */
async function* handedOut(parts: Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (let part = parts.shift(); part; part = parts.shift()) yield part
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
