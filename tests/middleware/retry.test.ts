import { APIError } from 'openai'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { LeashLLM, type LeashLLMOptions } from '../../src/client.js'
import type { Call } from '../../src/core/call.js'
import { Emitter } from '../../src/core/emitter.js'
import { LeashError } from '../../src/core/errors.js'
import type { Next } from '../../src/core/middleware.js'
import { createLeash } from '../../src/leash.js'
import { exponential, type RetryOptions, retry } from '../../src/middleware/retry.js'
import { mockProviders } from '../../src/testing/index.js'
import { aCall, anAnswer } from '../helpers/call.js'
import { useMock } from '../helpers/mock.js'

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

  it('gives up with what an answer told of its own failure, rather than with nobody having answered after it', async () => {
    const upstream = { protocol: 'openai-chat', status: 200, headers: new Headers(), text: '' }
    const told = new LeashError('upstream_error', 'The stream has failed.', { retryable: true, upstream })
    const nobody = () => new LeashError('network_error', 'Nobody.', { retryable: true })
    await expect(retry(soon)(failing(told, nobody(), nobody()))(aCall())).rejects.toBe(told)
    const later = busy()
    await expect(retry(soon)(failing(told, nobody(), later))(aCall())).rejects.toBe(later)
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
    for (const calm of [5, 5]) {
      const stormy = failing(busy())
      await expect(layer(stormy)(aCall())).rejects.toMatchObject({ code: 'overloaded' })
      expect(stormy.seen).toHaveLength(1)
      for (let answer = 0; answer < calm; answer++) await layer(failing())(aCall())
    }
    await expect(layer(failing(busy()))(aCall())).resolves.toBe(anAnswer)
  })

  it('has a token again after exactly ten answers', async () => {
    const layer = retry({ ...soon, tokens: 1 })
    await layer(failing(busy()))(aCall())
    for (let answer = 2; answer < 10; answer++) await layer(failing())(aCall())
    await expect(layer(failing(busy()))(aCall())).rejects.toMatchObject({ code: 'overloaded' })
    await layer(failing())(aCall())
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

describe('by the code of the failure', () => {
  const throttled = (over = {}) => new LeashError('rate_limited', 'Slow down.', { retryable: true, ...over })
  const late = () => new LeashError('timeout', 'Late.', { retryable: true })
  const tries = async (options: RetryOptions, over: Partial<Call>, ...errors: LeashError[]) => {
    const next = failing(...errors)
    await retry({ ...soon, ...options })(next)(aCall(over)).catch(() => undefined)
    return next.seen.length
  }

  it('tries as often as its policy says, and other failures as often as usual', async () => {
    const on = { rate_limited: { attempts: 5 }, timeout: { attempts: 1 } }
    expect(await tries({ on }, {}, ...Array.from({ length: 9 }, () => throttled()))).toBe(5)
    expect(await tries({ on }, {}, late(), late())).toBe(1)
    expect(await tries({ on }, {}, ...Array.from({ length: 9 }, () => busy()))).toBe(3)
  })

  it('counts all tries of the call, whatever they failed of', async () => {
    expect(await tries({ on: { timeout: { attempts: 2 } } }, {}, busy(), late(), late())).toBe(2)
  })

  it('waits as its policy says', async () => {
    const emitter = new Emitter()
    const waits: number[] = []
    emitter.on('retry', ({ delayMs }) => waits.push(delayMs))
    const layer = retry({ ...soon, on: { rate_limited: { backoff: (attempt) => attempt * 2 } } }, emitter)
    await layer(failing(throttled(), busy()))(aCall())
    expect(waits).toEqual([2, 0])
  })

  it('wins over a call’s retries, unless the call wants none', async () => {
    const on = { rate_limited: { attempts: 4 } }
    const errors = () => Array.from({ length: 9 }, () => throttled())
    expect(await tries({ on }, { options: { maxRetries: 1 } }, ...errors())).toBe(4)
    expect(await tries({ on }, { options: { maxRetries: 0 } }, ...errors())).toBe(1)
    expect(await tries({ on, attempts: 1 }, {}, ...errors())).toBe(4)
  })

  it('does not make worth repeating what is not', async () => {
    expect(await tries({ on: { invalid_request: { attempts: 3 } } }, {}, wrong(), wrong())).toBe(1)
  })

  it('never passes the attempts of the whole call', async () => {
    const errors = Array.from({ length: 9 }, () => throttled())
    expect(await tries({ on: { rate_limited: { attempts: 9 } } }, { options: { maxAttempts: 2 } }, ...errors)).toBe(2)
  })

  it('takes no code that there is not', () => {
    const options = { retry: { on: { rate_limit: { attempts: 2 } } } }
    expect(() => createLeash(options as never)).toThrow('retry.on.rate_limit')
    expect(() => createLeash({ retry: { on: { timeout: { attempts: 0 } } } })).toThrow('retry.on.timeout.attempts')
  })
})

describe('a limit of our own, while another target could be asked', () => {
  const ours = (retryAfterMs: number) => new LeashError('rate_limited', 'All keys rest.', { retryable: true, retryAfterMs })
  const first = async (error: LeashError, over: Partial<Call>) => {
    const next = failing(error)
    await retry()(next)(aCall({ ...over, deadline: Date.now() + 4000 })).catch(() => undefined)
    return next.seen.length
  }

  it('is not waited for', async () => {
    expect(await first(ours(2000), { alternatives: true })).toBe(1)
  })

  it('is not waited for at all where no wait is allowed that long', async () => {
    const next = failing(ours(10))
    await expect(retry({ retryAfterCapMs: 5 })(next)(aCall({ alternatives: true }))).rejects.toMatchObject({
      code: 'rate_limited',
    })
    expect(next.seen).toHaveLength(1)
  })

  it('is waited for when it is brief, or when there is no other target', async () => {
    expect(await first(ours(10), { alternatives: true })).toBe(2)
    expect(await first(ours(1001), {})).toBe(2)
  })

  it('is told from one of the vendor', async () => {
    const upstream = { protocol: 'p', status: 429, headers: new Headers(), text: '' }
    const theirs = new LeashError('rate_limited', 'Slow down.', { retryable: true, retryAfterMs: 1001, upstream })
    expect(await first(theirs, { alternatives: true })).toBe(2)
  })
})

describe('over sockets', () => {
  const mock = useMock()
  const messages = [{ role: 'user' as const, content: 'Hello' }]
  const openai = () => mockProviders(mock.url).openai

  function client(options: LeashLLMOptions) {
    return new LeashLLM({ providers: mockProviders(mock.url), retry: { backoff: () => 0 }, ...options })
  }
  const ask = (client: LeashLLM, model = 'gpt-4o-mini') => client.chat.completions.create({ model, messages })

  it('the leash’s attempts hold in a client whose user named no retries', async () => {
    mock.script({ status: 503, times: 4 })
    const answer = await ask(client({ retry: { attempts: 5, backoff: () => 0 } }))
    expect(answer.leash?.attempts.map(({ status }) => status)).toEqual([503, 503, 503, 503, 200])
  })

  it('a policy by code holds in a client, for streams as for whole answers', async () => {
    const leashed = client({ retry: { backoff: () => 0, on: { rate_limited: { attempts: 6 } } } })
    mock.script({ status: 429, times: 5 })
    expect((await ask(leashed)).leash?.attempts).toHaveLength(6)
    mock.script({ status: 429, times: 5 })
    const stream = await leashed.chat.completions.create({ model: 'claude-haiku-4-5', messages, stream: true })
    for await (const _ of stream);
    expect(mock.requests).toHaveLength(12)
  })

  describe('with keys that all rest', () => {
    const pooled = (options: LeashLLMOptions = {}) =>
      client({ providers: { ...mockProviders(mock.url), openai: { ...openai(), apiKey: ['a', 'b'] } }, ...options })

    it('a call goes to another target at once, and not one attempt is counted for what was not sent', async () => {
      const leashed = pooled({ fallback: ['claude-haiku-4-5'], maxAttempts: 3, circuitBreaker: false })
      mock.script({ status: 429, retryAfter: 30 }, { status: 429, retryAfter: 30 })
      await ask(leashed)
      const answer = await ask(leashed)
      expect(answer.leash).toMatchObject({ provider: 'anthropic', attempts: [{ provider: 'anthropic', outcome: 'ok' }] })
      expect(answer.leash?.moves).toMatchObject([{ because: 'rate_limited' }])
    })

    it('the breaker and the ledger hear of nothing', async () => {
      const leashed = pooled({ retry: { attempts: 1 }, circuitBreaker: { consecutive: 2 } })
      mock.script({ status: 429, retryAfter: 30, times: 2 })
      for (let call = 0; call < 6; call++) await ask(leashed).catch(() => undefined)
      expect(mock.requests).toHaveLength(2)
      const [target] = leashed.leash.health().targets
      expect(target).toMatchObject({ state: 'closed' })
      expect(leashed.leash.usage({}).reduce((sum, { attempts }) => sum + attempts, 0)).toBe(2)
    })

    it('a failure whose key has another beside it tells no wait', async () => {
      const leashed = pooled({ retry: false })
      mock.script({ status: 429, headers: { 'retry-after': '30', 'retry-after-ms': '30000' } })
      const { headers } = await failureOf(ask(leashed))
      expect([headers.get('retry-after'), headers.get('retry-after-ms')]).toEqual(['0', null])
    })

    it('a failure tells how long the first key still rests', async () => {
      const leashed = pooled({ retry: false })
      mock.script({ status: 429, retryAfter: 5 }, { status: 429, retryAfter: 60 })
      await failureOf(ask(leashed))
      const { headers } = await failureOf(ask(leashed))
      expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(6)
    })
  })

  it('a vendor’s own wait is told untouched', async () => {
    const date = new Date(Date.now() + 60_000).toUTCString()
    mock.script({ status: 429, retryAfter: date })
    const { headers } = await failureOf(ask(client({ retry: false })))
    expect(headers.get('retry-after')).toBe(date)
  })

  async function failureOf(answer: Promise<unknown>): Promise<{ headers: Headers }> {
    const error = await answer.then(
      () => undefined,
      (error: unknown) => error,
    )
    if (error instanceof APIError && error.headers instanceof Headers) return { headers: error.headers }
    throw new Error('It did not fail.')
  }
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
