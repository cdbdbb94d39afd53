import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Call } from '../../src/core/call.js'
import { Emitter } from '../../src/core/emitter.js'
import { LeashError } from '../../src/core/errors.js'
import type { Next } from '../../src/core/middleware.js'
import { exponential, retry } from '../../src/middleware/retry.js'
import { aCall, anAnswer } from '../helpers/call.js'

const busy = (over: { retryAfterMs?: number } = {}) => new LeashError('overloaded', 'Busy.', { retryable: true, ...over })
const wrong = () => new LeashError('invalid_request', 'Wrong.')

/** Fails with each error in turn, then answers; keeps the calls that it saw. */
function failing(...errors: LeashError[]): Next & { seen: Call[] } {
  const seen: Call[] = []
  const next: Next = async (call) => {
    seen.push(call)
    call.report.attempts.push({ provider: 'test', model: 'm', protocol: 'p', startedAt: 0, outcome: 'pending' })
    const error = errors.shift()
    if (error) throw error
    return anAnswer
  }
  return Object.assign(next, { seen })
}

const soon = { backoff: () => 0 }

afterEach(() => {
  vi.useRealTimers()
})

describe('retry', () => {
  it('tries again after a failure that is worth it, and counts the tries', async () => {
    const next = failing(busy(), busy())
    expect(await retry(soon)(next)(aCall())).toBe(anAnswer)
    expect(next.seen.map(({ attempt }) => attempt)).toEqual([1, 2, 3])
  })

  it('gives up after three tries by default, with the last error', async () => {
    const last = busy()
    const next = failing(busy(), busy(), last, busy())
    await expect(retry(soon)(next)(aCall())).rejects.toBe(last)
    expect(next.seen).toHaveLength(3)
  })

  it('passes on at once what no repetition can mend', async () => {
    const next = failing(wrong())
    await expect(retry(soon)(next)(aCall())).rejects.toMatchObject({ code: 'invalid_request' })
    expect(next.seen).toHaveLength(1)
  })

  it('takes the number of retries from the call when it names one, 0 among them', async () => {
    const none = failing(busy())
    await expect(retry(soon)(none)(aCall({ options: { maxRetries: 0 } }))).rejects.toMatchObject({ code: 'overloaded' })
    expect(none.seen).toHaveLength(1)
    const many = failing(...Array.from({ length: 5 }, () => busy()))
    await retry(soon)(many)(aCall({ options: { maxRetries: 5 } }))
    expect(many.seen).toHaveLength(6)
  })

  it('never passes the attempts that the whole call may make', async () => {
    const next = failing(busy(), busy(), busy())
    await expect(retry(soon)(next)(aCall({ options: { maxRetries: 9, maxAttempts: 2 } }))).rejects.toMatchObject({
      code: 'overloaded',
    })
    expect(next.seen).toHaveLength(2)
  })

  it('waits as long as the upstream asks', async () => {
    vi.useFakeTimers()
    const next = failing(busy({ retryAfterMs: 30_000 }))
    const answer = retry({ backoff: () => 1 })(next)(aCall())
    await vi.advanceTimersByTimeAsync(29_999)
    expect(next.seen).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(await answer).toBe(anAnswer)
  })

  it('does not wait longer than the cap: a three-day Retry-After is a failure now', async () => {
    const next = failing(busy({ retryAfterMs: 3 * 86_400_000 }))
    await expect(retry()(next)(aCall())).rejects.toMatchObject({ code: 'overloaded' })
  })

  it('does not begin a wait that the deadline would cut short', async () => {
    const next = failing(busy({ retryAfterMs: 5000 }))
    await expect(retry()(next)(aCall({ deadline: Date.now() + 1000 }))).rejects.toMatchObject({ code: 'overloaded' })
    expect(next.seen).toHaveLength(1)
  })

  it('stops in the same tick when the caller aborts while it waits', async () => {
    const controller = new AbortController()
    const next = failing(busy({ retryAfterMs: 59_000 }))
    const answer = retry()(next)(aCall({ signal: controller.signal }))
    await Promise.resolve()
    setTimeout(() => controller.abort())
    await expect(answer).rejects.toMatchObject({ code: 'aborted' })
    expect(next.seen).toHaveLength(1)
  })

  it('stops retrying altogether when a storm has used up the tokens, and goes on once answers have come', async () => {
    const layer = retry({ ...soon, tokens: 2 })
    for (const _ of [1, 2]) await layer(failing(busy()))(aCall())
    const stormy = failing(busy())
    await expect(layer(stormy)(aCall())).rejects.toMatchObject({ code: 'overloaded' })
    expect(stormy.seen).toHaveLength(1)
    for (let calm = 0; calm < 10; calm++) await layer(failing())(aCall())
    await expect(layer(failing(busy()))(aCall())).resolves.toBe(anAnswer)
  })

  it('tells who listens before each wait', async () => {
    const emitter = new Emitter()
    const heard: unknown[] = []
    emitter.on('retry', (event) => heard.push(event))
    await retry(soon, emitter)(failing(busy()))(aCall())
    expect(heard).toEqual([{ callId: 'call_test', attempt: 1, delayMs: 0, error: 'overloaded' }])
  })
})

describe('exponential', () => {
  it('draws from zero to a bound that doubles up to the longest wait', () => {
    const random = vi.spyOn(Math, 'random').mockReturnValue(1)
    expect([1, 2, 3, 10].map(exponential())).toEqual([500, 1000, 2000, 8000])
    random.mockReturnValue(0)
    expect(exponential()(5)).toBe(0)
    random.mockRestore()
  })
})
