import { getEventListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Leash, LeashOptions } from '../../../src/leash.js'
import { until } from '../../helpers/mock.js'
import { useHonest } from './honest.js'
import * as kit from './kit.js'
import { bytesOf, decode, failure, pieces, read, whole } from './kit.js'

const vendor = useHonest()
const open = (options?: LeashOptions) => kit.open(vendor.url, options)
const ask = (leash: Leash, body?: object, signal?: AbortSignal) => kit.ask(leash, vendor.url, body, signal)

test.each([
  ['attempts', { maxAttempts: 1 }, 1],
  ['times', { resume: { times: 1 } }, 2],
  ['the price', { maxCostUsd: 0.0004 }, 1],
])('%s are counted over the whole of it', async (_, options, asked) => {
  vendor.model.pieces = pieces
  vendor.script({ end: 6 }, { end: 6 })
  const bounded = { max_completion_tokens: 30 }
  expect(await failure(read(await ask(open(options).leash, bounded)))).toBeInstanceOf(Error)
  expect(vendor.served).toHaveLength(asked)
})

test('a rest that could be too dear is no move: nobody is asked for it', async () => {
  vendor.model.pieces = pieces
  vendor.script({ end: 6 })
  const { leash, reports } = open({ maxCostUsd: 0.0004 })
  expect(await failure(read(await ask(leash, { max_completion_tokens: 30 })))).toBeInstanceOf(Error)
  await until(() => reports.length === 1)
  expect(reports).toMatchObject([{ attempts: [{ outcome: 'error' }], moves: [] }])
})

test('a price that allows for the rest', async () => {
  vendor.model.pieces = pieces
  vendor.script({ end: 6 })
  expect(await read(await ask(open({ maxCostUsd: 1 }).leash, { max_completion_tokens: 30 }))).toBe(whole)
})

test('the deadline passes while the rest is waited for, and that is told', async () => {
  vendor.model.pieces = pieces
  vendor.script({ end: 6 }, { hang: 0 })
  // Until the rest is asked for, no time passes: what is loaded for that may take longer.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
  onTestFinished(() => void vi.useRealTimers())
  const { leash, reports } = open({ timeouts: { deadlineMs: 1500 } })
  const failed = failure(ask(leash).then(read))
  while (vendor.served.length < 2) await sleep(1)
  await sleep(20)
  vi.advanceTimersByTime(1600)
  expect(await failed).toMatchObject({ code: 'deadline_exceeded' })
  await until(() => vendor.left() === 1)
  expect(reports).toMatchObject([{ ended: true, attempts: [{}, { error: 'deadline_exceeded' }] }])
})

describe('a caller who', () => {
  test.each([
    ['waits for the rest', { hang: 0 }],
    ['reads it', { hang: 12 }],
  ])('%s, and stops, stops everything', async (_, fault) => {
    vendor.model.pieces = pieces
    vendor.script({ end: 6 }, fault)
    const { leash, reports } = open()
    const stop = new AbortController()
    const reading = ask(leash, {}, stop.signal)
      .then(bytesOf)
      .then(undefined, (error: unknown) => error)
    await until(() => vendor.served.length === 2)
    stop.abort()
    expect(await reading).toBeInstanceOf(Error)
    await until(() => vendor.left() === 1)
    expect(reports).toMatchObject([{ ended: true, attempts: [{ outcome: 'error' }, { outcome: 'cancelled' }] }])
    expect(getEventListeners(stop.signal, 'abort')).toHaveLength(0)
  })

  test('leaves while it goes on closes the connection', async () => {
    vendor.model.pieces = pieces
    vendor.script({ end: 6 }, { hang: 12 })
    const { leash, reports } = open()
    const reader = (await ask(leash)).body?.getReader()
    while (vendor.served.length < 2) await reader?.read()
    await reader?.read()
    await reader?.cancel()
    await until(() => vendor.left() === 1)
    expect(reports).toMatchObject([{ ended: true, attempts: [{ outcome: 'error' }, { outcome: 'cancelled' }] }])
  })

  test('does not read on when a stream has died, and then stops, has ended the call', async () => {
    vendor.model.pieces = pieces
    vendor.script({ hang: 6 })
    const { leash, reports } = open({ timeouts: { deadlineMs: 1500 } })
    const stop = new AbortController()
    const reader = (await ask(leash, {}, stop.signal)).body?.getReader()
    await reader?.read()
    await until(() => vendor.left() === 1)
    await reader?.cancel()
    expect(reports).toMatchObject([{ ended: true, attempts: [{ error: 'deadline_exceeded' }] }])
    expect(getEventListeners(stop.signal, 'abort')).toHaveLength(0)
  })

  test('has the whole answer is not listened to any more', async () => {
    vendor.model.pieces = pieces
    const { signal } = new AbortController()
    for (const fault of [{}, { end: 6 }, { end: 6, torn: 9 }]) {
      vendor.script(fault)
      expect(await read(await ask(open().leash, {}, signal))).toBe(whole)
      expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    }
  })
})

test('the usage is that of both, on the wire and in the report, and each has its line', async () => {
  vendor.model.pieces = pieces
  vendor.script({ end: 6 })
  const { leash, reports } = open()
  const { answer } = await decode('openai-chat', await bytesOf(await ask(leash, { stream_options: { include_usage: true } })))
  const [report] = reports
  const [died, rest] = report?.attempts ?? []
  expect(died).toMatchObject({ outcome: 'error', estimated: true })
  expect(rest).toMatchObject({ outcome: 'ok', usage: { input: 10 } })
  expect(report?.usage?.input).toBe((died?.usage?.input ?? 0) + 10)
  expect(answer.usage).toEqual(report?.usage)
  expect(report?.cost?.usd).toBeGreaterThan(0)
  expect(leash.usage().map(({ attempts }) => attempts)).toEqual([2])
})

test('a reader who leaves at the last event has had the whole answer', async () => {
  vendor.model.pieces = pieces
  vendor.script({ end: 6 })
  const { leash, reports } = open()
  const reader = (await ask(leash)).body?.getReader()
  for (let text = ''; !text.includes('[DONE]'); ) text += Buffer.from((await reader?.read())?.value ?? []).toString()
  await reader?.cancel()
  expect(reports).toMatchObject([{ ended: true, attempts: [{ outcome: 'error' }, { outcome: 'ok' }] }])
})

test('one call may ask for it, or not, whatever the leash does', async () => {
  vendor.model.pieces = pieces
  const { leash } = open({
    resume: false,
    use: [(next) => (call) => next({ ...call, options: { ...call.options, resume: true } })],
  })
  vendor.script({ end: 6 })
  expect(await read(await ask(leash))).toBe(whole)
})
