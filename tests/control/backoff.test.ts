import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Backoff } from '../../src/control/backoff.js'
import { LeashError } from '../../src/core/errors.js'

afterEach(() => void vi.useRealTimers())

describe('after a failure', () => {
  it('twice as long is waited as before, up to half a minute', () => {
    const backoff = new Backoff(() => 0.999999)
    const waits = Array.from({ length: 12 }, () => Math.round(backoff.failed()))
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000, 30_000, 30_000, 30_000])
  })

  it('clients do not come back all at once', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 0.999, noNaN: true }), (random) => {
        const wait = new Backoff(() => random).failed()
        expect(wait).toBeCloseTo(250 + random * 250)
      }),
    )
  })

  it('what the relay asks for is waited, but never for ever', () => {
    const waited = (retryAfterMs: number) => new Backoff(() => 0).failed(new LeashError('overloaded', 'Later.', { retryAfterMs }))
    expect([7000, 60_000, 3_600_000, 1].map(waited)).toEqual([7000, 60_000, 120_000, 250])
    expect(new Backoff(() => 0).failed(new Error('of the network'))).toBe(250)
  })

  it('no more is waited when the clock is set back meanwhile', () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'], now: 7_200_000 })
    const backoff = new Backoff(() => 0)
    vi.advanceTimersByTime(backoff.failed() - 1)
    vi.setSystemTime(3_600_000)
    expect(backoff.waiting).toBe(true)
    vi.advanceTimersByTime(1)
    expect(backoff.waiting).toBe(false)
  })

  it('and a success, it begins anew', () => {
    const backoff = new Backoff(() => 0)
    backoff.failed()
    backoff.failed()
    expect(backoff.waiting).toBe(true)
    backoff.succeeded()
    expect(backoff.waiting).toBe(false)
    expect(backoff.failed()).toBe(250)
  })
})
