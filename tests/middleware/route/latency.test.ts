import { describe, expect, test } from 'vitest'
import type { Attempt } from '../../../src/core/call.js'
import { Latencies, twoOf } from '../../../src/middleware/route/latency.js'
import { aCall } from '../../helpers/call.js'
import { randomOf } from './random.js'

const { target } = aCall()
const attempt = (over: Partial<Attempt>): Attempt => ({
  provider: 'test',
  model: 'gpt-test',
  protocol: 'p',
  startedAt: 0,
  outcome: 'ok',
  ...over,
})

function seen() {
  const clock = { now: 1e6 }
  const latencies = new Latencies(() => clock.now)
  return { clock, latencies, of: (stream = false) => latencies.of(target, stream) }
}

describe('what is seen of a target', () => {
  test('rises at once, and falls only by and by', () => {
    const { clock, latencies, of } = seen()
    latencies.observe(attempt({ durationMs: 100 }), false)
    latencies.observe(attempt({ durationMs: 5000 }), false)
    expect(of().ms).toBe(5000)
    clock.now += 1000
    latencies.observe(attempt({ durationMs: 100 }), false)
    expect(of().ms).toBeGreaterThan(4800)
    expect(of().ms).toBeLessThan(5000)
  })

  test('fades while nobody asks the target', () => {
    const { clock, latencies, of } = seen()
    latencies.observe(attempt({ durationMs: 5000 }), false)
    clock.now += 600_000
    expect(of().ms).toBeLessThan(1)
  })

  test('counts calls under way', () => {
    const { latencies, of } = seen()
    latencies.observe(attempt({ durationMs: 100 }), false)
    expect(of().load).toBe(100)
    of().pending += 2
    expect(of().load).toBe(300)
  })

  test('takes a failure of the target for a long wait, and one of the caller for nothing', () => {
    const { latencies, of } = seen()
    latencies.observe(attempt({ outcome: 'error', error: 'invalid_request', durationMs: 5 }), false)
    latencies.observe(attempt({ outcome: 'error', error: 'content_filtered', durationMs: 5 }), false)
    expect(of().ms).toBe(0)
    for (const error of ['overloaded', 'rate_limited', 'timeout', 'network_error', 'authentication_failed'] as const) {
      const other = seen()
      other.latencies.observe(attempt({ outcome: 'error', error, durationMs: 5 }), false)
      expect(other.of().ms).toBe(30_000)
    }
  })

  test('takes an attempt that was given up for at least as slow as that', () => {
    const { latencies, of } = seen()
    latencies.observe(attempt({ outcome: 'cancelled', durationMs: 900 }), false)
    latencies.observe(attempt({ outcome: 'cancelled', durationMs: 20 }), false)
    expect(of().ms).toBe(900)
  })

  test('learns nothing of an attempt that is still under way', () => {
    const { latencies, of } = seen()
    latencies.observe(attempt({ outcome: 'pending' }), false)
    latencies.observe(attempt({ outcome: 'pending' }), true)
    expect([of().ms, of(true).ms]).toEqual([0, 0])
    latencies.observe(attempt({ outcome: 'pending', firstTokenMs: 70 }), true)
    expect([of().ms, of(true).ms]).toEqual([0, 70])
  })
})

describe('two of many', () => {
  test('are different ones, and every pair comes', () => {
    const random = randomOf(1)
    const pairs = new Set<string>()
    for (let at = 0; at < 500; at++) {
      const [a, b] = twoOf([2, 5, 7], random)
      expect(a).not.toBe(b)
      pairs.add(`${a} ${b}`)
    }
    expect(pairs.size).toBe(6)
  })

  test('are the same one where there is no other', () => {
    expect(twoOf([4], randomOf(1))).toEqual([4, 4])
  })
})
