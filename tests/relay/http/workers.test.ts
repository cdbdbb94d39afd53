import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { keys, useCommand } from '../../cli/run.js'
import { until, useMock } from '../../helpers/mock.js'
import { hasPostgres, usePostgres } from '../../helpers/postgres.js'

const leash = useCommand()
const mock = useMock()
const folder = mkdtempSync(join(tmpdir(), 'leashllm-workers-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('several workers need a database that they can share', async () => {
  const { code, stderr } = await leash(['relay', '--workers', '2', '--port', '0', '--folder', join(folder, 'alone')])
  expect([code, stderr]).toEqual([2, expect.stringContaining('Postgres')])
})

describe.skipIf(!hasPostgres)('several workers', () => {
  const postgres = usePostgres()

  test('share a port, make their first keys once, and finish what is under way when they are told to end', async () => {
    const env = { ...keys(mock.url), DATABASE_URL: postgres.url }
    const relay = leash.start(['relay', '--workers', '2', '--port', '0', '--folder', join(folder, 'shared'), '--json'], env)
    let [said, wrong] = ['', '']
    relay.stdout?.on('data', (chunk) => {
      said += chunk
    })
    relay.stderr?.on('data', (chunk) => {
      wrong += chunk
    })
    await until(() => said.includes('}\n') || relay.exitCode !== null)
    const { url, admin, call } = JSON.parse(said)
    const asked = (path: string, key: string, body?: object) =>
      fetch(`${url}${path}`, {
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', connection: 'close' },
        ...(body && { method: 'POST', body: JSON.stringify(body) }),
      })
    for (let time = 0; time < 8; time++) expect((await (await asked('/v1/admin/keys', admin)).json()).items).toHaveLength(2)

    const told = async () => {
      const text = await (await asked('/metrics', admin)).text()
      expect(text).toContain('leash_relay_backlog{worker="1",what="leases"} 0')
      const counted = [...text.matchAll(/^leash_relay_requests_total\{worker="\d",route="admin".*\} (\d+)$/gm)]
      return { workers: new Set(text.match(/worker="\d"/g)), sum: counted.reduce((sum, [, count]) => sum + Number(count), 0) }
    }
    expect(await told()).toEqual({ workers: new Set(['worker="1"', 'worker="2"']), sum: 8 })
    expect(await told()).toMatchObject({ sum: 8 })
    mock.script({ chunkDelayMs: 100 })
    const messages = [{ role: 'user', content: 'Hello' }]
    const stream = await asked('/v1/chat/completions', call, { model: 'gpt-4o-mini', messages, stream: true })
    const ended = new Promise((resolve) => relay.once('exit', resolve))
    relay.kill('SIGTERM')
    expect(await stream.text()).toContain('data: [DONE]')
    expect(await ended).toBe(0)
    expect(wrong).toBe('')
  })
})
