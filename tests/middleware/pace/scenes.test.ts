/** A vendor that allows 5 requests per 400 ms and says so, as its callers meet it through a whole leash, on a clock of our own. */
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createLeash, type Leash, type LeashOptions } from '../../../src/leash.js'

const windowMs = 400
const limit = 5
const tookMs = 20

const body = JSON.stringify({
  id: 'x',
  object: 'chat.completion',
  created: 1,
  model: 'gpt-4o-mini',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
})
const refusal = JSON.stringify({ error: { message: 'Too much.', type: 'rate_limit', code: 'rate_limit_exceeded' } })

/** @param says which of its headers it sends */
function vendor(says: (headers: Record<string, string>, refused: boolean) => Record<string, string> = (headers) => headers) {
  const seen = { answered: 0, refused: 0 }
  let window = -1
  let count = 0
  const fetch = async () => {
    const now = Date.now()
    if (Math.floor(now / windowMs) !== window) {
      window = Math.floor(now / windowMs)
      count = 0
    }
    count++
    const refused = count > limit
    seen[refused ? 'refused' : 'answered']++
    const resetMs = windowMs - (now % windowMs)
    const headers = says(
      {
        'x-ratelimit-limit-requests': `${limit}`,
        'x-ratelimit-remaining-requests': `${Math.max(0, limit - count)}`,
        'x-ratelimit-reset-requests': `${resetMs}ms`,
        ...(refused && { 'retry-after-ms': `${resetMs}` }),
      },
      refused,
    )
    await new Promise((resolve) => setTimeout(resolve, tookMs))
    return new Response(refused ? refusal : body, {
      status: refused ? 429 : 200,
      headers: { 'content-type': 'application/json', ...headers },
    })
  }
  return { seen, fetch }
}

const ask = (leash: Leash, model = 'openai/gpt-4o-mini') =>
  leash.handle(
    new Request('http://leash.test/v1/chat/completions', {
      method: 'POST',
      body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }] }),
    }),
  )

const open = (fetch: () => Promise<Response>, options: LeashOptions = {}) =>
  createLeash({
    providers: { openai: { apiKey: 'k', baseURL: 'http://vendor.test/v1' } },
    pace: true,
    retry: { attempts: 3 },
    fetch,
    ...options,
  })

/** So many callers, each of which asks again as soon as it has been answered. */
async function callers(leash: Leash, atOnce: number, calls: number): Promise<number[]> {
  const statuses: number[] = []
  let left = calls
  await passing(
    Promise.all(
      Array.from({ length: atOnce }, async () => {
        while (left-- > 0) statuses.push((await ask(leash)).status)
      }),
    ),
  )
  return statuses
}

async function passing<T>(work: Promise<T>): Promise<T> {
  let over = false
  const end = () => {
    over = true
  }
  work.then(end, end)
  while (!over) await vi.advanceTimersByTimeAsync(1)
  return work
}

const allWell = (count: number) => Array.from({ length: count }, () => 200)

describe('with pace', () => {
  // What is loaded by the first answer and the first refusal takes real time, while a clock of ours would run on.
  beforeAll(async () => {
    const leash = open(vendor().fetch)
    await Promise.all(Array.from({ length: limit + 1 }, () => ask(leash)))
    await leash.close()
  })
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000_000 })
  })
  afterEach(() => {
    expect(vi.getTimerCount()).toBe(0)
    vi.useRealTimers()
  })

  test('twenty callers meet 429s with their first burst, of which nobody had said what there is room for, and no more', async () => {
    const { seen, fetch } = vendor()
    const leash = open(fetch)
    expect(await callers(leash, 20, 60)).toEqual(allWell(60))
    expect(seen).toEqual({ answered: 60, refused: 15 })
    await leash.close()
  })

  test('four callers meet none', async () => {
    const { seen, fetch } = vendor()
    const leash = open(fetch)
    expect(await callers(leash, 4, 60)).toEqual(allWell(60))
    expect(seen).toEqual({ answered: 60, refused: 0 })
    await leash.close()
  })

  test('calls that come every 25 ms meet none', async () => {
    const { seen, fetch } = vendor()
    const leash = open(fetch)
    const come = Array.from({ length: 40 }, async (_, place) => {
      await new Promise((resolve) => setTimeout(resolve, 25 * place))
      return (await ask(leash)).status
    })
    expect(await passing(Promise.all(come))).toEqual(allWell(40))
    expect(seen).toEqual({ answered: 40, refused: 0 })
    await leash.close()
  })

  test('retries wait for room as well, and meet no second 429', async () => {
    const { seen, fetch } = vendor()
    const leash = open(fetch, { retry: { attempts: 2 } })
    expect(await callers(leash, 10, 10)).toEqual(allWell(10))
    expect(seen).toEqual({ answered: 10, refused: 5 })
    await leash.close()
  })

  test('second attempts of late calls wait for room as well', async () => {
    const { seen, fetch } = vendor()
    const leash = open(fetch, { hedge: { delayMs: 10, maxShare: 1 } })
    await callers(leash, 1, 20)
    // The vendor does not notice that it was left.
    await vi.advanceTimersByTimeAsync(tookMs)
    expect(seen.answered).toBeGreaterThan(20)
    expect(seen.refused).toBe(0)
    await leash.close()
  })

  test('nobody waits longer than allowed, retries included', async () => {
    const { seen, fetch } = vendor()
    const leash = open(fetch, { pace: { waitMs: 100 }, retry: { attempts: 5 } })
    vi.setSystemTime(1_000_000)
    expect(await callers(leash, 1, 5)).toEqual(allWell(5))
    const began = Date.now()
    const [refused] = await Promise.all([passing(ask(leash))])
    expect(refused.status).toBe(429)
    expect(Date.now() - began).toBeLessThan(100)
    expect(seen).toEqual({ answered: 5, refused: 0 })
    await leash.close()
  })

  test('a vendor that says how long to wait, and of no number, is felt out call by call', async () => {
    const { seen, fetch } = vendor((headers, refused) => (refused ? { 'retry-after-ms': headers['retry-after-ms'] ?? '' } : {}))
    const leash = open(fetch, { retry: { attempts: 20 } })
    expect(await callers(leash, 20, 60)).toEqual(allWell(60))
    const without = vendor()
    const unpaced = open(without.fetch, { retry: { attempts: 20 }, pace: false })
    await callers(unpaced, 20, 60)
    expect(seen.refused).toBeLessThan(without.seen.refused / 2)
    await Promise.all([leash.close(), unpaced.close()])
  })
})
