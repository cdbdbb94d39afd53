import { expect, it } from 'vitest'
import { TokenBuckets } from '../../../src/relay/http/token-buckets.js'

it('is filled as time goes by, and never with more than one burst, however long nobody comes', () => {
  let now = 0
  const buckets = new TokenBuckets({ perSecond: 2, burst: 3 }, () => now)
  const take = () => buckets.take('red')
  expect([take(), take(), take(), take()]).toEqual([0, 0, 0, 500])
  expect(buckets.wait('red')).toBe(500)
  expect(buckets.wait('blue')).toBe(0)
  now += 250
  expect(take()).toBe(250)
  now += 250
  expect([take(), take()]).toEqual([0, 500])
  now += 3_600_000
  expect([take(), take(), take(), take()]).toEqual([0, 0, 0, 500])
})
