import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addUsage, buckets, inputTotal, outputTotal, total, type Usage, usageOf } from '../../src/core/usage.js'

const usage = fc.record(Object.fromEntries(buckets.map((bucket) => [bucket, fc.nat(1e9)]))) as unknown as fc.Arbitrary<Usage>

describe('usage', () => {
  it('has buckets that sum to the total', () => {
    fc.assert(
      fc.property(usage, (usage) => {
        expect(buckets.reduce((sum, bucket) => sum + usage[bucket], 0)).toBe(total(usage))
        expect(inputTotal(usage) + outputTotal(usage)).toBe(total(usage))
      }),
    )
  })

  it('adds bucket by bucket', () => {
    fc.assert(fc.property(usage, usage, (a, b) => total(addUsage(a, b)) === total(a) + total(b)))
  })

  it('never holds a negative bucket, whatever a vendor subtracts', () => {
    expect(usageOf({ input: -3, output: 2 })).toMatchObject({ input: 0, output: 2, reasoning: 0 })
  })
})
