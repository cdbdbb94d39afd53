import { describe, expect, test } from 'vitest'
import { LeashError } from '../../src/core/errors.js'
import { usdOf } from '../../src/core/money.js'
import { retry } from '../../src/middleware/retry.js'
import { budgeting, failureOf, read } from './budget/rig.js'

const body = { max_tokens: 100 }
/** Of the request in bytes, and what vendors put around it. */
const inputBound = JSON.stringify(body).length + 100
/** What an attempt could cost at most, in US dollars. */
const worst = usdOf(inputBound + 100 * 10)

describe('what an attempt could cost', () => {
  test('is set aside while it is under way, and replaced by what it cost', async () => {
    const vendor = Promise.withResolvers<void>()
    const { ask, state } = budgeting([{ limit: { usd: 1 }, per: 'day' }], {
      vendor: () => ({ input: 7, output: 20, wait: vendor.promise }),
    })
    const result = ask({ body })
    await new Promise(setImmediate)
    expect(await state()).toMatchObject({ spent: 0, reserved: worst })
    vendor.resolve()
    await result
    expect(await state()).toMatchObject({ spent: usdOf(7 + 20 * 10), reserved: 0, limit: 1, unit: 'usd' })
  })

  test('stays set aside until a stream has ended', async () => {
    const { ask, state } = budgeting([{ limit: { usd: 1 }, per: 'day' }], { vendor: () => ({ input: 7, output: 20 }) })
    const result = await ask({ stream: true, body })
    expect(await state()).toMatchObject({ spent: 0, reserved: worst })
    await read(result)
    expect(await state()).toMatchObject({ spent: usdOf(207), reserved: 0 })
  })
})

describe('a budget that has too little left', () => {
  test('refuses the call, and says what is left, when it begins anew, and what to do', async () => {
    const now = () => Date.UTC(2026, 10, 21, 12)
    const { ask, seen } = budgeting([{ name: 'small change', limit: { usd: 0.000001 }, per: 'day' }], { now })
    const failure = await failureOf(ask({ body }))
    expect(seen).toHaveLength(0)
    expect(failure).toMatchObject({ code: 'budget_exceeded', status: 402, retryable: false })
    expect(failure.message).toContain('The budget "small change" allows 0.000001 US dollars per day.')
    expect(failure.message).toContain('0.000001 US dollars are left')
    expect(failure.message).toContain('2026-11-22T00:00:00.000Z')
    expect(failure.message).toContain('Bound the answer')
  })

  test('does not let a retry pass that it cannot pay', async () => {
    const { ask, seen, state } = budgeting([{ limit: { usd: usdOf(1700) }, per: 'day' }], {
      vendor: () => ({ input: 100, output: 60, error: new LeashError('stream_truncated', 'cut', { retryable: true }) }),
      between: [retry({ backoff: () => 0 })],
    })
    expect((await failureOf(ask({ body }))).code).toBe('budget_exceeded')
    expect(seen).toHaveLength(1)
    expect(await state()).toMatchObject({ spent: usdOf(700), reserved: 0 })
  })
})
