import { join } from 'node:path'
import { expect, it } from 'vitest'
import { migrate } from '../../../src/relay/store/migrations.js'
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

it('refuses a database that a newer version has made', async () => {
  const sql = await openStore()
  await sql.run('INSERT INTO migrations (step, name, at) VALUES ($1, $2, $3)', [1000, 'from the future', 0])
  await expect(migrate(sql)).rejects.toMatchObject({ code: 'invalid_config' })
})
