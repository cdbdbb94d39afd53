import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Audit } from '../../../src/relay/audit/audit.js'
import { ConfigLog } from '../../../src/relay/config/log.js'
import { Settings } from '../../../src/relay/config/settings.js'
import { migrate } from '../../../src/relay/store/migrations.js'
import { openSqlite, type SqliteSql } from '../../../src/relay/store/sqlite.js'

let sql: SqliteSql
const opened: ConfigLog[] = []

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  sql = await openSqlite({ file: ':memory:' })
  await migrate(sql)
})
afterEach(async () => {
  for (const log of opened.splice(0)) await log.close()
  await sql.close()
  vi.useRealTimers()
})

/** As of one of several relays over one database. */
async function open() {
  const settings = new Settings({ policy: { maxAttempts: 1 } })
  const warnings: string[] = []
  const log = new ConfigLog({ sql, audit: new Audit({ sql }), settings, warn: (message) => warnings.push(message) })
  await log.open()
  opened.push(log)
  return { log, settings, warnings }
}

test('what one relay changes, another takes when it looks', async () => {
  const [one, other] = [await open(), await open()]
  await one.log.set({ policy: { maxAttempts: 5 } }, 'somebody')
  expect(other.settings.now.policy).toEqual({ maxAttempts: 1 })
  vi.advanceTimersByTime(5000)
  await expect.poll(() => other.settings.now.policy).toEqual({ maxAttempts: 5 })
  expect(await other.log.rollback(0, 'somebody')).toMatchObject({ version: 2 })
  expect((await open()).settings.now.policy).toEqual({ maxAttempts: 1 })
})

test('of two that change it at once, one is told to read it again', async () => {
  const [one, other] = [await open(), await open()]
  const sets = [one, other].map(({ log }, at) => log.set({ staleMs: 1000 + at }, 'somebody'))
  const settled = await Promise.allSettled(sets)
  expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  expect(settled.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { status: 409 } })
  expect((await new Audit({ sql }).list()).items).toHaveLength(1)
})

test('a version that this relay does not know to read is told of, and what holds goes on to hold', async () => {
  const { log, settings, warnings } = await open()
  await log.set({ staleMs: 1000 }, 'somebody')
  const layer = JSON.stringify({ ofTheFuture: true })
  await sql.run('INSERT INTO config_versions (version, layer, at, actor) VALUES (2, $1, 0, $2)', [layer, 'somebody'])
  vi.advanceTimersByTime(5000)
  await expect.poll(() => warnings).toEqual([expect.stringContaining('ofTheFuture')])
  expect(settings.now.staleMs).toBe(1000)
})
