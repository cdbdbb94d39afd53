import { describe, expect, test } from 'vitest'
import { createLeash, type Leash, type LeashOptions } from '../src/leash.js'
import { closeParts, openParts, openShared } from '../src/parts.js'
import { mockProviders } from '../src/testing/index.js'
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
