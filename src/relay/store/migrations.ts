/** Brings a relay's database up to date, step by step. */
import { LeashError } from '../../core/errors.js'
import type { Sql } from './sql.js'
import { steps } from './steps.js'

/**
 * Makes the tables, and brings older ones up to date, in one transaction.
 *
 * @throws LeashError `invalid_config` when a newer version of the relay has made them
 */
export async function migrate(sql: Sql, now: () => number = Date.now): Promise<void> {
  // Of two that begin at the same moment, Postgres lets one fail even so.
  await sql.run(table).catch(() => sql.run(table))
  await sql.transaction(async (sql) => {
    const [newest] = await sql.all<{ step: number | null }>('SELECT MAX(step) AS step FROM migrations')
    if ((newest?.step ?? 0) >= steps.length)
      throw new LeashError(
        'invalid_config',
        "The relay's database was made by a newer version. Start that one, or restore a backup.",
      )
    for (const [step, { name, statements }] of steps.entries()) {
      // Whoever comes second waits here until the first is done.
      const added = await sql.run('INSERT INTO migrations (step, name, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING', [
        step,
        name,
        now(),
      ])
      if (added === 0) continue
      for (const statement of statements) await sql.run(statement)
    }
  }, 'patient')
}

const table = 'CREATE TABLE IF NOT EXISTS migrations (step BIGINT PRIMARY KEY, name TEXT NOT NULL, at BIGINT NOT NULL)'
