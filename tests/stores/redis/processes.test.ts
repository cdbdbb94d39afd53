import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Algorithm, Limit } from '../../../src/core/store.js'
import { redis } from '../../../src/stores/redis.js'
import { hasRedis, useRedis } from '../../helpers/redis.js'
import { type Admitted, breaches } from '../bounds.js'
import { bundled } from './bundled.js'

const run = promisify(execFile)

/** 250 callers in each of four processes, each ten times. */
const takers = `
  import { redis } from './src/stores/redis.js'
  const [url, space, limit] = [process.argv[2], process.argv[3], JSON.parse(process.argv[4])]
  const store = redis({ url, timeoutMs: 20000 })
  const admitted = []
  await Promise.all(Array.from({ length: 250 }, async () => {
    for (let time = 0; time < 10; time++) {
      const { ok, at } = await store.take(space, [limit])
      if (ok) admitted.push({ at, amount: limit.amount })
    }
  }))
  console.log(JSON.stringify(admitted))
`

/** As many, who spend at most what they reserve. One in ten dies with its reservation open. */
const spenders = `
  import { redis } from './src/stores/redis.js'
  const [url, space] = process.argv.slice(2)
  const store = redis({ url, timeoutMs: 20000 })
  const scopes = [{ key: 'org', limit: 100000 }, { key: 'team', limit: 60000 }]
  let spent = 0, abandoned = 0, worst = 0
  await Promise.all(Array.from({ length: 250 }, async (_, caller) => {
    for (let time = 0; time < 4; time++) {
      const reserved = await store.reserve(space, scopes, 100, { ttlMs: 60000 })
      if (!reserved.ok) continue
      worst = Math.max(worst, ...reserved.balances.map(({ spent, reserved }, at) => spent + reserved - scopes[at].limit))
      if (caller % 10 === 0) { abandoned += 100; continue }
      const actual = (caller * 7 + time) % 101
      spent += actual
      await store.settle(reserved.reservation, actual)
    }
  }))
  console.log(JSON.stringify({ spent, abandoned, worst }))
`

describe.skipIf(!hasRedis)('four processes over one Redis', () => {
  const server = useRedis()
  const programs: Record<string, Awaited<ReturnType<typeof bundled>>> = {}
  beforeAll(async () => {
    programs.takers = await bundled(takers)
    programs.spenders = await bundled(spenders)
  })
  afterAll(() => Promise.all(Object.values(programs).map((program) => program.remove())))

  async function inFour<T>(name: string, ...args: string[]): Promise<T[]> {
    const file = programs[name]?.file ?? ''
    const outputs = await Promise.all(
      [1, 2, 3, 4].map(() => run(process.execPath, [file, server.url, ...args], { maxBuffer: 2 ** 26 })),
    )
    return outputs.map(({ stdout }) => JSON.parse(stdout))
  }

  test.each<Algorithm>(['token-bucket', 'fixed-window', 'sliding-window'])(
    'a thousand callers never get more than a %s promises, in any window',
    async (algorithm) => {
      const limit: Limit = { key: 'k', algorithm, limit: 60, windowMs: 150, amount: 2 }
      const admitted = (await inFour<Admitted[]>('takers', algorithm, JSON.stringify(limit))).flat()
      expect(admitted.length).toBeGreaterThanOrEqual(30)
      expect(breaches(algorithm, limit.limit, limit.windowMs, admitted)).toEqual([])
    },
    60_000,
  )

  test('a thousand callers never spend more than a budget, and the numbers are right to the last', async () => {
    const told = await inFour<{ spent: number; abandoned: number; worst: number }>('spenders', 'money')
    const store = redis({ url: server.url, timeoutMs: 10_000 })
    const { spent, reserved } = await store.read('money', 'team')
    await store.close()
    expect(spent).toBe(told.reduce((sum, one) => sum + one.spent, 0))
    expect(reserved).toBe(told.reduce((sum, one) => sum + one.abandoned, 0))
    expect(spent + reserved).toBeLessThanOrEqual(60_000)
    expect(Math.max(...told.map(({ worst }) => worst))).toBeLessThanOrEqual(0)
  }, 60_000)
})
