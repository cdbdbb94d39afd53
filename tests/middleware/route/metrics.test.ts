import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Moments, Quantiles } from '../../../src/middleware/route/metrics.js'

const numbers = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 2, maxLength: 200 })

describe('Moments', () => {
  test('are the mean and the variance of all numbers', () => {
    fc.assert(
      fc.property(numbers, (values) => {
        const moments = new Moments()
        for (const value of values) moments.add(value)
        const mean = values.reduce((sum, value) => sum + value, 0) / values.length
        const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)
        expect(moments.count).toBe(values.length)
        expect(moments.mean).toBeCloseTo(mean, 3)
        expect(Math.abs(moments.variance - variance)).toBeLessThanOrEqual(1e-6 * Math.max(1, variance))
      }),
    )
  })

  test('lose nothing when the numbers are large and close to each other', () => {
    const moments = new Moments()
    for (const value of [1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16]) moments.add(value)
    expect(moments.variance).toBeCloseTo(30, 6)
  })

  test('of one number have no variance', () => {
    const moments = new Moments()
    moments.add(5)
    expect([moments.mean, moments.variance]).toEqual([5, 0])
  })
})

describe('Quantiles', () => {
  test('are within two per cent of the number that stands there', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 600_000 }), { minLength: 1, maxLength: 300 }), (values) => {
        const quantiles = new Quantiles()
        for (const value of values) quantiles.add(value)
        const sorted = values.toSorted((a, b) => a - b)
        for (const q of [0.5, 0.95, 1]) {
          const exact = sorted[Math.max(0, Math.ceil(q * values.length) - 1)] ?? 0
          expect(Math.abs((quantiles.at(q) ?? 0) - exact)).toBeLessThanOrEqual(0.02 * exact + 1e-9)
        }
      }),
    )
  })

  test('of nothing are unknown', () => {
    expect(new Quantiles().at(0.5)).toBeUndefined()
  })

  test('take numbers from beyond any clock', () => {
    const quantiles = new Quantiles()
    for (const value of [0, -1, 1e300, Number.POSITIVE_INFINITY]) quantiles.add(value)
    expect(quantiles.at(0.5)).toBeLessThan(1.1)
  })
})
