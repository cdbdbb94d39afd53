/** What is under way in the database: the same, whichever relay of it is asked. */
import { inTime } from '../in-time.js'
import type { Sql } from '../store/sql.js'

/** As it is told of, and followed by an alert. */
const linesForClickHouse = 'lines for ClickHouse'

const text = `
  SELECT 'jobs queued' AS what, COUNT(*) AS count FROM jobs WHERE status = 'queued'
  UNION ALL SELECT 'jobs running', COUNT(*) FROM jobs WHERE status = 'running'
  UNION ALL SELECT 'deliveries pending', COUNT(*) FROM webhook_deliveries WHERE status = 'pending'
  UNION ALL SELECT 'deliveries dead', COUNT(*) FROM webhook_deliveries WHERE status = 'dead'
  UNION ALL SELECT '${linesForClickHouse}', CAST(COALESCE(SUM(lines), 0) AS BIGINT) FROM clickhouse_outbox
  UNION ALL SELECT 'leases', COUNT(*) FROM leases WHERE spent IS NULL AND until > $1`

export interface Backlog {
  readonly what: string
  readonly count: number
  /** For which the oldest has waited, where that is known. */
  readonly seconds?: number
}

export interface BacklogDeps {
  readonly sql: Sql
  /** Milliseconds that the oldest line waits for ClickHouse; absent: nobody brings it any, and there is nothing to be late. */
  readonly late: (() => Promise<number>) | undefined
  readonly now?: () => number
  readonly answerMs?: number
}

/** @returns nothing when the database cannot be asked: whoever looks after the relay is then to see the rest all the more */
export async function backlogOf({ sql, late, now = Date.now, answerMs }: BacklogDeps): Promise<readonly Backlog[]> {
  try {
    const [rows, lateMs] = await inTime(Promise.all([sql.all<Backlog>(text, [now()]), late?.()]), answerMs)
    if (lateMs === undefined) return rows
    return rows.map((row) => (row.what === linesForClickHouse ? { ...row, seconds: lateMs / 1000 } : row))
  } catch {
    return []
  }
}
