import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { assign, draw, evenly } from '../../../src/middleware/route/draw.js'
import { randomOf } from './random.js'

const weights = fc
  .array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 20 })), { minLength: 1, maxLength: 6 })
  .filter((all) => all.some((weight) => weight > 0))
const sum = (all: readonly number[]) => all.reduce((sum, one) => sum + one, 0)
const keysOf = (all: readonly number[]) => all.map((_, index) => `vendor/model-${index}`)

describe('weights', () => {
  test('are the shares in which targets are drawn, and 0 is never drawn', () => {
    fc.assert(
      fc.property(weights, fc.integer(), (weights, seed) => {
        const random = randomOf(seed)
        const counts = countOf(4000, weights.length, () => draw(weights, random))
        expectShares(counts, weights, 4000)
      }),
      { numRuns: 40 },
    )
  })

  test('are the shares of subjects that each target gets, and 0 gets none', () => {
    fc.assert(
      fc.property(weights, fc.string({ maxLength: 12 }), (weights, experiment) => {
        const counts = countOf(4000, weights.length, (at) => assign(`${experiment}\0user-${at}`, keysOf(weights), weights))
        expectShares(counts, weights, 4000)
      }),
      { numRuns: 40 },
    )
  })

  test('draw exactly one target, whatever the chance', () => {
    fc.assert(
      fc.property(weights, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (weights, chance) => {
        expect(weights[draw(weights, () => chance)]).toBeGreaterThan(0)
      }),
    )
  })
})

describe('a subject', () => {
  test('always gets the same target', () => {
    fc.assert(
      fc.property(weights, fc.string(), (weights, subject) => {
        const keys = keysOf(weights)
        const first = assign(subject, keys, weights)
        expect(weights[first]).toBeGreaterThan(0)
        expect(assign(subject, keys, weights)).toBe(first)
      }),
    )
  })

  test('gets the same target in whatever order they are listed', () => {
    fc.assert(
      fc.property(weights, fc.string(), (weights, subject) => {
        const keys = keysOf(weights)
        const key = keys[assign(subject, keys, weights)]
        const reversed = keys.toReversed()
        expect(reversed[assign(subject, reversed, weights.toReversed())]).toBe(key)
      }),
    )
  })

  test('keeps its target when another one is taken away', () => {
    fc.assert(
      fc.property(weights, fc.string(), fc.nat(), (weights, subject, which) => {
        const keys = keysOf(weights)
        const mine = assign(subject, keys, weights)
        const gone = which % weights.length
        fc.pre(gone !== mine)
        const left = weights.map((weight, index) => (index === gone ? 0 : weight))
        expect(assign(subject, keys, left)).toBe(mine)
      }),
    )
  })

  test('moves only to the target whose weight grew', () => {
    fc.assert(
      fc.property(weights, fc.string(), fc.nat(), (weights, subject, which) => {
        const keys = keysOf(weights)
        const grown = which % weights.length
        const heavier = weights.map((weight, index) => (index === grown ? weight + 5 : weight))
        expect([assign(subject, keys, weights), grown]).toContain(assign(subject, keys, heavier))
      }),
    )
  })

  test('gets targets in one experiment that tell nothing of those in another', () => {
    const both = countOf(4000, 4, (at) => {
      const [a, b] = ['one', 'two'].map((name) => assign(`${name}\0user-${at}`, ['x', 'y'], [1, 1]))
      return (a ?? 0) * 2 + (b ?? 0)
    })
    expectShares(both, [1, 1, 1, 1], 4000)
  })
})

test('hashes of names that differ in one letter are spread evenly', () => {
  const counts = countOf(10_000, 10, (at) => Math.floor(evenly(`user-${at}`) * 10))
  expectShares(counts, new Array<number>(10).fill(1), 10_000)
  expect(evenly('')).toBeGreaterThan(0)
})

function countOf(draws: number, size: number, next: (at: number) => number): number[] {
  const counts = new Array<number>(size).fill(0)
  for (let at = 0; at < draws; at++) {
    const index = next(at)
    counts[index] = (counts[index] ?? 0) + 1
  }
  return counts
}

/** Within five standard deviations of what the weights say: once in two million draws it is further off by chance. */
function expectShares(counts: readonly number[], weights: readonly number[], draws: number): void {
  expect(sum(counts)).toBe(draws)
  for (const [index, weight] of weights.entries()) {
    const share = weight / sum(weights)
    const off = Math.abs((counts[index] ?? 0) - draws * share)
    expect(off).toBeLessThanOrEqual(5 * Math.sqrt(draws * share * (1 - share)))
  }
}
