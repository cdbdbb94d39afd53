import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Algorithm, Limit } from '../../../src/core/store.js'
import { memory } from '../../../src/stores/memory.js'
import { type Admitted, breaches } from '../bounds.js'

const algorithms: readonly Algorithm[] = ['token-bucket', 'fixed-window', 'sliding-window']

afterEach(() => {
  vi.useRealTimers()
})

describe.each(algorithms)('%s', (algorithm) => {
  const limit: Limit = { key: 'k', algorithm, limit: 10, windowMs: 1000, amount: 1 }

  it('never lets more pass than it promises in any stretch of time, whatever comes and whenever', () => {
    const arrivals = fc.array(fc.tuple(fc.nat(120), fc.nat(7), fc.boolean()), { minLength: 1, maxLength: 80 })
    fc.assert(
      fc.property(arrivals, fc.constantFrom(7, 100, 1000), (all, windowMs) => {
        vi.useFakeTimers({ toFake: ['Date'], now: 1_800_000_000_123 })
        const store = memory()
        const admitted: Admitted[] = []
        for (const [waitMs, amount, returned] of all) {
          vi.setSystemTime(Date.now() + waitMs)
          const { ok, at } = store.take('s', [{ ...limit, windowMs, amount }])
          if (!ok) continue
          const used = returned ? Math.floor(amount / 2) : amount
          store.adjust('s', [{ ...limit, windowMs, amount: used - amount }], at)
          admitted.push({ at, amount: used })
        }
        expect(breaches(algorithm, limit.limit, windowMs, admitted)).toEqual([])
      }),
    )
  })

  it('lets pass what it refused after the time that it named, and not a millisecond before', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(300), fc.integer({ min: 1, max: 10 })), { maxLength: 20 }), (all) => {
        vi.useFakeTimers({ toFake: ['Date'], now: 1_800_000_000_123 })
        const store = memory()
        for (const [waitMs, amount] of all) {
          vi.setSystemTime(Date.now() + waitMs)
          const { ok, retryAfterMs } = store.take('s', [{ ...limit, amount }])
          if (ok) continue
          vi.setSystemTime(Date.now() + retryAfterMs - 1)
          expect(store.take('s', [{ ...limit, amount }]).ok).toBe(false)
          vi.setSystemTime(Date.now() + 1)
          expect(store.take('s', [{ ...limit, amount }]).ok).toBe(true)
        }
      }),
    )
  })

  it('gives nothing away when the clock is set back', () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_800_000_000_000 })
    const store = memory()
    const take = () => store.take('s', [{ ...limit, amount: 10 }]).ok
    expect(take()).toBe(true)
    vi.setSystemTime(Date.now() - 500)
    expect(take()).toBe(false)
    vi.setSystemTime(Date.now() + 400)
    expect(take()).toBe(false)
    vi.setSystemTime(Date.now() + 2000)
    expect(take()).toBe(true)
  })

  it('shuts nobody out until a clock that was far ahead has caught up', () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_800_000_000_000 })
    const store = memory()
    const take = () => store.take('s', [{ ...limit, amount: 10 }]).ok
    expect(take()).toBe(true)
    vi.setSystemTime(Date.now() - 3_600_000)
    take()
    vi.setSystemTime(Date.now() + 2000)
    expect(take()).toBe(true)
    expect(take()).toBe(false)
  })

  it('is as good as new after a window and a little', () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_800_000_000_123 })
    const store = memory()
    store.take('s', [{ ...limit, amount: 10 }])
    vi.setSystemTime(Date.now() + 1050)
    expect(store.take('s', [{ ...limit, amount: 0 }]).states).toEqual([{ remaining: 10, resetMs: 0 }])
  })
})

it('a fixed window counts by whole windows since 1970: a day is one in UTC', () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 10, 21, 23, 59, 59, 0) })
  const store = memory()
  const day: Limit = { key: 'k', algorithm: 'fixed-window', limit: 1, windowMs: 86_400_000, amount: 1 }
  expect(store.take('s', [day]).ok).toBe(true)
  expect(store.take('s', [day])).toMatchObject({ ok: false, retryAfterMs: 1000 })
  vi.setSystemTime(Date.now() + 1000)
  expect(store.take('s', [day]).ok).toBe(true)
})

it('what is given back to a window that is over helps no other', () => {
  vi.useFakeTimers({ toFake: ['Date'], now: 1_800_000_000_000 })
  const store = memory()
  for (const algorithm of ['fixed-window', 'sliding-window'] as const) {
    const limit: Limit = { key: 'k', algorithm, limit: 10, windowMs: 1000, amount: 10 }
    const { at } = store.take('s', [limit])
    vi.setSystemTime(Date.now() + 1100)
    store.take('s', [limit])
    store.adjust('s', [{ ...limit, amount: -10 }], at)
    expect(store.take('s', [{ ...limit, amount: 1 }]).ok).toBe(false)
  }
})
