import { describe, expect, test, vi } from 'vitest'
import type { BudgetState } from '../src/core/budget.js'
import { createLeash, type Leash, type LeashOptions } from '../src/leash.js'
import { closeParts, openParts, openShared, type Parts, type Shared } from '../src/parts.js'
import { mockProviders } from '../src/testing/index.js'
import { collected } from './helpers/collect.js'
import { useMock } from './helpers/mock.js'

const mock = useMock()

const open = (options: LeashOptions) => createLeash({ providers: mockProviders(mock.url), circuitBreaker: false, ...options })

/** How many requests came of one call. */
async function requestsOf(leash: Leash): Promise<number> {
  const before = mock.requests.length
  const body = JSON.stringify({ model: 'openai/gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] })
  const response = await leash.handle(new Request('http://leash.test/v1/chat/completions', { method: 'POST', body }))
  await response.text()
  return mock.requests.length - before
}

const another = (leash: Leash) => leash.use((next) => (call) => next(call))

describe('a layer that is added to a leash', () => {
  test('gives no retry back that was spent', async () => {
    const leash = open({ retry: { tokens: 1, attempts: 3, backoff: () => 0 } })
    mock.script({ status: 500, when: () => true })
    expect([await requestsOf(leash), await requestsOf(leash)]).toEqual([2, 1])
    another(leash)
    expect(await requestsOf(leash)).toBe(1)
    await leash.close()
  })

  test('gives no second attempt back that was sent, of those that a share allows', async () => {
    const leash = open({ hedge: { delayMs: 5, maxShare: 0.01 } })
    mock.script({ latencyMs: 60, when: () => true })
    expect([await requestsOf(leash), await requestsOf(leash)]).toEqual([2, 1])
    another(leash)
    expect(await requestsOf(leash)).toBe(1)
    await leash.close()
  })
})

test('what is counted and observed goes on under another policy, and tells of its budgets', async () => {
  const own: LeashOptions = { metrics: true, slo: { '*': { availability: 0.9 } } }
  const shared = openShared(own)
  const spent = { ...{ callId: 'c', provider: 'openai', model: 'm', protocol: 'openai-chat' }, startedAt: 0 }
  const told: string[] = []
  shared.emitter.on('slo', ({ window }) => told.push(window))
  const tell = (times: number) => {
    for (let at = 0; at < times; at++) shared.emitter.emit('attempt', { ...spent, outcome: 'error', error: 'overloaded' })
  }
  let parts = openParts(own, shared)
  await parts.watchers.get()
  tell(10)
  for (const usd of [1, 2]) {
    const budgets = [{ name: 'daily', limit: { usd }, per: 'day' as const }]
    const next = openParts({ ...own, redact: true, routes: { fast: `m${usd}` }, budgets }, shared, parts)
    await closeParts(parts, next)
    parts = next
    tell(10)
  }
  const { metrics, slos } = await parts.watchers.get()
  const keeper = await parts.budgets.get()
  const state: BudgetState = { budget: 'daily', of: {}, unit: 'usd', limit: 2, spent: 0, reserved: 0 }
  vi.spyOn(keeper, 'states').mockResolvedValue([state])
  expect(await metrics?.text()).toMatch(/leash_attempts_total\{[^}]*\} 30\n.*leash_budget_limit\{[^}]*\} 2\n/s)
  expect(slos()).toContainEqual(expect.objectContaining({ window: '30d', attempts: 30 }))
  expect(told).toEqual(['1h', '24h', '30d'])
  await closeParts(parts)
  await shared.close()
})

describe('what is remembered of tries, under another policy', () => {
  const own: LeashOptions = { hedge: { delayMs: 5 }, retry: { tokens: 5 } }

  const across = async (policy: LeashOptions) => {
    const shared = openShared(own)
    const before = openParts(own, shared)
    const after = openParts({ ...own, ...policy }, shared, before)
    await closeParts(before, after)
    await closeParts(after)
    await shared.close()
    return { retry: after.retry === before.retry, hedge: after.hedged === before.hedged }
  }

  test('is kept where the policy says nothing of it', async () => {
    const policy: LeashOptions = {
      routes: { fast: 'gpt-4o-mini' },
      budgets: [{ limit: { usd: 1 }, per: 'day' }],
      fallback: ['gpt-4.1'],
    }
    expect(await across(policy)).toEqual({ retry: true, hedge: true })
  })

  test('is made anew where the policy changes it', async () => {
    expect(await across({ retry: { tokens: 6 } })).toEqual({ retry: false, hedge: true })
    expect(await across({ hedge: { delayMs: 6 } })).toEqual({ retry: true, hedge: false })
  })
})

test('of a policy that others have followed, nothing is kept', async () => {
  const shared = openShared({})
  const one = openParts({ maxCostUsd: 1 }, shared)
  const [between, newest] = followed(shared, one)
  await collected(between)
  expect(newest.options.maxCostUsd).toBe(3)
})

function followed(shared: Shared, first: Parts): [between: WeakRef<object>, newest: Parts] {
  const options = { maxCostUsd: 2 }
  return [new WeakRef(options), openParts({ maxCostUsd: 3 }, shared, openParts(options, shared, first))]
}
