/** A caller who leaves: nothing goes on upstream, and nothing stays behind on its signal. */
import { getEventListeners } from 'node:events'
import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import { createLeash, type Layer, type LeashOptions } from '../../src/leash.js'
import type { Fault } from '../../src/testing/index.js'
import { until, useMock } from '../helpers/mock.js'
import { lane, lanes, read } from './lanes.js'

const mock = useMock()
const listeners = (signal: AbortSignal) => getEventListeners(signal, 'abort').length

describe.each(lanes)('%s', (_, model) => {
  const phases: readonly (readonly [string, Fault, boolean])[] = [
    ['before the headers', { hang: 'headers' }, false],
    ['before the body', { hang: 'body' }, false],
    ['before the headers of a stream', { hang: 'headers' }, true],
    ['before its first event', { hang: 'body' }, true],
    ['before its first content', { hang: { afterEvents: 1 } }, true],
    ['between its events', { hang: { afterEvents: 6 } }, true],
  ]

  test.each(phases)('an abort %s closes the connection and leaves no listener', async (_, fault, stream) => {
    mock.script(fault)
    const controller = new AbortController()
    const { ask, reports } = lane(mock, model)
    const reason = new Error('enough')
    const ending = ask({ stream, signal: controller.signal }).then(
      async (response) => (await read(response)).error,
      (error: unknown) => error,
    )
    await until(() => mock.requests.length === 1 && (fault.hang === 'headers' || mock.requests[0]?.status === 200))
    setTimeout(() => controller.abort(reason), 30)
    expect(await ending).toBe(reason)
    await until(() => mock.requests[0]?.outcome === 'aborted')
    expect(listeners(controller.signal)).toBe(0)
    expect(reports).toMatchObject([{ ended: true, attempts: [{ outcome: 'cancelled' }] }])
  })

  test('an abort while it waits to try again ends the call', async () => {
    mock.script({ status: 429, retryAfter: 30, times: 9 })
    const controller = new AbortController()
    const { ask, leash } = lane(mock, model, { retry: {} })
    leash.on('retry', () => setTimeout(() => controller.abort(), 10))
    await expect(ask({ signal: controller.signal })).rejects.toThrow()
    expect(mock.requests).toHaveLength(1)
    expect(listeners(controller.signal)).toBe(0)
  })

  test('a signal that had fired before sends nothing', async () => {
    await expect(lane(mock, model).ask({ signal: AbortSignal.abort() })).rejects.toThrow('abort')
    expect(mock.requests).toEqual([])
  })

  test('a signal that serves many calls collects no listeners', async () => {
    const { signal } = new AbortController()
    const { ask } = lane(mock, model, { retry: { backoff: () => 0 } })
    for (const fault of [
      {},
      { status: 500 },
      { status: 400 },
      { reset: true },
      { malformed: true },
      { endWithoutTerminal: true },
    ]) {
      for (const stream of [false, true]) {
        mock.script(fault)
        await ask({ stream, signal }).then(read, () => {})
      }
    }
    expect(listeners(signal)).toBe(0)
  })

  test('a stream that is left after its first chunk closes the connection', async () => {
    mock.script({ hang: { afterEvents: 6 } })
    const { signal } = new AbortController()
    const { ask, reports } = lane(mock, model)
    const response = await ask({ stream: true, signal })
    for await (const _ of response.body ?? []) break
    await until(() => mock.requests[0]?.outcome === 'aborted')
    expect(listeners(signal)).toBe(0)
    expect(reports).toMatchObject([{ ended: true, attempts: [{ outcome: 'cancelled' }] }])
  })

  test('a stream that is cancelled before it is read closes the connection', async () => {
    mock.script({ hang: { afterEvents: 6 } })
    const { signal } = new AbortController()
    const response = await lane(mock, model).ask({ stream: true, signal })
    await response.body?.cancel()
    await until(() => mock.requests[0]?.outcome === 'aborted')
    expect(listeners(signal)).toBe(0)
  })

  test('a read that waits when its stream is cancelled is done, and has not failed', async () => {
    mock.script({ hang: { afterEvents: 6 } })
    const { ask, reports } = lane(mock, model)
    const reader = (await ask({ stream: true })).body?.getReader()
    // More than there is: the last of them waits.
    const reads = Array.from({ length: 20 }, () => reader?.read())
    await reads[0]
    await reader?.cancel()
    expect((await Promise.all(reads)).at(-1)).toMatchObject({ done: true })
    expect(reports).toMatchObject([{ ended: true, attempts: [{ outcome: 'cancelled' }] }])
  })

  test('an abort after the end does nothing', async () => {
    const controller = new AbortController()
    const { ask, reports } = lane(mock, model)
    for (const stream of [false, true]) await read(await ask({ stream, signal: controller.signal }))
    controller.abort()
    expect(reports.map(({ attempts }) => attempts[0]?.outcome)).toEqual(['ok', 'ok'])
  })
})

describe('a key that does not come', () => {
  const keyless = (options: LeashOptions = {}) => {
    const openai = { apiKey: () => new Promise<string>(() => {}), baseURL: `${mock.url}/v1` }
    const leash = createLeash({ providers: { openai }, retry: false, ...options })
    const body = JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] })
    return (signal?: AbortSignal) =>
      leash.handle(new Request('http://leash.test/v1/chat/completions', { method: 'POST', body, ...(signal && { signal }) }))
  }

  test('does not keep a caller who leaves', async () => {
    const controller = new AbortController()
    const answer = keyless()(controller.signal)
    setTimeout(() => controller.abort(), 10)
    expect((await answer).status).toBe(499)
    expect(listeners(controller.signal)).toBe(0)
  })

  test.each<LeashOptions>([{ timeouts: { attemptMs: 20 } }, { timeouts: { deadlineMs: 20 } }])(
    'runs into %o',
    async (options) => {
      expect((await keyless(options)()).status).toBe(504)
    },
  )
})

test.each(['output_text', 'content_part', 'output_item'])(
  'a stream of Responses that is left at the end of its %s is charged for all that it said',
  async (what) => {
    const { leash, reports } = lane(mock, lanes[0][1])
    const openai = leash.wrap(new OpenAI({ apiKey: 'own', baseURL: `${mock.url}/v1` }))
    const input = 'All of these words come back. '.repeat(300)
    for await (const { type } of await openai.responses.create({ model: lanes[0][1], input, stream: true }))
      if (type === `response.${what}.done`) break
    await until(() => reports[0]?.ended === true)
    expect(reports).toMatchObject([{ attempts: [{ outcome: 'cancelled' }], cost: { estimated: true } }])
    expect(reports[0]?.attempts[0]?.usage?.output).toBeGreaterThan((0.8 * input.length) / 4)
  },
)

test('a call whose time is up while it waited is not sent', async () => {
  const use: Layer[] = [
    {
      at: 'attempt',
      middleware: (next) => async (call) => {
        await new Promise((resolve) => setTimeout(resolve, 40))
        return next(call)
      },
    },
  ]
  const { ask, reports } = lane(mock, lanes[0][1], { use, timeouts: { deadlineMs: 10 } })
  await expect(ask()).rejects.toMatchObject({ code: 'deadline_exceeded' })
  expect(mock.requests).toEqual([])
  expect(reports).toMatchObject([{ attempts: [] }])
})
