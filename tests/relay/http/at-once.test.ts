import { expect, it } from 'vitest'
import { atOnce } from '../../../src/relay/http/at-once.js'

it('works on so many at once and no more, and on the next when one is done or has failed', async () => {
  const taking = atOnce(2, 'Too many.')
  const [one, two] = [Promise.withResolvers<number>(), Promise.withResolvers<number>()]
  const [first, second] = [taking(() => one.promise), taking(() => two.promise)]
  await expect(taking(async () => 0)).rejects.toMatchObject({ code: 'rate_limited', retryAfterMs: 1000 })
  one.reject(new Error('broken'))
  await expect(first).rejects.toThrow('broken')
  expect(await taking(async () => 3)).toBe(3)
  two.resolve(2)
  expect(await second).toBe(2)
  expect(await Promise.all([taking(async () => 4), taking(async () => 5)])).toEqual([4, 5])
})
