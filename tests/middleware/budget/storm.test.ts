import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { usdOf } from '../../../src/core/money.js'
import type { Store } from '../../../src/core/store.js'
import type { Budget } from '../../../src/middleware/budget/options.js'
import { memory } from '../../../src/stores/memory.js'
import { randomOf } from '../route/random.js'
import { budgeting } from './rig.js'
import { storm } from './storm.js'

const budgets: readonly Budget[] = [
  { name: 'all', limit: { usd: usdOf(1_200_000), tokens: 250_000, requests: 900 }, per: 'total', shared: true },
  { name: 'tenants', limit: { usd: usdOf(700_000) }, per: 'total' },
  { name: 'users', limit: { usd: usdOf(130_000) }, per: 'total', by: 'user', action: 'cap' },
]

async function totals(store: Store) {
  const states = await budgeting(budgets, { store }).keeper.states({})
  const of = (unit: string) => states.find(({ budget, unit: its }) => budget === 'all' && its === unit)
  return { usd: of('usd'), tokens: of('tokens'), requests: of('requests') }
}

describe('a thousand calls at once, with failures, aborts, retries and hedges', () => {
  test('never pass a budget, and leave nothing set aside', async () => {
    const seen = { answered: 0, refused: 0, aborted: 0, failed: 0, hedged: 0 }
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        const store = memory()
        const fallout = await storm({ store, budgets, calls: 1000, random: randomOf(seed) })
        expect(fallout.over).toBeLessThanOrEqual(0)
        const { usd, tokens, requests } = await totals(store)
        expect(usd).toMatchObject({ reserved: 0, spent: usdOf(fallout.cost) })
        expect(tokens).toMatchObject({ reserved: 0, spent: fallout.tokens })
        expect(requests).toMatchObject({ reserved: 0 })
        for (const key of ['answered', 'refused', 'aborted', 'failed', 'hedged'] as const) seen[key] += fallout[key]
      }),
      { numRuns: 4 },
    )
    // It was a storm.
    for (const [, count] of Object.entries(seen)) expect(count).toBeGreaterThan(0)
  }, 120_000)
})
