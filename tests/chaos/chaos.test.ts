/** Two vendors that fail at random in every way a mock can be scripted to, over sockets, under all layers at once. */
import { subscribe } from 'node:diagnostics_channel'
import { getEventListeners } from 'node:events'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { LedgerLine } from '../../src/leash.js'
import { until } from '../helpers/mock.js'
import { faultNames } from './faults.js'
import { lineOf, maxAttempts, type Run, run, startUpstreams, type Upstreams } from './run.js'

const calls = 10_000
const { signal } = new AbortController()

/** How many there are of what keeps a process alive. */
const active = (kind: RegExp): number => process.getActiveResourcesInfo().filter((name) => kind.test(name)).length

/** Requests of `fetch` that are not over, by what every Node tells of them, and how many there were. */
const open = new Set<unknown>()
let begun = 0
const requestOf = (message: unknown): unknown => Reflect.get(Object(message), 'request')
subscribe('undici:request:create', (message) => {
  open.add(requestOf(message))
  begun++
})
for (const over of ['undici:request:trailers', 'undici:request:error'])
  subscribe(over, (message) => open.delete(requestOf(message)))

/** What became of the requests of one call, to find out why it went wrong. */
const trail = (call: number): string[] =>
  seen.requests
    .filter(({ text }) => text.includes(`chaos-${call} `) || text.includes(`chaos-${call - 1} `))
    .map((request) => {
      const line = seen.lines.find(({ id }) => id === lineOf(request))
      return [request.path, request.status, request.outcome, line?.outcome, line?.error].join(' ')
    })

/** The lines of attempts, without those of calls that were given another's answer. */
const sent = (): LedgerLine[] => seen.lines.filter(({ coalesced }) => !coalesced)

let upstreams: Upstreams
let timersBefore: number
let seen: Run

beforeAll(async () => {
  timersBefore = active(/Timeout/)
  upstreams = await startUpstreams()
  const { seed = 0 } = fc.readConfigureGlobal()
  seen = await run(upstreams, { calls, atOnce: 16, seed, share: 0.3, signal })
}, 900_000)

afterAll(async () => {
  await Promise.all([upstreams.openai.close(), upstreams.anthropic.close()])
})

test('every call ends once, in a whole answer or in one typed error', () => {
  const wrong = seen.outcomes.flatMap(({ kind, detail }, call) => (kind === 'wrong' ? [{ call, detail, met: trail(call) }] : []))
  expect(wrong).toEqual([])
  const answers = seen.outcomes.filter(({ kind }) => kind === 'answer').length
  const errors = seen.outcomes.filter(({ kind }) => kind === 'error').length
  expect(answers + errors).toBe(calls)
  // Where the machine does other things too, more calls than these run out of time.
  expect(answers).toBeGreaterThan(0.5 * calls)
  expect(errors).toBeGreaterThan(0)
})

test('every call has one report, and no attempt of it is left open', () => {
  expect(new Set(seen.reports.map(({ id }) => id)).size).toBe(calls)
  expect(seen.reports).toHaveLength(calls)
  expect(seen.reports.filter(({ ended }) => !ended)).toEqual([])
  expect(seen.reports.flatMap(({ attempts }) => attempts.filter(({ outcome }) => outcome === 'pending'))).toEqual([])
})

test('no call makes more attempts than it may', () => {
  const attempts = seen.reports.map((report) => report.attempts.length)
  expect(Math.max(...attempts)).toBe(maxAttempts)
  const served = Map.groupBy(seen.requests, (request) => lineOf(request).split('/')[0])
  expect(Math.max(...[...served.values()].map((requests) => requests.length))).toBeLessThanOrEqual(maxAttempts)
})

test('every attempt has one line in the ledger', () => {
  const attempts = seen.reports.flatMap(({ id, attempts }) =>
    attempts.map(({ provider }, index) => `${provider} ${id}/${index + 1}`),
  )
  expect(
    sent()
      .map(({ provider, callId, attempt }) => `${provider} ${callId}/${attempt}`)
      .sort(),
  ).toEqual(attempts.sort())
})

test("every call that was given another's answer has one line, which cost nothing", () => {
  const shared = seen.lines.filter(({ coalesced }) => coalesced)
  const joined = seen.reports.filter(({ coalesced }) => coalesced).map(({ id }) => id)
  expect(shared.every(({ cost }) => cost === 0)).toBe(true)
  expect(joined).toEqual(expect.arrayContaining(shared.map(({ callId }) => callId)))
  expect(new Set(shared.map(({ callId }) => callId)).size).toBe(shared.length)
})

test('every request that a vendor has seen is one line of the ledger, and what no vendor has seen got no answer', () => {
  const lines = new Map(sent().map((line) => [`${line.callId}/${line.attempt}`, line]))
  const served = seen.requests.map(lineOf)
  expect(new Set(served).size).toBe(served.length)
  expect(served.filter((name) => !lines.has(name))).toEqual([])
  const untrue = seen.requests.filter((request) => {
    const { protocol, model, status, outcome, basis } = lines.get(lineOf(request)) ?? {}
    if (protocol !== request.protocol || model !== request.model) return true
    if (status !== undefined && status !== request.status) return true
    return outcome === 'ok' && (basis !== 'complete' || status !== 200)
  })
  expect(untrue).toEqual([])
  const unseen = [...lines].filter(([name]) => !served.includes(name)).map(([, line]) => line)
  expect(unseen.filter(({ status }) => status !== undefined)).toEqual([])
})

test('every way to fail was met at both vendors, and every layer had something to do', () => {
  for (const { met } of seen.chaos) expect([...met.keys()].sort()).toEqual(faultNames.toSorted())
  for (const [event, times] of Object.entries(seen.heard)) expect([event, times > 0]).toEqual([event, true])
  expect(seen.reports.some(({ attempts }) => attempts.some(({ hedged }) => hedged))).toBe(true)
  expect(seen.reports.some(({ coalesced }) => coalesced)).toBe(true)
})

test('no listener, timer or socket is left', async () => {
  expect(getEventListeners(signal, 'abort')).toEqual([])
  await until(() => seen.requests.every(({ outcome }) => outcome !== 'pending'))
  expect(begun).toBeGreaterThanOrEqual(seen.requests.length)
  await until(() => open.size === 0)
  expect(active(/Timeout/)).toBeLessThanOrEqual(timersBefore)
  await Promise.all([upstreams.openai.close(), upstreams.anthropic.close()])
  await until(() => active(/^TCP|^GetAddrInfo/) === 0)
})
