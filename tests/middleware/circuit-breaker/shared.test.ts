import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Call } from '../../../src/core/call.js'
import { Emitter } from '../../../src/core/emitter.js'
import { LeashError } from '../../../src/core/errors.js'
import type { Store } from '../../../src/core/store.js'
import { Breaker } from '../../../src/middleware/circuit-breaker/breaker.js'
import { circuitBreaker } from '../../../src/middleware/circuit-breaker.js'
import { memory, redis } from '../../../src/stores/index.js'
import { aCall, anAnswer } from '../../helpers/call.js'
import { hasRedis, useRedis } from '../../helpers/redis.js'

const name = 'test/gpt-test'
const attempt = { provider: 'test', model: 'm', protocol: 'p', startedAt: 0, outcome: 'pending' } as const

/** One process of several that share a store. */
function aProcess(store: Store) {
  const emitter = new Emitter()
  const changes: string[] = []
  emitter.on('breaker', ({ to, because }) => changes.push(`${to}: ${because}`))
  const breaker = new Breaker({ consecutive: 1 }, emitter, store)
  const meet = (error?: LeashError, over: Partial<Call> = {}) =>
    circuitBreaker(breaker)(async (call) => {
      call.report.attempts.push({ ...attempt })
      if (error) throw error
      return anAnswer
    })(aCall(over)).then(
      () => 'ok',
      ({ code }) => code,
    )
  return { breaker, changes, meet, state: () => breaker.state(aCall().target), health: () => breaker.health()[0] }
}

const down = () => new LeashError('upstream_error', 'Down.')
/** What was begun and is not waited for. */
const settled = () => new Promise((resolve) => setImmediate(resolve))

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
})
afterEach(() => {
  vi.useRealTimers()
})
const pass = (ms: number) => vi.setSystemTime(Date.now() + ms)

describe('breakers that share a store', () => {
  it('open together, and each tries for itself when the time is up', async () => {
    const store = memory()
    const [one, other] = [aProcess(store), aProcess(store)]
    await other.meet()
    pass(1000)
    await one.meet(down())
    await settled()
    expect(await other.meet()).toBe('ok')
    await settled()
    expect(await other.meet()).toBe('circuit_open')
    expect(other.breaker.health()[0]?.until).toBe(one.breaker.health()[0]?.until)
    pass(30_000)
    expect(await other.meet()).toBe('ok')
    expect(other.changes).toEqual(['open: shared', 'half-open: cooldown', 'closed: trial'])
  })

  it('ask the store once a second at most', async () => {
    const store = memory()
    const get = vi.spyOn(store, 'get')
    const asked = () => get.mock.calls.filter(([key]) => key === `breaker:${name}`).length
    const { meet } = aProcess(store)
    for (let call = 0; call < 50; call++) await meet()
    await settled()
    expect(asked()).toBe(1)
    pass(1000)
    for (let call = 0; call < 50; call++) await meet()
    await settled()
    expect(asked()).toBe(2)
    expect(get).toHaveBeenCalledTimes(4)
  })

  it('ask it also when the clock was set back', async () => {
    const store = memory()
    const [one, other] = [aProcess(store), aProcess(store)]
    await other.meet()
    pass(-3_600_000)
    await one.meet(down())
    await settled()
    expect(await other.meet()).toBe('ok')
    await settled()
    expect(await other.meet()).toBe('circuit_open')
  })

  it('forget an opening that one of them has ended', async () => {
    const store = memory()
    const one = aProcess(store)
    await one.meet(down())
    await settled()
    expect(store.get(`breaker:${name}`)).toBeDefined()
    one.breaker.hold(name, 'auto')
    await settled()
    expect(store.get(`breaker:${name}`)).toBeUndefined()
  })

  it('send nothing from a process that has just begun to what is down elsewhere, however many calls come at once', async () => {
    const store = memory()
    await aProcess(store).meet(down())
    await settled()
    const slow: Store = { ...store, get: (key) => new Promise((resolve) => setTimeout(() => resolve(store.get(key)), 10)) }
    const { meet, changes } = aProcess(slow)
    const came = await Promise.all(Array.from({ length: 10 }, () => meet()))
    expect([...new Set(came), changes]).toEqual(['circuit_open', ['open: shared']])
  })

  it('tell each other that a target rests, and show it', async () => {
    const store = memory()
    const [one, other] = [aProcess(store), aProcess(store)]
    await one.meet(new LeashError('rate_limited', 'No.', { retryAfterMs: 60_000 }))
    await settled()
    const restsUntil = Date.now() + 60_000
    expect(await other.meet(undefined, { alternatives: true })).toBe('circuit_open')
    expect(await other.meet()).toBe('ok')
    for (const { health } of [one, other]) expect(health()).toMatchObject({ state: 'closed', restsUntil })
    pass(60_000)
    expect(await other.meet(undefined, { alternatives: true })).toBe('ok')
    expect(other.health()).not.toHaveProperty('restsUntil')
  })

  it('let a target rest for no longer than they would themselves', async () => {
    const store = memory()
    store.set(`rests:${name}`, 'Infinity')
    const { meet, health } = aProcess(store)
    expect(await meet(undefined, { alternatives: true })).toBe('circuit_open')
    expect(health()?.restsUntil).toBe(Date.now() + 300_000)
  })

  it('forget a rest when somebody lets go of the target', async () => {
    const store = memory()
    const one = aProcess(store)
    await one.meet(new LeashError('overloaded', 'No.', { retryAfterMs: 60_000 }))
    await settled()
    one.breaker.hold(name, 'auto')
    await settled()
    expect(await aProcess(store).meet(undefined, { alternatives: true })).toBe('ok')
  })

  it('hold no call up that its caller has aborted', async () => {
    const hanging: Store = { ...memory(), get: () => new Promise<never>(() => {}) }
    const caller = new AbortController()
    const { meet } = aProcess(hanging)
    const call = meet(undefined, { signal: caller.signal })
    caller.abort()
    expect(await call).toBe('aborted')
    expect(getEventListeners(caller.signal, 'abort')).toHaveLength(0)
  })

  it('wait for the store once and not for long, and judge for themselves when it fails or hangs', async () => {
    const never = () => new Promise<never>(() => {})
    const broken = () => Promise.reject(new Error('gone'))
    for (const how of [never, broken]) {
      const { meet, state } = aProcess({ ...memory(), get: how, set: how, delete: how })
      expect([await meet(), await meet()]).toEqual(['ok', 'ok'])
      await meet(down())
      expect(state()).toBe('open')
      pass(30_000)
      expect([await meet(), state()]).toEqual(['ok', 'closed'])
    }
  })

  it('open for no longer than they would themselves, whatever another clock says', async () => {
    const store = memory()
    store.set(`breaker:${name}`, 'Infinity')
    const { health, meet } = aProcess(store)
    await meet()
    expect(health()).toMatchObject({ state: 'open', until: Date.now() + 300_000 })
  })

  it('heed nothing that is no time', async () => {
    const store = memory()
    store.set(`breaker:${name}`, 'soon')
    const { meet } = aProcess(store)
    for (let call = 0; call < 3; call++) {
      expect(await meet()).toBe('ok')
      await settled()
    }
  })
})

describe.skipIf(!hasRedis)('breakers that share a Redis', () => {
  const server = useRedis()

  it('open together', async () => {
    const stores = [redis({ url: server.url, timeoutMs: 10_000 }), redis({ url: server.url })] as const
    const [one, other] = [aProcess(stores[0]), aProcess(stores[1])]
    await other.meet()
    await one.meet(down())
    await vi.waitFor(async () => {
      pass(1000)
      await other.meet()
      expect(other.state()).toBe('open')
    }, 10_000)
    expect(other.changes).toEqual(['open: shared'])
    for (const store of stores) await store.close()
  })
})
