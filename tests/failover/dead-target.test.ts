/** An upstream that is dead: how soon a call is elsewhere, and what the dead one still costs. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { createLeash, type Leash, type LeashOptions, type Report } from '../../src/leash.js'
import { mockProviders, startMock } from '../../src/testing/index.js'
import { until, useMock } from '../helpers/mock.js'
import { asks, doors, send } from '../middleware/asks.js'
import { type Dead, deaths, startDead } from './dead.js'

const alive = useMock()
const text = 'one two three four five six'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function dead(how: keyof typeof deaths): Promise<Dead> {
  const server = await startDead(deaths[how])
  closing.push(server.close)
  return server
}

type Ask = (stream?: boolean) => Promise<Response>

/** Only where nothing else would end a call: a machine that does other things must not seem dead. */
const patience = (how: keyof typeof deaths): LeashOptions =>
  how === 'is silent' ? { timeouts: { attemptMs: 300, providers: { groq: { attemptMs: 60_000 } } } } : {}

const [question = raise()] = asks

function raise(): never {
  throw new Error('There is nothing to ask.')
}

/** Whatever is asked for goes to the dead one; what follows is alive. */
function open(deadUrl: string, options: LeashOptions = {}): { leash: Leash; reports: Report[]; ask: Ask } {
  const { groq } = mockProviders(alive.url)
  const leash = createLeash({
    providers: { ...mockProviders(deadUrl), groq },
    fallback: ['groq/llama-3.3-70b'],
    ...options,
  })
  const reports: Report[] = []
  leash.on('result', (report) => reports.push(report))
  const ask: Ask = (stream = false) => send(leash, 'fetch', deadUrl, question.request(text, stream))
  return { leash, reports, ask }
}

/** Attempts at what is dead. */
const wasted = (reports: readonly Report[]) =>
  reports.flatMap(({ attempts }) => attempts.filter(({ provider }) => provider !== 'groq')).length

/** Those whose protocol another vendor can answer in. */
const answerable = asks.filter(({ protocol }) => protocol !== 'bedrock-converse')

describe.each(Object.keys(deaths) as (keyof typeof deaths)[])('an upstream that %s', (how) => {
  describe.each(doors)('by %s', (door) => {
    test.each(answerable)(
      '$protocol: the call is elsewhere after one attempt, whole answers and streams',
      async ({ request }) => {
        const down = await dead(how)
        const { leash, reports } = open(down.url, { circuitBreaker: false, ...patience(how) })
        for (const stream of [false, true]) {
          const response = await send(leash, door, down.url, request(text, stream))
          expect(response.status).toBe(200)
          expect(await response.text()).toContain('six')
        }
        expect(alive.requests).toHaveLength(2)
        expect(down.connections).toBeGreaterThanOrEqual(2)
        for (const { attempts, moves } of reports) {
          expect(attempts).toMatchObject([{ outcome: 'error' }, { outcome: 'ok', provider: 'groq' }])
          expect(moves).toMatchObject([{ to: 'groq/llama-3.3-70b', because: attempts[0]?.error }])
        }
      },
    )
  })

  test('is not connected to while its breaker is open', async () => {
    const down = await dead(how)
    const { reports, ask } = open(down.url, { circuitBreaker: { consecutive: 2 }, hedge: { delayMs: 5 }, ...patience(how) })
    for (const response of [await ask(), await ask()]) await response.text()
    // Node's client may open another connection in place of one that broke.
    await sleep(200)
    const made = down.connections
    reports.length = 0
    const responses = await Promise.all(Array.from({ length: 20 }, (_, call) => ask(call % 2 === 0)))
    for (const response of responses) expect(await response.text()).toContain('six')
    expect(down.connections).toBe(made)
    expect(wasted(reports)).toBe(0)
    for (const { moves } of reports) expect(moves).toMatchObject([{ because: 'circuit_open' }])
  })

  test('is tried again by one call alone when its time is up', async () => {
    const down = await dead(how)
    const { reports, ask } = open(down.url, { circuitBreaker: { consecutive: 1, cooldownMs: 100 }, ...patience(how) })
    await (await ask()).text()
    await sleep(110)
    reports.length = 0
    const responses = await Promise.all(Array.from({ length: 20 }, () => ask()))
    for (const response of responses) expect(await response.text()).toContain('six')
    expect(wasted(reports)).toBe(1)
  })
})

describe('a target that cannot be reached', () => {
  const failures = {
    'refuses the connection': 'ECONNREFUSED',
    'has no address': 'ENOTFOUND',
    'has no route to it': 'EHOSTUNREACH',
  }
  const unreachable = (code: string): LeashOptions => ({
    circuitBreaker: false,
    fetch: (url, init) => {
      if (String(url).startsWith(alive.url)) return fetch(url, init)
      return Promise.reject(new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) }))
    },
  })
  const errors = (reports: readonly Report[]) => reports.flatMap(({ attempts }) => attempts.map(({ error }) => error))

  test.each(Object.entries(failures))('that %s is asked once while there is another', async (_, code) => {
    const { reports, ask } = open('http://dead.example', unreachable(code))
    for (const stream of [false, true]) expect(await (await ask(stream)).text()).toContain('six')
    expect(errors(reports)).toEqual(['network_error', undefined, 'network_error', undefined])
  })

  test('is asked again where somebody wants it so', async () => {
    const retry = { backoff: () => 0, on: { network_error: { attempts: 2 } } }
    const { reports, ask } = open('http://dead.example', { ...unreachable('ECONNREFUSED'), retry })
    expect(await (await ask()).text()).toContain('six')
    expect(errors(reports)).toEqual(['network_error', 'network_error', undefined])
  })

  test.each([
    ['there is no other', { fallback: [] }],
    ['such a failure leads to no other', { fallback: { default: ['groq/llama-3.3-70b'], on: ['rate_limited'] } }],
    ['the other may be too dear', { maxCostUsd: 1, fallback: ['groq/nobody-knows-its-price'] }],
  ] satisfies [string, LeashOptions][])('is asked again when %s', async (_, options) => {
    const { reports, ask } = open('http://dead.example', {
      ...unreachable('ECONNREFUSED'),
      retry: { attempts: 2, backoff: () => 0 },
      ...options,
    })
    expect((await ask().catch(() => undefined))?.status).not.toBe(200)
    expect(errors(reports)).toEqual(['network_error', 'network_error'])
  })
})

test('with no other target, an open breaker fails a call without a connection', async () => {
  const down = await dead('closes every connection')
  const { ask } = open(down.url, { fallback: [], circuitBreaker: { consecutive: 1 } })
  await expect(ask()).rejects.toThrow()
  const made = down.connections
  expect((await ask()).status).toBe(503)
  expect(down.connections).toBe(made)
})

test.each([false, true])('calls that are under way when it dies are all answered elsewhere, stream %s', async (stream) => {
  const dying = await startMock()
  closing.push(dying.close)
  dying.script({ hang: 'headers', times: 20 })
  const { reports, ask } = open(dying.url)
  const underway = Array.from({ length: 20 }, async () => (await ask(stream)).text())
  await until(() => dying.requests.length === 20)
  await dying.close()
  for (const answer of await Promise.all(underway)) expect(answer).toContain('six')
  for (const { attempts } of reports)
    expect(attempts).toMatchObject([
      { provider: 'openai', error: 'network_error' },
      { provider: 'groq', outcome: 'ok' },
    ])
  // Nobody listens there any more.
  expect(await (await ask(stream)).text()).toContain('six')
  expect(reports.at(-1)?.attempts.at(-1)).toMatchObject({ provider: 'groq', outcome: 'ok' })
  expect(reports.at(-1)?.attempts.length).toBeLessThanOrEqual(2)
})
