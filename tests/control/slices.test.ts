import { expect, it } from 'vitest'
import { Slices } from '../../src/control/slices.js'

it('tell again what was settled while the relay was being told', () => {
  const slices = new Slices()
  slices.add('a', 10, 1000)
  const parts = slices.take(6)
  slices.expire(1000)
  const [told] = slices.claims()
  expect(told?.claim).toEqual({ id: 'a', spent: 6 })
  slices.settle(parts, 2)
  if (told) slices.told(told)
  expect(slices.claims().map(({ claim }) => claim)).toEqual([{ id: 'a', spent: 2 }])
})
