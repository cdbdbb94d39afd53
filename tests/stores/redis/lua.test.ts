/** The counting is written twice, in TypeScript and in Lua: whatever happens and whenever, both say the same. */
import fc from 'fast-check'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Algorithm, Limit } from '../../../src/core/store.js'
import { memory } from '../../../src/stores/memory.js'
import { type RedisClient, redis } from '../../../src/stores/redis.js'
import { hasRedis, useRedis } from '../../helpers/redis.js'

const algorithms: readonly Algorithm[] = ['token-bucket', 'fixed-window', 'sliding-window']

interface Step {
  readonly waitMs: number
  readonly takes: readonly { readonly of: number; readonly amount: number }[]
  /** Afterwards, of what was taken: the true amount. */
  readonly used?: number
}

const windows = [1, 50, 997, 60_000]
const limits: readonly Limit[] = algorithms.flatMap((algorithm) =>
  windows.map((windowMs, at) => ({ key: `${algorithm} ${at}`, algorithm, windowMs, limit: 10 * (at + 1), amount: 0 })),
)

const steps = fc.array(
  fc.record<Step>(
    {
      waitMs: fc.oneof(fc.constant(0), fc.nat(200), fc.nat(70_000)),
      takes: fc.uniqueArray(
        fc.record({
          of: fc.nat(limits.length - 1),
          amount: fc.oneof(
            fc.nat(15),
            fc.nat(180).map((quarters) => quarters / 4),
          ),
        }),
        {
          selector: ({ of }) => of,
          minLength: 1,
          maxLength: 4,
        },
      ),
      used: fc.nat(60),
    },
    { requiredKeys: ['waitMs', 'takes'] },
  ),
  { maxLength: 40 },
)

afterEach(() => {
  vi.useRealTimers()
})

describe.skipIf(!hasRedis)('counting in Lua', () => {
  const server = useRedis()
  let connection: Redis
  beforeAll(() => {
    connection = new Redis(server.url)
  })
  afterAll(() => connection.disconnect())

  /** The server's clock is that of the test. */
  function clocked(now: () => number): RedisClient {
    const time = () => `local time = { ${Math.floor(now() / 1000)}, ${(now() % 1000) * 1000} }`
    return {
      async call(command, ...args) {
        if (command === 'EVALSHA') throw new Error('NOSCRIPT')
        const [script, ...rest] = args
        return connection.call(command, String(script).replace("local time = redis.call('TIME')", time()), ...(rest as string[]))
      },
      callBuffer: () => Promise.reject(new Error('not asked here')),
    }
  }

  test('is the counting in memory', async () => {
    let run = 0
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        vi.useFakeTimers({ toFake: ['Date'], now: 1_800_000_000_000 })
        const space = `run ${run++}`
        const [ours, theirs] = [memory(), redis({ client: clocked(Date.now), timeoutMs: 10_000 })]
        for (const { waitMs, takes, used } of all) {
          vi.setSystemTime(Date.now() + waitMs)
          const asked = takes.flatMap(({ of, amount }) => (limits[of] ? [{ ...limits[of], amount }] : []))
          const [one, other] = [ours.take(space, asked), await theirs.take(space, asked)]
          expect(other).toEqual(one)
          if (!one.ok || used === undefined) continue
          vi.setSystemTime(Date.now() + waitMs)
          const differences = asked.map((limit) => ({ ...limit, amount: used - limit.amount }))
          ours.adjust(space, differences, one.at)
          await theirs.adjust(space, differences, one.at)
        }
      }),
      { numRuns: 150 },
    )
  })
})
