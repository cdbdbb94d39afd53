import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Attempt, Call, Result } from '../../src/core/call.js'
import { LeashError } from '../../src/core/errors.js'
import type { Next } from '../../src/core/middleware.js'
import { createLeash } from '../../src/leash.js'
import { type PaceOptions, pace } from '../../src/middleware/pace.js'
import { mockProviders } from '../../src/testing/index.js'
import { aCall } from '../helpers/call.js'
import { useMock } from '../helpers/mock.js'

const attempt: Attempt = { provider: 'test', model: 'gpt-test', protocol: 'openai-chat', startedAt: 0, outcome: 'ok' }
const exhausted = (reset: string) => new Headers({ 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': reset })
const room = (remaining: number, reset: string, limit?: number) =>
  new Headers({
    'x-ratelimit-remaining-requests': `${remaining}`,
    'x-ratelimit-reset-requests': reset,
    ...(limit !== undefined && { 'x-ratelimit-limit-requests': `${limit}` }),
  })
const answer = (headers = new Headers()): Result => ({ stream: false, status: 200, headers, body: {}, attempt })

function refusal(options: { retryAfterMs?: number; headers?: Headers } = {}): LeashError {
  const { retryAfterMs, headers = new Headers() } = options
  const upstream = { protocol: 'openai-chat', status: 429, headers, text: '' }
  return new LeashError('rate_limited', 'Too much.', { upstream, ...(retryAfterMs !== undefined && { retryAfterMs }) })
}

type Outcome = Result | LeashError | ((call: Call) => Promise<Result>)

/** A vendor that answers or refuses as the list says, and then answers. */
function vendor(...plan: Outcome[]) {
  const seen: Call[] = []
  let usual = answer()
  const next: Next = async (call) => {
    const outcome = plan[seen.length] ?? usual
    seen.push(call)
    if (outcome instanceof LeashError) throw outcome
    return typeof outcome === 'function' ? outcome(call) : outcome
  }
  const answers = (headers: Headers) => {
    usual = answer(headers)
  }
  return Object.assign(next, { seen, answers })
}

/** Until its caller stops it. */
const never = ({ signal }: Call) =>
  new Promise<Result>((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))

const answerAfter = (ms: number, headers: Headers) => () =>
  new Promise<Result>((resolve) => setTimeout(() => resolve(answer(headers)), ms))

const layer = (next: Next, options?: PaceOptions) => pace(options)(next)

describe('pace', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    expect(vi.getTimerCount()).toBe(0)
    vi.useRealTimers()
  })

  test('holds calls back until there is room again, and no longer', async () => {
    const next = vendor(answer(exhausted('5s')))
    const send = layer(next)
    await send(aCall())
    const [second, third] = [send(aCall()), send(aCall())]
    await vi.advanceTimersByTimeAsync(4999)
    expect(next.seen).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    await Promise.all([second, third])
    expect(next.seen).toHaveLength(3)
    await send(aCall())
  })

  test('lets calls pass as long as something remains', async () => {
    const next = vendor(answer(new Headers({ 'x-ratelimit-remaining-requests': '1', 'x-ratelimit-reset-requests': '5s' })))
    const send = layer(next)
    await send(aCall())
    await send(aCall())
    expect(next.seen).toHaveLength(2)
  })

  test('counts what was sent since against what remains', async () => {
    const next = vendor(answer(room(2, '5s', 9)), never, never, never)
    const send = layer(next)
    await send(aCall())
    const { signal, abort } = abortable()
    const sent = Array.from({ length: 3 }, () => send(aCall({ signal })).catch(() => undefined))
    await vi.advanceTimersByTimeAsync(4999)
    expect(next.seen).toHaveLength(3)
    await vi.advanceTimersByTimeAsync(1)
    expect(next.seen).toHaveLength(4)
    abort()
    await Promise.all(sent)
  })

  test.each([
    [3, room(0, '5s', 3)],
    [1, room(0, '5s')],
    [1, room(0, '2m', 3)],
  ])('lets %i go at the reset, in the order of their coming', async (count, headers) => {
    const next = vendor(answer(headers), ...Array.from({ length: 9 }, () => never))
    const send = layer(next, { waitMs: 300_000 })
    await send(aCall())
    const { signal, abort } = abortable()
    const held = Array.from({ length: 5 }, (_, place) => send(aCall({ signal, id: `call ${place}` })).catch(() => undefined))
    await vi.advanceTimersToNextTimerAsync()
    expect(next.seen.slice(1).map(({ id }) => id)).toEqual(['call 0', 'call 1', 'call 2'].slice(0, count))
    abort()
    await Promise.all(held)
  })

  test('goes by what the newest of the calls has been told, and by no answer that took longer than the time it tells of', async () => {
    const next = vendor(answerAfter(1000, room(0, '900ms', 9)), answerAfter(10, room(5, '5s', 9)))
    const send = layer(next)
    const [slow, quick] = [send(aCall()), send(aCall())]
    await vi.advanceTimersByTimeAsync(1000)
    await Promise.all([slow, quick])
    await send(aCall())
    expect(next.seen).toHaveLength(3)
  })

  test('refuses a call that has waited as long as it may behind others', async () => {
    const next = vendor(answer(room(0, '5s', 1)))
    const send = layer(next, { waitMs: 7000 })
    await send(aCall())
    const first = send(aCall())
    await vi.advanceTimersByTimeAsync(1)
    next.answers(room(0, '5s', 1))
    const second = expect(send(aCall())).rejects.toMatchObject({ code: 'rate_limited', retryAfterMs: 2999 })
    await vi.advanceTimersByTimeAsync(7000)
    await Promise.all([first, second])
    expect(next.seen).toHaveLength(2)
  })

  test('holds back after a 429 those that come, and not those that are under way', async () => {
    const next = vendor(answerAfter(100, new Headers()), refusal({ retryAfterMs: 3000 }))
    const send = layer(next)
    const underway = send(aCall())
    await expect(send(aCall())).rejects.toThrow('Too much')
    const held = send(aCall())
    await vi.advanceTimersByTimeAsync(100)
    await underway
    await vi.advanceTimersByTimeAsync(2899)
    expect(next.seen).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(1)
    await held
  })

  test.each([
    ['its Retry-After', refusal({ retryAfterMs: 3000 })],
    ['its headers', refusal({ headers: exhausted('3s') })],
  ])('learns from a 429 by %s, which is the caller’s all the same', async (_, error) => {
    const next = vendor(error)
    const send = layer(next)
    await expect(send(aCall())).rejects.toBe(error)
    const second = send(aCall())
    await vi.advanceTimersByTimeAsync(2999)
    expect(next.seen).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    await second
  })

  test('learns nothing from a limit of our own, nor from another failure', async () => {
    const own = new LeashError('rate_limited', 'Ours.', { retryAfterMs: 9000 })
    const next = vendor(own, new LeashError('overloaded', 'Busy.', { retryAfterMs: 9000 }))
    const send = layer(next)
    await expect(send(aCall())).rejects.toBe(own)
    await expect(send(aCall())).rejects.toThrow('Busy')
    await send(aCall())
    expect(next.seen).toHaveLength(3)
  })

  test('lets one call at a time ask again after a 429 that told no number, until one of them is answered', async () => {
    const next = vendor(refusal({ retryAfterMs: 5000 }), new LeashError('network_error', 'No.'), never)
    const send = layer(next, { waitMs: 0 })
    await expect(send(aCall())).rejects.toMatchObject({ code: 'rate_limited' })
    await vi.advanceTimersByTimeAsync(5000)
    await expect(send(aCall())).rejects.toMatchObject({ code: 'network_error' })
    void send(aCall())
    await expect(send(aCall())).rejects.toMatchObject({ code: 'rate_limited' })
    expect(next.seen).toHaveLength(3)
  })

  test('has no more room for a call that failed, where the vendor has told how much there is', async () => {
    const next = vendor(answer(room(1, '60s', 10)), new LeashError('network_error', 'No.'))
    const ask = layer(next, { waitMs: 0 })
    await ask(aCall())
    await expect(ask(aCall())).rejects.toMatchObject({ code: 'network_error' })
    await expect(ask(aCall())).rejects.toMatchObject({ code: 'rate_limited' })
    expect(next.seen).toHaveLength(2)
  })

  test('learns nothing from an answer that no vendor gave', async () => {
    const { attempt: _, ...remembered } = answer(exhausted('5s'))
    const send = layer(vendor(remembered))
    await send(aCall())
    await send(aCall())
  })

  test.each([
    ['it would wait longer than it may', { waitMs: 4999 }, {}],
    ['it does not wait at all', { waitMs: 0 }, {}],
    ['another target may be tried', {}, { alternatives: true }],
    ['its deadline is sooner', {}, { deadline: 1 }],
  ] as const)('refuses a call at once when %s, and says how long it takes', async (_, options, over) => {
    const next = vendor(answer(exhausted('5s')))
    const send = layer(next, options)
    await send(aCall())
    const deadline = 'deadline' in over ? { deadline: Date.now() + 4999 } : {}
    await expect(send(aCall({ ...over, ...deadline }))).rejects.toMatchObject({
      code: 'rate_limited',
      retryable: true,
      retryAfterMs: 5000,
    })
    expect(next.seen).toHaveLength(1)
  })

  test('asks again after a minute, however long a vendor says that it takes', async () => {
    const next = vendor(answer(exhausted('1d')))
    const send = layer(next)
    await send(aCall())
    const second = send(aCall())
    await vi.advanceTimersByTimeAsync(60_000)
    await second
  })

  test('asks again when the clock was set back', async () => {
    const next = vendor(answer(exhausted('30s')))
    const send = layer(next)
    await send(aCall())
    vi.setSystemTime(Date.now() - 3_600_000)
    await send(aCall())
    expect(next.seen).toHaveLength(2)
  })

  test('heeds what an answer says while the clock was put ahead', async () => {
    const headers = exhausted('30s')
    const next = vendor(() => {
      vi.setSystemTime(Date.now() + 3_600_000)
      return Promise.resolve(answer(headers))
    })
    const send = layer(next, { waitMs: 0 })
    await send(aCall())
    await expect(send(aCall())).rejects.toMatchObject({ code: 'rate_limited', retryAfterMs: 30_000 })
  })

  test('holds calls back where a provider has one key, and not where another may be chosen', async () => {
    const { target } = aCall()
    const sent = async (keys: number) => {
      const all = Array.from({ length: keys }, (_, at) => ({ name: `key ${at}`, state: 'ready', uses: 0 }) as const)
      const next = vendor(answer(exhausted('5s')))
      const send = layer(next, { waitMs: 0 })
      for (let call = 0; call < 2; call++)
        await send(aCall({ target: { ...target, provider: { ...target.provider, keys: () => all } } })).catch(() => {})
      return next.seen.length
    }
    expect([await sent(1), await sent(2)]).toEqual([1, 2])
  })

  test('holds back no other target, and no other key of the caller’s own', async () => {
    const { target } = aCall()
    const origin = (key: string) => ({
      url: 'https://api.test/v1',
      headers: new Headers({ authorization: `Bearer ${key}` }),
      isVendor: true,
    })
    const next = vendor(answer(exhausted('5s')))
    const send = layer(next)
    await send(aCall({ target: { ...target, origin: origin('a') } }))
    await send(aCall({ target: { ...target, origin: origin('b') } }))
    await send(aCall({ target: { ...target, model: 'other' } }))
    const held = send(aCall({ target: { ...target, origin: origin('a') } }))
    await vi.advanceTimersByTimeAsync(4999)
    expect(next.seen).toHaveLength(3)
    await vi.advanceTimersByTimeAsync(1)
    await held
  })

  test('lets go of a caller who aborts in the same tick, and of its signal', async () => {
    const next = vendor(answer(exhausted('5s')))
    const send = layer(next)
    await send(aCall())
    const { signal, abort } = abortable()
    const held = expect(send(aCall({ signal }))).rejects.toMatchObject({ code: 'aborted' })
    expect(vi.getTimerCount()).toBeGreaterThan(0)
    abort()
    expect(vi.getTimerCount()).toBe(0)
    await held
    expect(next.seen).toHaveLength(1)
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})

function abortable() {
  const controller = new AbortController()
  return { signal: controller.signal, abort: () => controller.abort() }
}

describe('over sockets', () => {
  const mock = useMock()

  test('waits no longer than the options of the leash say', async () => {
    const leash = createLeash({ providers: mockProviders(mock.url), pace: { waitMs: 0 }, retry: false })
    mock.script({ headers: { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '30s' } })
    const ask = () => {
      const body = JSON.stringify({ model: 'openai/gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] })
      return leash.handle(new Request('http://leash.test/v1/chat/completions', { method: 'POST', body }))
    }
    expect([(await ask()).status, (await ask()).status]).toEqual([200, 429])
    expect(mock.requests).toHaveLength(1)
    await leash.close()
  })

  test.each([false, true])('goes to another target instead of meeting a 429; streamed: %s', async (stream) => {
    const leash = createLeash({
      providers: mockProviders(mock.url),
      pace: true,
      retry: false,
      fallback: ['anthropic/claude-haiku-4-5'],
    })
    mock.script({ status: 429, headers: { 'retry-after': '30' } })
    const ask = async () => {
      const response = await leash.handle(
        new Request('http://leash.test/v1/chat/completions', {
          method: 'POST',
          body: JSON.stringify({ model: 'openai/gpt-4o-mini', stream, messages: [{ role: 'user', content: 'Hello' }] }),
        }),
      )
      return [response.status, response.headers.get('x-leash-provider'), await response.text()]
    }
    for (let call = 0; call < 3; call++) expect(await ask()).toEqual([200, 'anthropic', expect.stringContaining('Hello')])
    // The first of the three has met the 429, and the others knew.
    expect(mock.requests.map(({ path }) => path.includes('chat/completions'))).toEqual([true, false, false, false])
    await leash.close()
  })
})
