import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Latencies } from '../../../src/middleware/hedge/latencies.js'
import { aCall } from '../../helpers/call.js'

const { target } = aCall()
const call = aCall({ target })

function seen(...times: readonly number[]): Latencies {
  const latencies = new Latencies()
  for (const ms of times) latencies.add(call, ms)
  return latencies
}

const counted = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

describe('the 95th percentile of a target', () => {
  test('is not known before there are 20 answers', () => {
    expect(seen(...counted(19)).p95(call)).toBeUndefined()
    expect(seen(...counted(20)).p95(call)).toBe(19)
  })

  test('is a little lower where it rests on few', () => {
    expect(seen(...counted(100)).p95(call)).toBe(94)
    expect(seen(...counted(256)).p95(call)).toBe(242)
  })

  test('is of the last 256', () => {
    expect(seen(...counted(256).map(() => 9000), ...counted(256)).p95(call)).toBe(242)
  })

  test('lies below one answer in twenty that is slow, as a rule', () => {
    const times = counted(200).map((at) => (at % 20 === 0 ? 1000 : 50))
    expect(seen(...times).p95(call)).toBe(50)
  })

  test('is another one for streams, and for another model', () => {
    const latencies = seen(...counted(20))
    expect(latencies.p95({ ...call, stream: true })).toBeUndefined()
    expect(latencies.p95({ ...call, target: { ...target, model: 'other' } })).toBeUndefined()
  })

  test('is one of the times that were seen, whatever they were', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 20, maxLength: 600 }), (times) => {
        const last = times.slice(-256).sort((a, b) => a - b)
        const p95 = seen(...times).p95(call) ?? Number.NaN
        expect(last).toContain(p95)
        // Between the ninth decile and the percentile itself.
        expect(p95).toBeLessThanOrEqual(last[Math.ceil(0.95 * last.length) - 1] ?? 0)
        expect(p95).toBeGreaterThanOrEqual(last[Math.floor(0.9 * last.length) - 1] ?? 0)
      }),
    )
  })

  test('is forgotten for the target that was not called for the longest, beyond 500', () => {
    const latencies = seen(...counted(20))
    for (let model = 0; model < 500; model++) latencies.add({ ...call, target: { ...target, model: `m${model}` } }, 1)
    expect(latencies.p95(call)).toBeUndefined()
  })
})
