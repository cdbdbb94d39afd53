/**
 * Lines of the ledger that are not in ClickHouse yet. They are written with the ledger's own, or not at all, and are gone when it
 * has them: no restart and no outage loses any.
 */
import { randomBytes } from 'node:crypto'
import type { LedgerLine } from '../../core/ledger.js'
import { places, type Sql, type SqlValue } from '../store/sql.js'

/** Some lines, as they were written. */
export interface Parcel {
  readonly id: string
  readonly lines: readonly LedgerLine[]
}

/** Of one parcel, in characters, and so of a single line: what is read at once is bounded by it. */
const mostCharacters = 64 * 1024
const rowsAtOnce = 100

/** A relay that has claimed parcels and said nothing for so long is gone, and another claims them. */
const claimedMs = 120_000

export interface OutboxDeps {
  readonly sql: Sql
  readonly now?: () => number
}

export class Outbox {
  readonly #deps: Required<OutboxDeps>

  constructor({ sql, now = Date.now }: OutboxDeps) {
    this.#deps = { sql, now }
  }

  /** @param sql of the transaction in which they are taken */
  async add(lines: readonly LedgerLine[], sql: Sql): Promise<void> {
    const at = this.#deps.now()
    const rows = parcelsOf(lines).map((texts): SqlValue[] => [
      randomBytes(12).toString('base64url'),
      ...[at, 0, texts.length],
      texts.join('\n'),
    ])
    for (let from = 0; from < rows.length; from += rowsAtOnce) {
      const some = rows.slice(from, from + rowsAtOnce)
      await sql.run(`INSERT INTO clickhouse_outbox (id, at, until, lines, body) VALUES ${places(some.length, 5)}`, some.flat())
    }
  }

  /** The oldest, for this relay alone. */
  async claim(most: number): Promise<Parcel[]> {
    const { sql, now } = this.#deps
    const rows = await sql.all<{ id: string; body: string }>(
      `UPDATE clickhouse_outbox SET until = $2 WHERE until <= $1 AND id IN
       (SELECT id FROM clickhouse_outbox WHERE until <= $1 ORDER BY at LIMIT $3) RETURNING id, body`,
      [now(), now() + claimedMs, most],
    )
    return rows.map(({ id, body }) => ({ id, lines: body.split('\n').map((line): LedgerLine => JSON.parse(line)) }))
  }

  /** They are there. */
  async delivered(parcels: readonly Parcel[]): Promise<void> {
    await this.#deps.sql.run(`DELETE FROM clickhouse_outbox WHERE id IN ${places(1, parcels.length)}`, idsOf(parcels))
  }

  /** They are not, and whoever comes next may try. */
  async release(parcels: readonly Parcel[]): Promise<void> {
    await this.#deps.sql.run(`UPDATE clickhouse_outbox SET until = 0 WHERE id IN ${places(1, parcels.length)}`, idsOf(parcels))
  }

  /** Milliseconds that the oldest has waited for; 0 when there is none. */
  async lateBy(): Promise<number> {
    const { sql, now } = this.#deps
    const [row] = await sql.all<{ at: number | null }>('SELECT MIN(at) AS at FROM clickhouse_outbox')
    return row?.at == null ? 0 : Math.max(0, now() - row.at)
  }

  /** Gives up what was written before that time. @returns how many lines there were */
  async prune(before: number): Promise<number> {
    const rows = await this.#deps.sql.all<{ lines: number }>('DELETE FROM clickhouse_outbox WHERE at < $1 RETURNING lines', [
      before,
    ])
    return rows.reduce((sum, { lines }) => sum + lines, 0)
  }
}

const idsOf = (parcels: readonly Parcel[]) => parcels.map(({ id }) => id)

function parcelsOf(lines: readonly LedgerLine[]): string[][] {
  const parcels: string[][] = []
  let room = 0
  for (const line of lines) {
    // JSON has no line breaks of its own.
    const text = JSON.stringify(line)
    const last = room >= text.length ? parcels.at(-1) : undefined
    if (last) last.push(text)
    else parcels.push([text])
    room = (last ? room : mostCharacters) - text.length
  }
  return parcels
}
