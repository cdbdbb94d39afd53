/** A second attempt at another vendor, over real sockets: what each vendor's own layers make of it. */
import { afterEach, describe, expect, test } from 'vitest'
import { type CallOptions, createLeash, type Leash, type LeashOptions, type Report } from '../../../src/leash.js'
import { mockProviders } from '../../../src/testing/index.js'
import { until, useMock } from '../../helpers/mock.js'

const first = useMock()
const other = useMock()
const to = 'groq/llama-3.3-70b'

const leashes: Leash[] = []
afterEach(async () => {
  for (const leash of leashes.splice(0)) await leash.close()
})

function open(options: LeashOptions = {}) {
  const { groq, anthropic } = mockProviders(other.url)
  const leash = createLeash({
    providers: { ...mockProviders(first.url), groq, anthropic },
    hedge: { delayMs: 20, maxShare: 1, to },
    ...options,
  })
  leashes.push(leash)
  const reports: Report[] = []
  leash.on('result', (report) => reports.push(report))
  const ask = async (stream = false, over: object = {}, own: CallOptions = {}) => {
    const messages = [{ role: 'user', content: 'one two three' }]
    const body = JSON.stringify({ model: 'openai/gpt-4o-mini', stream, messages, ...over })
    const response = await leash.handle(new Request('http://leash/v1/chat/completions', { method: 'POST', body }), { leash: own })
    return { status: response.status, text: await response.text() }
  }
  const health = (name: string) => leash.health().targets.find(({ target }) => target.startsWith(name))
  return { leash, reports, ask, health }
}

/** Whatever is asked is not answered. */
const silent = { hang: 'headers', when: () => true } as const
const late = { latencyMs: 500, when: () => true } as const

describe.each([false, true])('with streams: %s', (stream) => {
  test('a target that stays silent is down after a few calls, and those that follow ask the other one at once', async () => {
    const { ask, health, reports } = open({ circuitBreaker: { consecutive: 3 } })
    first.script(silent)
    for (let call = 0; call < 10; call++) expect(await ask(stream)).toMatchObject({ status: 200 })
    expect(first.requests).toHaveLength(3)
    expect(health('openai')).toMatchObject({ state: 'open', calls: 3, failures: 3 })
    expect(health('groq')).toMatchObject({ state: 'closed', calls: 10, failures: 0 })
    expect(reports.map(({ attempts }) => attempts.length)).toEqual([2, 2, 2, 1, 1, 1, 1, 1, 1, 1])
    expect(reports[0]?.attempts).toMatchObject([{ outcome: 'cancelled' }, { provider: 'groq', hedged: true, outcome: 'ok' }])
    expect(reports[9]).toMatchObject({
      provider: 'groq',
      moves: [{ from: 'openai/gpt-4o-mini', to, because: 'circuit_open' }],
    })
  })
})

test('a target that is down is left to the fallback, where there is one', async () => {
  const { leash, ask, reports } = open({ hedge: { to }, fallback: ['anthropic/claude-haiku-4-5'] })
  await leash.breaker('openai', 'open')
  expect((await ask()).status).toBe(200)
  expect(reports[0]).toMatchObject({ provider: 'anthropic', moves: [{ because: 'circuit_open' }] })
})

test('a target that answers after all is not to blame, and neither is the one that was asked beside it', async () => {
  const { ask, health, reports } = open({ circuitBreaker: { consecutive: 1 } })
  first.script({ latencyMs: 60 })
  other.script(silent)
  expect((await ask()).status).toBe(200)
  expect(reports[0]?.attempts).toMatchObject([{ outcome: 'ok' }, { outcome: 'cancelled' }])
  expect(health('openai')).toMatchObject({ state: 'closed', calls: 1, failures: 0 })
  expect(health('groq')).toBeUndefined()
})

test('a target that fails while the other is under way has failed', async () => {
  const { ask, health } = open({ circuitBreaker: { consecutive: 1 }, retry: false })
  first.script({ status: 500, latencyMs: 100 })
  other.script({ latencyMs: 1000 })
  expect((await ask()).status).toBe(200)
  expect(health('openai')).toMatchObject({ state: 'open', failures: 1 })
})

test('a call that waited for a place says nothing against the target', async () => {
  const { ask, health, reports } = open({ circuitBreaker: { consecutive: 1 }, concurrency: { provider: { openai: 1 } } })
  first.script({ latencyMs: 1500 })
  other.script({ status: 400 })
  const calls = [ask()]
  await until(() => other.requests.length === 1)
  calls.push(ask())
  for (const call of calls) expect((await call).status).toBe(200)
  expect(first.requests).toHaveLength(1)
  expect(reports[0]?.attempts).toMatchObject([{ provider: 'groq', hedged: true }])
  expect(health('openai')).toMatchObject({ state: 'closed', calls: 1, failures: 0 })
})

describe('no second attempt', () => {
  test('at a target that is held open by hand', async () => {
    const { leash, ask, reports } = open()
    await leash.breaker('groq', 'open')
    first.script(late)
    expect((await ask()).status).toBe(200)
    expect(other.requests).toEqual([])
    expect(reports[0]?.attempts).toHaveLength(1)
  })

  test('at a target that is down', async () => {
    const { ask, health } = open({ circuitBreaker: { consecutive: 1 } })
    first.script(late)
    other.script({ status: 500 })
    expect((await ask()).status).toBe(200)
    expect(health('groq')?.state).toBe('open')
    expect((await ask()).status).toBe(200)
    expect(other.requests).toHaveLength(1)
  })

  test('that would have to wait for a place at its provider', async () => {
    const { ask, reports } = open({ concurrency: { provider: { groq: 1 } } })
    first.script(late)
    other.script(silent)
    for (const { status } of await Promise.all([1, 2, 3, 4, 5, 6].map(() => ask()))) expect(status).toBe(200)
    expect(other.requests).toHaveLength(1)
    expect(reports.flatMap(({ attempts }) => attempts.filter(({ hedged }) => hedged))).toHaveLength(1)
  })

  test('at a provider that has said that nothing remains', async () => {
    const { ask } = open({ pace: true })
    const headers = { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '9s' }
    other.script({ headers, when: () => true })
    // However long it takes, this one has no second attempt.
    await ask(false, { model: to }, { hedge: false })
    const { length } = other.requests
    first.script(late)
    expect((await ask()).status).toBe(200)
    expect(other.requests).toHaveLength(length)
  })

  test('that could bring the call above its `maxCostUsd`', async () => {
    for (const [maxCostUsd, sent, fault] of [
      [0.001, 0, late],
      [1, 1, { hang: 'headers' }],
    ] as const) {
      const hedge = { delayMs: 20, maxShare: 1, to: 'anthropic/claude-opus-4-1' }
      const { ask } = open({ hedge, maxCostUsd })
      first.script(fault)
      expect((await ask(false, { max_tokens: 500 })).status).toBe(200)
      expect(other.requests).toHaveLength(sent)
      first.reset()
    }
  })

  test('at a dear target in the stead of one that is down', async () => {
    const { leash, ask } = open({ hedge: { to: 'anthropic/claude-opus-4-1' }, maxCostUsd: 0.001 })
    await leash.breaker('openai', 'open')
    const { status, text } = await ask(false, { max_tokens: 500 })
    expect([status, text]).toEqual([503, expect.stringContaining('held open by hand')])
    expect(other.requests).toEqual([])
  })

  test('that is too dear beside one that waits for its place', async () => {
    const hedge = { delayMs: 20, maxShare: 1, to: 'anthropic/claude-opus-4-1' }
    const { ask } = open({ hedge, maxCostUsd: 0.001, concurrency: { provider: { openai: 1 } } })
    first.script(late)
    for (const { status } of await Promise.all([1, 2].map(() => ask(false, { max_tokens: 500 })))) expect(status).toBe(200)
    expect(other.requests).toEqual([])
  })

  test('beyond the attempts of a call whose first one is tried again', async () => {
    const { ask, reports } = open({ maxAttempts: 3, retry: { attempts: 9, backoff: () => 15 } })
    first.script({ status: 500, when: () => true })
    other.script({ status: 500, when: () => true })
    await ask()
    expect(reports[0]?.attempts.length).toBeLessThanOrEqual(3)
  })
})

test('what is sent in the stead of a target that is down is tried again like any other call', async () => {
  const { leash, ask, reports } = open({ hedge: { to }, retry: { backoff: () => 1 } })
  const moved: string[] = []
  leash.on('fallback', ({ from, to, because }) => moved.push(`${from} > ${to}: ${because}`))
  await leash.breaker('openai', 'open')
  other.script({ status: 500 })
  expect((await ask()).status).toBe(200)
  expect(reports[0]?.attempts.map(({ outcome, hedged }) => [outcome, hedged])).toEqual([
    ['error', undefined],
    ['ok', undefined],
  ])
  expect(moved).toEqual([`openai/gpt-4o-mini > ${to}: circuit_open`])
})

test('what is sent in the stead of a target that is down fails in its own words', async () => {
  const { leash, ask, reports } = open({ retry: false })
  await leash.breaker('openai', 'open')
  other.script({ status: 422 })
  const { status, text } = await ask()
  expect([status, text]).toEqual([422, expect.not.stringContaining('held open by hand')])
  expect(reports[0]?.attempts).toMatchObject([{ provider: 'groq', outcome: 'error', status: 422 }])
})
