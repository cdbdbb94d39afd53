import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Attempt, Call, Result } from '../../src/core/call.js'
import { LeashError } from '../../src/core/errors.js'
import type { Next } from '../../src/core/middleware.js'
import { createReport } from '../../src/core/report.js'
import { type HedgeDeps, type HedgeOptions, hedge, remember } from '../../src/middleware/hedge.js'
import { aCall } from '../helpers/call.js'

const { target } = aCall()
const other = { ...target, model: 'other' }
const find = () => other

interface Running {
  readonly call: Call
  readonly aborted: () => boolean
  readonly reason: () => unknown
}

interface Upstream extends Next {
  readonly seen: Running[]
}

/** Each attempt takes as long as the list says, and then answers or fails. An attempt that is stopped fails at once. */
function upstream(...plan: readonly { ms: number; error?: LeashError; result?: Result }[]): Upstream {
  const seen: Running[] = []
  const next: Next = (call) => {
    const { ms, error, result = answer(`${seen.length}`) } = plan[seen.length] ?? { ms: 0 }
    const { signal } = call
    seen.push({ call, aborted: () => signal?.aborted ?? false, reason: () => signal?.reason })
    const attempt: Attempt = { provider: 'test', model: 'm', protocol: 'p', startedAt: 0, outcome: 'pending' }
    call.report.attempts.push(attempt)
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => (error ? reject(error) : resolve(result)), ms)
      signal?.addEventListener('abort', () => {
        clearTimeout(timer)
        reject(signal.reason)
      })
    })
  }
  return Object.assign(next, { seen })
}

const answer = (body: string): Result => ({ stream: false, status: 200, headers: new Headers(), body })
const failed = (message: string) => new LeashError('overloaded', message, { retryable: true })

function call(over: Partial<Call> = {}): Call {
  return aCall({ target, report: createReport('call', undefined), ...over })
}

function layer(next: Next, options: HedgeOptions = {}, deps: Partial<HedgeDeps> = {}): Next {
  return hedge({ delayMs: 100, ...options }, { find, ...deps })(next)
}

/** What came of it, without waiting for it. */
function outcome(result: Promise<Result>): { value?: unknown } {
  const came: { value?: unknown } = {}
  result.then(
    (result) => {
      came.value = result.stream ? 'stream' : result.body
    },
    (error: unknown) => {
      came.value = error
    },
  )
  return came
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  // Nothing is left behind, however it went.
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

describe('an attempt that is not late', () => {
  test('is the only one', async () => {
    const next = upstream({ ms: 99 })
    const came = outcome(layer(next)(call()))
    await vi.advanceTimersByTimeAsync(99)
    expect(came.value).toBe('0')
    await vi.advanceTimersByTimeAsync(1000)
    expect(next.seen).toHaveLength(1)
  })

  test('fails as it would alone', async () => {
    const next = upstream({ ms: 50, error: failed('first') })
    const came = outcome(layer(next)(call()))
    await vi.advanceTimersByTimeAsync(1000)
    expect(came.value).toMatchObject({ message: '[overloaded] first' })
    expect(next.seen).toHaveLength(1)
  })
})

describe('a second attempt', () => {
  test('is sent when the first is late, and wins when it is quicker; the first is stopped in the same tick', async () => {
    const next = upstream({ ms: 1000 }, { ms: 50 })
    const came = outcome(layer(next)(call()))
    await vi.advanceTimersByTimeAsync(149)
    expect(next.seen.map(({ call }) => call.hedged)).toEqual([undefined, true])
    expect(came.value).toBeUndefined()
    await vi.advanceTimersByTimeAsync(1)
    expect(came.value).toBe('1')
    expect(next.seen.map(({ aborted }) => aborted())).toEqual([true, false])
    expect(next.seen[0]?.reason()).toMatchObject({ code: 'aborted' })
  })

  test('is stopped when the first answers after all', async () => {
    const next = upstream({ ms: 120 }, { ms: 500 })
    const came = outcome(layer(next)(call()))
    await vi.advanceTimersByTimeAsync(120)
    expect(came.value).toBe('0')
    expect(next.seen.map(({ aborted }) => aborted())).toEqual([false, true])
  })

  test.each([
    ['the first fails', [{ ms: 150, error: failed('first') }, { ms: 200 }], '1'],
    ['the second fails', [{ ms: 300 }, { ms: 10, error: failed('second') }], '0'],
  ])('the other one is waited for when %s', async (_, plan, value) => {
    const came = outcome(layer(upstream(...plan))(call()))
    await vi.advanceTimersByTimeAsync(300)
    expect(came.value).toBe(value)
  })

  test.each([
    [
      'first',
      [
        { ms: 150, error: failed('first') },
        { ms: 200, error: failed('second') },
      ],
    ],
    [
      'last',
      [
        { ms: 500, error: failed('first') },
        { ms: 10, error: failed('second') },
      ],
    ],
  ])('when both fail it is the first attempt that tells why, also when it fails %s', async (_, plan) => {
    const came = outcome(layer(upstream(...plan))(call()))
    await vi.advanceTimersByTimeAsync(500)
    expect(came.value).toMatchObject({ message: '[overloaded] first' })
  })

  test('goes to another target where there is one named', async () => {
    const next = upstream({ ms: 1000 }, { ms: 10 })
    const came = outcome(layer(next, { to: 'test/other' })(call()))
    await vi.advanceTimersByTimeAsync(110)
    expect(came.value).toBe('1')
    expect(next.seen.map(({ call }) => call.target.model)).toEqual(['gpt-test', 'other'])
  })

  test('to a target that nobody knows is refused before anything is sent', () => {
    const next = upstream()
    const unknown = () => {
      throw new LeashError('unknown_model', 'Who?')
    }
    expect(() => layer(next, { to: 'who' }, { find: unknown })(call())).toThrow('Who?')
    expect(next.seen).toEqual([])
  })

  test('that comes in the same tick as the first is left, if it is a stream', async () => {
    let left = 0
    const stream = (): Result => ({
      stream: true,
      status: 200,
      headers: new Headers(),
      body: {
        [Symbol.asyncIterator]: () => ({
          next: async () => ({ done: true, value: undefined }),
          return: async () => {
            left++
            return { done: true, value: undefined }
          },
        }),
      },
    })
    let both: ((result: Result) => void)[] = []
    const deaf: Next = () =>
      new Promise((resolve) => {
        both = [...both, resolve]
      })
    const came = outcome(layer(deaf)(call({ stream: true })))
    await vi.advanceTimersByTimeAsync(100)
    for (const resolve of both) resolve(stream())
    await vi.advanceTimersByTimeAsync(0)
    expect(came.value).toBe('stream')
    expect(left).toBe(1)
  })
})

describe('no second attempt', () => {
  const twice = () => upstream({ ms: 300 }, { ms: 10 })

  test.each<[string, Partial<Call>, HedgeOptions, Partial<HedgeDeps>]>([
    ['over the attempts of the call', { options: { maxAttempts: 1 } }, {}, {}],
    ['of a call that wants none', { options: { hedge: false } }, {}, {}],
    ['of a call with effects', { protocol: 'openai-responses', body: { background: true } }, {}, {}],
    ['of a call that is not repeatable by its user', {}, { repeatable: () => false }, {}],
    ['without a share of them', {}, { maxShare: 0 }, {}],
    ['that the budget does not allow', {}, {}, { reserve: () => false }],
    ['that the budget does not allow, once it has been asked', {}, {}, { reserve: async () => false }],
    ['when the budget cannot be asked', {}, {}, { reserve: () => Promise.reject(new Error('down')) }],
  ])('%s', async (_, over, options, deps) => {
    const next = twice()
    const came = outcome(layer(next, options, deps)(call(over)))
    await vi.advanceTimersByTimeAsync(1000)
    expect(came.value).toBe('0')
    expect(next.seen).toHaveLength(1)
  })

  test.each<[string, Partial<Call>, HedgeOptions]>([
    ['with effects, when it asks for it', { protocol: 'openai-responses', body: { store: true }, options: { hedge: true } }, {}],
    [
      'with effects, when its user says that it is repeatable',
      { protocol: 'openai-chat', body: { store: true } },
      { repeatable: () => true },
    ],
    ['within its attempts', { options: { maxAttempts: 2 } }, {}],
  ])('but one of a call %s', async (_, over, options) => {
    const next = twice()
    const came = outcome(layer(next, options)(call(over)))
    await vi.advanceTimersByTimeAsync(1000)
    expect(came.value).toBe('1')
  })

  test('counts the attempts of a call before: those of a retry or of another target', async () => {
    const next = twice()
    const again = call({ options: { maxAttempts: 2 } })
    again.report.attempts.push({ provider: 'a', model: 'b', protocol: 'p', startedAt: 0, outcome: 'error' })
    outcome(layer(next)(again))
    await vi.advanceTimersByTimeAsync(1000)
    expect(next.seen).toHaveLength(1)
  })

  test('leaves the only attempt to the first one, which may be held up on its way', async () => {
    const sent: Call[] = []
    const next: Next = async (call) => {
      sent.push(call)
      await new Promise((resolve) => setTimeout(resolve, 500))
      return answer('held up')
    }
    const came = outcome(layer(next)(call({ options: { maxAttempts: 1 } })))
    await vi.advanceTimersByTimeAsync(1000)
    expect(came.value).toBe('held up')
    expect(sent).toHaveLength(1)
  })

  test('once the first has answered while the budget was being asked', async () => {
    const next = twice()
    const slow = () => new Promise<boolean>((resolve) => setTimeout(() => resolve(true), 500))
    const came = outcome(layer(next, {}, { reserve: slow })(call()))
    await vi.advanceTimersByTimeAsync(1000)
    expect(came.value).toBe('0')
    expect(next.seen).toHaveLength(1)
  })

  test('asks the budget for the call that would be sent', async () => {
    const asked: Call[] = []
    const reserve = (second: Call) => asked.push(second) > 0
    outcome(layer(twice(), { to: 'test/other' }, { reserve })(call()))
    await vi.advanceTimersByTimeAsync(1000)
    expect(asked).toMatchObject([{ hedged: true, target: { model: 'other' } }])
  })
})

describe('a caller who stops', () => {
  test.each([
    ['before the second attempt', 50, 1],
    ['while both are under way', 150, 2],
  ])('%s stops all of it in the same tick', async (_, at, attempts) => {
    const caller = new AbortController()
    const next = upstream({ ms: 1000 }, { ms: 1000 })
    const came = outcome(layer(next)(call({ signal: caller.signal })))
    await vi.advanceTimersByTimeAsync(at)
    caller.abort('enough')
    expect(next.seen.map(({ reason }) => reason())).toEqual(Array(attempts).fill('enough'))
    expect(vi.getTimerCount()).toBe(0)
    await vi.advanceTimersByTimeAsync(0)
    expect(came.value).toBe('enough')
    expect(next.seen).toHaveLength(attempts)
    expect(getEventListeners(caller.signal, 'abort')).toHaveLength(0)
  })

  test('is listened to no more when all attempts have failed', async () => {
    const caller = new AbortController()
    const next = upstream({ ms: 150, error: failed('first') }, { ms: 100, error: failed('second') })
    const came = outcome(layer(next)(call({ signal: caller.signal })))
    await vi.advanceTimersByTimeAsync(160)
    expect(getEventListeners(caller.signal, 'abort')).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(40)
    expect(came.value).toMatchObject({ detail: 'first' })
    expect(getEventListeners(caller.signal, 'abort')).toHaveLength(0)
  })

  test('is heard by the winner alone, until its stream has ended', async () => {
    const caller = new AbortController()
    const { promise: end, resolve: finish } = Promise.withResolvers<void>()
    async function* body() {
      yield new Uint8Array(1)
      await end
    }
    const result: Result = { stream: true, status: 200, headers: new Headers(), body: body() }
    const running = layer(upstream({ ms: 1000 }, { ms: 10, result }))(call({ stream: true, signal: caller.signal }))
    await vi.advanceTimersByTimeAsync(110)
    const won = await running
    expect(getEventListeners(caller.signal, 'abort')).toHaveLength(1)
    if (!won.stream) throw new Error('No stream.')
    const reader = won.body[Symbol.asyncIterator]()
    await reader.next()
    finish()
    await reader.next()
    expect(getEventListeners(caller.signal, 'abort')).toHaveLength(0)
  })
})

describe('by the observed p95', () => {
  test('nothing is hedged before there were 20 answers', async () => {
    const next = upstream(...Array(20).fill({ ms: 10 }), { ms: 1000 }, { ms: 10 })
    const hedged = layer(next, { delayMs: 'p95' })
    for (let count = 1; count <= 20; count++) {
      outcome(hedged(call()))
      await vi.advanceTimersByTimeAsync(10)
    }
    expect(next.seen).toHaveLength(20)
    const came = outcome(hedged(call()))
    await vi.advanceTimersByTimeAsync(9)
    expect(next.seen).toHaveLength(21)
    await vi.advanceTimersByTimeAsync(11)
    expect(next.seen).toHaveLength(22)
    expect(came.value).toBe('21')
  })

  test('a failure says nothing about how long an answer takes', async () => {
    const next = upstream(...Array(40).fill({ ms: 1, error: failed('quick') }), { ms: 50 }, { ms: 10 })
    const hedged = layer(next, { delayMs: 'p95' })
    for (let count = 1; count <= 40; count++) {
      outcome(hedged(call()))
      await vi.advanceTimersByTimeAsync(1)
    }
    outcome(hedged(call()))
    await vi.advanceTimersByTimeAsync(100)
    expect(next.seen).toHaveLength(41)
  })

  test('nor does one beside an answer, which says so for itself alone', async () => {
    const told = vi.fn()
    const memory = remember({ maxShare: 1 })
    vi.spyOn(memory.latencies, 'add').mockImplementation(told)
    const next = upstream({ ms: 120, error: failed('first') }, { ms: 100 })
    const came = outcome(hedge({ delayMs: 100 }, { find }, memory)(next)(call()))
    await vi.advanceTimersByTimeAsync(1000)
    expect(came.value).toBe('1')
    expect(told.mock.calls).toEqual([[expect.objectContaining({ hedged: true }), 100]])
  })

  test('a stream has answered with its first content, and is measured apart from whole answers', async () => {
    const result: Result = { stream: true, status: 200, headers: new Headers(), body: (async function* () {})() }
    const next = upstream(...Array(20).fill({ ms: 10, result }), { ms: 1000 }, { ms: 1000 }, { ms: 10, result })
    const hedged = layer(next, { delayMs: 'p95' })
    for (let count = 1; count <= 20; count++) {
      outcome(hedged(call({ stream: true })))
      await vi.advanceTimersByTimeAsync(10)
    }
    outcome(hedged(call()))
    await vi.advanceTimersByTimeAsync(1000)
    expect(next.seen).toHaveLength(21)
    const came = outcome(hedged(call({ stream: true })))
    await vi.advanceTimersByTimeAsync(20)
    expect(next.seen).toHaveLength(23)
    expect(came.value).toBe('stream')
  })

  /** 0 to below 1, the same in every run. */
  function drawn(seed: number): () => number {
    let state = seed
    return () => {
      state = (state * 1664525 + 1013904223) % 2 ** 32
      return state / 2 ** 32
    }
  }

  async function measure(options: HedgeOptions | undefined, seed: number): Promise<{ p99: number; extra: number }> {
    const random = drawn(seed)
    let attempts = 0
    const next: Next = ({ signal }) => {
      attempts++
      const ms = random() < 0.05 ? 1000 : 40 + 40 * random() * random()
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => resolve(answer('')), ms)
        signal?.addEventListener('abort', () => {
          clearTimeout(timer)
          reject(signal.reason)
        })
      })
    }
    const send = options ? hedge(options, { find })(next) : next
    const took: number[] = []
    const calls = 3000
    for (let count = 0; count < calls; count++) {
      const began = performance.now()
      void send(call()).then(() => took.push(performance.now() - began))
      await vi.advanceTimersByTimeAsync(15)
    }
    await vi.advanceTimersByTimeAsync(3000)
    return { p99: took.toSorted((a, b) => a - b)[Math.floor(calls * 0.99)] ?? Number.NaN, extra: attempts / calls - 1 }
  }

  test.each([1, 2, 3])(
    'p99 is at most half, for at most 7 % more calls, where 5 % of the answers are slow (%i)',
    async (seed) => {
      const without = await measure(undefined, seed)
      const hedged = await measure({}, seed)
      expect(hedged.p99).toBeLessThanOrEqual(without.p99 / 2)
      expect(hedged.extra).toBeLessThanOrEqual(0.07)
      expect(without.extra).toBe(0)
    },
  )
})
