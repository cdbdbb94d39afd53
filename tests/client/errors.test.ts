/** Failures are OpenAI's own classes, whoever failed and wherever. */
import OpenAI, {
  APIConnectionError,
  APIConnectionTimeoutError,
  APIError,
  APIUserAbortError,
  AuthenticationError,
  BadRequestError,
  ConflictError,
  InternalServerError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
  UnprocessableEntityError,
} from 'openai'
import { describe, expect, test, vi } from 'vitest'
import { LeashLLM } from '../../src/client.js'
import { reportOf } from '../../src/fetch.js'
import { silent, until, useMock } from '../helpers/mock.js'
import { leashed, messages, models, prompt } from './client.js'

const mock = useMock()
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => Promise.reject(new Error('It did not fail.')),
    (error: unknown) => error,
  )

function aborter() {
  const controller = new AbortController()
  return { signal: controller.signal, abort: () => controller.abort() }
}

const classes = [
  [400, BadRequestError],
  [401, AuthenticationError],
  [403, PermissionDeniedError],
  [404, NotFoundError],
  [409, ConflictError],
  [422, UnprocessableEntityError],
  [429, RateLimitError],
  [500, InternalServerError],
  [503, InternalServerError],
] as const

describe.each(models)('with %s', (model) => {
  const create = (options = {}) => leashed(mock, { maxRetries: 0, ...options }).chat.completions.create({ model, messages })

  test.each(classes)('status %i is its own class', async (status, errorClass) => {
    mock.script({ status, times: 9 })
    const error = await failure(create())
    expect(error).toBeInstanceOf(errorClass)
    expect(error).toMatchObject({ status, leash: { attempts: [{ model, status, outcome: 'error' }] } })
    expect(mock.requests).toHaveLength(1)
  })

  test('a refused stream is the same class', async () => {
    mock.script({ status: 404 })
    const error = await failure(leashed(mock).chat.completions.create({ model, messages, stream: true }))
    expect(error).toBeInstanceOf(NotFoundError)
  })

  test('a reset connection is an APIConnectionError, with what broke as its cause', async () => {
    mock.script({ reset: true, times: 9 })
    const error = await failure(create())
    expect(error).toBeInstanceOf(APIConnectionError)
    expect(error).not.toBeInstanceOf(APIConnectionTimeoutError)
    expect(error).toMatchObject({ status: undefined, cause: expect.any(Error) })
  })

  test('a silent upstream is an APIConnectionTimeoutError', async () => {
    const fetch = vi.fn(silent)
    expect(await failure(create({ timeout: 250, fetch }))).toBeInstanceOf(APIConnectionTimeoutError)
    expect(fetch).toHaveBeenCalledTimes(1)
  })

  test('an answer whose body stays away is an APIConnectionTimeoutError', async () => {
    mock.script({ hang: 'body' })
    // Long enough for a busy mock to hear of it: a request that is given up sooner comes in the middle of the next test.
    expect(await failure(create({ timeout: 2000 }))).toBeInstanceOf(APIConnectionTimeoutError)
    expect(mock.requests).toHaveLength(1)
  })

  test.each(['headers', 'body'] as const)(
    'an abort while the upstream hangs before its %s is an APIUserAbortError',
    async (hang) => {
      mock.script({ hang })
      const { signal, abort } = aborter()
      const error = failure(leashed(mock).chat.completions.create({ model, messages, stream: true }, { signal }))
      await until(() => (hang === 'headers' ? mock.requests.length === 1 : mock.requests[0]?.status === 200))
      abort()
      expect(await error).toBeInstanceOf(APIUserAbortError)
      await until(() => mock.requests[0]?.outcome === 'aborted')
    },
  )

  test('a stream that is aborted while it is read ends without an error, as OpenAI’s own does', async () => {
    mock.script({ hang: { afterEvents: 6 } })
    const { signal, abort } = aborter()
    const stream = await leashed(mock).chat.completions.create({ model, messages, stream: true }, { signal })
    for await (const _ of stream) setTimeout(abort, 20)
    await until(() => mock.requests[0]?.outcome === 'aborted')
  })

  test('a call whose signal had fired before is an APIUserAbortError, and nothing is sent', async () => {
    const { chat } = leashed(mock)
    const error = await failure(chat.completions.create({ model, messages }, { signal: AbortSignal.abort() }))
    expect(error).toBeInstanceOf(APIUserAbortError)
    expect(mock.requests).toHaveLength(0)
  })

  test('a stream that is cut is an error, and no end', async () => {
    mock.script({ cutAfter: { events: 4 } })
    const stream = await leashed(mock).chat.completions.create({ model, messages, stream: true })
    const error = await failure(
      (async () => {
        for await (const _ of stream);
      })(),
    )
    expect(error).toBeInstanceOf(Error)
  })

  test('a stream that ends without its end is an error that says so', async () => {
    mock.script({ endWithoutTerminal: true })
    const stream = await leashed(mock).chat.completions.create({ model, messages, stream: true })
    const error = await failure(
      (async () => {
        for await (const _ of stream);
      })(),
    )
    expect(String(error)).toContain('[stream_truncated]')
    expect(error).toMatchObject({ code: 'stream_truncated' })
  })

  test('a stream with an event that is no JSON has failed, though the SDK leaves it then', async () => {
    mock.script({ malformed: true })
    const client = leashed(mock, { logLevel: 'off' })
    const stream = await client.chat.completions.create({ model, messages, stream: true })
    const error = await failure(
      (async () => {
        for await (const _ of stream);
      })(),
    )
    expect(error).toBeInstanceOf(Error)
    expect((await reportOf(stream)).attempts).toMatchObject([{ outcome: 'error', error: 'upstream_malformed' }])
  })

  test('an error tells the attempts, and keeps them out of logs', async () => {
    mock.script({ status: 500, times: 3 })
    const error = await failure(create({ maxRetries: 2 }))
    if (!(error instanceof APIError)) throw error
    expect(error.leash?.attempts.map(({ status, outcome }) => [status, outcome])).toEqual(
      [500, 500, 500].map((status) => [status, 'error']),
    )
    expect(Object.keys(error)).not.toContain('leash')
    expect(JSON.stringify(error)).not.toContain('attempts')
  })

  test('no message contains the key or the prompt', async () => {
    for (const fault of [{ status: 401 }, { status: 500 }, { malformed: true }, { reset: true }]) {
      mock.script(fault)
      const text = String(await failure(create({ apiKey: 'sk-very-secret' })))
      expect(text).not.toContain('sk-very-secret')
      expect(text).not.toContain(prompt)
    }
  })
})

test('OpenAI’s own refusal comes through as it was', async () => {
  const body = { error: { message: 'Odd.', type: 'odd_error', param: 'messages', code: 'odd', added_later: { x: 1 } } }
  mock.script({ status: 418, body, headers: { 'x-request-id': 'req_teapot' } })
  const error = await failure(leashed(mock).chat.completions.create({ model: 'gpt-4o-mini', messages }))
  expect(error).toBeInstanceOf(APIError)
  expect(error).toMatchObject({ status: 418, code: 'odd', param: 'messages', type: 'odd_error', requestID: 'req_teapot' })
  expect((error as APIError).error).toEqual(body.error)
})

test.each([
  ['claude-haiku-4-5', 'request-id'],
  ['us.amazon.nova-pro-v1:0', 'x-amzn-requestid'],
])('a refusal of %s tells the id that its vendor’s support asks for', async (model, header) => {
  mock.script({ status: 400, headers: { [header]: 'req_7' } })
  const error = await failure(leashed(mock).chat.completions.create({ model, messages }))
  expect(error).toMatchObject({ status: 400, requestID: 'req_7' })
})

test('an unknown model is a BadRequestError that names the nearest', async () => {
  const client = new LeashLLM({ providers: { anthropic: { apiKey: 'key' } } })
  const error = await failure(client.chat.completions.create({ model: 'claud-sonet-4-5', messages }))
  expect(error).toBeInstanceOf(BadRequestError)
  expect(error).toMatchObject({ code: 'unknown_model', message: expect.stringMatching(/Did you mean .*claude-sonnet-4-5/) })
})

test('what the SDK itself refuses, it refuses in its own words', async () => {
  const ours = leashed(mock).chat.completions
  const theirs = new OpenAI({ apiKey: 'key', baseURL: `${mock.url}/v1` }).chat.completions
  for (const options of [{ timeout: -1 }, { timeout: 0.5 }]) {
    const params = { model: 'gpt-4o-mini', messages }
    expect(String(await failure(ours.create(params, options)))).toBe(String(await failure(theirs.create(params, options))))
  }
  expect(mock.requests).toHaveLength(0)
})
