/** Real databases for tests: in files of their own, gone afterwards. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { migrate } from '../../../src/relay/store/migrations.js'
import { openSqlite, type SqliteSql } from '../../../src/relay/store/sqlite.js'

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'leash-relay-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** With the relay's tables, and closed when the test is over. */
export async function openStore(file = ':memory:'): Promise<SqliteSql> {
  const sql = await openSqlite({ file })
  onTestFinished(() => sql.close())
  await migrate(sql)
  return sql
}
