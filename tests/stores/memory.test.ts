import { afterEach, describe, expect, it, vi } from 'vitest'
import { memory } from '../../src/stores/memory.js'
import { storeScenarios } from './scenarios.js'

afterEach(() => {
  vi.useRealTimers()
})

describe('the memory store', () => {
  const shared = memory()
  storeScenarios(() => shared)

  it('answers at once: a call within one process waits for nothing', () => {
    const store = memory()
    store.set('k', 'v')
    expect(store.get('k')).toBe('v')
    expect(store.take('s', [{ key: 'k', algorithm: 'token-bucket', limit: 1, windowMs: 1000, amount: 1 }]).ok).toBe(true)
    const reserved = store.reserve('s', [{ key: 'k', limit: 1 }], 1, { ttlMs: 1000 })
    expect(reserved.ok).toBe(true)
  })

  it('holds no more values than it may, and gives up the one that was not used for the longest time', () => {
    const store = memory({ maxEntries: 2 })
    store.set('a', '1')
    store.set('b', '2')
    store.get('a')
    store.set('c', '3')
    expect(['a', 'b', 'c'].map((key) => store.get(key))).toEqual(['1', undefined, '3'])
    expect(store.stats()).toMatchObject({ entries: 2 })
  })

  it('holds no more bytes than it may, and does not keep a value that is larger than all of them', () => {
    const store = memory({ maxBytes: 1000 })
    store.set('a', new Uint8Array(300))
    store.set('b', new Uint8Array(300))
    expect(store.get('a')).toBeUndefined()
    expect(store.get('b')).toHaveLength(300)
    store.set('c', 'x'.repeat(300))
    expect(store.get('c')).toBeUndefined()
    expect(store.stats().bytes).toBeLessThanOrEqual(1000)
  })

  it('sets no timer for what expires', () => {
    vi.useFakeTimers()
    const store = memory()
    store.set('k', 'v', 50)
    store.get('k')
    store.reserve('s', [{ key: 'k', limit: 1 }], 1, { ttlMs: 50 })
    expect(vi.getTimerCount()).toBe(0)
    vi.advanceTimersByTime(51)
    expect(store.get('k')).toBeUndefined()
  })

  it('counts against so many limits at once, and begins the one anew that was not used for the longest time', () => {
    const store = memory({ maxLimits: 2 })
    const one = (key: string) => store.take('s', [{ key, algorithm: 'fixed-window', limit: 1, windowMs: 1e11, amount: 1 }]).ok
    expect(['a', 'b', 'a', 'b', 'c', 'b', 'a'].map(one)).toEqual([true, true, false, false, true, false, true])
  })

  it('refuses another budget when it holds as many as it may, and takes it when one of them is over', () => {
    vi.useFakeTimers()
    const store = memory({ maxBudgets: 1 })
    const day = 86_400_000
    const reserve = (key: string) => store.reserve('s', [{ key, limit: 5, endsAt: Date.now() + day }], 5, { ttlMs: 1000 })
    expect(reserve('a').ok).toBe(true)
    expect(reserve('a').ok).toBe(false)
    expect(() => reserve('b')).toThrow(expect.objectContaining({ code: 'overloaded' }))
    vi.advanceTimersByTime(2 * day)
    expect(reserve('b').ok).toBe(true)
    expect(store.read('s', 'a')).toEqual({ spent: 0, reserved: 0 })
  })

  it('sweeps reservations that expire at different times, each at its own', () => {
    vi.useFakeTimers()
    const store = memory()
    const scopes = [{ key: 'k', limit: 100 }]
    for (const ttlMs of [300, 100, 200]) store.reserve('s', scopes, 10, { ttlMs, expired: 'returned' })
    const seen = [0, 100, 100, 100].map((ms) => {
      vi.advanceTimersByTime(ms)
      return store.read('s', 'k').reserved
    })
    expect(seen).toEqual([30, 20, 10, 0])
  })
})
