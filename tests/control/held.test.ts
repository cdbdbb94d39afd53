import { expect, it } from 'vitest'
import { HeldReservations } from '../../src/control/held.js'
import { LentScope } from '../../src/control/lent-scope.js'

const day = 86_400_000

/** Of a scope for which nobody could be asked: nothing was set aside. */
function passed() {
  const [held, scope] = [new HeldReservations(), new LentScope('team', 100)]
  const reservation = held.add({ space: 's', amount: 10, of: [{ scope, parts: [] }], expired: 'spent', until: 5 })
  return { held, scope, reservation }
}

it('count what passed without a lease once, when they are settled late', () => {
  const { held, scope, reservation } = passed()
  expect(held.expire(5)).toEqual([scope])
  expect(scope.balance).toEqual({ spent: 0, reserved: 0 })
  expect(held.settle(reservation, 4)).toEqual([scope])
  expect(scope.balance).toEqual({ spent: 4, reserved: 0 })
})

it('are forgotten a day after they have expired', () => {
  const { held, reservation } = passed()
  held.expire(5)
  held.expire(5 + day - 1)
  expect(held.size).toBe(1)
  held.expire(5 + day)
  expect(held.size).toBe(0)
  expect(held.settle(reservation, 4)).toEqual([])
})
