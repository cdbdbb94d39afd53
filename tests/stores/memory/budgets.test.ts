import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { MemoryBudgets } from '../../../src/stores/memory/budgets.js'

const [hour, day] = [3_600_000, 86_400_000]

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: 0 }))
afterEach(() => void vi.useRealTimers())

it('begin anew a day after their end', () => {
  const budgets = new MemoryBudgets(10)
  const scope = { key: 'team', limit: 10, endsAt: hour }
  const ask = () => budgets.reserve('s', [scope], 10, { ttlMs: hour })
  expect(ask()).toMatchObject({ ok: true })
  vi.setSystemTime(hour + day - 1)
  expect(ask()).toMatchObject({ ok: false })
  vi.setSystemTime(hour + day)
  expect(budgets.read('s', 'team')).toEqual({ spent: 0, reserved: 0 })
  expect(ask()).toMatchObject({ ok: true })
})

it('take what came of a reservation until a day after it has expired', () => {
  const budgets = new MemoryBudgets(10)
  const reserve = () => {
    const reserved = budgets.reserve('s', [{ key: 'team', limit: 100 }], 10, { ttlMs: hour })
    return reserved.ok ? reserved.reservation : expect.fail()
  }
  const [first, second] = [reserve(), reserve()]
  vi.setSystemTime(hour)
  expect(budgets.read('s', 'team')).toEqual({ spent: 20, reserved: 0 })
  vi.setSystemTime(hour + day - 1)
  budgets.settle(first, 1)
  expect(budgets.read('s', 'team')).toEqual({ spent: 11, reserved: 0 })
  vi.setSystemTime(hour + day)
  budgets.settle(second, 1)
  expect(budgets.read('s', 'team')).toEqual({ spent: 11, reserved: 0 })
})
