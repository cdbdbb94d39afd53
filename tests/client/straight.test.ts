/** Calls go past the SDK's own loop where it would have nothing to do, and nobody is to notice. */
import { getEventListeners } from 'node:events'
import { APIConnectionError, APIUserAbortError, InternalServerError } from 'openai'
import { describe, expect, test, vi } from 'vitest'
import { LeashLLM } from '../../src/client.js'
import { useMock } from '../helpers/mock.js'
import { create, echo, leashed, messages, models } from './client.js'

const mock = useMock()
const model = models[0]

test('a call that fails reads its key once for each attempt, and not again for its error', async () => {
  mock.script({ status: 500, times: 99 })
  const apiKey = vi.fn(async () => 'rotating')
  const client = leashed(mock, { apiKey, retry: false })
  await expect(create(client, model)).rejects.toBeInstanceOf(InternalServerError)
  expect(apiKey).toHaveBeenCalledTimes(1)
})

test('a connection that breaks is the SDK’s own error, with what broke as its cause', async () => {
  mock.script({ reset: true, times: 99 })
  const error: unknown = await create(leashed(mock, { retry: false }), model).catch((error: unknown) => error)
  expect(error).toBeInstanceOf(APIConnectionError)
  expect((error as Error).cause).toBeDefined()
})

test('a call whose signal has fired is the SDK’s own abort, and nothing is sent', async () => {
  const signal = AbortSignal.abort()
  const call = leashed(mock).chat.completions.create({ model, messages }, { signal })
  await expect(call).rejects.toBeInstanceOf(APIUserAbortError)
  expect(mock.requests).toHaveLength(0)
})

test('what is no option of the SDK’s is refused in its words', async () => {
  const call = leashed(mock).chat.completions.create({ model, messages }, { timeout: -1 })
  await expect(call).rejects.toThrow(/timeout must be/)
})

test.each(models)('an answer of %s has its request id, and its response can be read by itself', async (model) => {
  const call = leashed(mock).chat.completions.create({ model, messages })
  const { data, response, request_id } = await call.withResponse()
  expect(Reflect.get(data, '_request_id')).toBe(request_id)
  expect(response.bodyUsed).toBe(true)
  expect(Object.keys(data)).not.toContain('_request_id')
  const raw = await create(leashed(mock), model).asResponse()
  expect(await raw.json()).toMatchObject({ choices: [{ message: { content: echo } }] })
})

test('a stream has its request id, as an answer has', async () => {
  const { chat, responses } = leashed(mock)
  const streams = [
    await chat.completions.create({ model, messages, stream: true }),
    await responses.create({ model, input: 'Hello', stream: true }),
  ]
  for (const stream of streams) {
    expect(Reflect.get(stream, '_request_id')).toMatch(/^req_/)
    expect(Object.keys(stream)).not.toContain('_request_id')
  }
})

describe('a step of the SDK’s loop that somebody replaces is taken:', () => {
  const steps = ['fetchWithTimeout', 'prepareOptions', 'buildRequest', 'prepareRequest'] as const

  test.each(steps)('%s of a subclass', async (step) => {
    const taken = vi.fn()
    class Own extends LeashLLM {}
    const theirs: (...args: unknown[]) => unknown = Reflect.get(LeashLLM.prototype, step)
    Object.defineProperty(Own.prototype, step, {
      value(...args: unknown[]) {
        taken()
        return theirs.apply(this, args)
      },
    })
    await create(new Own({ apiKey: 'caller', baseURL: `${mock.url}/v1` }), model)
    expect(taken).toHaveBeenCalledTimes(1)
  })

  test('fetch of an instance', async () => {
    const client = leashed(mock)
    const fetch = vi.fn(async () => Response.json({ choices: [] }))
    Object.assign(client, { fetch })
    expect(await create(client, model)).toEqual({ choices: [] })
    expect(fetch).toHaveBeenCalledTimes(1)
  })
})

test('who logs by the SDK’s logger gets its lines', async () => {
  const info = vi.fn()
  const logger = { info, debug: vi.fn(), warn: vi.fn(), error: vi.fn() }
  await create(leashed(mock, { logLevel: 'info', logger }), model)
  expect(info).toHaveBeenCalledWith(expect.stringMatching(/succeeded with status 200/))
})

describe('a stream under a signal that outlives it', () => {
  const open = (signal: AbortSignal) => leashed(mock).chat.completions.create({ model, messages, stream: true }, { signal })

  test('leaves nothing on the signal', async () => {
    const { signal } = new AbortController()
    for await (const _ of await open(signal));
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  test('ends with it', async () => {
    const abort = new AbortController()
    const stream = await open(abort.signal)
    let chunks = 0
    for await (const _ of stream) if (++chunks === 1) abort.abort()
    expect(stream.controller.signal.aborted).toBe(true)
    expect(getEventListeners(abort.signal, 'abort')).toHaveLength(0)
  })
})
