import { expect, test } from 'vitest'
import type { Attempt } from '../../src/core/call.js'
import type { PriceBook, Step } from '../../src/core/price.js'
import { usageOf } from '../../src/core/usage.js'
import { spentUsd } from '../../src/middleware/route/cost.js'
import { unbookedCost } from '../../src/middleware/unbooked.js'

/** So many nano-dollars for a token. */
const steps = (nano: number): Step[] => {
  const each = nano * 1e6
  return [{ from: 0, rates: { input: each, cacheRead: each, cacheWrite: each, output: each, reasoning: each }, request: 0 }]
}
const prices: PriceBook = {
  price: ({ model }) =>
    model === 'known' ? { currency: 'USD', source: 's', version: '1', tiers: { standard: steps(10), flex: steps(5) } } : null,
}
const attempt: Attempt = { provider: 'p', model: 'known', protocol: 'openai-chat', startedAt: 0, outcome: 'ok' }
const usage = usageOf({ input: 60, output: 40 })

test('an attempt that nobody has booked has cost what its vendor told, in the tier that it was served in', () => {
  expect(unbookedCost({ ...attempt, usage }, prices)).toBe(1000)
  expect(unbookedCost({ ...attempt, usage, serviceTier: 'flex' }, prices)).toBe(500)
})

test('a tier without a price of its own costs as much as the standard one', () => {
  expect(unbookedCost({ ...attempt, usage, serviceTier: 'priority' }, prices)).toBe(1000)
})

test('one whose vendor told nothing has cost nothing, and one without a price nobody knows how much', () => {
  const silent = { ...attempt, model: 'unknown', outcome: 'error' } as const
  expect(unbookedCost(silent, prices)).toBe(0)
  expect(spentUsd([silent, { ...attempt, usage }], prices)).toBe(0.000001)
  expect(
    spentUsd(
      [
        { ...silent, usage },
        { ...attempt, usage },
      ],
      prices,
    ),
  ).toBeUndefined()
})
