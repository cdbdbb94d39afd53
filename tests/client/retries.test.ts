/** One owner of retries: the SDK's own loop never multiplies the stack's. */
import { APIConnectionError, APIConnectionTimeoutError, APIUserAbortError, InternalServerError, RateLimitError } from 'openai'
import { describe, expect, test } from 'vitest'
import type { Fault } from '../../src/testing/index.js'
import { silent, until, useMock } from '../helpers/mock.js'
import { echo, leashed, messages, models } from './client.js'

const mock = useMock()
const failing: readonly (readonly [string, Fault])[] = [
  ['status 408', { status: 408 }],
  ['status 409', { status: 409 }],
  ['status 429', { status: 429 }],
  ['status 500', { status: 500 }],
  ['a reset connection', { reset: true }],
  ['half an answer', { malformed: true }],
]

describe.each(models)('with %s', (model) => {
  test.each(failing)('%s is tried again twice by default, as OpenAI’s client does', async (_, fault) => {
    mock.script({ ...fault, times: 2 })
    const answer = await leashed(mock).chat.completions.create({ model, messages })
    expect(answer.choices[0]?.message.content).toBe(echo)
    expect(mock.requests).toHaveLength(3)
  })

  test.each([0, 1, 2, 4])('maxRetries: %i of the client means as many requests and one', async (maxRetries) => {
    mock.script({ status: 500, times: 99 })
    const { chat } = leashed(mock, { maxRetries })
    await expect(chat.completions.create({ model, messages })).rejects.toBeInstanceOf(InternalServerError)
    expect(mock.requests).toHaveLength(1 + maxRetries)
  })

  test.each([0, 1, 3])('maxRetries: %i of one request wins over the client’s', async (maxRetries) => {
    mock.script({ status: 429, times: 99 })
    const create = leashed(mock, { maxRetries: 5 }).chat.completions.create({ model, messages }, { maxRetries })
    await expect(create).rejects.toBeInstanceOf(RateLimitError)
    expect(mock.requests).toHaveLength(1 + maxRetries)
  })

  test('maxRetries of the leash wins over both', async () => {
    mock.script({ status: 429, times: 99 })
    const create = leashed(mock).chat.completions.create({ model, messages }, { maxRetries: 5, leash: { maxRetries: 1 } })
    await expect(create).rejects.toBeInstanceOf(RateLimitError)
    expect(mock.requests).toHaveLength(2)
  })

  test('streams that fail before their first content are tried again, and as often', async () => {
    mock.script({ status: 503, times: 2 })
    const params = { model, messages, stream: true } as const
    const stream = await leashed(mock).chat.completions.create(params)
    for await (const _ of stream);
    expect(mock.requests).toHaveLength(3)
    mock.reset()
    mock.script({ status: 503, times: 99 })
    await expect(leashed(mock).chat.completions.create(params)).rejects.toBeInstanceOf(InternalServerError)
    expect(mock.requests).toHaveLength(3)
  })

  test('helpers retry no more than plain calls', async () => {
    mock.script({ status: 500, times: 99 })
    await expect(leashed(mock).chat.completions.stream({ model, messages }).done()).rejects.toBeInstanceOf(InternalServerError)
    expect(mock.requests).toHaveLength(3)
  })

  test('connections that fail each time are as many', async () => {
    mock.script({ reset: true, times: 99 })
    await expect(leashed(mock).chat.completions.create({ model, messages })).rejects.toBeInstanceOf(APIConnectionError)
    expect(mock.requests).toHaveLength(3)
  })

  test('timeout is for each attempt, and a timed out attempt is tried again', async () => {
    let sent = 0
    const silentTwice: typeof fetch = (url, init) => (++sent > 2 ? fetch : silent)(url, init)
    // On a busy machine the mock may be late itself.
    const patient = leashed(mock, { timeout: 600, maxRetries: 9, fetch: silentTwice })
    const answer = await patient.chat.completions.create({ model, messages })
    expect(answer.choices[0]?.message.content).toBe(echo)
    const errors = answer.leash?.attempts.map(({ error }) => error) ?? []
    expect([errors.slice(0, 2), errors.at(-1)]).toEqual([['timeout', 'timeout'], undefined])
    sent = 0
    const hasty = leashed(mock, { fetch: silentTwice })
    const create = hasty.chat.completions.create({ model, messages }, { timeout: 250, maxRetries: 1 })
    await expect(create).rejects.toBeInstanceOf(APIConnectionTimeoutError)
    expect(sent).toBe(2)
  })

  test('what no repetition can mend is sent once', async () => {
    for (const status of [400, 401, 403, 404, 422]) {
      mock.reset()
      mock.script({ status, times: 9 })
      await expect(leashed(mock).chat.completions.create({ model, messages })).rejects.toMatchObject({ status })
      expect(mock.requests).toHaveLength(1)
    }
  })

  test('the upstream’s own word on it counts: x-should-retry', async () => {
    mock.script({ status: 500, headers: { 'x-should-retry': 'false' } })
    await expect(leashed(mock).chat.completions.create({ model, messages })).rejects.toMatchObject({ status: 500 })
    expect(mock.requests).toHaveLength(1)
    mock.script({ status: 400, headers: { 'x-should-retry': 'true' } })
    await leashed(mock).chat.completions.create({ model, messages })
    expect(mock.requests).toHaveLength(3)
  })

  test.each([
    ['Retry-After in seconds', { headers: { 'retry-after': '7' } }, 7000],
    ['Retry-After in milliseconds', { headers: { 'retry-after-ms': '1200' } }, 1200],
  ])('%s is waited for', async (_, fault, delayMs) => {
    mock.script({ status: 429, ...fault })
    const client = leashed(mock)
    const controller = new AbortController()
    const waits: number[] = []
    client.leash.on('retry', (wait) => {
      waits.push(wait.delayMs)
      controller.abort()
    })
    await expect(client.chat.completions.create({ model, messages }, { signal: controller.signal })).rejects.toThrow('abort')
    expect(waits).toEqual([delayMs])
  })

  test('a Retry-After beyond a minute fails at once, with the header on the error', async () => {
    mock.script({ status: 429, retryAfter: 3600 })
    const error = await leashed(mock)
      .chat.completions.create({ model, messages })
      .catch((error: unknown) => error)
    expect(error).toBeInstanceOf(RateLimitError)
    expect(error instanceof RateLimitError && error.headers?.get('retry-after')).toBe('3600')
    expect(mock.requests).toHaveLength(1)
  })
})

test('each try tells the server which it is, as OpenAI’s client does', async () => {
  mock.script({ status: 500 }, { status: 500 })
  await leashed(mock).chat.completions.create({ model: 'gpt-4o-mini', messages })
  expect(mock.requests.map(({ headers }) => headers['x-stainless-retry-count'])).toEqual(['0', '1', '2'])
})

test('a retry count of the caller’s own is left alone', async () => {
  mock.script({ status: 500 })
  const headers = { 'x-stainless-retry-count': '42' }
  await leashed(mock).chat.completions.create({ model: 'gpt-4o-mini', messages }, { headers })
  expect(mock.requests.map(({ headers }) => headers['x-stainless-retry-count'])).toEqual(['42', '42'])
})

test('each try asks anew for a key that may rotate', async () => {
  mock.script({ status: 500 }, { status: 500 })
  let asked = 0
  const client = leashed(mock, { apiKey: async () => `key-${++asked}` })
  await client.chat.completions.create({ model: 'gpt-4o-mini', messages })
  const keys = mock.requests.map(({ headers }) => headers.authorization)
  expect(new Set(keys).size).toBe(3)
})

test.each(['deadline', 'caller'])('a try whose key stays away ends with the %s', async (who) => {
  mock.script({ status: 500 })
  const keys = [Promise.resolve('first'), new Promise<string>(() => {})]
  const client = leashed(mock, { apiKey: async () => keys.shift() ?? 'none', retry: { backoff: () => 0 } })
  const abort = new AbortController()
  const create = client.chat.completions.create(
    { model: 'gpt-4o-mini', messages },
    { signal: abort.signal, leash: who === 'deadline' ? { deadlineMs: 2000 } : {} },
  )
  if (who === 'caller') void until(() => keys.length === 0).then(() => abort.abort())
  await expect(create).rejects.toBeInstanceOf(who === 'caller' ? APIUserAbortError : APIConnectionTimeoutError)
  expect(mock.requests).toHaveLength(1)
})

test('retry: false leaves one request, whatever the SDK was told', async () => {
  mock.script({ status: 500, times: 9 })
  const create = leashed(mock, { retry: false, maxRetries: 5 }).chat.completions.create({ model: 'gpt-4o-mini', messages })
  await expect(create).rejects.toBeInstanceOf(InternalServerError)
  expect(mock.requests).toHaveLength(1)
})
