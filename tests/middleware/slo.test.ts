/** Objectives by a clock of the test's own, and through the whole leash. */
import { describe, expect, test } from 'vitest'
import type { Attempt } from '../../src/core/call.js'
import { Emitter } from '../../src/core/emitter.js'
import type { ErrorCode } from '../../src/core/errors.js'
import type { SloState } from '../../src/core/slo.js'
import { createLeash } from '../../src/leash.js'
import type { SloOptions } from '../../src/middleware/slo/options.js'
import { Slos } from '../../src/middleware/slo/slos.js'
import { mockProviders } from '../../src/testing/index.js'
import { readExposition } from '../helpers/exposition.js'
import { useMock } from '../helpers/mock.js'
import { asks, send } from './asks.js'

const hour = 3_600_000
const day = 24 * hour

/** Objectives, and what they have told. */
function open(options: SloOptions) {
  const clock = { now: Date.UTC(2026, 0, 1, 0, 0, 30) }
  const emitter = new Emitter()
  const slos = new Slos(options, emitter, () => clock.now)
  const told: string[] = []
  emitter.on('slo', ({ provider, objective, window }) => told.push(`${provider} ${objective} ${window}`))
  const made = (provider: string, over: Partial<Attempt>): Attempt & { callId: string } => ({
    ...{ callId: 'c', provider, model: 'm', protocol: 'openai-chat', startedAt: 0, outcome: 'ok', durationMs: 100 },
    ...over,
  })
  return {
    clock,
    told,
    good: (times = 1, provider = 'openai', over: Partial<Attempt> = {}) => {
      for (let at = 0; at < times; at++) emitter.emit('attempt', made(provider, over))
    },
    bad: (times = 1, error: ErrorCode = 'overloaded', provider = 'openai') => {
      for (let at = 0; at < times; at++) emitter.emit('attempt', made(provider, { outcome: 'error', error }))
    },
    state: (objective: SloState['objective'], window: SloState['window'], provider = 'openai') =>
      slos.states().find((state) => state.objective === objective && state.window === window && state.provider === provider),
    states: () => slos.states(),
  }
}

describe('an objective of availability', () => {
  test('is kept by the share of attempts that are answered, and its errors are a budget', () => {
    const { good, bad, state } = open({ openai: { availability: 0.9 } })
    good(95)
    bad(5)
    expect(state('availability', '1h')).toEqual({
      ...{ provider: 'openai', objective: 'availability', window: '1h', target: 0.9, attempts: 100, bad: 5 },
      ...{ compliance: 0.95, budgetRemaining: expect.closeTo(0.5, 10) },
    })
    expect(state('latency', '1h')).toBeUndefined()
  })

  test.each([
    'upstream_error',
    'upstream_malformed',
    'overloaded',
    'rate_limited',
    'network_error',
    'stream_truncated',
    'timeout',
    'deadline_exceeded',
  ] as const)('is failed by %s', (code) => {
    const { bad, state } = open({ openai: { availability: 0.9 } })
    bad(1, code)
    expect(state('availability', '30d')).toMatchObject({ attempts: 1, bad: 1, compliance: 0 })
  })

  test.each(['invalid_request', 'authentication_failed', 'content_filtered', 'aborted', 'budget_exceeded'] as const)(
    'is not judged by %s, for which the provider cannot help',
    (code) => {
      const { bad, states } = open({ openai: { availability: 0.9 } })
      bad(1, code)
      expect(states()).toEqual([])
    },
  )

  test('is not judged by an attempt that was left', () => {
    const { good, states } = open({ openai: { availability: 0.9 } })
    good(1, 'openai', { outcome: 'cancelled' })
    expect(states()).toEqual([])
  })

  test('that was never tried is kept', () => {
    const { clock, bad, state } = open({ openai: { availability: 0.9 } })
    bad()
    clock.now += 2 * hour
    expect(state('availability', '1h')).toMatchObject({ attempts: 0, compliance: 1, budgetRemaining: 1 })
  })
})

describe('an objective of latency', () => {
  test('is kept by the share that comes in time; a failure never came', () => {
    const { good, bad, state } = open({ openai: { latencyMs: 500, latencyShare: 0.5 } })
    good(6, 'openai', { durationMs: 500 })
    good(3, 'openai', { durationMs: 501 })
    bad()
    expect(state('latency', '1h')).toMatchObject({ target: 0.5, attempts: 10, bad: 4, compliance: 0.6 })
  })

  test('of a stream is about its first content', () => {
    const { good, state } = open({ openai: { latencyMs: 500 } })
    good(1, 'openai', { durationMs: 60_000, firstTokenMs: 400 })
    expect(state('latency', '1h')).toMatchObject({ target: 0.95, bad: 0 })
  })
})

test('windows forget what is older than an hour, a day and 30 days, each by itself', () => {
  const { clock, bad, state } = open({ openai: { availability: 0.9 } })
  const seen = () => (['1h', '24h', '30d'] as const).map((window) => state('availability', window)?.attempts)
  bad()
  expect(seen()).toEqual([1, 1, 1])
  clock.now += hour - 60_000
  expect(seen()).toEqual([1, 1, 1])
  clock.now += 2 * 60_000
  expect(seen()).toEqual([0, 1, 1])
  clock.now += day
  expect(seen()).toEqual([0, 0, 1])
  bad()
  clock.now += 30 * day - 7 * hour
  expect(seen()).toEqual([0, 0, 1])
  clock.now += 14 * hour
  expect(seen()).toEqual([0, 0, 0])
})

test.each([
  ['1h', hour],
  ['24h', day],
  ['30d', 30 * day],
] as const)('what was at the end of a part is in the window of %s until that has passed', (window, length) => {
  const { clock, bad, state } = open({ openai: { availability: 0.9 } })
  clock.now = Date.UTC(2026, 0, 1) - 1
  bad()
  clock.now += length
  expect(state('availability', window)?.attempts).toBe(1)
  clock.now += 1 + length / 60
  expect(state('availability', window)?.attempts).toBe(0)
})

describe('providers', () => {
  test('are held by their names, all others by the star, and those without are not', () => {
    const { good, state, states } = open({ openai: { availability: 0.9 }, '*': { availability: 0.5 } })
    good(1)
    good(1, 'groq')
    expect(state('availability', '1h')?.target).toBe(0.9)
    expect(state('availability', '1h', 'groq')?.target).toBe(0.5)
    expect(states()).toHaveLength(6)
    const named = open({ openai: { availability: 0.9 } })
    named.good(1, 'groq')
    named.good(1, 'constructor')
    expect(named.states()).toEqual([])
  })

  test('are at most 100, whatever callers name', () => {
    const { good, states } = open({ '*': { availability: 0.9 } })
    for (let at = 0; at < 300; at++) good(1, `provider-${at}`)
    expect(states()).toHaveLength(300)
    expect(new Set(states().map(({ provider }) => provider)).size).toBe(100)
  })
})

describe('errors that are spent', () => {
  test.each([0.9, 0.99, 0.999, 0.95, 0.8, 0.7, 0.9999])(
    'are spent by just as many as the target of %d allows',
    (availability) => {
      const { good, bad, state, told } = open({ openai: { availability } })
      good(Math.round(10_000 * availability))
      bad(10_000 - Math.round(10_000 * availability))
      expect(state('availability', '1h')?.budgetRemaining).toBe(0)
      expect(told).toContain('openai availability 1h')
    },
  )

  test('are told once for each window, and again when some were left in between', () => {
    const { clock, told, good, bad } = open({ openai: { availability: 0.9, minimumAttempts: 10 } })
    good(18)
    bad(1)
    expect(told).toEqual([])
    bad(2)
    expect(told).toEqual(['1h', '24h', '30d'].map((window) => `openai availability ${window}`))
    bad(5)
    expect(told).toHaveLength(3)
    // The hour is over, the day is not.
    clock.now += 2 * hour
    good(10)
    bad(2)
    expect(told.slice(3)).toEqual(['openai availability 1h'])
  })

  test('are not told of before there were enough attempts to say so', () => {
    const { told, bad } = open({ openai: { availability: 0.9 } })
    bad(19)
    expect(told).toEqual([])
    bad(1)
    expect(told).toHaveLength(3)
  })

  test('are told of each objective by itself', () => {
    const { told, good } = open({ openai: { availability: 0.9, latencyMs: 50, minimumAttempts: 1 } })
    good(1)
    expect(told).toEqual(['1h', '24h', '30d'].map((window) => `openai latency ${window}`))
  })
})

describe('through the leash', () => {
  const mock = useMock()

  test('an objective that is exhausted raises an event and is told as a metric', async () => {
    const leash = createLeash({
      providers: mockProviders(mock.url),
      metrics: true,
      retry: false,
      slo: { '*': { availability: 0.5, minimumAttempts: 4 } },
    })
    const told: SloState[] = []
    leash.on('slo', (state) => told.push(state))
    mock.script({}, {}, { status: 503, times: 2 })
    for (const text of ['one', 'two', 'three', 'four']) {
      expect(told).toEqual([])
      await (await send(leash, 'handle', mock.url, asks[0]?.request(text, text === 'two') ?? { path: '', body: {} })).text()
    }
    expect(told.map(({ window }) => window)).toEqual(['1h', '24h', '30d'])
    expect(told[0]).toMatchObject({ provider: 'openai', objective: 'availability', attempts: 4, bad: 2, budgetRemaining: 0 })
    expect(await leash.slos()).toEqual(told)
    const metrics = readExposition(await leash.metrics())
    expect(metrics.get('leash_slo_error_budget_remaining')?.samples.map(({ value }) => value)).toEqual([0, 0, 0])
    expect(metrics.get('leash_slo_compliance')?.samples.map(({ value }) => value)).toEqual([0.5, 0.5, 0.5])
    await leash.close()
  })
})
