import { join } from 'node:path'
import { expect, it } from 'vitest'
import { noUsage } from '../../../src/core/usage.js'
import { migrate } from '../../../src/relay/store/migrations.js'
import { UsageLog } from '../../../src/relay/usage/usage.js'
import { openFile, openStore, temporaryFolder } from './open.js'

it('makes the tables once, and leaves alone what is in them', async () => {
  const file = join(temporaryFolder(), 'relay.db')
  const first = await openFile(file)
  const steps = await first.all('SELECT * FROM migrations ORDER BY step')
  expect(steps.length).toBeGreaterThan(0)
  await first.run('INSERT INTO audit_head (id, seq, hash) VALUES (2, 0, $1)', ['mine'])
  await first.close()
  const again = await openFile(file)
  expect(await again.all('SELECT * FROM migrations ORDER BY step')).toEqual(steps)
  expect(await again.all('SELECT hash FROM audit_head WHERE id = 2')).toEqual([{ hash: 'mine' }])
})

it('sums up what an older version has in its ledger', async () => {
  const sql = await openStore()
  const log = new UsageLog({ sql })
  const line = { callId: 'c', attempt: 1, durationMs: 1, outcome: 'ok', basis: 'complete', protocol: 'p', usage: noUsage }
  const lines = Array.from({ length: 300 }, (_, at) => ({
    ...{ ...line, id: `line ${at}`, at: 1_790_000_000_000 + at * 3_000_000, cost: at, tenant: `t${at % 3}`, key: `k${at % 7}` },
    ...{ user: `u${at % 5}`, model: `m${at % 2}`, provider: 'openai', tags: { team: `${at % 4}`, app: 'x' } },
  }))
  await log.take({ lines })
  const all = () => sql.all('SELECT * FROM usage_parts ORDER BY part, hour, tenant, key_id, user_id, model, tag, value')
  const before = await all()
  await sql.run('DROP TABLE usage_parts')
  await sql.run(`DELETE FROM migrations WHERE name = 'usage by parts'`)
  await migrate(sql)
  expect(await all()).toEqual(before)
})

it('refuses a database that a newer version has made', async () => {
  const sql = await openStore()
  await sql.run('INSERT INTO migrations (step, name, at) VALUES ($1, $2, $3)', [1000, 'from the future', 0])
  await expect(migrate(sql)).rejects.toMatchObject({ code: 'invalid_config' })
})
