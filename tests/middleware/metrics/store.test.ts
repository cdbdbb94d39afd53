/** Metrics of a leash whose budgets are kept in a store that cannot be asked. */
import { expect, test, vi } from 'vitest'
import type { BudgetState } from '../../../src/core/budget.js'
import { Emitter } from '../../../src/core/emitter.js'
import { Metrics } from '../../../src/middleware/metrics/metrics.js'
import { readExposition } from '../../helpers/exposition.js'

const open = (budgets: () => Promise<readonly BudgetState[]>) =>
  new Metrics(new Emitter(), { health: () => ({ targets: [], providers: [] }), modules: () => [], slos: () => [], budgets })

const told = (text: string) => readExposition(text).get('leash_active_requests')?.samples

test('are told without budgets when the store fails', async () => {
  const metrics = open(() => Promise.reject(new Error('The store is down.')))
  expect(told(await metrics.text())).toHaveLength(1)
})

test('are told without budgets when the store is silent', async () => {
  vi.useFakeTimers()
  try {
    const text = open(() => new Promise(() => {})).text()
    await vi.advanceTimersByTimeAsync(2000)
    expect(told(await text)).toHaveLength(1)
  } finally {
    vi.useRealTimers()
  }
})
