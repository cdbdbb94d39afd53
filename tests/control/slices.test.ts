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

it('tells what was spent beyond all leases by one that is over, all of it, also when an answer comes late', () => {
  const slices = new Slices()
  slices.add('a', 10, 100)
  slices.settle(slices.take(10), 15)
  slices.expire(100)
  const first = slices.claims()
  slices.settle([], 7)
  const second = slices.claims()
  expect([first, second].map(([told]) => told?.claim)).toEqual([
    { id: 'a', spent: 10, beyond: 5 },
    { id: 'a', spent: 10, beyond: 12 },
  ])
  for (const told of first) slices.told(told)
  expect(slices.claims().map(({ claim }) => claim)).toEqual([{ id: 'a', spent: 10, beyond: 12 }])
  for (const told of second) slices.told(told)
  expect([slices.claims(), slices.empty]).toEqual([[], true])
})

it('have free what is left of those that go on, whatever is set aside by one that is over', () => {
  const slices = new Slices()
  slices.add('a', 10, 100)
  slices.add('b', 10, 200)
  const parts = slices.take(6)
  expect(slices.free).toBe(14)
  slices.expire(100)
  expect(slices.free).toBe(10)
  slices.settle(parts, 2)
  expect(slices.free).toBe(10)
  expect(slices.take(10)).toMatchObject([{ slice: { id: 'b' }, amount: 10 }])
})
