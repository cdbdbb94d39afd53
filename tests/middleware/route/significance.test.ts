import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { twoProportions, welch } from '../../../src/middleware/route/significance.js'

/**
 * Tails of Student's curve as tables have them: https://www.itl.nist.gov/div898/handbook/eda/section3/eda3672.htm
 * Two samples of the same size and variance have twice the freedom of one.
 */
const table = [
  { t: 2.086, freedom: 20, tails: 0.05 },
  { t: 2.845, freedom: 20, tails: 0.01 },
  { t: 1.8125, freedom: 10, tails: 0.1 },
  { t: 4.303, freedom: 2, tails: 0.05 },
  { t: 1.984, freedom: 100, tails: 0.05 },
  { t: 3.39, freedom: 100, tails: 0.001 },
] as const

describe('the test of Welch', () => {
  test.each(table)('has the tails of the tables at t = $t, $freedom degrees', ({ t, freedom, tails }) => {
    const count = freedom / 2 + 1
    const a = { count, mean: t * Math.sqrt(2 / count), variance: 1 }
    expect(welch(a, { count, mean: 0, variance: 1 })).toBeCloseTo(tails, 3)
  })

  test('takes samples of unequal variance for what they are', () => {
    // t = 1 / sqrt(4/20 + 1/10) = 1.8257, freedom 27.98: the tails are 0.0786.
    expect(welch({ count: 20, mean: 1, variance: 4 }, { count: 10, mean: 0, variance: 1 })).toBeCloseTo(0.0786, 3)
  })

  test('is the normal curve for large samples', () => {
    const count = 1e6
    const a = { count, mean: 1.959964 * Math.sqrt(2 / count), variance: 1 }
    expect(welch(a, { count, mean: 0, variance: 1 })).toBeCloseTo(0.05, 4)
  })

  test('gives a chance between 0 and 1, the same for both sides', () => {
    const sample = fc.record({
      count: fc.integer({ min: 2, max: 1e6 }),
      mean: fc.double({ min: -1e6, max: 1e6, noNaN: true }),
      variance: fc.double({ min: 0, max: 1e6, noNaN: true }),
    })
    fc.assert(
      fc.property(sample, sample, (a, b) => {
        const chance = welch(a, b)
        expect(chance).toBeGreaterThanOrEqual(0)
        expect(chance).toBeLessThanOrEqual(1)
        expect(welch(b, a)).toBe(chance)
      }),
    )
  })

  test('says nothing of one number, and all of constants that differ', () => {
    expect(welch({ count: 1, mean: 1, variance: 0 }, { count: 9, mean: 2, variance: 1 })).toBe(1)
    expect(welch({ count: 9, mean: 1, variance: 0 }, { count: 9, mean: 2, variance: 0 })).toBe(0)
    expect(welch({ count: 9, mean: 1, variance: 0 }, { count: 9, mean: 1, variance: 0 })).toBe(1)
  })
})

describe('the test of two proportions', () => {
  test('is that of the textbooks', () => {
    // 45 of 300 against 30 of 300: pooled 0.125, z = 0.05 / 0.027003 = 1.8516, both tails 0.0641.
    expect(twoProportions({ count: 300, cases: 45 }, { count: 300, cases: 30 })).toBeCloseTo(0.0641, 3)
  })

  test('says nothing where cases are too few for a normal curve', () => {
    expect(twoProportions({ count: 100, cases: 6 }, { count: 100, cases: 0 })).toBe(1)
    expect(twoProportions({ count: 100, cases: 94 }, { count: 100, cases: 100 })).toBe(1)
    expect(twoProportions({ count: 0, cases: 0 }, { count: 0, cases: 0 })).toBe(1)
  })
})
