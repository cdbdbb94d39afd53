import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { openSqlite } from '../../../src/relay/store/sqlite.js'
import { keys, useCommand } from '../../cli/run.js'
import { until, useMock } from '../../helpers/mock.js'
import { hasPostgres, usePostgres } from '../../helpers/postgres.js'

const leash = useCommand()
const mock = useMock()
const folder = mkdtempSync(join(tmpdir(), 'leashllm-workers-'))
afterAll(() => rmSync(folder, { recursive: true }))

const messages = [{ role: 'user', content: 'Hello' }]
const hello = { model: 'gpt-4o-mini', messages }

let places = 0
const ends: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

/** Two workers of one relay, each request by a connection of its own: they take turns. */
async function started(own: string, env: Record<string, string> = {}, more: readonly string[] = []) {
  const args = ['relay', ...more, '--workers', '2', '--port', '0', '--folder', join(folder, own), '--json']
  const relay = leash.start(args, { ...keys(mock.url), ...env })
  let [said, wrong] = ['', '']
  relay.stdout?.on('data', (chunk) => {
    said += chunk
  })
  relay.stderr?.on('data', (chunk) => {
    wrong += chunk
  })
  const ended = new Promise((resolve) => relay.once('exit', resolve))
  const end = async () => {
    relay.kill('SIGTERM')
    return ended
  }
  ends.push(end)
  await until(() => said.includes('}\n') || relay.exitCode !== null)
  const { url, admin, call, error } = JSON.parse(said)
  if (error) throw new Error(error.message)
  const asked = (path: string, key: string | undefined, body?: object, method = body ? 'POST' : 'GET') =>
    fetch(`${url}${path}`, {
      method,
      headers: { ...(key && { authorization: `Bearer ${key}` }), 'content-type': 'application/json', connection: 'close' },
      ...(body && { body: JSON.stringify(body) }),
    })
  return { url, admin, call, asked, end, wrong: () => wrong, kill: (signal: NodeJS.Signals) => relay.kill(signal) }
}

type Asked = Awaited<ReturnType<typeof started>>['asked']

/** Answers that the ledger has. */
async function booked(asked: Asked, key: string): Promise<number> {
  const { rows } = await (await asked('/v1/usage', key)).json()
  return rows.reduce((sum: number, { calls, errors }: { calls: number; errors: number }) => sum + calls - errors, 0)
}

const statuses = (all: readonly Response[]) => all.map(({ status }) => status)

describe.each([
  ['SQLite', true],
  ['Postgres', hasPostgres],
])('several workers with %s', (store, isThere) => {
  const postgres = store === 'Postgres' && isThere ? usePostgres() : undefined
  /** Where nothing is yet. @returns what starts a relay there, as often as it is called */
  const place = async () => {
    const own = `${store}-${++places}`
    const env = postgres ? { DATABASE_URL: await postgres.another() } : {}
    return () => started(own, env)
  }

  test.skipIf(!isThere)(
    'share a port, make their first keys once, and finish what is under way when they are told to end',
    async () => {
      const start = await place()
      const { admin, call, asked, end, wrong } = await start()
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
      const stream = await asked('/v1/chat/completions', call, { ...hello, stream: true })
      const ended = end()
      expect(await stream.text()).toContain('data: [DONE]')
      expect(await ended).toBe(0)
      expect(wrong()).toBe('')
    },
  )

  test.skipIf(!isThere)('refuse together, at once, a key that one of them has taken back', async () => {
    const start = await place()
    const { admin, asked } = await start()
    const refusedMs = async () => {
      const made = await (await asked('/v1/admin/keys', admin, { tenant: 'default' })).json()
      const call = () => Promise.all(Array.from({ length: 6 }, () => asked('/v1/chat/completions', made.key, hello)))
      expect(statuses(await call())).toEqual(Array(6).fill(200))
      expect((await asked(`/v1/admin/keys/${made.id}/revoke`, admin, {})).status).toBe(200)
      const began = performance.now()
      await vi.waitFor(async () => expect(statuses(await call())).toEqual(Array(6).fill(401)), 20_000)
      return performance.now() - began
    }
    // What a worker has found of a key holds for five seconds, unless it is told otherwise. A busy machine may try again.
    let took = await refusedMs()
    for (let tries = 1; tries < 5 && took >= 3000; tries++) took = await refusedMs()
    expect(took).toBeLessThan(3000)
  })

  test.skipIf(!isThere)('hold calls to one budget together, and write down each of them once', async () => {
    const start = await place()
    const { admin, call, asked, end } = await start()
    const budgets = [{ limit: { requests: 20 }, per: 'month' }]
    expect((await asked('/v1/admin/tenants/default/policy', admin, { budgets }, 'PUT')).status).toBe(200)
    const all = statuses(await Promise.all(Array.from({ length: 60 }, () => asked('/v1/chat/completions', call, hello))))
    const served = mock.requests.length
    expect(served).toBeLessThanOrEqual(20)
    // Each has slices of it, and may be left with a rest.
    expect(served).toBeGreaterThan(12)
    expect(all.filter((status) => status === 200)).toHaveLength(served)
    await end()
    expect(await booked((await start()).asked, call)).toBe(served)
  })
})

test('tries to sign in are counted for all workers together', async () => {
  const { asked } = await started('attempts')
  const tries = []
  for (let time = 0; time < 11; time++)
    tries.push(await asked('/api/auth/token', undefined, { email: 'ada@example.com', password: 'wrong-password' }))
  expect(new Set(statuses(tries.slice(0, 10)))).toEqual(new Set([401]))
  expect(tries[10]?.status).toBe(429)
})

test('nobody else opens the file that workers share', async () => {
  const { asked, admin } = await started('held')
  const file = join(folder, 'held', 'relay.db')
  await expect(openSqlite({ file })).rejects.toThrow('Another process')
  expect((await asked('/v1/admin/keys', admin)).status).toBe(200)
})

test('what all of them read again is told and audited once, and taken by all or none', async () => {
  const config = join(folder, 'again.yaml')
  const write = (staleMs: string) => writeFileSync(config, `staleMs: ${staleMs}\n`)
  write('1000')
  const { asked, admin, wrong, kill } = await started('again', {}, ['--config', config])
  const inForce = async () => {
    const all = Array.from({ length: 6 }, async () => (await (await asked('/v1/admin/config', admin)).json()).config.staleMs)
    return [...new Set(await Promise.all(all))]
  }
  const told = (what: string) => wrong().split(what).length - 1
  write('2000')
  await vi.waitFor(async () => expect(await inForce()).toEqual([2000]), 30_000)
  write('wrong')
  await vi.waitFor(() => expect(told('stays as it was')).toBe(1), 30_000)
  expect(await inForce()).toEqual([2000])
  write('3000')
  kill('SIGHUP')
  await vi.waitFor(async () => expect(await inForce()).toEqual([3000]), 30_000)
  const { items } = await (await asked('/v1/admin/audit?action=config.reload', admin)).json()
  expect(items).toHaveLength(2)
  expect([told('was read again: staleMs'), told('stays as it was')]).toEqual([2, 1])
})

test('go on when one of them is killed at the very moment at which it is told something', async () => {
  const kills = join(folder, 'kills.mjs')
  // It is gone, and nobody has had the time to hear of it.
  writeFileSync(
    kills,
    `import cluster from 'node:cluster'
     if (cluster.isPrimary) process.on('SIGUSR2', () => {
       const [worker, other] = Object.values(cluster.workers)
       process.kill(worker.process.pid, 'SIGKILL')
       Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000)
       for (let time = 0; time < 50; time++) cluster.emit('message', other, { replicas: 'changed', topic: 'keys', name: 'default' })
     })`,
  )
  const { asked, admin, kill } = await started('killed', { NODE_OPTIONS: `--import=${kills}` })
  kill('SIGUSR2')
  const metrics = async () => (await asked('/metrics', admin)).text()
  await vi.waitFor(async () => expect(await metrics()).toContain('worker="3"'), 30_000)
})

test('hang up on whoever was handed to one of them that is killed before it has seen him', async () => {
  const kills = join(folder, 'hangs.mjs')
  writeFileSync(
    kills,
    `import cluster from 'node:cluster'
     const signals = ['SIGKILL', 'SIGSTOP']
     if (cluster.isPrimary) process.on('SIGUSR2', () => {
       process.kill(Object.values(cluster.workers)[0].process.pid, signals.pop())
       console.error(signals.length + ' left')
     })`,
  )
  const { url, kill, wrong } = await started('hanging', { NODE_OPTIONS: `--import=${kills}` })
  kill('SIGUSR2')
  await until(() => wrong().includes('1 left'))
  let answers = ''
  const callers = Array.from({ length: 3 }, () => {
    const caller = connect(Number(new URL(url).port))
    caller.write('GET /health HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
    caller
      .on('error', () => {})
      .on('data', (bytes) => {
        answers += bytes
      })
    return new Promise((resolve) => caller.once('close', resolve))
  })
  // It is the turn of the one that hangs once among them, and of the other for the rest.
  await until(() => answers.split('HTTP/1.1 200').length === 3)
  kill('SIGUSR2')
  await Promise.all(callers)
})
