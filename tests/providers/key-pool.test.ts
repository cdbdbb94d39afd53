/** Several keys of one provider, through a leash and over sockets. */
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { LeashLLM } from '../../src/client.js'
import type { Attempt } from '../../src/core/call.js'
import { createLeash, type Layer, type Leash, type LeashError, type LeashOptions } from '../../src/leash.js'
import type { ApiKeys, KeysOptions } from '../../src/providers/options.js'
import { until, useMock } from '../helpers/mock.js'

const mock = useMock()

const pooled = (apiKey: ApiKeys, keys?: KeysOptions, more: LeashOptions = {}) =>
  createLeash({ providers: { openai: { baseURL: `${mock.url}/v1`, apiKey, keys } }, retry: { backoff: () => 0 }, ...more })

const ask = (leash: Leash, model = 'gpt-4o-mini', over: object = {}, signal?: AbortSignal) =>
  leash.handle(
    new Request('http://leash/v1/chat/completions', {
      method: 'POST',
      body: JSON.stringify({ model: `openai/${model}`, messages: [{ role: 'user', content: 'Hello' }], ...over }),
      ...(signal && { signal }),
    }),
  )

/** The keys that the vendor saw, in order. */
const seen = () => mock.requests.map(({ headers }) => headers.authorization?.replace('Bearer ', ''))
const count = (key: string) => seen().filter((other) => other === key).length
const from = (key: string) => (request: { headers: Readonly<Record<string, string>> }) =>
  request.headers.authorization === `Bearer ${key}`

function attemptsOf(leash: Leash): Attempt[] {
  const attempts: Attempt[] = []
  leash.on('attempt', (attempt) => attempts.push(attempt))
  return attempts
}

const failureOf = async (response: Response) => {
  const { error } = (await response.json()) as { error: { message: string } }
  return { status: response.status, code: response.headers.get('x-leash-error'), message: error.message }
}

describe('several keys share the calls', () => {
  test('by their weights', async () => {
    const leash = pooled([{ key: 'heavy', weight: 3 }, 'light'])
    for (let batch = 0; batch < 50; batch++) await Promise.all(Array.from({ length: 20 }, () => ask(leash)))
    expect(seen()).toHaveLength(1000)
    expect(count('heavy')).toBeGreaterThanOrEqual(735)
    expect(count('heavy')).toBeLessThanOrEqual(765)
    expect(count('heavy') + count('light')).toBe(1000)
  })

  test('by the calls under way, when they are asked to', async () => {
    const leash = pooled(['a', 'b'], { strategy: 'least-used' })
    mock.script({ hang: 'headers' })
    const left = new AbortController()
    const slow = ask(leash, 'gpt-4o-mini', {}, left.signal).catch(() => undefined)
    await until(() => mock.requests.length === 1)
    const [busy] = seen()
    for (let call = 0; call < 10; call++) await ask(leash)
    expect(count(busy ?? '')).toBe(1)

    left.abort()
    await slow
    for (let call = 0; call < 20; call++) await ask(leash)
    expect(count(busy ?? '')).toBeGreaterThan(5)
  })

  test('by the calls under way for each one’s weight', async () => {
    const leash = pooled([{ key: 'heavy', weight: 3 }, 'light'], { strategy: 'least-used' })
    mock.script({ hang: 'headers', times: 8 })
    const left = new AbortController()
    const slow: Promise<unknown>[] = []
    for (let call = 1; call <= 8; call++) {
      slow.push(ask(leash, 'gpt-4o-mini', {}, left.signal).catch(() => undefined))
      await until(() => mock.requests.length === call)
    }
    expect({ heavy: count('heavy'), light: count('light') }).toEqual({ heavy: 6, light: 2 })
    left.abort()
    await Promise.all(slow)
  })

  test('and a stream counts as under way until it is read or left', async () => {
    const leash = pooled(['a', 'b'], { strategy: 'least-used' })
    const { body } = await ask(leash, 'gpt-4o-mini', { stream: true })
    const [busy] = seen()
    for (let call = 0; call < 6; call++) await ask(leash)
    expect(count(busy ?? '')).toBe(1)
    await body?.cancel()
    for (let call = 0; call < 12; call++) await ask(leash)
    expect(count(busy ?? '')).toBeGreaterThan(3)
  })

  test('and one that is given up while its key is being read holds none back', async () => {
    let give: (key: string) => void = () => {}
    let asked = 0
    const slow = () =>
      new Promise<string>((resolve) => {
        asked++
        give = resolve
      })
    const leash = pooled([slow, slow], { strategy: 'least-used' })
    const left = new AbortController()
    const gone = ask(leash, 'gpt-4o-mini', {}, left.signal).catch(() => undefined)
    await until(() => asked === 1)
    left.abort()
    give('late')
    await gone
    expect(mock.requests).toHaveLength(0)
    const attempts = attemptsOf(leash)
    for (let call = 0; call < 10; call++) {
      const answer = ask(leash)
      await until(() => asked === call + 2)
      give('in time')
      expect((await answer).status).toBe(200)
    }
    expect(new Set(attempts.map(({ key }) => key))).toEqual(new Set(['key 1', 'key 2']))
  })
})

test('a key is replaced while calls are under way, and none of them fails', async () => {
  let key = 'old'
  const leash = pooled([async () => key, 'other'])
  mock.script({ latencyMs: 100, times: 4 })
  const underway = Array.from({ length: 4 }, () => ask(leash))
  await until(() => mock.requests.length === 4)
  key = 'new'
  const more = await Promise.all(Array.from({ length: 10 }, () => ask(leash)))
  const statuses = [...(await Promise.all(underway)), ...more].map(({ status }) => status)
  expect(statuses).toEqual(Array(14).fill(200))
  expect(count('old')).toBeGreaterThan(0)
  expect(seen().slice(4)).not.toContain('old')
  expect(seen().slice(4)).toContain('new')
})

describe('a rate limit', () => {
  test('rests its key for as long as the vendor says; the call goes on with another one at once', async () => {
    const leash = pooled([{ key: 'a', name: 'team-a' }, 'b'])
    const delays: number[] = []
    leash.on('retry', ({ delayMs }) => delays.push(delayMs))
    const attempts = attemptsOf(leash)
    mock.script({ when: from('a'), status: 429, retryAfter: 30 })
    for (let call = 0; call < 12; call++) expect((await ask(leash)).status).toBe(200)
    expect(count('a')).toBe(1)
    expect(delays).toEqual([0])
    expect(attempts.filter(({ key }) => key === 'team-a')).toMatchObject([{ status: 429, error: 'rate_limited' }])
    expect(attempts.filter(({ key }) => key === 'key 2')).toHaveLength(12)
  })

  test.each([{ pace: false }, { pace: true }, { pace: true, stream: true }])(
    'of which nothing remains rests its key before it is met, and the others go on: %j',
    async ({ pace, stream }) => {
      const leash = pooled(['a', 'b'], {}, { pace })
      mock.script({
        when: from('a'),
        times: 1,
        headers: { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '30s' },
      })
      for (let call = 0; call < 8; call++) {
        const response = await ask(leash, 'gpt-4o-mini', { stream })
        expect(response.status).toBe(200)
        await response.text()
      }
      expect({ a: count('a'), b: count('b') }).toEqual({ a: 1, b: 7 })
    },
  )

  test('is the vendor’s, whatever it says of trying again, when another key is ready', async () => {
    const leash = pooled(['a', 'b'])
    mock.script({ status: 429, headers: { 'x-should-retry': 'false' } })
    expect((await ask(leash)).status).toBe(200)
    expect(new Set(seen()).size).toBe(2)
  })

  test('is of one model: the key serves the others', async () => {
    const leash = pooled(['a', 'b'])
    mock.script({ when: ({ model }) => model === 'gpt-4o', status: 429, retryAfter: 300 })
    expect((await ask(leash, 'gpt-4o')).status).toBe(429)
    const before = mock.requests.length
    for (let call = 0; call < 10; call++) expect((await ask(leash)).status).toBe(200)
    expect(new Set(seen().slice(before))).toEqual(new Set(['a', 'b']))
  })

  test('of every key fails the call before anything is sent, with the time of the first', async () => {
    const errors: LeashError[] = []
    const noting: Layer = (next) => (call) =>
      next(call).catch((error) => {
        errors.push(error)
        throw error
      })
    const leash = pooled(['a', 'b'], {}, { retry: false, use: [noting] })
    mock.script({ when: from('a'), status: 429, retryAfter: 300 }, { when: from('b'), status: 429, retryAfter: 200 })
    for (let call = 0; call < 2; call++) expect((await ask(leash)).status).toBe(429)
    // The first to fail is told that there is another key, the second how long it is to the first that is ready.
    const soon = expect.toSatisfy((ms: number) => ms > 190_000 && ms <= 200_001)
    expect(errors.map(({ retryAfterMs }) => retryAfterMs)).toEqual([0, soon])

    const refused = await ask(leash)
    expect(mock.requests).toHaveLength(2)
    expect(errors.at(-1)).toMatchObject({ retryable: true, retryAfterMs: soon, upstream: undefined })
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(190)
    expect(await failureOf(refused)).toMatchObject({
      status: 429,
      code: 'rate_limited',
      message: expect.stringContaining('Every key'),
    })
  })

  test('that ends is waited for, and its key used again', async () => {
    const leash = pooled(['a', 'b'], { cooldownMs: 1000 })
    mock.script({ status: 429, times: 2 })
    const delays: number[] = []
    leash.on('retry', ({ delayMs }) => delays.push(delayMs))
    expect((await ask(leash)).status).toBe(200)
    expect(seen()).toHaveLength(3)
    expect(delays).toEqual([0, expect.toSatisfy((ms) => ms > 0 && ms <= 1001)])
  })

  test('at the beginning of a stream counts as well', async () => {
    const leash = pooled(['a', 'b'])
    mock.script({ errorInStream: { status: 429, code: 'rate_limit_exceeded', after: 0 } })
    const answer = await ask(leash, 'gpt-4o-mini', { stream: true })
    expect(await answer.text()).toContain('[DONE]')
    const [limited] = seen()
    expect(seen()).toHaveLength(2)
    for (let call = 0; call < 6; call++) await ask(leash)
    expect(count(limited ?? '')).toBe(1)
  })

  test('does not outlast a day, whatever the vendor says', async () => {
    const leash = pooled(['a', 'b'], {}, { retry: false })
    mock.script({ status: 429, retryAfter: 10_000_000, times: 2 })
    await ask(leash)
    await ask(leash)
    expect(Number((await ask(leash)).headers.get('retry-after'))).toBeLessThanOrEqual(24 * 60 * 60 + 1)
  })
})

describe('a key that the vendor refuses', () => {
  test.each([401, 402])('with %i is used no more, for any model, and the provider goes on', async (status) => {
    const leash = pooled(['dead', 'alive'])
    mock.script({ when: from('dead'), status })
    for (const model of ['gpt-4o-mini', 'gpt-4o', 'gpt-4.1'])
      for (let call = 0; call < 6; call++) expect((await ask(leash, model)).status).toBe(200)
    expect(count('dead')).toBe(1)
  })

  test('with 403 is used no more for that model', async () => {
    const leash = pooled(['a', 'b'])
    mock.script({ when: (request) => from('a')(request) && request.model === 'gpt-4o', status: 403 })
    for (let call = 0; call < 10; call++) expect((await ask(leash, 'gpt-4o')).status).toBe(200)
    expect(count('a')).toBe(1)
    for (let call = 0; call < 10; call++) expect((await ask(leash)).status).toBe(200)
    expect(count('a')).toBeGreaterThan(3)
  })

  test('for want of money is used no more, for any model, where Anthropic says so by a 400', async () => {
    const body = {
      type: 'error',
      error: { type: 'invalid_request_error', message: 'Your credit balance is too low to access …' },
    }
    const poor = (request: { headers: Readonly<Record<string, string>> }) => request.headers['x-api-key'] === 'poor'
    const leash = createLeash({ providers: { anthropic: { baseURL: mock.url, apiKey: ['poor', 'rich'] } } })
    mock.script({ when: poor, status: 400, body })
    for (const model of ['anthropic/claude-haiku-4-5', 'anthropic/claude-opus-4-6'])
      for (let call = 0; call < 6; call++) expect((await ask(leash, '', { model })).status).toBe(200)
    expect(mock.requests.filter(poor)).toHaveLength(1)
  })

  test('is told by the code, where the vendor’s status says something else', async () => {
    const body = { error: { code: 400, message: 'API key not valid.', details: [{ reason: 'API_KEY_INVALID' }] } }
    const bad = (request: { headers: Readonly<Record<string, string>> }) => request.headers['x-goog-api-key'] === 'bad'
    const leash = createLeash({ providers: { google: { baseURL: `${mock.url}/v1beta`, apiKey: ['bad', 'good'] } } })
    mock.script({ when: bad, status: 400, body })
    for (let call = 0; call < 6; call++) expect((await ask(leash, '', { model: 'google/gemini-2.5-flash' })).status).toBe(200)
    expect(mock.requests.filter(bad)).toHaveLength(1)
  })

  test('is tried again after its time', async () => {
    const leash = pooled(['a', 'b'], { disableMs: 0 })
    mock.script({ when: from('a'), status: 401, times: 1 })
    for (let call = 0; call < 10; call++) expect((await ask(leash)).status).toBe(200)
    expect(count('a')).toBeGreaterThan(2)
  })

  test('is used at once when it has changed', async () => {
    let key = 'revoked'
    const leash = pooled([() => key, 'other'])
    mock.script({ when: from('revoked'), status: 401 })
    for (let call = 0; call < 6; call++) expect((await ask(leash)).status).toBe(200)
    expect(count('revoked')).toBe(1)
    key = 'fresh'
    for (let call = 0; call < 6; call++) await ask(leash)
    expect(count('fresh')).toBeGreaterThan(1)
  })

  test('and no other is left: the call fails before anything is sent, and says what to do', async () => {
    const leash = pooled(['a', 'b'])
    mock.script({ when: () => true, status: 401 })
    expect((await ask(leash)).status).toBe(401)
    expect(seen().toSorted()).toEqual(['a', 'b'])
    expect(await failureOf(await ask(leash))).toMatchObject({
      status: 401,
      code: 'authentication_failed',
      message: expect.stringMatching(/Every key of "openai".*Check or replace.*300 s/),
    })
    expect(mock.requests).toHaveLength(2)
  })

  test('for one model by all keys, is refused for that model alone', async () => {
    const leash = pooled(['a', 'b'], { disableMs: Number.POSITIVE_INFINITY })
    mock.script({ when: ({ model }) => model === 'gpt-4o', status: 403 })
    expect((await ask(leash, 'gpt-4o')).status).toBe(403)
    const failure = await failureOf(await ask(leash, 'gpt-4o'))
    expect(failure).toMatchObject({ status: 403, code: 'permission_denied', message: expect.stringContaining('for this model') })
    expect(failure.message).not.toContain('tried again')
    expect(mock.requests).toHaveLength(2)
    expect((await ask(leash)).status).toBe(200)
  })

  test('beside one that cools down: the call waits for that one', async () => {
    const leash = pooled(['dead', 'busy'], { cooldownMs: 20 })
    mock.script({ when: from('dead'), status: 401 }, { when: from('busy'), status: 429, times: 1 })
    expect((await ask(leash)).status).toBe(200)
    expect(seen().at(-1)).toBe('busy')
    expect(count('dead')).toBeLessThanOrEqual(1)
  })
})

test('a failure that is not the key’s leaves the keys as they are', async () => {
  const leash = pooled(['a', 'b'], {}, { retry: false })
  mock.script({ status: 500, times: 2 }, { status: 529, times: 2 }, { status: 400, times: 2 }, { reset: true, times: 2 })
  for (let call = 0; call < 8; call++) await ask(leash).catch(() => undefined)
  for (let call = 0; call < 10; call++) expect((await ask(leash)).status).toBe(200)
  expect(new Set(seen().slice(-10))).toEqual(new Set(['a', 'b']))
})

describe('a single key', () => {
  test.each([
    ['by itself', 'only'],
    ['in a list', ['only']],
  ] as const)('%s is asked each time, whatever the vendor said', async (_, key) => {
    const leash = pooled(key)
    const delays: number[] = []
    leash.on('retry', ({ delayMs }) => delays.push(delayMs))
    for (const status of [401, 403]) {
      mock.script({ status, times: 2 })
      expect([(await ask(leash)).status, (await ask(leash)).status]).toEqual([status, status])
    }
    expect(mock.requests).toHaveLength(4)
    mock.script({ status: 429, headers: { 'retry-after-ms': '7' } })
    expect((await ask(leash)).status).toBe(200)
    expect(delays).toEqual([7])
  })

  test('has no name in the report', async () => {
    const leash = pooled('only')
    const attempts = attemptsOf(leash)
    await ask(leash)
    expect(attempts[0]).not.toHaveProperty('key')
  })
})

describe('the keys of an SDK', () => {
  const client = (base: string) =>
    new LeashLLM({
      apiKey: 'sdk',
      baseURL: `${mock.url}/v1`,
      providers: { openai: { baseURL: base, apiKey: ['a', 'b'] } },
    })
  const chat = (client: LeashLLM) =>
    client.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] })

  test('give way to several that are meant for the same server', async () => {
    const answer = await chat(client(`${mock.url}/v1/`))
    expect(['a', 'b']).toContain(seen()[0])
    expect(answer.leash?.attempts[0]?.key).toMatch(/^key [12]$/)
  })

  test('are used at any other server', async () => {
    await chat(client('https://api.openai.com/v1'))
    expect(seen()).toEqual(['sdk'])
  })
})

test('no key is to be seen in a report, an event, an error, a leash or a client', async () => {
  const secrets = ['sk-first-s3cret', 'sk-second-s3cret', 'sk-third-s3cret']
  const [first = '', second = '', third = ''] = secrets
  const apiKey = [{ key: first, name: 'first' }, second, () => third]
  const leash = pooled(apiKey, {}, { retry: { attempts: 5, backoff: () => 0 } })
  const heard: unknown[] = []
  for (const event of ['attempt', 'retry', 'result'] as const) leash.on(event, (told: unknown) => heard.push(told))
  mock.script({ status: 401, times: 2 }, { status: 429, retryAfter: 300 })
  const answers = [await ask(leash), await ask(leash)]
  const told = await Promise.all(answers.map(async (answer) => `${inspect(answer.headers)} ${await answer.text()}`))
  expect(answers.map(({ status }) => status)).toEqual([429, 429])
  for (const shown of [
    inspect(heard, { depth: 9 }),
    JSON.stringify(heard),
    inspect(leash, { depth: 9, showHidden: true }),
    ...told,
  ])
    for (const part of ['s3cret', ...secrets]) expect(shown).not.toContain(part)
  expect(heard).toContainEqual(expect.objectContaining({ key: 'first' }))
})
