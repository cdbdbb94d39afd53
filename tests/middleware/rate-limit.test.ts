import { getEventListeners } from 'node:events'
import { RateLimitError } from 'openai'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { answerWhole } from '../../src/answered.js'
import { LeashLLM } from '../../src/client.js'
import type { Attempt, Call, CallOptions, Result } from '../../src/core/call.js'
import { LeashError } from '../../src/core/errors.js'
import type { Next } from '../../src/core/middleware.js'
import { createReport } from '../../src/core/report.js'
import type { Store } from '../../src/core/store.js'
import { usageOf } from '../../src/core/usage.js'
import { createLeash } from '../../src/leash.js'
import type { RateLimit } from '../../src/middleware/rate-limit/options.js'
import { rateLimit } from '../../src/middleware/rate-limit.js'
import { respond } from '../../src/respond.js'
import { memory } from '../../src/stores/memory.js'
import { mockProviders } from '../../src/testing/index.js'
import { aCall, anAnswer } from '../helpers/call.js'
import { useMock } from '../helpers/mock.js'

const answering: Next = async () => anAnswer
const minute = { limit: { requests: 2 }, per: 'minute' } as const

function layer(limits: readonly RateLimit[], next: Next = answering, store: Store = memory()): Next {
  return rateLimit(limits, { store })(next)
}

const by = (options: CallOptions, over: Partial<Call> = {}) => aCall({ options, report: createReport('c', undefined), ...over })

/** What whoever asked is told with the answer. */
async function told(send: Next, call: Call): Promise<Headers> {
  const result = await send(call)
  return respond({ ...result, headers: new Headers(result.headers) }, call.report).headers
}

/** Whether each of these was let in. */
async function admitted(send: Next, ...calls: readonly Call[]): Promise<boolean[]> {
  const outcomes: boolean[] = []
  for (const call of calls) {
    try {
      await send(call)
      outcomes.push(true)
    } catch (error) {
      expect(error).toMatchObject({ code: 'rate_limited', status: 429 })
      outcomes.push(false)
    }
  }
  return outcomes
}

describe('a limit', () => {
  test('refuses what is over it before anything is sent, and says when to come again', async () => {
    const next = vi.fn(answering)
    const send = layer([{ ...minute, name: 'calls' }], next)
    await send(by({}))
    await send(by({}))
    const error = await send(by({})).catch((error: unknown) => error)
    expect(error).toMatchObject({
      code: 'rate_limited',
      retryable: true,
      message: expect.stringContaining('The limit "calls" allows 2 requests per minute'),
      headers: { 'x-ratelimit-remaining-requests': '0', 'x-leash-ratelimit-limit-requests': '2' },
    })
    const { retryAfterMs = 0 } = error as LeashError
    expect(retryAfterMs).toBeGreaterThan(25_000)
    expect(retryAfterMs).toBeLessThanOrEqual(30_000)
    expect(next).toHaveBeenCalledTimes(2)
  })

  test('is each tenant’s own, and one for calls without a tenant', async () => {
    const send = layer([{ limit: { requests: 1 }, per: 'hour' }])
    const calls = [by({ tenant: 'a' }), by({ tenant: 'b' }), by({}), by({ tenant: 'a' }), by({ tenant: 'b' }), by({})]
    expect(await admitted(send, ...calls)).toEqual([true, true, true, false, false, false])
  })

  test('is one for all tenants when it is shared', async () => {
    const send = layer([{ ...minute, shared: true }])
    expect(await admitted(send, by({ tenant: 'a' }), by({ tenant: 'b' }), by({ tenant: 'c' }))).toEqual([true, true, false])
  })

  test.each([
    ['user', { user: 'ann' }, { user: 'bob' }],
    ['key', { key: 'key-1' }, { key: 'key-2' }],
    ['tag:team', { tags: { team: 'red' } }, { tags: { team: 'blue' } }],
  ] as const)('by %s is each one’s own within its tenant', async (subject, one, other) => {
    const send = layer([{ limit: { requests: 1 }, per: 'hour', by: subject }])
    const calls = [by(one), by(other), by({ ...one, tenant: 'a' }), by(one), by({ ...one, tenant: 'a' })]
    expect(await admitted(send, ...calls)).toEqual([true, true, true, false, false])
  })

  test('by model and provider is each one’s own', async () => {
    const { target } = aCall()
    const elsewhere = { ...target, provider: { ...target.provider, name: 'other' } }
    const send = layer([{ limit: { requests: 1 }, per: 'hour', by: ['model', 'provider'] }])
    const other = { ...target, model: 'other' }
    const calls = [by({}), by({}, { target: other }), by({}, { target: elsewhere }), by({}), by({}, { target: other })]
    expect(await admitted(send, ...calls)).toEqual([true, true, true, false, false])
  })

  test('by model counts a model as one, however its name was written', async () => {
    const send = layer([{ limit: { requests: 1 }, per: 'hour', by: 'model' }])
    expect(await admitted(send, by({}), by({}, { model: 'test/gpt-test' }))).toEqual([true, false])
  })

  test.each(['models/gpt-test', 'publishers/test/models/gpt-test'])(
    'a vendor’s full name for a model is no way around a limit: %s',
    async (model) => {
      const { target } = aCall()
      const full = () => by({}, { model: `test/${model}`, target: { ...target, model } })
      const limit = { limit: { requests: 1 }, per: 'hour' } as const
      expect(await admitted(layer([{ ...limit, by: 'model' }]), by({}), full())).toEqual([true, false])
      expect(await admitted(layer([{ ...limit, when: { models: 'gpt-test' } }]), by({}), full())).toEqual([true, false])
      expect(await admitted(layer([{ ...limit, when: { models: 'Test/GPT-*' } }]), by({}), full())).toEqual([true, false])
    },
  )

  test.each([
    [{ models: 'gpt-*' }, true],
    [{ models: ['x', 'gpt-test'] }, true],
    [{ models: 'test/gpt-test' }, true],
    [{ models: 'claude-*' }, false],
    [{ providers: 'test', tenants: ['acme'] }, true],
    [{ providers: 'test', tenants: 'zeta' }, false],
    [{ providers: 'other' }, false],
  ])('with %j holds for a call that matches all of it: %s', async (when, holds) => {
    const send = layer([{ limit: { requests: 1 }, per: 'hour', when }])
    expect(await admitted(send, by({ tenant: 'acme' }), by({ tenant: 'acme' }))).toEqual([true, !holds])
  })

  test('two tenants whose names look like parts of a key stay apart', async () => {
    const send = layer([{ limit: { requests: 1 }, per: 'hour', by: 'user' }])
    const calls = [by({ tenant: 'a', user: 'b","c' }), by({ tenant: 'a","b', user: 'c' }), by({ tenant: 'a' })]
    expect(await admitted(send, ...calls)).toEqual([true, true, true])
  })
})

describe('several limits', () => {
  test('take from all or from none', async () => {
    const send = layer([
      { limit: { requests: 5 }, per: 'hour' },
      { limit: { requests: 1 }, per: 'hour', by: 'user' },
    ])
    // Those that Ann's own limit refuses take nothing from the limit that she has in common with Bob.
    for (let call = 0; call < 9; call++) await send(by({ user: 'ann' })).catch(() => {})
    const users = ['b', 'c', 'd', 'e', 'f'].map((user) => by({ user }))
    expect(await admitted(send, ...users)).toEqual([true, true, true, true, false])
  })

  test.each(['token-bucket', 'fixed-window', 'sliding-window'] as const)(
    'never let in more than they allow of a thousand callers at once, by a %s',
    async (algorithm) => {
      const send = layer([
        { limit: { requests: 100 }, per: 'day', algorithm, shared: true },
        { limit: { requests: 30 }, per: 'day', algorithm },
      ])
      const count = { all: 0, a: 0, b: 0, c: 0, d: 0 }
      const calls = Array.from({ length: 1000 }, async (_, at) => {
        const tenant = (['a', 'b', 'c', 'd'] as const)[at % 4] ?? 'a'
        await send(by({ tenant })).then(
          () => {
            count.all++
            count[tenant]++
          },
          () => {},
        )
      })
      await Promise.all(calls)
      expect(count.all).toBe(100)
      for (const tenant of ['a', 'b', 'c', 'd'] as const) expect(count[tenant]).toBeLessThanOrEqual(30)
    },
  )
})

describe('tokens', () => {
  const attempt = (over: Partial<Attempt>): Attempt => ({
    provider: 'test',
    model: 'gpt-test',
    protocol: 'openai-chat',
    startedAt: 0,
    outcome: 'ok',
    ...over,
  })
  /** Every call has one attempt, which came to this. */
  const used =
    (over: Partial<Attempt>, error?: LeashError): Next =>
    async (call) => {
      call.report.attempts.push(attempt(over))
      if (error) throw error
      return anAnswer
    }
  const asking = (max_tokens?: number) =>
    by({}, { body: { messages: [{ role: 'user', content: 'one two three' }], ...(max_tokens !== undefined && { max_tokens }) } })
  const tokens = (next: Next) => layer([{ limit: { tokens: 1000 }, per: 'day', algorithm: 'fixed-window' }], next)
  const remaining = async (send: Next, call: Call) => Number((await told(send, call)).get('x-leash-ratelimit-remaining-tokens'))

  test('are taken by estimate, prompt and longest answer, and what was not used is given back', async () => {
    const send = tokens(used({ usage: usageOf({ input: 3, output: 2 }) }))
    const first = await remaining(send, asking(500))
    expect(first).toBeLessThan(500)
    expect(first).toBeGreaterThan(450)
    // The second finds all but five of them there again.
    expect(await remaining(send, asking(500))).toBe(first - 5)
  })

  test('that nobody can have used are none that were told: the estimate stands', async () => {
    const send = tokens(used({ usage: usageOf({ input: 1e15 }) }))
    const first = await remaining(send, asking(400))
    expect(await remaining(send, asking(400))).toBe(first - (1000 - first))
  })

  test('are taken for as many answers as are asked for', async () => {
    const send = tokens(used({ usage: usageOf({ input: 3, output: 2 }) }))
    const call = by({}, { body: { messages: [{ role: 'user', content: 'one two three' }], max_tokens: 300, n: 3 } })
    const left = await remaining(send, call)
    expect(left).toBeLessThan(100)
    expect(left).toBeGreaterThan(50)
  })

  test('of an answer without a bound are charged afterwards, and may lead into debt', async () => {
    const send = tokens(used({ usage: usageOf({ input: 3, output: 2000 }) }))
    await send(asking())
    await expect(send(asking())).rejects.toMatchObject({ code: 'rate_limited' })
  })

  test('of a call that the vendor refused are given back', async () => {
    const refused = new LeashError('invalid_request', 'No.')
    const send = tokens(used({ outcome: 'error', status: 400 }, refused))
    for (let call = 0; call < 9; call++) await expect(send(asking(900))).rejects.toBe(refused)
  })

  test('of a call whose vendor may have worked and told nothing stay taken', async () => {
    const cut = new LeashError('stream_truncated', 'Cut.')
    const send = tokens(used({ outcome: 'error', status: 200 }, cut))
    await expect(send(asking(900))).rejects.toBe(cut)
    await expect(send(asking(900))).rejects.toMatchObject({ code: 'rate_limited' })
  })

  test('of a stream are settled when it has ended, also when it is left', async () => {
    const streaming: Next = async (call) => {
      const record = attempt({ outcome: 'pending' })
      call.report.attempts.push(record)
      async function* body() {
        yield Uint8Array.of(1)
        record.usage = usageOf({ input: 3, output: 2 })
        yield Uint8Array.of(2)
      }
      return { stream: true, status: 200, headers: new Headers(), body: body() }
    }
    const send = tokens(streaming)
    const first = await send(asking(900))
    await expect(send(asking(900))).rejects.toMatchObject({ code: 'rate_limited' })
    await drain(first)
    const second = await send(asking(900))
    await leave(second)
    // It told no usage before it was left, so the estimate stands.
    await expect(send(asking(900))).rejects.toMatchObject({ code: 'rate_limited' })
  })

  test('that are more than the limit are refused for good, with what to do', async () => {
    const error = await tokens(answering)(asking(1000)).catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 'rate_limited', retryable: false, message: expect.stringContaining('Bound its answer') })
    expect((error as LeashError).retryAfterMs).toBeUndefined()
  })
})

async function drain(result: Result): Promise<void> {
  if (result.stream) for await (const _ of result.body);
}

async function leave(result: Result): Promise<void> {
  if (!result.stream) return
  const bytes = result.body[Symbol.asyncIterator]()
  await bytes.next()
  await bytes.return?.()
}

describe('a call that may wait', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    expect(vi.getTimerCount()).toBe(0)
    vi.useRealTimers()
  })
  const patient = { limit: { requests: 1 }, per: 'second', waitMs: 2500 } as const

  test('is let in as soon as there is room, in the order of coming', async () => {
    const order: number[] = []
    const send = layer([patient])
    const calls = [1, 2, 3].map((call) => send(by({})).then(() => order.push(call)))
    await vi.advanceTimersByTimeAsync(0)
    expect(order).toEqual([1])
    await vi.advanceTimersByTimeAsync(1000)
    expect(order).toEqual([1, 2])
    await vi.advanceTimersByTimeAsync(1000)
    expect(order).toEqual([1, 2, 3])
    await Promise.all(calls)
  })

  test('is refused once it has waited as long as it may', async () => {
    const send = layer([{ ...patient, per: 'hour' }])
    await send(by({}))
    await expect(send(by({}))).rejects.toMatchObject({ code: 'rate_limited' })
  })

  test('waits no longer than it may in all: in the line, and for room', async () => {
    const send = layer([patient])
    const calls = [1, 2, 3].map(() => send(by({})))
    const refused = expect(send(by({}))).rejects.toMatchObject({ code: 'rate_limited' })
    await vi.advanceTimersByTimeAsync(2000)
    await refused
    await Promise.all(calls)
  })

  test('does not wait where another target could be asked', async () => {
    const send = layer([patient])
    await send(by({}))
    await expect(send(by({}, { alternatives: true }))).rejects.toMatchObject({ code: 'rate_limited' })
  })

  test('is refused likewise where others in front of it have waited as long', async () => {
    const store = memory()
    const { promise: slow, resolve: answer } = Promise.withResolvers<void>()
    const take = async (...asked: Parameters<typeof store.take>) => {
      await slow
      return store.take(...asked)
    }
    const send = layer([patient], answering, { ...store, take })
    const first = send(by({}))
    const refused = expect(send(by({}))).rejects.toMatchObject({ code: 'rate_limited', retryAfterMs: 2500 })
    await vi.advanceTimersByTimeAsync(2500)
    await refused
    answer()
    await first
  })

  test('does not wait past its deadline', async () => {
    const send = layer([patient])
    await send(by({}))
    await expect(send(by({}, { deadline: Date.now() + 999 }))).rejects.toMatchObject({ code: 'rate_limited' })
  })

  test('stops waiting in the same tick when its caller aborts, and lets the next one in', async () => {
    const next = vi.fn(answering)
    const send = layer([patient], next)
    await send(by({}))
    const controller = new AbortController()
    const { signal } = controller
    const held = expect(send(by({}, { signal }))).rejects.toMatchObject({ code: 'aborted' })
    const behind = send(by({}))
    await vi.advanceTimersByTimeAsync(500)
    controller.abort()
    await held
    expect(getEventListeners(signal, 'abort')).toEqual([])
    await vi.advanceTimersByTimeAsync(500)
    await behind
    expect(next).toHaveBeenCalledTimes(2)
  })
})

describe('headers', () => {
  test('tell where the caller stands, by the limit of which the least is left', async () => {
    const send = layer([
      { limit: { requests: 100 }, per: 'hour' },
      { limit: { requests: 4 }, per: 'minute', by: 'user', algorithm: 'fixed-window' },
    ])
    const call = by({})
    const headers = await told(send, call)
    const written = answerWhole(anAnswer, call.report).headers
    expect([...headers].filter(([name]) => name.includes('ratelimit'))).toEqual(
      [...written].filter(([name]) => name.includes('ratelimit')),
    )
    expect([...headers.keys()]).toEqual([...headers.keys()].sort())
    expect(Object.fromEntries(headers)).toMatchObject({
      'x-leash-ratelimit-limit-requests': '4',
      'x-leash-ratelimit-remaining-requests': '3',
      'x-leash-ratelimit-reset-requests': expect.stringMatching(/^\d+(\.\d+)?s$/),
      'x-ratelimit-limit-requests': '4',
      'x-ratelimit-remaining-requests': '3',
    })
    expect(anAnswer.headers.has('x-leash-ratelimit-limit-requests')).toBe(false)
  })

  test('of the vendor stay the vendor’s', async () => {
    const theirs: Next = async () => ({ ...anAnswer, headers: new Headers({ 'x-ratelimit-remaining-requests': '7' }) })
    const headers = await told(layer([minute], theirs), by({}))
    expect(headers.get('x-ratelimit-remaining-requests')).toBe('7')
    expect(headers.get('x-leash-ratelimit-remaining-requests')).toBe('1')
  })
})

test.each([0, 60_000])('a caller who leaves is not kept by a store that is slow (waitMs: %s)', async (waitMs) => {
  const slow: Store = { ...memory(), take: () => new Promise(() => {}) }
  const abort = new AbortController()
  const sent = layer([{ ...minute, waitMs }], answering, slow)(by({}, { signal: abort.signal }))
  setImmediate(() => abort.abort())
  await expect(sent).rejects.toMatchObject({ code: 'aborted' })
  expect(getEventListeners(abort.signal, 'abort')).toHaveLength(0)
})

test.each([0, 60_000])('what is taken for a caller who has left meanwhile is given back (waitMs %i)', async (waitMs) => {
  const store = memory()
  const late = Promise.withResolvers<void>()
  const slow: Store = { ...store, take: (...asked) => late.promise.then(() => store.take(...asked)) }
  const limits = [{ limit: { requests: 1, tokens: 100 }, per: 'minute', waitMs }] as const
  const next = vi.fn(answering)
  const abort = new AbortController()
  const body = { messages: [{ role: 'user', content: 'Hello' }], max_tokens: 80 }
  const sent = layer(limits, next, slow)(by({}, { body, signal: abort.signal }))
  setImmediate(() => abort.abort())
  await expect(sent).rejects.toMatchObject({ code: 'aborted' })
  late.resolve()
  await new Promise(setImmediate)
  expect(next).not.toHaveBeenCalled()
  expect(await admitted(layer(limits, next, store), by({}, { body }))).toEqual([true])
})

test('what a store has let pass without counting it is not given back later', async () => {
  const store = memory()
  const adjust = vi.fn(store.adjust)
  const open: Store = { ...store, adjust, take: () => ({ ok: true, retryAfterMs: 0, states: [], at: 0 }) }
  const limits = [{ limit: { tokens: 1000 }, per: 'minute' }] as const
  await layer(limits, answering, open)(by({}, { body: { messages: [], max_tokens: 500 } }))
  expect(adjust).not.toHaveBeenCalled()
})

test('a store that lets everything pass leaves no headers, and one that fails fails the call', async () => {
  const open: Store = { ...memory(), take: () => ({ ok: true, retryAfterMs: 0, states: [], at: 0 }) }
  expect([...(await told(layer([minute], answering, open), by({})))].join()).not.toContain('ratelimit')
  const next = vi.fn(answering)
  const down = new LeashError('overloaded', 'The store is down.')
  const closed: Store = { ...memory(), take: () => Promise.reject(down) }
  await expect(layer([minute], next, closed)(by({}))).rejects.toBe(down)
  expect(next).not.toHaveBeenCalled()
})

describe('over sockets', () => {
  const mock = useMock()
  const messages = [{ role: 'user' as const, content: 'Hello' }]

  test.each(['gpt-4o-mini', 'claude-haiku-4-5'])(
    'a refused call to %s is OpenAI’s RateLimitError, and is not sent again',
    async (model) => {
      const client = new LeashLLM({
        apiKey: 'caller',
        baseURL: `${mock.url}/v1`,
        providers: mockProviders(mock.url),
        fallback: ['google/gemini-2.5-flash'],
        rateLimit: [{ limit: { requests: 1 }, per: 'hour' }],
      })
      const stream = await client.chat.completions.create({ model, messages, stream: true })
      for await (const _ of stream);
      const error = await client.chat.completions.create({ model, messages, stream: true }).catch((error: unknown) => error)
      expect(error).toBeInstanceOf(RateLimitError)
      const { headers, code } = error as RateLimitError
      expect([code, headers?.get('x-leash-error')]).toEqual(['rate_limited', 'rate_limited'])
      expect(Number(headers?.get('retry-after'))).toBeGreaterThan(3500)
      expect(headers?.get('x-ratelimit-remaining-requests')).toBe('0')
      expect(mock.requests).toHaveLength(1)
    },
  )

  test('US dollars are those that calls cost, and hold up the next ones once they are used up', async () => {
    const perToken = 1000
    const leash = createLeash({
      providers: mockProviders(mock.url),
      prices: { 'openai/gpt-4o-mini': { input: perToken, output: perToken } },
      rateLimit: [{ limit: { usd: 0.03 }, per: 'day', algorithm: 'fixed-window' }],
    })
    const statuses: number[] = []
    while (statuses.at(-1) !== 429 && statuses.length < 50) {
      const body = JSON.stringify({ model: 'gpt-4o-mini', messages })
      const response = await leash.handle(new Request('http://leash.test/v1/chat/completions', { method: 'POST', body }))
      statuses.push(response.status)
    }
    const [row] = leash.usage()
    const cost = Number(row?.cost)
    expect(statuses.at(-1)).toBe(429)
    expect(row?.calls).toBe(statuses.length - 1)
    // The last answer was not bounded, and so may have passed the limit by itself.
    expect(cost).toBeGreaterThan(0.02)
    expect(cost).toBeLessThan(0.045)
    await leash.close()
  })

  test.each([
    [10, 429],
    [1, 200],
  ])('US dollars are those of %d searches of the vendor as well: %d', async (max_uses, status) => {
    const leash = createLeash({
      providers: mockProviders(mock.url),
      rateLimit: [{ limit: { usd: 0.05 }, per: 'day', algorithm: 'fixed-window' }],
    })
    const tools = [{ type: 'web_search_20250305', name: 'web_search', max_uses }]
    const body = JSON.stringify({ model: 'claude-haiku-4-5', max_tokens: 10, messages, tools })
    const asked = new Request('http://leash.test/v1/messages', { method: 'POST', body })
    expect((await leash.handle(asked)).status).toBe(status)
    await leash.close()
  })
})
