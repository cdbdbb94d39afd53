import type { Sql, SqlValue } from './sql.js'

/** Rows that are deleted in one go: others come in between. */
const atOnce = 5000

/**
 * Deletes however many there are, a few thousand at a time.
 *
 * @param key columns by which one row is told from another
 * @param condition of what is deleted, which an index finds
 * @returns how many rows there were
 */
export async function prune(
  sql: Sql,
  table: string,
  key: readonly string[],
  condition: string,
  params: readonly SqlValue[],
): Promise<number> {
  const columns = key.join(', ')
  const chosen = `SELECT ${columns} FROM ${table} WHERE ${condition} LIMIT ${atOnce}`
  // Postgres looks again at what somebody has changed since it was chosen, and then at this condition alone.
  const text = `DELETE FROM ${table} WHERE ${condition} AND (${columns}) IN (${chosen})`
  for (let all = 0; ; ) {
    const some = await sql.run(text, params)
    all += some
    if (some < atOnce) return all
  }
}
