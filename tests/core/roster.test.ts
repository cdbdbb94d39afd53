import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Roster } from '../../src/core/roster.js'

it('has what was added and not removed, however they come and go', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 20 }), { maxLength: 200 }), (steps) => {
      const roster = new Roster<{ readonly id: number }>()
      const there = new Map<number, number>()
      for (const id of steps) {
        const place = there.get(id)
        if (place === undefined) there.set(id, roster.add({ id }))
        else {
          roster.remove(place)
          there.delete(id)
        }
        for (let one = 0; one <= 20; one++)
          expect(roster.all().find((item) => item.id === one)?.id).toBe(there.has(one) ? one : undefined)
      }
      expect(new Set(there.values()).size).toBe(there.size)
    }),
  )
})

it('gives a place that was left to the next, once', () => {
  const roster = new Roster<string>()
  const first = roster.add('a')
  roster.remove(first)
  roster.remove(first)
  expect(roster.add('b')).toBe(first)
  expect(roster.add('c')).not.toBe(first)
})
