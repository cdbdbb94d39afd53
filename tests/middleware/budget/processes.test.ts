import { spawn } from 'node:child_process'
import { on } from 'node:events'
import { createInterface } from 'node:readline'
import { describe, expect, test } from 'vitest'
import { usdOf } from '../../../src/core/money.js'
import type { Budget } from '../../../src/middleware/budget/options.js'
import { redis } from '../../../src/stores/redis.js'
import { hasRedis, useRedis } from '../../helpers/redis.js'
import { bundled } from '../../stores/redis/bundled.js'
import { budgeting } from './rig.js'
import type { Fallout } from './storm.js'

/** Begins when it is told to: processes that start one after the other would have little of a budget to share. */
const program = `
  import { once } from 'node:events'
  import { redis } from './src/stores/redis.js'
  import { storm } from './tests/middleware/budget/storm.js'
  import { randomOf } from './tests/middleware/route/random.js'
  const [url, seed, budgets] = process.argv.slice(2)
  const store = redis({ url, timeoutMs: 60000 })
  await store.get('ready')
  console.log('ready')
  await once(process.stdin, 'data')
  console.log(JSON.stringify(await storm({ store, budgets: JSON.parse(budgets), calls: 250, random: randomOf(Number(seed)) })))
  await store.close()
  process.exit()
`

interface Started {
  begin(): void
  /** Its next line. */
  told(): Promise<string>
}

function start(file: string, args: readonly string[]): Started {
  const child = spawn(process.execPath, [file, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = on(createInterface(child.stdout), 'line', { close: ['close'] })
  return {
    begin: () => child.stdin.write('begin\n'),
    told: async () => String((await lines.next()).value),
  }
}

describe.skipIf(!hasRedis)('four processes over one Redis, with 250 calls at once in each', () => {
  const server = useRedis()

  test('never pass a budget that they share, and leave nothing set aside', async () => {
    const budgets: readonly Budget[] = [
      { name: 'all', limit: { usd: usdOf(1_200_000), tokens: 250_000, requests: 900 }, per: 'total', shared: true },
      { name: 'users', limit: { usd: usdOf(130_000) }, per: 'total', by: 'user', action: 'cap' },
    ]
    const { file, remove } = await bundled(program)
    const started = [1, 2, 3, 4].map((seed) => start(file, [server.url, `${seed}`, JSON.stringify(budgets)]))
    expect(await Promise.all(started.map(({ told }) => told()))).toEqual(['ready', 'ready', 'ready', 'ready'])
    for (const { begin } of started) begin()
    const lines = await Promise.all(started.map(({ told }) => told())).finally(remove)
    const told: Fallout[] = lines.map((line) => JSON.parse(line))
    const sum = (of: (one: Fallout) => number) => told.reduce((sum, one) => sum + of(one), 0)
    expect(Math.max(...told.map(({ over }) => over))).toBeLessThanOrEqual(0)
    expect(sum(({ refused }) => refused)).toBeGreaterThan(0)
    expect(sum(({ hedged }) => hedged)).toBeGreaterThan(0)
    expect(sum(({ aborted }) => aborted)).toBeGreaterThan(0)
    const store = redis({ url: server.url, timeoutMs: 10_000 })
    const states = await budgeting(budgets, { store }).keeper.states({})
    await store.close()
    const of = (unit: string) => states.find((state) => state.budget === 'all' && state.unit === unit)
    expect(of('usd')).toMatchObject({ reserved: 0, spent: usdOf(sum(({ cost }) => cost)) })
    expect(of('tokens')).toMatchObject({ reserved: 0, spent: sum(({ tokens }) => tokens) })
    expect(of('requests')).toMatchObject({ reserved: 0 })
  }, 120_000)
})
