/** Real databases for tests, gone afterwards. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, onTestFinished } from 'vitest'
import { migrate } from '../../../src/relay/store/migrations.js'
import { openPostgres } from '../../../src/relay/store/postgres.js'
import type { Sql } from '../../../src/relay/store/sql.js'
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

let shared: Promise<Sql> | undefined
afterAll(async () => (await shared)?.close())

/**
 * With the relay's tables, and empty. In memory, and the same for all tests of a file: a thread takes long to start.
 * `RELAY_POSTGRES=postgres://… npx vitest run tests/relay --no-file-parallelism` runs them over that database, which is emptied.
 */
export async function openStore(): Promise<Sql> {
  const postgres = process.env.RELAY_POSTGRES
  shared ??= postgres === undefined ? openSqlite({ file: ':memory:' }) : openPostgres({ url: postgres })
  const sql = await shared
  await (postgres === undefined ? emptySqlite(sql) : emptyPostgres(sql))
  await migrate(sql)
  return sql
}

async function emptySqlite(sql: Sql): Promise<void> {
  const tables = await sql.all<{ name: string }>(`SELECT name FROM sqlite_master WHERE type = 'table'`)
  // Keys point to tenants: what was made last goes first.
  for (const { name } of tables.reverse()) await sql.run(`DROP TABLE ${name}`)
}

async function emptyPostgres(sql: Sql): Promise<void> {
  await sql.run('DROP SCHEMA public CASCADE')
  await sql.run('CREATE SCHEMA public')
}
