/** Which of the four clocks strikes, against an upstream that goes silent in each phase. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { LeashOptions } from '../../src/leash.js'
import type { Fault } from '../../src/testing/index.js'
import { Clock } from '../../src/transport/clock.js'
import { until, useMock } from '../helpers/mock.js'
import { failureOf, lane, lanes, read } from './lanes.js'

const mock = useMock()
/** A busy machine may let the clock strike before the request is out. */
const allLeft = () => mock.requests.every(({ outcome }) => outcome === 'aborted')
/** For a request of the test before too, which may come only now. */
const silent = (fault: Fault) => mock.script({ ...fault, times: 10 })
type Timeouts = NonNullable<LeashOptions['timeouts']>

/** A whole answer, cut in many, and each piece there before it is asked for. */
async function inPieces(url: string, init: RequestInit): Promise<Response> {
  const { body, headers } = await fetch(url, init)
  const bytes = await new Response(body).bytes()
  const pieces = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < 20; at++) controller.enqueue(bytes.slice((at * bytes.length) / 20, ((at + 1) * bytes.length) / 20))
      controller.close()
    },
  })
  return new Response(pieces, { headers })
}

describe.each(lanes)('%s', (_, model) => {
  const silences: readonly (readonly [string, Fault, boolean, Timeouts, string])[] = [
    ['before the headers', { hang: 'headers' }, false, { attemptMs: 40 }, 'did not answer in time'],
    ['before the headers of a stream', { hang: 'headers' }, true, { attemptMs: 40 }, 'did not answer in time'],
    ['before the body', { hang: 'body' }, false, { attemptMs: 40 }, 'did not answer in time'],
    ['before the body of a refusal', { status: 500, hang: 'body' }, false, { attemptMs: 40 }, 'did not answer in time'],
    ['before the first event', { hang: 'body' }, true, { firstTokenMs: 40 }, 'did not begin in time'],
    ['before the first content', { hang: { afterEvents: 1 } }, true, { firstTokenMs: 40 }, 'did not begin in time'],
    ['in the middle of the stream', { hang: { afterEvents: 6 } }, true, { idleMs: 40 }, 'fell silent'],
  ]

  test.each(silences)('a silence %s is a timeout', async (_, fault, stream, timeouts, why) => {
    silent(fault)
    const { ask, reports } = lane(mock, model, { timeouts })
    const messages: string[] = []
    const answer = ask({ stream }).catch((error: Error) => {
      messages.push(error.message)
      throw error
    })
    expect(await failureOf(answer)).toBe('timeout')
    if (messages[0]) expect(messages[0]).toContain(why)
    expect(reports).toMatchObject([{ ended: true, attempts: [{ outcome: 'error', error: 'timeout' }] }])
    await until(allLeft)
  })

  test.each(silences)('a silence %s ends at the deadline too', async (_, fault, stream) => {
    silent(fault)
    // Until the request has come, no time passes: what is loaded for it may take longer.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
    onTestFinished(() => void vi.useRealTimers())
    const { ask, reports } = lane(mock, model, { timeouts: { deadlineMs: 60 } })
    const failed = failureOf(ask({ stream }))
    while (mock.requests.length === 0) await sleep(1)
    await sleep(20)
    vi.advanceTimersByTime(100)
    expect(await failed).toBe('deadline_exceeded')
    expect(reports).toMatchObject([{ ended: true, attempts: [{ outcome: 'error', error: 'deadline_exceeded' }] }])
    await until(allLeft)
  })

  test('a silence before the content is tried again; one after it is not', async () => {
    mock.script({ hang: { afterEvents: 1 }, times: 2 })
    const timeouts = { firstTokenMs: 400, idleMs: 500 }
    const { ask } = lane(mock, model, { timeouts, retry: { backoff: () => 0 } })
    expect((await read(await ask({ stream: true }))).text).toContain('[DONE]')
    expect(mock.requests).toHaveLength(3)
    mock.reset()
    mock.script({ hang: { afterEvents: 6 }, times: 2 })
    expect(await failureOf(ask({ stream: true }))).toBe('timeout')
    expect(mock.requests).toHaveLength(1)
  })

  test('a slow stream that never falls silent for long is left in peace', async () => {
    mock.script({ chunkDelayMs: 100 })
    const { ask } = lane(mock, model, { timeouts: { attemptMs: 5000, firstTokenMs: 5000, idleMs: 700 } })
    expect(await read(await ask({ stream: true }))).toMatchObject({ text: expect.stringContaining('[DONE]') })
  })

  test('a caller who reads slowly is not the vendor’s silence', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
    onTestFinished(() => void vi.useRealTimers())
    const { ask, reports } = lane(mock, model, { timeouts: { idleMs: 1000 }, fetch: inPieces })
    const reader = (await ask({ stream: true })).body?.getReader()
    const pieces: Uint8Array[] = []
    for (let read = await reader?.read(); read?.value; read = await reader?.read()) {
      pieces.push(read.value)
      vi.advanceTimersByTime(10_000)
    }
    expect(Buffer.concat(pieces).toString()).toContain('[DONE]')
    expect(reports).toMatchObject([{ ended: true, attempts: [{ outcome: 'ok' }] }])
  })

  test('a stream that nobody ever reads ends as a silent one does', async () => {
    const { ask, reports } = lane(mock, model, { timeouts: { idleMs: 40 }, fetch: inPieces })
    await ask({ stream: true })
    await until(() => reports.length === 1)
    expect(reports).toMatchObject([{ ended: true, attempts: [{ outcome: 'error', error: 'timeout' }] }])
  })

  test('a body that comes in one piece too late is a timeout, and in time is not', async () => {
    mock.script({ latencyMs: 5000 })
    expect(await failureOf(lane(mock, model, { timeouts: { attemptMs: 40 } }).ask())).toBe('timeout')
    mock.reset()
    mock.script({ latencyMs: 10 })
    expect((await lane(mock, model, { timeouts: { attemptMs: 5000 } }).ask()).status).toBe(200)
  })

  test('without limits nothing is timed', async () => {
    mock.script({ latencyMs: 100, chunkDelayMs: 10 })
    expect((await read(await lane(mock, model).ask({ stream: true }))).text).toContain('[DONE]')
  })
})

test('a stream without content is handed on after two seconds, for there are those who have use for its beginning', async () => {
  mock.script({ hang: { afterEvents: 1 } })
  const { ask } = lane(mock, 'gpt-4o-mini', { timeouts: { deadlineMs: 60_000 } })
  const response = await ask({ stream: true })
  const first = await response.body?.getReader().read()
  expect(new TextDecoder().decode(first?.value)).toContain('"role":"assistant"')
  await response.body?.cancel().catch(() => {})
})

test('a timer that fires a moment before the deadline is the deadline still', async () => {
  const before = Date.now()
  const clock = new Clock({ attemptMs: 5000 }, undefined, before + 20)
  const stopped = vi.spyOn(Date, 'now').mockReturnValue(before)
  clock.enter('attemptMs')
  await until(() => clock.signal.aborted)
  stopped.mockRestore()
  expect(clock.explain(undefined)).toMatchObject({ code: 'deadline_exceeded' })
})

describe.each([3_600_000, -3_600_000])('a clock that is set by %i ms amid a call', (ms) => {
  test('is no silence of a stream, and hides none', () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    const clock = new Clock({ idleMs: 1000 }, undefined, undefined)
    clock.enter('idleMs')
    vi.advanceTimersByTime(900)
    clock.heard()
    clock.waits()
    vi.setSystemTime(Date.now() + ms)
    vi.advanceTimersByTime(900)
    expect(clock.signal.aborted).toBe(false)
    vi.advanceTimersByTime(200)
    expect(clock.explain(undefined)).toMatchObject({ code: 'timeout' })
  })

  test.each(lanes)('makes no attempt last longer, or end before it began: %s', async (_, model) => {
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => void vi.useRealTimers())
    const { ask, reports } = lane(mock, model, {
      fetch(url, init) {
        vi.setSystemTime(Date.now() + ms)
        return fetch(url, init)
      },
    })
    await read(await ask({ stream: true }))
    const { durationMs = Number.NaN, firstTokenMs = Number.NaN } = reports[0]?.attempts[0] ?? {}
    expect([0 <= firstTokenMs, firstTokenMs <= durationMs, durationMs < Math.abs(ms)]).toEqual([true, true, true])
  })
})

test.each<['attemptMs' | 'firstTokenMs' | 'idleMs', (clock: Clock) => void]>([
  ['attemptMs', (clock) => clock.enter('firstTokenMs')],
  ['firstTokenMs', (clock) => clock.enter('idleMs')],
  ['idleMs', (clock) => clock.heard()],
])('what came while the process was busy came in time: %s', async (phase, hear) => {
  const vendor = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void vendor.close())
  await once(vendor, 'listening')
  const socket = connect((vendor.address() as AddressInfo).port, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  const [[theirs]] = await Promise.all([once(vendor, 'connection'), once(socket, 'connect')])
  const clock = new Clock({ [phase]: 20 }, undefined, undefined)
  clock.enter(phase)
  socket.once('data', () => hear(clock))
  theirs.write('Hello')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)
  await sleep(20)
  expect(clock.signal.aborted).toBe(false)
  clock.stop()
})
