/** Real databases for tests, gone afterwards. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, onTestFinished } from 'vitest'
import { migrate } from '../../../src/relay/store/migrations.js'
import { openSqlite, type SqliteSql } from '../../../src/relay/store/sqlite.js'

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'leash-relay-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** With the relay's tables, in a thread and a file of its own, and closed when the test is over. */
export async function openFile(file = join(temporaryFolder(), 'relay.db')): Promise<SqliteSql> {
  const sql = await openSqlite({ file })
  onTestFinished(() => sql.close())
  await migrate(sql)
  return sql
}

let shared: Promise<SqliteSql> | undefined
afterAll(async () => (await shared)?.close())

/** With the relay's tables, and empty. In memory, and the same for all tests of a file: a thread takes long to start. */
export async function openStore(): Promise<SqliteSql> {
  shared ??= openSqlite({ file: ':memory:' })
  const sql = await shared
  const tables = await sql.all<{ name: string }>(`SELECT name FROM sqlite_master WHERE type = 'table'`)
  // Keys point to tenants: what was made last goes first.
  for (const { name } of tables.reverse()) await sql.run(`DROP TABLE ${name}`)
  await migrate(sql)
  return sql
}
