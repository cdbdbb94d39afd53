import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { MemoryIndex } from '../../../src/middleware/semantic-cache/memory-index.js'
import { dot, unit } from '../../../src/middleware/semantic-cache/vectors.js'

const at = (...numbers: number[]) => unit(Float32Array.from(numbers)) ?? new Float32Array(numbers.length)
const minute = 60_000

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('the index in memory', () => {
  const vector = fc
    .array(fc.integer({ min: -5, max: 5 }), { minLength: 3, maxLength: 3 })
    .filter((numbers) => numbers.some((number) => number !== 0))
    .map((numbers) => at(...numbers))

  test('finds the nearest of all, if it is near enough', () => {
    fc.assert(
      fc.property(
        fc.array(vector, { minLength: 1, maxLength: 20 }),
        vector,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (all, asked, threshold) => {
          const index = new MemoryIndex(100, 1e6)
          for (const [n, one] of all.entries()) index.add('s', one, String(n), minute)
          const best = Math.max(...all.map((one) => dot(one, asked)))
          const found = index.nearest('s', asked, threshold)
          expect(found !== undefined).toBe(best >= threshold)
          if (found) expect(found.similarity).toBeCloseTo(best, 5)
        },
      ),
    )
  })

  test('keeps spaces apart, and vectors of other lengths', () => {
    const index = new MemoryIndex(10, 1e6)
    index.add('a', at(1, 0), 'x', minute)
    expect(index.nearest('b', at(1, 0), 0)).toBeUndefined()
    expect(index.nearest('a', at(1, 0, 0), 0)).toBeUndefined()
    index.add('ab', at(1, 0), 'y', minute)
    expect(index.clear('a')).toBe(2)
    expect(index.stats()).toEqual({ entries: 0, bytes: 0 })
  })

  test('has one answer to one question, the newest', () => {
    const index = new MemoryIndex(10, 1e6)
    index.add('s', at(1, 1), 'old', minute)
    index.add('s', at(2, 2), 'new', minute)
    expect(index.nearest('s', at(1, 1), 0.9)?.value).toBe('new')
    expect(index.stats().entries).toBe(1)
  })

  test('forgets what has had its time', () => {
    const index = new MemoryIndex(10, 1e6)
    index.add('s', at(1, 0), 'short', 1000)
    index.add('s', at(1, 1), 'long', minute)
    vi.advanceTimersByTime(1001)
    expect(index.nearest('s', at(1, 0), 0.5)?.value).toBe('long')
    expect(index.stats().entries).toBe(1)
  })

  test('holds no more than it may, and gives up what was not asked for the longest time', () => {
    const index = new MemoryIndex(2, 1e6)
    index.add('s', at(1, 0), 'a', minute)
    index.add('s', at(0, 1), 'b', minute)
    expect(index.nearest('s', at(1, 0), 0.9)?.value).toBe('a')
    index.add('t', at(1, 1), 'c', minute)
    expect(index.nearest('s', at(0, 1), 0.9)).toBeUndefined()
    expect(index.nearest('s', at(1, 0), 0.9)?.value).toBe('a')
    const small = new MemoryIndex(1000, 20_000)
    for (let n = 0; n < 100; n++) small.add('s', at(Math.cos(n / 100), Math.sin(n / 100)), 'x'.repeat(500), minute)
    expect(small.stats().bytes).toBeLessThanOrEqual(20_000)
    small.add('s', at(1, 0), 'x'.repeat(50_000), minute)
    expect(small.nearest('s', at(1, 0), 0.99999)).toBeUndefined()
  })
})
