import { describe, expect, test } from 'vitest'
import type { Call } from '../../src/core/call.js'
import { LeashError } from '../../src/core/errors.js'
import type { Middleware, Next } from '../../src/core/middleware.js'
import { usdOf } from '../../src/core/money.js'
import { retry } from '../../src/middleware/retry.js'
import { type MemoryStore, memory } from '../../src/stores/memory.js'
import { budgeting, failureOf, read, targetOf } from './budget/rig.js'

const body = { max_tokens: 100 }
/** Of the request in bytes, and what vendors put around it. */
const inputBound = JSON.stringify(body).length + 100
/** What an attempt could cost at most, in US dollars. */
const worst = usdOf(inputBound + 100 * 10)

const cut = new LeashError('stream_truncated', 'cut', { retryable: true })
const turn = () => new Promise(setImmediate)

/** A store that sets nothing aside until it is told to answer. */
function farAway() {
  const own = memory()
  const { promise: slow, resolve: answer } = Promise.withResolvers<void>()
  const reserve = async (...asked: Parameters<typeof own.reserve>) => {
    await slow
    return own.reserve(...asked)
  }
  const store: MemoryStore = Object.assign(Object.create(own), { reserve })
  return { store, answer }
}

describe('what an attempt could cost', () => {
  test('is set aside while it is under way, and replaced by what it cost', async () => {
    const vendor = Promise.withResolvers<void>()
    const { ask, state } = budgeting([{ limit: { usd: 1 }, per: 'day' }], {
      vendor: () => ({ input: 7, output: 20, wait: vendor.promise }),
    })
    const result = ask({ body })
    await turn()
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

  test('is that of the longest answer which the model can give, where nothing else bounds it', async () => {
    const { ask, keeper } = budgeting([{ limit: { tokens: 100_000 }, per: 'day' }])
    const result = await ask({ stream: true, body: {} })
    const [state] = await keeper.states()
    expect(state?.reserved).toBe('{}'.length + 100 + 1000)
    await read(result)
  })

  test('counts every answer that is asked for', async () => {
    const { ask, state } = budgeting([{ limit: { tokens: 100_000 }, per: 'day' }])
    const several = { max_tokens: 100, n: 5 }
    const result = await ask({ stream: true, body: several })
    expect(await state()).toMatchObject({ reserved: JSON.stringify(several).length + 100 + 500 })
    await read(result)
  })

  test('is not that of an answer which thinks beside it, where no translation lets it', async () => {
    const thinking = { max_tokens: 100, reasoning_effort: 'high' }
    const { ask, keeper } = budgeting([{ limit: { tokens: 1000 }, per: 'day' }], {
      vendor: () => ({ wait: new Promise(() => {}) }),
    })
    void ask({ body: thinking })
    await expect.poll(() => keeper.states({})).toMatchObject([{ reserved: JSON.stringify(thinking).length + 100 + 100 }])
  })

  test('has the whole window for what is not text', async () => {
    const image = { type: 'image_url', image_url: { url: 'https://example.test/a.png' } }
    const seeing = { max_tokens: 100, messages: [{ role: 'user', content: [image] }] }
    const { ask, state } = budgeting([{ limit: { tokens: 1_000_000 }, per: 'day' }], { can: { contextWindow: 32_000 } })
    const result = await ask({ stream: true, body: seeing })
    expect(await state()).toMatchObject({ reserved: 32_000 + 100 })
    await read(result)
  })

  test('has the whole window for a conversation that the vendor keeps', async () => {
    const going = { previous_response_id: 'resp_1', input: 'And then?', max_output_tokens: 100 }
    const { ask, state } = budgeting([{ limit: { tokens: 1_000_000 }, per: 'day' }], { can: { contextWindow: 32_000 } })
    const result = await ask({ stream: true, protocol: 'openai-responses', body: going })
    expect(await state()).toMatchObject({ reserved: 32_000 + 100 })
    await read(result)
  })

  test('has room for what a vendor tells its model about tools', async () => {
    const tools = [{ type: 'function', function: { name: 'f', parameters: {} } }]
    const body = { max_tokens: 100, tools }
    const { ask, state } = budgeting([{ limit: { tokens: 10_000 }, per: 'day' }])
    const result = await ask({ stream: true, body })
    expect(await state()).toMatchObject({ reserved: JSON.stringify(body).length + 1000 + 100 })
    await read(result)
  })

  test('has no answer for embeddings', async () => {
    const { ask, state } = budgeting([{ limit: { tokens: 1000 }, per: 'day' }], { vendor: () => ({ input: 3 }) })
    await ask({ protocol: 'openai-embeddings', body: { input: 'Hello' } })
    expect(await state()).toMatchObject({ spent: 3, reserved: 0 })
  })
})

describe('nothing stays set aside', () => {
  const budget = { limit: { usd: 1, tokens: 10_000, requests: 10 }, per: 'day' } as const
  const reserved = async ({ keeper }: ReturnType<typeof budgeting>) => (await keeper.states({})).map(({ reserved }) => reserved)

  test.each(['invalid_request', 'upstream_error', 'network_error'] as const)('after %s', async (code) => {
    const rig = budgeting([budget], { vendor: () => ({ status: 400, error: new LeashError(code, 'no') }) })
    expect((await failureOf(rig.ask())).code).toBe(code)
    expect(await reserved(rig)).toEqual([0, 0, 0])
  })

  test('when the caller aborts', async () => {
    const abort = new AbortController()
    const rig = budgeting([budget], { vendor: () => ({ input: 9, wait: new Promise(() => {}) }) })
    const result = failureOf(rig.ask({ signal: abort.signal }))
    await turn()
    abort.abort()
    expect((await result).code).toBe('aborted')
    expect(await reserved(rig)).toEqual([0, 0, 0])
    expect(await rig.keeper.states({})).toMatchObject([{ spent: 1 }, { spent: 9 }, { spent: usdOf(9) }])
  })

  test('when the caller aborts while a store far away is asked, which answers after that', async () => {
    const abort = new AbortController()
    const { store, answer } = farAway()
    const rig = budgeting([budget], { store })
    const result = failureOf(rig.ask({ signal: abort.signal }))
    await turn()
    abort.abort()
    expect((await result).code).toBe('aborted')
    answer()
    await turn()
    expect(await reserved(rig)).toEqual([0, 0, 0])
    expect(rig.seen).toEqual([])
  })

  test('when nothing was sent, and then no request counts either', async () => {
    const abort = AbortSignal.abort()
    const rig = budgeting([budget])
    await failureOf(rig.ask({ signal: abort }))
    expect(await rig.keeper.states({})).toMatchObject([0, 0, 0].map((spent) => ({ spent, reserved: 0 })))
  })

  test('when a store that has taken from one of several budgets fails at the next', async () => {
    const own = memory()
    const reserve: typeof own.reserve = (space, scopes, amount, options) => {
      if (amount > 1) throw new LeashError('overloaded', 'The store is full.')
      return own.reserve(space, scopes, amount, options)
    }
    const rig = budgeting([budget], { store: Object.assign(Object.create(own), { reserve }) })
    expect((await failureOf(rig.ask())).code).toBe('overloaded')
    expect(await rig.keeper.states({})).toMatchObject([0, 0, 0].map((spent) => ({ spent, reserved: 0 })))
  })

  test('once the keeper is closed, where the store is far away', async () => {
    const own = memory()
    const settle = async (...settled: Parameters<typeof own.settle>) => {
      for (let turns = 0; turns < 5; turns++) await turn()
      return own.settle(...settled)
    }
    const rig = budgeting([budget], { store: Object.assign(Object.create(own), { settle }), unheard: true })
    await rig.ask()
    await rig.keeper.close()
    expect(await rig.keeper.states({})).toMatchObject([1, 20, usdOf(110)].map((spent) => ({ spent, reserved: 0 })))
  })

  test('when nothing was sent after an answer, which then counts once', async () => {
    const again: Middleware = (next) => async (call) => {
      await next(call)
      return next({ ...call, signal: AbortSignal.abort() })
    }
    const rig = budgeting([budget], { between: [again] })
    await failureOf(rig.ask())
    expect(await rig.keeper.states({})).toMatchObject([{ spent: 1 }, { spent: 20 }, { spent: usdOf(110) }])
    expect(await reserved(rig)).toEqual([0, 0, 0])
  })

  test('when a layer throws what it should not', async () => {
    const odd = () => (next: Next) => async (call: Call) => {
      await next(call)
      throw new TypeError('odd')
    }
    const rig = budgeting([budget], { between: [odd()] })
    await expect(rig.ask()).rejects.toThrow('odd')
    expect(await reserved(rig)).toEqual([0, 0, 0])
  })

  test('when one of several budgets refuses', async () => {
    const rig = budgeting([budget, { limit: { usd: usdOf(1) }, per: 'total' }])
    await failureOf(rig.ask())
    expect(await rig.keeper.states({})).toMatchObject([0, 0, 0, 0].map((spent) => ({ spent, reserved: 0 })))
  })

  test('for a second attempt that was never sent', async () => {
    const rig = budgeting([budget], { vendor: () => ({ input: 1 }) })
    const call = rig.callOf({ stream: true })
    const result = await rig.run(call)
    expect(await rig.keeper.prepay({ ...call, hedged: true })).toBe(true)
    expect((await rig.state()).reserved).toBe(1)
    await read(result)
    expect(await reserved(rig)).toEqual([0, 0, 0])
    await rig.keeper.prepay({ ...call, hedged: true })
    expect(await reserved(rig)).toEqual([0, 0, 0])
  })

  test('for a second attempt, once the keeper is closed, where the store is far away and the call over sooner', async () => {
    const { store, answer } = farAway()
    const rig = budgeting([budget], { store })
    const call = rig.callOf()
    const prepaid = rig.keeper.prepay({ ...call, hedged: true })
    // It is over before anything was set aside for it.
    await failureOf(rig.keeper.call(() => Promise.reject(cut))(call))
    const closed = rig.keeper.close().then(() => reserved(rig))
    answer()
    expect(await closed).toEqual([0, 0, 0])
    await prepaid
  })

  test('for less than could be used, where a second attempt was paid for at another target', async () => {
    const answered = Promise.withResolvers<void>()
    const rig = budgeting([budget], { vendor: () => ({ wait: answered.promise }) })
    const call = rig.callOf({ model: 'test/small' })
    await rig.keeper.prepay({ ...call, hedged: true })
    const [, , ahead = 0] = await reserved(rig)
    const result = rig.run({ ...call, target: targetOf('test/large'), hedged: true })
    await expect.poll(() => rig.seen.length).toBe(1)
    const [, , both = 0] = await reserved(rig)
    expect(both - ahead).toBeCloseTo(worst, 12)
    answered.resolve()
    await result
    expect(await reserved(rig)).toEqual([0, 0, 0])
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
    expect(failure.message).toContain('Of these 0.000001 US dollars are left')
    expect(failure.message).toContain('2026-11-22T00:00:00.000Z')
    expect(failure.message).toContain('Bound the answer')
  })

  test('says when to come back, but not to a call that is larger than all of it', async () => {
    const now = () => Date.UTC(2100, 10, 21, 23, 59)
    const { ask } = budgeting([{ limit: { tokens: inputBound + 100 }, per: 'day' }], { now, vendor: () => ({ input: 1 }) })
    await ask({ body })
    expect(await failureOf(ask({ body }))).toMatchObject({ retryAfterMs: 60_000 })
    expect((await failureOf(ask({ body: { max_tokens: 101 } }))).retryAfterMs).toBeUndefined()
  })

  test('does not refuse a call whose caller has left while it was asked', async () => {
    const abort = new AbortController()
    const own = memory()
    const store = Object.assign(Object.create(own), {
      reserve: async (...asked: Parameters<typeof own.reserve>) => {
        abort.abort()
        return own.reserve(...asked)
      },
    })
    const { ask, events } = budgeting([{ limit: { usd: usdOf(1) }, per: 'day' }], { store })
    await expect(ask({ signal: abort.signal })).rejects.toMatchObject({ code: 'aborted' })
    expect(events).toEqual([])
  })

  test('is nothing to tell a caller who had left before', async () => {
    const { ask, events } = budgeting([{ limit: { usd: usdOf(1) }, per: 'day' }])
    expect((await failureOf(ask({ signal: AbortSignal.abort() }))).code).toBe('aborted')
    expect(events).toEqual([])
  })

  test('counts a call as a request that was sent at its second try alone', async () => {
    const before: Middleware = (next) => async (call) => {
      await failureOf(next({ ...call, signal: AbortSignal.abort() }))
      return next(call)
    }
    const { ask, state } = budgeting([{ limit: { requests: 2 }, per: 'day' }], { between: [before] })
    await ask()
    expect(await state()).toMatchObject({ spent: 1, reserved: 0 })
  })

  test('does not let a retry pass that it cannot pay', async () => {
    const { ask, seen, state } = budgeting([{ limit: { usd: usdOf(1700) }, per: 'day' }], {
      vendor: () => ({ input: 100, output: 60, error: cut }),
      between: [retry({ backoff: () => 0 })],
    })
    expect((await failureOf(ask({ body }))).code).toBe('budget_exceeded')
    expect(seen).toHaveLength(1)
    expect(await state()).toMatchObject({ spent: usdOf(700), reserved: 0 })
  })

  test('counts a call once as a request, however often it is tried', async () => {
    let tries = 0
    const { ask, state } = budgeting([{ limit: { requests: 2 }, per: 'day' }], {
      vendor: () => (++tries < 3 ? { error: cut } : {}),
      between: [retry({ backoff: () => 0 })],
    })
    await ask()
    expect(tries).toBe(3)
    expect(await state()).toMatchObject({ spent: 1, reserved: 0 })
  })

  test('has each of those that it tells apart spend its own, at the provider that was asked', async () => {
    const { ask, keeper } = budgeting([{ limit: { requests: 1 }, per: 'day', by: ['user', 'provider'] }])
    for (const [user, model] of [
      ['ada', 'a/small'],
      ['ada', 'b/small'],
      ['bob', 'a/small'],
    ])
      await ask({ model: `${model}`, options: { user: `${user}` } })
    expect((await failureOf(ask({ model: 'a/large', options: { user: 'ada' } }))).code).toBe('budget_exceeded')
    const seen = (await keeper.states()).map(({ of }) => of)
    expect(seen).toHaveLength(3)
    expect(seen).toEqual(
      expect.arrayContaining([
        { tenant: '', user: 'ada', provider: 'a' },
        { tenant: '', user: 'ada', provider: 'b' },
        { tenant: '', user: 'bob', provider: 'a' },
      ]),
    )
  })

  test('refuses a second attempt that the budget of one call cannot pay beside the first', async () => {
    const vendor = Promise.withResolvers<void>()
    const { callOf, run, keeper } = budgeting([], { vendor: () => ({ wait: vendor.promise }) })
    const call = callOf({ body, options: { budgetUsd: worst } })
    const result = run(call)
    await turn()
    expect((await failureOf(keeper.prepay({ ...call, hedged: true }))).code).toBe('budget_exceeded')
    vendor.resolve()
    await result
  })

  test('is the one that is named, of several', async () => {
    const { ask } = budgeting([
      { name: 'wide', limit: { tokens: 1_000_000 }, per: 'day' },
      { name: 'narrow', limit: { tokens: 10 }, per: 'day' },
    ])
    expect((await failureOf(ask({ body }))).message).toContain('The budget "narrow" allows 10 tokens')
  })

  test('begins anew with the next window', async () => {
    let at = Date.UTC(2100, 10, 30, 23, 59)
    const { ask } = budgeting([{ limit: { requests: 1 }, per: 'month' }], { now: () => at })
    await ask()
    await failureOf(ask())
    at += 60_000
    await ask()
  })
})

describe('an answer that is capped', () => {
  test('is bounded to what is left, and the report says so', async () => {
    const { run, callOf, seen, state } = budgeting([{ name: 'b', limit: { usd: usdOf(700) }, per: 'day', action: 'cap' }], {
      vendor: ({ body: sent }) => ({ input: inputBound, output: Number(sent.max_tokens) }),
    })
    const call = callOf({ body: { ...body, keep: 'me' } })
    await run(call)
    const left = Math.floor((700 - JSON.stringify(call.body).length - 100) / 10)
    expect(seen[0]?.body).toEqual({ max_tokens: left, keep: 'me' })
    expect(call.report.warnings).toMatchObject([{ path: 'max_tokens', action: 'approximated' }])
    const { spent, limit } = await state()
    expect(spent).toBeLessThanOrEqual(limit)
  })

  test('is not bounded to fewer tokens than a vendor takes', async () => {
    const { ask, seen } = budgeting([{ limit: { tokens: inputBound + 15 }, per: 'day', action: 'cap' }])
    expect((await failureOf(ask({ body }))).code).toBe('budget_exceeded')
    expect(seen).toHaveLength(0)
  })

  test('has a bound also where nobody knows how long it could be', async () => {
    const { ask, seen } = budgeting([{ limit: { usd: 1 }, per: 'day', action: 'cap' }], { can: {} })
    await ask({ body: {} })
    expect(seen[0]?.body).toEqual({ max_completion_tokens: 16_384 })
  })
})

test('an answer that nothing bounds is refused under a budget that must not be passed', async () => {
  const { ask } = budgeting([{ limit: { tokens: 1000 }, per: 'day' }], { can: {} })
  expect((await failureOf(ask({ body: {} }))).message).toContain('Set the most tokens')
})

describe('a call that goes to a cheaper model', () => {
  const budget = { limit: { usd: usdOf(500) }, per: 'day', action: { downgrade: 'test/small' } } as const

  test('does so when it does not fit, and the report says why', async () => {
    const { run, callOf, seen } = budgeting([budget])
    const call = callOf({ body })
    await run(call)
    expect(seen.map(({ target }) => target.model)).toEqual(['small'])
    expect(call.report.moves).toEqual([{ from: 'test/large', to: 'test/small', because: 'budget_exceeded' }])
  })

  test('counts as a request once it is sent, in the budgets that had room from the first', async () => {
    const budgets = [
      { name: 'all', limit: { requests: 10 }, per: 'day' },
      { name: 'dear', limit: { requests: 1 }, per: 'day', when: { models: 'large' }, action: { downgrade: 'test/small' } },
    ] as const
    const { ask, state, seen } = budgeting(budgets)
    for (const _ of [1, 2]) await ask()
    expect(seen.map(({ target }) => target.model)).toEqual(['large', 'small'])
    expect(await state()).toMatchObject({ budget: 'all', spent: 2, reserved: 0 })
  })

  test('is refused when it does not fit there either', async () => {
    const { ask, seen } = budgeting([{ ...budget, limit: { usd: usdOf(5) } }])
    expect((await failureOf(ask({ body }))).code).toBe('budget_exceeded')
    expect(seen).toHaveLength(0)
  })
})

test('a budget that warns lets pass what could cost more than can be counted', async () => {
  const { ask, seen, keeper } = budgeting([{ limit: { usd: 1 }, per: 'day', action: 'warn' }])
  await ask({ body: { max_tokens: Number.MAX_SAFE_INTEGER } })
  expect(seen).toHaveLength(1)
  expect(await keeper.states()).toMatchObject([{ spent: usdOf(110), reserved: 0 }])
})

test.each([
  ['of one call', { limit: { usd: usdOf(1) }, per: 'call' }, 'test/large'],
  ['for a model without a price', { limit: { usd: 1 }, per: 'day' }, 'test/unheard-of'],
] as const)('a budget that warns lets pass what it would refuse: %s', async (_, budget, model) => {
  const { ask, seen } = budgeting([{ ...budget, action: 'warn' }])
  await ask({ model })
  expect(seen).toHaveLength(1)
})

test('a budget that warns lets calls pass, and counts them', async () => {
  const { ask, state, events, keeper } = budgeting([{ limit: { usd: usdOf(100) }, per: 'day', action: 'warn' }])
  for (let call = 0; call < 3; call++) await ask()
  await keeper.close()
  expect(await state()).toMatchObject({ spent: usdOf(330), limit: usdOf(100) })
  expect(events.map((event) => event.kind === 'threshold' && event.threshold)).toEqual([50, 80, 100])
})

describe('a model without a price', () => {
  test('is refused under a budget in US dollars, and the error says what to do', async () => {
    const { ask, seen } = budgeting([{ limit: { usd: 1 }, per: 'day' }])
    const failure = await failureOf(ask({ model: 'test/unknown' }))
    expect(failure.code).toBe('budget_exceeded')
    expect(failure.message).toContain('the price of "test/unknown" is not known')
    expect(seen).toHaveLength(0)
  })

  test('passes uncounted where that was asked for, and in tokens it counts', async () => {
    const { ask, keeper } = budgeting([{ limit: { usd: 1, tokens: 10_000 }, per: 'day', unpriced: 'warn' }])
    await ask({ model: 'test/unknown' })
    expect(await keeper.states({})).toMatchObject([
      { unit: 'tokens', spent: 20 },
      { unit: 'usd', spent: 0 },
    ])
  })
})

describe('the budget of one call', () => {
  test('holds over all of its attempts, and bounds each answer to what is left', async () => {
    const { ask, seen } = budgeting([], {
      vendor: () => ({ input: 100, output: 30, error: cut }),
      between: [retry({ backoff: () => 0 })],
    })
    const failure = await failureOf(ask({ body, options: { budgetUsd: usdOf(1000) } }))
    expect(failure.code).toBe('budget_exceeded')
    expect(seen.map(({ body }) => Number(body.max_tokens))).toEqual([88, 48])
  })

  test('is that of the call alone', async () => {
    const { ask } = budgeting([{ name: 'each', limit: { usd: worst }, per: 'call' }])
    for (let call = 0; call < 3; call++) await ask({ body })
  })
})

describe('the balances that are told', () => {
  test('are of windows that have not ended', async () => {
    let at = Date.UTC(2100, 10, 21)
    const { ask, keeper } = budgeting([{ limit: { tokens: 100_000 }, per: 'day' }], { now: () => at })
    await ask()
    expect(await keeper.states()).toHaveLength(1)
    at += 86_400_000
    expect(await keeper.states()).toEqual([])
  })

  test('are of the thousand that called last, when nobody says whose', async () => {
    const { ask, keeper } = budgeting([{ limit: { requests: 9 }, per: 'day' }])
    for (let tenant = 0; tenant < 1001; tenant++) await ask({ options: { tenant: `${tenant}` } })
    const tenants = (await keeper.states()).map(({ of }) => of.tenant)
    expect(tenants).toHaveLength(1000)
    expect(tenants).not.toContain('0')
  })
})

describe('events', () => {
  test('tell of a threshold that is reached exactly', async () => {
    const { ask, keeper, events } = budgeting([{ limit: { tokens: 1000 }, per: 'day', thresholds: [80] }], {
      vendor: () => ({ input: 800 }),
    })
    await ask({ body: { max_tokens: 16 } })
    await keeper.close()
    expect(events).toMatchObject([{ kind: 'threshold', threshold: 80, spent: 800 }])
  })

  test('tell of what was spent while the store was asked about what had been spent before', async () => {
    const own = memory()
    const { promise: slow, resolve: answer } = Promise.withResolvers<void>()
    const read = async (...asked: Parameters<typeof own.read>) => {
      const balance = await own.read(...asked)
      await slow
      return balance
    }
    const { ask, keeper, events } = budgeting([{ limit: { tokens: 1000 }, per: 'day', thresholds: [100] }], {
      store: Object.assign(Object.create(own), { read }),
      vendor: () => ({ input: 500 }),
    })
    for (const _ of [1, 2]) await ask({ body: { max_tokens: 16 } })
    answer()
    await keeper.close()
    expect(events).toMatchObject([{ kind: 'threshold', threshold: 100, spent: 1000 }])
  })

  test('tell of thresholds from the lowest on, in whatever order they were written', async () => {
    const { ask, keeper, events } = budgeting([{ limit: { tokens: 1000 }, per: 'day', thresholds: [100, 50] }], {
      vendor: () => ({ input: 600 }),
    })
    await ask({ body: { max_tokens: 16 } })
    await keeper.close()
    expect(events).toMatchObject([{ kind: 'threshold', threshold: 50 }])
  })

  test('tell of each threshold once in a window, by whichever process sees it first', async () => {
    const store = memory()
    let at = Date.UTC(2100, 10, 21)
    const rigs = [1, 2].map(() =>
      budgeting([{ limit: { tokens: 400 }, per: 'day' }], { store, now: () => at, vendor: () => ({ input: 50 }) }),
    )
    const spend = async (times: number) => {
      for (let call = 0; call < times; call++) {
        for (const { ask, keeper } of rigs) {
          await ask({ body: { max_tokens: 16 } }).catch(() => {})
          await keeper.close()
        }
      }
    }
    await spend(4)
    const told = () =>
      rigs.flatMap(({ events }) => events.map((event) => (event.kind === 'threshold' ? event.threshold : event.kind)))
    expect(told().sort()).toEqual([50, 'refused'].sort())
    at += 86_400_000
    await spend(4)
    expect(told().filter((one) => one === 50)).toHaveLength(2)
  })

  test('are told when the store is back, where it could not be asked for a moment', async () => {
    const store = memory()
    let away = true
    const reserve: typeof store.reserve = (space, scopes, ...rest) => {
      const [{ key = '' } = {}] = scopes
      if (away && key.includes('50%')) throw new Error('away')
      return store.reserve(space, scopes, ...rest)
    }
    const { ask, keeper, events } = budgeting([{ limit: { tokens: 4000 }, per: 'day', thresholds: [50] }], {
      store: { ...store, reserve },
      vendor: () => ({ input: 2000 }),
    })
    for (const _ of [1, 2]) {
      await ask({ body: { max_tokens: 16 } }).catch(() => {})
      await keeper.close()
      away = false
    }
    expect(events).toMatchObject([{ kind: 'threshold', threshold: 50 }])
  })

  test('of which nobody hears take no room for their hours, where no other process counts them', async () => {
    const store = { ...memory({ maxBudgets: 2 }), countsAlone: true }
    const daily = [{ limit: { usd: 1 }, per: 'day', by: 'user' }] as const
    const { ask, keeper } = budgeting(daily, { store, unheard: true })
    for (const user of ['ada', 'grace']) await ask({ options: { user } })
    expect(await keeper.states()).toHaveLength(2)
    await expect(budgeting(daily, { store }).ask({ options: { user: 'ada' } })).rejects.toMatchObject({ code: 'overloaded' })
  })

  test('tell when an hour costs more than twice the mean of those before it', async () => {
    // Days that are still to come: the store forgets a day after them, by the clock.
    let at = Date.UTC(2050, 10, 21)
    let output = 10
    const { ask, keeper, events } = budgeting([{ limit: { usd: 1 }, per: 'total', thresholds: [] }], {
      now: () => at,
      vendor: () => ({ output }),
    })
    const hour = async () => {
      await ask()
      await keeper.close()
      at += 3_600_000
    }
    for (let hours = 0; hours < 4; hours++) await hour()
    output = 20
    await hour()
    expect(events).toEqual([])
    output = 40
    await ask()
    await hour()
    expect(events).toMatchObject([{ kind: 'anomaly', hour: usdOf(400), baseline: usdOf(120), spent: usdOf(1000) }])
  })
})
