/** What is under way in the database: the same, whichever relay of it is asked. */
import type { Sql } from '../store/sql.js'

const text = `
  SELECT 'jobs queued' AS what, COUNT(*) AS count FROM jobs WHERE status = 'queued'
  UNION ALL SELECT 'jobs running', COUNT(*) FROM jobs WHERE status = 'running'
  UNION ALL SELECT 'deliveries pending', COUNT(*) FROM webhook_deliveries WHERE status = 'pending'
  UNION ALL SELECT 'deliveries dead', COUNT(*) FROM webhook_deliveries WHERE status = 'dead'
  UNION ALL SELECT 'lines for ClickHouse', CAST(COALESCE(SUM(lines), 0) AS BIGINT) FROM clickhouse_outbox
  UNION ALL SELECT 'leases', COUNT(*) FROM leases WHERE spent IS NULL AND until > $1`

export interface Backlog {
  readonly what: string
  readonly count: number
}

/** @returns nothing when the database cannot be asked: whoever looks after the relay is then to see the rest all the more */
export async function backlogOf(sql: Sql, now: number = Date.now()): Promise<readonly Backlog[]> {
  return sql.all<Backlog>(text, [now]).catch(() => [])
}
