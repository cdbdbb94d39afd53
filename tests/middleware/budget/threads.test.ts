/** What users of other gateways have met with their budgets. Each test is named after the thread that tells of it. */
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { usdOf } from '../../../src/core/money.js'
import type { Store } from '../../../src/core/store.js'
import { createLeash } from '../../../src/leash.js'
import { memory } from '../../../src/stores/memory.js'
import { redis } from '../../../src/stores/redis.js'
import { mockProviders } from '../../../src/testing/index.js'
import { useMock } from '../../helpers/mock.js'
import { hasRedis, useRedis } from '../../helpers/redis.js'
import { budgeting, failureOf, read } from './rig.js'

const mock = useMock()
const turn = () => new Promise(setImmediate)

test('BerriAI/litellm#34732: a budget is not passed by concurrent requests', async () => {
  const { ask, state, seen } = budgeting([{ limit: { tokens: 1000 }, per: 'day' }], {
    vendor: ({ body }) => ({ input: 100, output: Number(body.max_tokens), wait: turn() }),
  })
  const outcomes = await Promise.allSettled(Array.from({ length: 100 }, () => ask({ body: { max_tokens: 100 } })))
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(seen.length)
  expect(await state()).toMatchObject({ spent: seen.length * 200, reserved: 0 })
  expect(seen.length * 200).toBeLessThanOrEqual(1000)
})

describe('BerriAI/litellm#36926: no reservation leaks, and nobody is refused for one', () => {
  test('a thousand calls that fail or are left leave the whole budget', async () => {
    const { ask, state } = budgeting([{ limit: { usd: usdOf(3000) }, per: 'day' }], {
      vendor: () => ({ status: 500, error: new Error('odd') as never }),
    })
    for (let call = 0; call < 1000; call++) await expect(ask()).rejects.toThrow('odd')
    expect(await state()).toMatchObject({ spent: 0, reserved: 0 })
  })

  test('what is still being set aside for a second attempt when its call is over is given back before the leash is closed', async () => {
    const store: Store = memory()
    const reserve = store.reserve.bind(store)
    const [asked, slow] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const { keeper, callOf, run, state } = budgeting([{ limit: { tokens: 1000 }, per: 'total' }], { store })
    const call = callOf({ body: { max_tokens: 10 } })
    store.reserve = (...what) => {
      asked.resolve()
      return slow.promise.then(() => reserve(...what))
    }
    const prepaid = keeper.prepay({ ...call, hedged: true })
    await asked.promise
    store.reserve = reserve
    await run(call)
    const closed = keeper.close()
    slow.resolve()
    await closed
    expect(await state()).toMatchObject({ reserved: 0 })
    expect(await prepaid).toBe(true)
  })

  test('what a process that died had set aside counts as spent once it has expired', async () => {
    const store = memory()
    const budgets = [{ limit: { tokens: 1000 }, per: 'total' }] as const
    const dying = budgeting(budgets, { store, vendor: () => ({ wait: new Promise(() => {}) }) })
    void dying.ask()
    await turn()
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * 3_600_000 })
    onTestFinished(() => void vi.useRealTimers())
    const { state } = budgeting(budgets, { store })
    const { spent, reserved } = await state()
    expect(reserved).toBe(0)
    expect(spent).toBeGreaterThan(0)
  })
})

test('BerriAI/litellm#40095: somebody unknown is held to the budget from the first request', async () => {
  const { ask } = budgeting([{ limit: { requests: 1 }, per: 'day', by: ['user', 'key', 'tag:team'] }])
  await ask()
  expect((await failureOf(ask())).code).toBe('budget_exceeded')
  await ask({ options: { user: 'new' } })
  expect((await failureOf(ask({ options: { user: 'new' } }))).code).toBe('budget_exceeded')
})

describe.skipIf(!hasRedis)('over a store that is shared', () => {
  const server = useRedis()

  test('maximhq/bifrost#3547 and BerriAI/litellm#16011: a budget is one for all processes, not one for each', async () => {
    const stores = [1, 2, 3].map(() => redis({ url: server.url, timeoutMs: 10_000 }))
    const rigs = stores.map((store) => budgeting([{ limit: { requests: 4 }, per: 'total' }], { store }))
    const outcomes = await Promise.allSettled(rigs.flatMap(({ ask }) => [ask(), ask(), ask()]))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(4)
    for (const { keeper } of rigs) await keeper.close()
    expect(await rigs[0]?.state()).toMatchObject({ spent: 4, reserved: 0 })
    for (const store of stores) await store.close()
  })
})

test('maximhq/bifrost#3357 and BerriAI/litellm#13245: a stream that is left is paid for out of the budget', async () => {
  const leash = createLeash({ providers: mockProviders(mock.url), budgets: [{ limit: { usd: 1 }, per: 'total' }] })
  mock.script({ chunkDelayMs: 5 })
  const answer = await leash.fetch(`${mock.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: 'Bearer mock' },
    body: JSON.stringify({ model: 'gpt-4.1', stream: true, messages: [{ role: 'user', content: 'How many moons?' }] }),
  })
  const reader = answer.body?.getReader()
  await reader?.read()
  await reader?.cancel()
  await leash.close()
  const [state] = await leash.budgets()
  const [row] = leash.usage()
  expect(row?.nano).toBeGreaterThan(0)
  expect(state).toMatchObject({ spent: usdOf(row?.nano ?? 0), reserved: 0 })
})

test('maximhq/bifrost#5770: a threshold is reached by what is spent, not by what is set aside', async () => {
  const { ask, keeper, events } = budgeting([{ limit: { tokens: 1000 }, per: 'day' }], { vendor: () => ({ input: 10 }) })
  await read(await ask({ stream: true, body: { max_tokens: 800 } }))
  await keeper.close()
  expect(events).toEqual([])
})

test('BerriAI/litellm PR 39294: an attempt at another model is set aside and settled by that model’s own price', async () => {
  const { keeper, callOf, run, state } = budgeting([{ limit: { usd: 1 }, per: 'day' }], {
    vendor: ({ target }) =>
      target.model === 'large' ? { status: 500, error: new Error('down') as never } : { input: 100, output: 100 },
    between: [(next) => (call) => next(call).catch(() => next({ ...call, target: { ...call.target, model: 'small' } }))],
  })
  await run(callOf())
  await keeper.close()
  expect(await state()).toMatchObject({ spent: usdOf(11), reserved: 0 })
})
