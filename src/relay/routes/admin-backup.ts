/** A copy of the database as it is now, for who administers the relay. */
import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { Hono } from 'hono'
import { LeashError } from '../../core/errors.js'
import type { Sql } from '../store/sql.js'
import type { SqliteSql } from '../store/sqlite.js'
import type { AdminEnv } from './admin-env.js'
import type { RelayContext } from './context.js'

/** Of a relay that was killed, what it had copied is left. No answer takes so long that another relay may still be reading it. */
const leftMs = 86_400_000

async function clear(folder: string): Promise<void> {
  for (const name of (await readdir(folder)).filter(isCopy)) {
    const path = join(folder, name)
    const found = await stat(path).catch(() => undefined)
    if (found && Date.now() - found.mtimeMs > leftMs) await rm(path, { force: true })
  }
}

const isCopy = (name: string): boolean => /^backup-[0-9a-f]{16}\.db$/.test(name)

const isSqlite = (sql: Sql): sql is SqliteSql => 'backup' in sql

export function adminBackup({ sql, settings, audit }: RelayContext): Hono<AdminEnv> {
  const app = new Hono<AdminEnv>()
  let busy = false

  app.get('/', async (c) => {
    // Nobody would read the copy that was made for it.
    if (c.req.method === 'HEAD') return c.body(null, 200)
    if (!isSqlite(sql))
      throw new LeashError('invalid_request', 'The database is a Postgres: make its backup by `pg_dump`.', { status: 409 })
    if (busy) throw new LeashError('rate_limited', 'A backup is under way. Try again when it is done.', { retryAfterMs: 10_000 })
    busy = true
    const { folder = '.leash' } = settings.now
    const file = join(folder, `backup-${randomBytes(8).toString('hex')}.db`)
    const done = () => {
      busy = false
      return rm(file, { force: true })
    }
    try {
      await clear(folder)
      await audit.append({ actor: c.get('actor'), action: 'relay.backup' })
      await sql.backup(file)
      const bytes = createReadStream(file)
      bytes.once('close', () => void done().catch(() => {}))
      return c.body(Readable.toWeb(bytes) as ReadableStream<Uint8Array<ArrayBuffer>>, 200, {
        'content-type': 'application/vnd.sqlite3',
        'content-disposition': 'attachment; filename="relay.db"',
        'cache-control': 'no-store',
      })
    } catch (error) {
      await done()
      throw error
    }
  })

  return app
}
