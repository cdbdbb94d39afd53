/** The collector: what every attempt of every client cost, line by line and summed up by the hour. */
import type { UsageTaken } from '../../control/wire.js'
import { LeashError } from '../../core/errors.js'
import { asObject, parseJson } from '../../core/json.js'
import type { LedgerLine } from '../../core/ledger.js'
import { type Page, pageOf, pageSize, wrongCursor } from '../page.js'
import { prune } from '../store/prune.js'
import { inParts, places, type Reads, type Sql, type SqlValue } from '../store/sql.js'
import { addToHours, keyColumns, tagKeyColumns } from './hours.js'
import { type Owner, readLine } from './line.js'
import { partKeyColumns } from './parts.js'
import { noUsageRow, type ReportQuery, reportOf, slicesOf, type UsageRow, type Where, whereOf } from './report.js'

export { type Dimension, dimensions, type ReportQuery, type UsageRow, type Where } from './report.js'

export interface LinesQuery {
  readonly where?: Where
  /** Attempts that began at this time or later, in milliseconds since 1970. */
  readonly from?: number
  /** Attempts that began before this time. */
  readonly to?: number
  readonly after?: string
  readonly limit?: number
}

export interface PruneOptions {
  /** Lines of attempts that began before this time, in milliseconds since 1970. */
  readonly linesBefore?: number
  /** Sums of months that were over by then. */
  readonly hoursBefore?: number
}

export interface UsageLogDeps {
  readonly sql: Sql
  /** Writes something of what was new in the same transaction: all of it or nothing. */
  readonly also?: (lines: readonly LedgerLine[], sql: Sql) => Promise<void>
  /** Told of each batch, and of what was new in it. */
  readonly took?: (taken: UsageTaken, lines: readonly LedgerLine[]) => void | Promise<void>
  readonly now?: () => number
}

interface LineRow {
  readonly tenant: string
  readonly id: string
  readonly at: number
  readonly line: string
}

const mostLines = 10_000

/** Rows of one statement: SQLite takes 32,766 parameters, Postgres 65,535. */
const linesAtOnce = 512

/** By the number of rows. */
const inserts = new Map<number, string>()
const width = 8

export class UsageLog {
  readonly #sql: Sql
  readonly #now: () => number
  readonly #also: NonNullable<UsageLogDeps['also']>
  readonly #took: NonNullable<UsageLogDeps['took']>

  constructor({ sql, also = async () => {}, took = () => {}, now = Date.now }: UsageLogDeps) {
    this.#sql = sql
    this.#also = also
    this.#took = took
    this.#now = now
  }

  /**
   * Everything of a batch or nothing. A line that has come before, by its id within its tenant, counts once.
   *
   * @param batch a `UsageBatch` of src/control/wire.ts, as it came
   * @param owner whose the lines are, whatever they say; without a user of its own, each line says that. Absent: the lines say all of it
   * @throws LeashError `invalid_request` that names the line which is malformed
   */
  async take(batch: unknown, owner?: Owner): Promise<UsageTaken> {
    const { lines: given } = asObject(batch)
    if (!Array.isArray(given) || given.length > mostLines)
      throw new LeashError('invalid_request', `A batch of usage is \`{ "lines": [ … ] }\`, with up to ${mostLines} lines.`)
    const now = this.#now()
    const lines = new Map<string, LedgerLine>()
    for (const [place, one] of given.entries()) {
      const line = readLine(one, owner, place, now)
      lines.set(nameOf(line.tenant ?? '', line.id), line)
    }
    if (lines.size === 0) return { taken: 0, known: 0 }
    const fresh = await this.#sql.transaction(async (sql) => {
      // In one order, so that two who send the same lines never wait for each other.
      const fresh = await insert(
        sql,
        [...lines].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line),
      )
      const added = [...lines].flatMap(([name, line]) => (fresh.has(name) ? [line] : []))
      await addToHours(sql, added)
      if (added.length > 0) await this.#also(added, sql)
      return added
    })
    const told = { taken: fresh.length, known: given.length - fresh.length }
    await this.#took(told, fresh)
    return told
  }

  get #reads(): Reads {
    return this.#sql.beside ?? this.#sql
  }

  /** The dearest first. */
  async report(query: ReportQuery = {}): Promise<UsageRow[]> {
    const [rows = []] = await this.reports([query])
    return rows
  }

  /**
   * As {@link report}, some rows at a time: of many, never are all in memory.
   *
   * @param take it is not to wait for anybody: as long as there are rows, the database is kept
   * @returns the sum of all, where `top` leaves some out
   */
  slices(query: ReportQuery, take: (rows: readonly UsageRow[]) => void): Promise<UsageRow | undefined> {
    return this.#sql.snapshot(async (reads) => {
      for await (const rows of slicesOf(reads, query)) take(rows)
      if (query.top === undefined) return undefined
      const [total = noUsageRow()] = await reportOf(reads, { ...query, by: [] })
      return total
    })
  }

  /** All as of one moment: what one of them has the others have too. */
  reports(queries: readonly ReportQuery[]): Promise<UsageRow[][]> {
    return this.#sql.snapshot(async (reads) => {
      const rows: UsageRow[][] = []
      for (const query of queries) rows.push(await reportOf(reads, query))
      return rows
    })
  }

  /** The newest first. */
  async lines({ where = {}, from = 0, to = Number.MAX_SAFE_INTEGER, after, limit }: LinesQuery = {}): Promise<Page<LedgerLine>> {
    const size = pageSize(limit)
    const { text, params } = whereOf(where, 7)
    const cursor = cursorOf(after)
    const rows = await this.#reads.all<LineRow>(
      `SELECT tenant, id, at, line FROM usage_lines
       WHERE at >= $1 AND at < $2 AND (at, tenant, id) < ($3, $4, $5)${text}
       ORDER BY at DESC, tenant DESC, id DESC LIMIT $6`,
      // A database that goes by an index of times begins where the page before has ended.
      [from, Math.min(to, cursor[0] + 1), ...cursor, size + 1, ...params],
    )
    const { items, next } = pageOf(rows, size, ({ at, tenant, id }) =>
      Buffer.from(JSON.stringify([at, tenant, id])).toString('base64url'),
    )
    return { items: items.map(({ line }): LedgerLine => JSON.parse(line)), ...(next !== undefined && { next }) }
  }

  /**
   * Deletes what is older. A line that is sent again after its first copy is gone counts a second time: keep lines longer than
   * clients keep theirs.
   *
   * @returns how many rows there were
   */
  async prune({ linesBefore = 0, hoursBefore = 0 }: PruneOptions): Promise<number> {
    const sql = this.#sql
    const lines = await prune(sql, 'usage_lines', ['tenant', 'id'], 'at < $1', [linesBefore])
    // A month is forgotten as a whole, lest a statement of it say less from day to day.
    const day = new Date(hoursBefore)
    const monthsBefore = Date.UTC(day.getUTCFullYear(), day.getUTCMonth())
    const over = ['hour < $1', [monthsBefore]] as const
    await prune(sql, 'usage_parts', partKeyColumns, ...over)
    await prune(sql, 'usage_tag_hours', tagKeyColumns, ...over)
    return lines + (await prune(sql, 'usage_hours', keyColumns, ...over))
  }
}

/** @returns the names of those that had not come before */
async function insert(sql: Sql, lines: readonly LedgerLine[]): Promise<Set<string>> {
  const fresh = new Set<string>()
  for (const some of inParts(lines, linesAtOnce)) {
    const rows = await sql.all<{ tenant: string; id: string }>(insertOf(some.length), some.flatMap(rowOf))
    for (const { tenant, id } of rows) fresh.add(nameOf(tenant, id))
  }
  return fresh
}

function insertOf(count: number): string {
  const known = inserts.get(count)
  if (known !== undefined) return known
  const text = `INSERT INTO usage_lines (tenant, id, at, key_id, user_id, model, provider, line) VALUES ${places(count, width)}
    ON CONFLICT DO NOTHING RETURNING tenant, id`
  inserts.set(count, text)
  return text
}

function rowOf(line: LedgerLine): SqlValue[] {
  const { tenant = '', id, at, key = '', user = '', model, provider } = line
  return [tenant, id, at, key, user, model, provider, JSON.stringify(line)]
}

/** No tenant and no id has a NUL in it. */
const nameOf = (tenant: string, id: string) => `${tenant}\0${id}`

function cursorOf(after: string | undefined): readonly [at: number, tenant: string, id: string] {
  if (after === undefined) return [Number.MAX_SAFE_INTEGER, '', '']
  const cursor: unknown = parseJson(Buffer.from(after, 'base64url').toString())
  const [at, tenant, id] = Array.isArray(cursor) ? cursor : []
  if (typeof at === 'number' && typeof tenant === 'string' && typeof id === 'string') return [at, tenant, id]
  throw wrongCursor()
}
