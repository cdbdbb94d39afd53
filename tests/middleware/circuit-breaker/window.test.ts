import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Window } from '../../../src/middleware/circuit-breaker/window.js'

const minute = 60_000

it('counts what was within the window, to a twelfth of it', () => {
  const visits = fc.array(fc.record({ afterMs: fc.integer({ min: 0, max: 20_000 }), failed: fc.boolean() }))
  fc.assert(
    fc.property(visits, (visits) => {
      const window = new Window(minute)
      const seen: { at: number; failed: boolean }[] = []
      let now = 1_700_000_000_123
      for (const { afterMs, failed } of visits) {
        now += afterMs
        const counts = window.at(now)
        counts.calls++
        if (failed) counts.failures++
        seen.push({ at: now, failed })
        const { calls, failures } = window.sum(now)
        const within = (ms: number) => seen.filter(({ at }) => at > now - ms)
        expect(calls).toBeGreaterThanOrEqual(within((minute / 12) * 11).length)
        expect(calls).toBeLessThanOrEqual(within(minute).length)
        expect(failures).toBeLessThanOrEqual(within(minute).filter(({ failed }) => failed).length)
        expect(failures).toBeGreaterThanOrEqual(within((minute / 12) * 11).filter(({ failed }) => failed).length)
      }
    }),
  )
})

it('forgets everything when it is cleared, and after a pause as long as itself', () => {
  const window = new Window(minute)
  window.at(0).calls++
  expect(window.sum(minute - 1).calls).toBe(1)
  expect(window.sum(minute).calls).toBe(0)
  window.at(minute).calls++
  window.clear()
  expect(window.sum(minute).calls).toBe(0)
})
