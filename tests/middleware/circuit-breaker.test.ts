import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Call, Result } from '../../src/core/call.js'
import { Emitter } from '../../src/core/emitter.js'
import { type Ending, Endings, endings } from '../../src/core/ending.js'
import { type ErrorCode, LeashError } from '../../src/core/errors.js'
import type { BreakerChange } from '../../src/core/health.js'
import type { Next } from '../../src/core/middleware.js'
import { Breaker } from '../../src/middleware/circuit-breaker/breaker.js'
import type { BreakerOptions } from '../../src/middleware/circuit-breaker/options.js'
import { circuitBreaker } from '../../src/middleware/circuit-breaker.js'
import { aCall, anAnswer } from '../helpers/call.js'

const name = 'test/gpt-test'
const down = () => new LeashError('upstream_error', 'Down.', { retryable: true })
const refused = (code: ErrorCode, over: { retryAfterMs?: number } = {}) => new LeashError(code, 'No.', over)

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'], now: 1_700_000_000_000 })
})
afterEach(() => {
  vi.useRealTimers()
})
const pass = (ms: number) => void vi.advanceTimersByTime(ms)
const setClock = (ms: number) => void vi.setSystemTime(Date.now() + ms)

/** A target behind a breaker, whose next answer is told beforehand. */
function setUp(options: BreakerOptions = {}) {
  const emitter = new Emitter()
  const changes: string[] = []
  emitter.on('breaker', ({ from, to, because }: BreakerChange) => changes.push(`${from} > ${to}: ${because}`))
  const breaker = new Breaker(options, emitter)
  const seen: Call[] = []
  let answer: () => Result | Promise<Result> = () => anAnswer
  const next: Next = async (call) => {
    seen.push(call)
    call.report.attempts.push({ provider: 'test', model: 'm', protocol: 'p', startedAt: 0, outcome: 'pending' })
    return answer()
  }
  const layer = circuitBreaker(breaker)(next)
  const send = (over: Partial<Call> = {}) => layer(aCall(over))
  return {
    breaker,
    emitter,
    changes,
    seen,
    send,
    state: () => breaker.state(aCall().target),
    health: () => breaker.health().find(({ target }) => target === name),
    /** Sends calls one after another that end so. */
    async meet(end: LeashError | 'ok', times = 1, eachMs = 0) {
      for (let time = 0; time < times; time++) {
        answer = () => {
          pass(eachMs)
          if (end !== 'ok') throw end
          return anAnswer
        }
        await send().catch(() => {})
      }
      answer = () => anAnswer
    },
    answerWith(how: () => Result | Promise<Result>) {
      answer = how
    },
  }
}

function aStream(): { result: Result; end: (ending: Ending) => void } {
  const told = new Endings()
  const body = { [endings]: told, async *[Symbol.asyncIterator]() {} }
  return { result: { stream: true, status: 200, headers: new Headers(), body }, end: (ending) => told.end(ending) }
}

describe('the circuit breaker opens', () => {
  it('after ten calls in a row that failed, and sends nothing more', async () => {
    const { meet, send, seen, state } = setUp()
    await meet(down(), 9)
    expect(state()).toBe('closed')
    await meet(down())
    expect(state()).toBe('open')
    await expect(send()).rejects.toMatchObject({ code: 'circuit_open', status: 503, retryable: false, retryAfterMs: 30_000 })
    expect(seen).toHaveLength(10)
  })

  it('not when an answer came in between', async () => {
    const { meet, state } = setUp()
    await meet(down(), 9)
    await meet('ok')
    await meet(down(), 9)
    expect(state()).toBe('closed')
  })

  it('for calls in a row, not for as many at the same time: those are one trouble', async () => {
    const { send, answerWith, state } = setUp({ consecutive: 2 })
    let fail = () => {}
    const trouble = new Promise<never>((_, reject) => {
      fail = () => reject(down())
    })
    answerWith(() => trouble)
    const burst = Array.from({ length: 15 }, () => send().catch(() => {}))
    pass(100)
    fail()
    await Promise.all(burst)
    expect(state()).toBe('closed')
    await send().catch(() => {})
    expect(state()).toBe('open')
  })

  it('when more than half of the calls of a minute failed, once there were twenty', async () => {
    const { meet, state, changes } = setUp({ consecutive: 1000 })
    await meet('ok', 9)
    await meet(down(), 10)
    expect(state()).toBe('closed')
    await meet(down())
    expect([state(), changes]).toEqual(['open', ['closed > open: errors']])
  })

  it('not at half of them', async () => {
    const { meet, state } = setUp({ consecutive: 1000 })
    await meet('ok', 15)
    await meet(down(), 15)
    expect(state()).toBe('closed')
  })

  it('not for failures of a minute ago', async () => {
    const { meet, state } = setUp({ consecutive: 1000 })
    await meet(down(), 19)
    pass(60_000)
    await meet(down(), 19)
    expect(state()).toBe('closed')
  })

  it('when more than three of ten calls took too long', async () => {
    const { meet, state, changes } = setUp({ consecutive: 1000 })
    await meet('ok', 14)
    await meet(new LeashError('timeout', 'Late.'), 6)
    expect(state()).toBe('closed')
    await meet(new LeashError('timeout', 'Late.'))
    expect([state(), changes]).toEqual(['open', ['closed > open: timeouts']])
  })

  it('when the deadline of a call passed at a target that had a chance', async () => {
    const { meet, state } = setUp({ consecutive: 2 })
    await meet(refused('deadline_exceeded'), 5, 900)
    expect(state()).toBe('closed')
    await meet(refused('deadline_exceeded'), 2, 1000)
    expect(state()).toBe('open')
  })

  it('when too many answers are slow, where the options say what is slow', async () => {
    const quick = setUp()
    await quick.meet('ok', 40, 20_000)
    expect(quick.state()).toBe('closed')
    const { meet, state, changes } = setUp({ slowMs: 1000, minimumCalls: 4, slowRate: 0.5 })
    await meet('ok', 2, 1000)
    await meet('ok', 2, 1001)
    expect(state()).toBe('closed')
    await meet('ok', 1, 1001)
    expect([state(), changes]).toEqual(['open', ['closed > open: slow']])
  })

  it('of no answer that took no longer, whatever the clock was set to meanwhile', async () => {
    const { send, answerWith, state } = setUp({ slowMs: 1000, minimumCalls: 1 })
    answerWith(() => {
      setClock(3_600_000)
      return anAnswer
    })
    await send()
    expect(state()).toBe('closed')
  })

  it.each([
    'invalid_request',
    'authentication_failed',
    'permission_denied',
    'not_found',
    'rate_limited',
    'aborted',
    'content_filtered',
  ] as const)('never for %s, which says nothing against the target', async (code) => {
    const { meet, state, health } = setUp({ consecutive: 1, minimumCalls: 1 })
    await meet(refused(code), 50)
    expect([state(), health()]).toEqual(['closed', undefined])
  })

  it('never for a failure of the process itself', async () => {
    const { answerWith, send, state } = setUp({ consecutive: 1 })
    answerWith(() => Promise.reject(new TypeError('A bug.')))
    await expect(send()).rejects.toThrow('A bug.')
    expect(state()).toBe('closed')
  })

  it('never when the target was not even asked', async () => {
    const breaker = new Breaker({ consecutive: 1 })
    const full: Next = () => Promise.reject(refused('overloaded'))
    await expect(circuitBreaker(breaker)(full)(aCall())).rejects.toMatchObject({ code: 'overloaded' })
    expect(breaker.state(aCall().target)).toBe('closed')
  })

  it('for the failures that the options name', async () => {
    const { meet, state } = setUp({ consecutive: 3, counts: ({ code }) => code === 'rate_limited' })
    await meet(down(), 3)
    expect(state()).toBe('closed')
    await meet(refused('rate_limited'), 3)
    expect(state()).toBe('open')
  })

  it('for one model, and leaves the others of its provider', async () => {
    const { meet, send } = setUp({ consecutive: 1 })
    await meet(down())
    await expect(send({ target: { ...aCall().target, model: 'other' } })).resolves.toBe(anAnswer)
  })
})

describe('an open circuit breaker', () => {
  it('is open for half a minute, then lets one call try, and closes when that is answered', async () => {
    const { meet, send, state, seen, changes } = setUp({ consecutive: 1 })
    await meet(down())
    pass(29_999)
    await expect(send()).rejects.toMatchObject({ code: 'circuit_open', retryAfterMs: 1 })
    pass(1)
    expect(state()).toBe('half-open')
    await send()
    await send()
    expect(seen).toHaveLength(3)
    expect(changes).toEqual(['closed > open: consecutive', 'open > half-open: cooldown', 'half-open > closed: trial'])
  })

  it('stays open for as long again when the trial fails', async () => {
    const { meet, send, state, changes } = setUp({ consecutive: 1, cooldownMs: 1000 })
    await meet(down())
    pass(1000)
    await meet(down())
    expect(state()).toBe('open')
    await expect(send()).rejects.toMatchObject({ code: 'circuit_open', retryAfterMs: 1000 })
    expect(changes.slice(1)).toEqual(['open > half-open: cooldown', 'half-open > open: trial'])
  })

  it('is tried when the clock was set back: not only when that has caught up', async () => {
    const { meet, state, send, health } = setUp()
    await meet(refused('overloaded', { retryAfterMs: 20_000 }))
    expect(health()).toHaveProperty('restsUntil')
    await meet(down(), 9)
    expect(state()).toBe('open')
    setClock(-3_600_000)
    expect(state()).toBe('half-open')
    expect(health()).not.toHaveProperty('restsUntil')
    await send({ alternatives: true })
    expect(state()).toBe('closed')
  })

  it('tries without retries', async () => {
    const { meet, send, seen } = setUp({ consecutive: 1 })
    await meet(down())
    pass(30_000)
    await send({ options: { maxRetries: 5, tags: { a: 'b' } } })
    await send({ options: { maxRetries: 5 } })
    expect(seen.slice(1).map(({ options }) => options)).toEqual([{ maxRetries: 0, tags: { a: 'b' } }, { maxRetries: 5 }])
  })

  it('lets no second call try while the first is under way, and the next when that came to nothing', async () => {
    const { meet, send, answerWith } = setUp({ consecutive: 1 })
    await meet(down())
    pass(30_000)
    let abort = () => {}
    answerWith(() => new Promise((_, reject) => (abort = () => reject(refused('aborted')))))
    const trial = send()
    await expect(send()).rejects.toMatchObject({ code: 'circuit_open' })
    abort()
    await expect(trial).rejects.toMatchObject({ code: 'aborted' })
    answerWith(() => anAnswer)
    await expect(send()).resolves.toBe(anAnswer)
  })

  it('does not wait for ever for a trial that hangs', async () => {
    const { meet, send, answerWith } = setUp({ consecutive: 1 })
    await meet(down())
    pass(30_000)
    answerWith(() => new Promise(() => {}))
    void send()
    pass(29_999)
    await expect(send()).rejects.toMatchObject({ code: 'circuit_open' })
    pass(1)
    answerWith(() => anAnswer)
    await expect(send()).resolves.toBe(anAnswer)
  })

  it('lets as many try at the same time as the options say', async () => {
    const { meet, send, seen, answerWith } = setUp({ consecutive: 1, trials: 3 })
    await meet(down())
    pass(30_000)
    answerWith(() => new Promise(() => {}))
    const sent = Array.from({ length: 5 }, () => send().catch(({ code }) => code))
    expect(await Promise.all(sent.slice(3))).toEqual(['circuit_open', 'circuit_open'])
    expect(seen).toHaveLength(4)
  })

  it('tells until when it is open, and of no time when it is not', async () => {
    const { breaker, emitter, meet, send } = setUp({ consecutive: 1 })
    const told: BreakerChange[] = []
    emitter.on('breaker', (change) => told.push(change))
    await meet(down())
    const { until } = breaker.health()[0] ?? {}
    pass(30_000)
    await send()
    expect(told.map(({ to, until }) => [to, until])).toEqual([
      ['open', until],
      ['half-open', undefined],
      ['closed', undefined],
    ])
  })

  it('lets as many try again when one of them failed while another hangs', async () => {
    const { meet, send, seen, answerWith } = setUp({ consecutive: 1, trials: 2 })
    await meet(down())
    pass(30_000)
    answerWith(() => new Promise(() => {}))
    void send()
    await meet(down())
    pass(30_000)
    answerWith(() => new Promise(() => {}))
    const sent = Array.from({ length: 3 }, () => send().catch(({ code }) => code))
    expect(await sent[2]).toBe('circuit_open')
    expect(seen).toHaveLength(5)
  })

  it('keeps to a longer Retry-After of the vendor, up to a bound', async () => {
    const { meet, send } = setUp({ consecutive: 1 })
    await meet(refused('overloaded', { retryAfterMs: 90_000 }))
    await expect(send()).rejects.toMatchObject({ retryAfterMs: 90_000 })
    pass(90_000)
    await meet(refused('overloaded', { retryAfterMs: 86_400_000 }))
    await expect(send()).rejects.toMatchObject({ retryAfterMs: 300_000 })
  })

  it('heeds nothing that calls from before come to', async () => {
    const { meet, send, answerWith, state } = setUp({ consecutive: 2 })
    await meet(down())
    const late: (() => void)[] = []
    answerWith(() => new Promise((resolve) => late.push(() => resolve(anAnswer))))
    const before = send()
    await meet(down())
    expect(state()).toBe('open')
    for (const answer of late) answer()
    await before
    expect(state()).toBe('open')
  })

  it('begins anew when it closes: one more failure does not open it again', async () => {
    const { meet, state } = setUp({ consecutive: 1000, minimumCalls: 5 })
    await meet(down(), 5)
    pass(30_000)
    await meet('ok')
    await meet(down(), 2)
    expect(state()).toBe('closed')
  })
})

describe('a stream', () => {
  it('counts by its end', async () => {
    const { send, answerWith, state, health } = setUp({ consecutive: 1 })
    const whole = aStream()
    answerWith(() => whole.result)
    expect(await send()).toBe(whole.result)
    expect(health()).toBeUndefined()
    whole.end(undefined)
    expect(health()).toMatchObject({ calls: 1, failures: 0 })
    const cut = aStream()
    answerWith(() => cut.result)
    await send()
    cut.end(refused('stream_truncated'))
    expect([state(), health()?.calls]).toEqual(['open', 2])
  })

  it('that the caller leaves is no failure, and ends the row of those', async () => {
    const { send, meet, answerWith, state, health } = setUp({ consecutive: 2 })
    await meet(down())
    const left = aStream()
    answerWith(() => left.result)
    await send()
    left.end('cancelled')
    await meet(down())
    expect([state(), health()]).toEqual(['closed', expect.objectContaining({ calls: 2, failures: 2 })])
  })

  it('is slow by its begin, and may be as long as it likes', async () => {
    const { send, answerWith, state } = setUp({ slowMs: 1000, minimumCalls: 1 })
    const long = aStream()
    answerWith(() => long.result)
    await send()
    pass(60_000)
    long.end(undefined)
    expect(state()).toBe('closed')
  })

  it('as a trial lets the next one try with its begin, and closes the breaker with its end', async () => {
    const { send, meet, answerWith, state } = setUp({ consecutive: 1 })
    await meet(down())
    pass(30_000)
    const streams = [aStream(), aStream()]
    for (const { result } of streams) {
      answerWith(() => result)
      await send()
    }
    expect(state()).toBe('half-open')
    streams[1]?.end(undefined)
    expect(state()).toBe('closed')
    streams[0]?.end(refused('stream_truncated'))
    expect(state()).toBe('closed')
  })
})

describe('a call that has alternatives', () => {
  it('does not wait out a rate limit, and one that has none tries its luck', async () => {
    const { meet, send } = setUp()
    await meet(refused('rate_limited', { retryAfterMs: 20_000 }))
    await expect(send({ alternatives: true })).rejects.toMatchObject({ code: 'circuit_open', retryAfterMs: 20_000 })
    await expect(send()).resolves.toBe(anAnswer)
    pass(20_000)
    await expect(send({ alternatives: true })).resolves.toBe(anAnswer)
  })
})

describe('a target that asks to be left alone', () => {
  it.each(['rate_limited', 'overloaded'] as const)('by %s, is, by calls that can go elsewhere, up to a bound', async (code) => {
    const { meet, send, state } = setUp()
    await meet(refused(code, { retryAfterMs: 86_400_000 }))
    expect(state()).toBe('closed')
    await expect(send({ alternatives: true })).rejects.toMatchObject({ code: 'circuit_open', retryAfterMs: 300_000 })
    pass(300_000)
    await expect(send({ alternatives: true })).resolves.toBe(anAnswer)
  })

  it('is one that has too much to do, and not one that has failed', async () => {
    const { meet, send } = setUp()
    await meet(refused('upstream_error', { retryAfterMs: 60_000 }))
    await expect(send({ alternatives: true })).resolves.toBe(anAnswer)
  })

  it('is asked again as soon as somebody says by hand that it is well', async () => {
    const { breaker, meet, send } = setUp()
    await meet(refused('overloaded', { retryAfterMs: 60_000 }))
    breaker.hold(name, 'auto')
    await expect(send({ alternatives: true })).resolves.toBe(anAnswer)
  })

  it('without a word of how long is asked by the next call', async () => {
    const { meet, send } = setUp()
    await meet(refused('overloaded'))
    await expect(send({ alternatives: true })).resolves.toBe(anAnswer)
  })
})

describe('when all are open', () => {
  const targetOf = (model: string) => ({ ...aCall().target, model })

  it('the options may have the least bad one tried, which is the one whose time is up first', async () => {
    const { breaker, meet, send, state } = setUp({ consecutive: 1, whenAllOpen: 'least-bad' })
    const failing = circuitBreaker(breaker)(async (call) => {
      call.report.attempts.push({ provider: 'test', model: 'm', protocol: 'p', startedAt: 0, outcome: 'pending' })
      throw down()
    })
    await failing(aCall({ target: targetOf('first') })).catch(() => {})
    pass(10_000)
    await meet(down())
    const targets = [aCall().target, targetOf('first')]
    expect(breaker.leastBad(() => targets)?.model).toBe('first')
    expect(breaker.leastBad(() => [...targets, targetOf('fine')])).toBeUndefined()
    await expect(send({ alternatives: true })).rejects.toMatchObject({ code: 'circuit_open' })
    await expect(send()).resolves.toBe(anAnswer)
    expect(state()).toBe('closed')
  })

  it('there is none by default', async () => {
    const { breaker, meet } = setUp({ consecutive: 1 })
    await meet(down())
    expect(breaker.leastBad(() => [aCall().target])).toBeUndefined()
  })

  it('one that is held open by hand is not tried even so', async () => {
    const { breaker, send } = setUp({ whenAllOpen: 'least-bad' })
    breaker.hold(name, 'open')
    expect(breaker.leastBad(() => [aCall().target])).toBeUndefined()
    await expect(send()).rejects.toMatchObject({ code: 'circuit_open', message: expect.stringContaining('by hand') })
  })
})

describe('by hand', () => {
  it('a target is held open until it is let go of', async () => {
    const { breaker, send, state, health, changes } = setUp()
    breaker.hold(name, 'open')
    pass(3_600_000)
    await expect(send()).rejects.toMatchObject({ code: 'circuit_open' })
    expect(health()).toMatchObject({ state: 'open', forced: 'open' })
    breaker.hold(name, 'auto')
    await expect(send()).resolves.toBe(anAnswer)
    expect([state(), changes]).toEqual(['closed', ['closed > open: forced', 'open > closed: forced']])
  })

  it('a whole provider is', async () => {
    const { breaker, send } = setUp()
    breaker.hold('test', 'open')
    await expect(send()).rejects.toMatchObject({ code: 'circuit_open' })
    expect(breaker.health()).toMatchObject([{ target: 'test', forced: 'open' }])
    breaker.hold('test', 'auto')
    await expect(send()).resolves.toBe(anAnswer)
  })

  it('a target is held closed, whatever it comes to', async () => {
    const { breaker, meet, send, state, changes } = setUp({ consecutive: 1 })
    await meet(down())
    breaker.hold(name, 'closed')
    await meet(down(), 30)
    expect(state()).toBe('closed')
    await expect(send()).resolves.toBe(anAnswer)
    expect(changes).toEqual(['closed > open: consecutive', 'open > closed: forced'])
    breaker.hold(name, 'auto')
    await meet(down())
    expect(state()).toBe('open')
  })
})

describe('health', () => {
  it('tells of each target that has been called', async () => {
    const { meet, health } = setUp({ consecutive: 2 })
    await meet('ok', 3)
    pass(5000)
    await meet(down(), 2)
    const now = Date.now()
    const seen = { target: name, calls: 5, failures: 2, errorRate: 0.4 }
    expect(health()).toEqual({ ...seen, state: 'open', since: now, until: now + 30_000 })
    pass(30_000)
    expect(health()).toEqual({ ...seen, state: 'half-open', since: now })
  })

  it('forgets targets when there are too many, and those that are open last', async () => {
    const { breaker, meet, send, health } = setUp({ consecutive: 1 })
    await meet(down())
    for (let model = 0; model < 1500; model++) await send({ target: { ...aCall().target, model: String(model) } })
    expect(breaker.health()).toHaveLength(1000)
    expect(health()?.state).toBe('open')
  })
})
