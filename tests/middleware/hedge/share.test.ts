import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Share } from '../../../src/middleware/hedge/share.js'

test('one try may be hedged from the start, and more as the tries go on', () => {
  const share = new Share(0.1)
  const hedged: number[] = []
  for (let attempt = 1; attempt <= 40; attempt++) {
    share.count()
    if (share.take()) hedged.push(attempt)
  }
  expect(hedged).toEqual([1, 20, 30, 40])
})

test('a share of nothing hedges nothing', () => {
  const share = new Share(0)
  share.count()
  expect(share.take()).toBe(false)
})

test('of any 1000 tries in a row, no more than the share is hedged', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 400 })), { minLength: 1, maxLength: 15 }),
      (percent, runs) => {
        const share = new Share(percent / 100)
        const hedged: number[] = []
        let tries = 0
        for (const [late, length] of runs) {
          for (let one = 0; one < length; one++) {
            tries++
            share.count()
            if (late && share.take()) hedged.push(tries)
          }
        }
        const most = Math.max(1, percent * 10)
        for (const [index, last] of hedged.entries()) {
          expect(hedged.slice(0, index + 1).filter((at) => at > last - 1000).length).toBeLessThanOrEqual(most)
        }
      },
    ),
  )
})
