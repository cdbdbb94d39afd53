/** A leash as its user holds it: layers, events, options, its end. */
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createLeash, type Layer, LeashError, type LeashOptions, type Middleware, withBody } from '../src/leash.js'
import { mockProviders } from '../src/testing/index.js'
import { until, useMock } from './helpers/mock.js'

const mock = useMock()
const make = (options: LeashOptions = {}) =>
  createLeash({ providers: mockProviders(mock.url), retry: { backoff: () => 0 }, ...options })

const call = (leash: { handle(request: Request): Promise<Response> }, over: object = {}, signal?: AbortSignal) =>
  leash.handle(
    new Request('http://leash/v1/chat/completions', {
      method: 'POST',
      body: JSON.stringify({ model: 'claude-sonnet-4-5', messages: [{ role: 'user', content: 'Hello there' }], ...over }),
      ...(signal && { signal }),
    }),
  )

/** Notes when a call goes in and comes out. */
function noting(notes: string[], name: string): Middleware {
  return (next) => async (call) => {
    notes.push(`${name} ${call.attempt}`)
    try {
      return await next(call)
    } finally {
      notes.push(`/${name}`)
    }
  }
}

describe('layers', () => {
  test('stand around the call in their order, and around each attempt when they say so', async () => {
    const notes: string[] = []
    const use: Layer[] = [
      noting(notes, 'outer'),
      { at: 'attempt', middleware: noting(notes, 'each') },
      { at: 'call', middleware: noting(notes, 'inner') },
    ]
    mock.script({ status: 500 })
    expect((await call(make({ use }))).status).toBe(200)
    expect(notes).toEqual(['outer 1', 'inner 1', 'each 1', '/each', 'each 2', '/each', '/inner', '/outer'])
  })

  test('that are added stand inside those there are, and calls under way keep their stack', async () => {
    const notes: string[] = []
    const leash = make({ use: [noting(notes, 'first')] })
    mock.script({ latencyMs: 50 })
    const underway = call(leash)
    await until(() => mock.requests.length === 1)
    expect(leash.use(noting(notes, 'second'))).toBe(leash)
    await underway
    expect(notes).toEqual(['first 1', '/first'])
    await call(leash)
    expect(notes.slice(2)).toEqual(['first 1', 'second 1', '/second', '/first'])
  })

  test('may change what is sent', async () => {
    const messages = [{ role: 'user', content: 'Something else' }]
    const layers: Layer[] = [
      (next) => (call) => next({ ...call, body: { ...call.body, messages } }),
      (next) => (call) => next(withBody(call, { ...call.body, messages })),
    ]
    for (const layer of layers) {
      for (const model of ['claude-sonnet-4-5', 'gpt-4o-mini']) {
        const { choices } = await (await call(make({ use: [layer] }), { model })).json()
        expect(choices[0].message.content).toBe('Echo: Something else')
      }
    }
  })

  test('may answer by themselves', async () => {
    const body = { choices: [{ message: { content: 'from a cache' } }] }
    const leash = make({ use: [() => async () => ({ stream: false, status: 200, headers: new Headers(), body })] })
    expect(await (await call(leash)).json()).toEqual(body)
    expect(mock.requests).toEqual([])
  })

  test('may refuse, in the words of the caller’s protocol', async () => {
    const leash = make({
      use: [
        () => async () => {
          throw new LeashError('policy_blocked', 'Not on a Sunday.')
        },
      ],
    })
    const response = await call(leash)
    expect([response.status, (await response.json()).error]).toMatchObject([
      403,
      { code: 'policy_blocked', message: '[policy_blocked] Not on a Sunday.' },
    ])
  })

  test('that throw anything else fail the call, which says so within the process', async () => {
    const { fetch } = make({
      use: [
        () => async () => {
          throw new RangeError('oops')
        },
      ],
    })
    const body = JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello there' }] })
    const response = await fetch('https://api.openai.com/v1/chat/completions', { method: 'POST', body })
    expect([response.status, (await response.json()).error.message]).toEqual([500, expect.stringContaining('oops')])
  })

  test('may call next more than once', async () => {
    const twice: Middleware = (next) => async (call) => {
      await next(call)
      return next(call)
    }
    const response = await call(make({ use: [twice] }))
    expect(response.headers.get('x-leash-attempts')).toBe('2')
    expect(mock.requests).toHaveLength(2)
  })

  test('that are no functions are refused by name', () => {
    expect(() => make({ use: ['log' as unknown as Layer] })).toThrow(/invalid_config.*`use\.0`/)
    expect(() => make().use({ at: 'attempt', middleware: 7 as unknown as Middleware })).toThrow(TypeError)
  })
})

describe('events', () => {
  test('tell attempts, waits and results, in order', async () => {
    const leash = make()
    const heard: string[] = []
    leash.on('attempt', ({ outcome, status, callId }) => heard.push(`attempt ${outcome} ${status} ${callId.slice(0, 5)}`))
    leash.on('retry', ({ attempt, error }) => heard.push(`retry after ${attempt} ${error}`))
    leash.on('result', ({ provider, attempts }) => heard.push(`result ${provider} ${attempts.length}`))
    mock.script({ status: 503 })
    await call(leash)
    expect(heard).toEqual(['attempt error 503 call_', 'retry after 1 overloaded', 'attempt ok 200 call_', 'result anthropic 2'])
  })

  test('of a stream come when it has ended', async () => {
    const leash = make()
    const heard: string[] = []
    leash.on('result', ({ usage }) => heard.push(`result ${usage ? 'with' : 'without'} usage`))
    const response = await call(leash, { stream: true })
    expect(heard).toEqual([])
    await response.text()
    expect(heard).toEqual(['result with usage'])
  })

  test('of a call that failed come too', async () => {
    const leash = make({ retry: false })
    const heard: unknown[] = []
    leash.on('result', ({ ended, attempts }) => heard.push([ended, attempts[0]?.error]))
    mock.script({ status: 401 })
    await call(leash)
    await call(leash, { model: 'unknown/unknown' })
    expect(heard).toEqual([[true, 'authentication_failed'], expect.anything()])
  })

  test('are not heard any more after one has stopped listening', async () => {
    const leash = make()
    const heard: unknown[] = []
    const stop = leash.on('result', (report) => heard.push(report))
    await call(leash)
    stop()
    await call(leash)
    expect(heard).toHaveLength(1)
  })
})

describe('close()', () => {
  test('takes no more calls, and lets those under way go on', async () => {
    const leash = make()
    const underway = await call(leash, { stream: true })
    await leash.close()
    const refused = await call(leash)
    expect([refused.status, (await refused.json()).error.message]).toEqual([400, expect.stringContaining('closed')])
    expect(await underway.text()).toContain('[DONE]')
  })
})

describe('options', () => {
  test('retry: false tries once', async () => {
    mock.script({ status: 500, times: 9 })
    expect((await call(make({ retry: false }))).status).toBe(500)
    expect(mock.requests).toHaveLength(1)
  })

  test('retry.attempts are tries in all', async () => {
    mock.script({ status: 500, times: 9 })
    await call(make({ retry: { attempts: 5, backoff: () => 0 } }))
    expect(mock.requests).toHaveLength(5)
  })

  test('timeouts hold for every call', async () => {
    mock.script({ hang: 'headers', times: 9 })
    const response = await call(make({ retry: false, timeouts: { attemptMs: 50 } }))
    expect([response.status, (await response.json()).error.code]).toEqual([504, 'timeout'])
  })

  test('strict refuses what a translation would drop', async () => {
    const response = await call(make({ strict: true }), { seed: 1 })
    expect([response.status, (await response.json()).error.code]).toEqual([400, 'translation_loss'])
    expect(mock.requests).toEqual([])
  })

  test('maxAttempts bounds all tries', async () => {
    mock.script({ status: 500, times: 9 })
    await call(make({ maxAttempts: 2 }))
    expect(mock.requests).toHaveLength(2)
  })

  test('fetch carries the requests', async () => {
    const seen: string[] = []
    const transport = (url: string, init: RequestInit) => {
      seen.push(new URL(url).pathname)
      return fetch(url, init)
    }
    await call(make({ fetch: transport }))
    expect(seen).toEqual(['/v1/messages'])
  })

  test.each<[unknown, RegExp]>([
    [{ retries: 3 }, /unknown option `retries` \(known: .*retry/],
    [{ retry: { attempts: 0 } }, /`retry`|`retry.attempts`/],
    [{ timeouts: { attemptMs: 'soon' } }, /`timeouts.attemptMs`: must be a whole number/],
    [{ timeouts: { idleMs: -1 } }, /`timeouts.idleMs`: must be at least 1/],
    [{ maxBodyBytes: 1.5 }, /`maxBodyBytes`/],
    [{ providers: { openai: 'sk-secret' } }, /`providers.openai`: must be a provider or its options/],
    [{ providers: { openai: { apikey: 'sk-secret' } } }, /unknown option `providers.openai.apikey`/],
    [{ providers: { mine: { apiKey: 'sk-secret' } } }, /providers\.mine is none of ours, and so needs a `baseURL`/],
    [{ routes: { fast: 7 } }, /`routes.fast`: must be a string/],
    [7, /options/],
  ])('%j are refused, and no value is told', (options, message) => {
    const failure = (() => {
      try {
        createLeash(options as LeashOptions)
        return ''
      } catch (error) {
        return String(error)
      }
    })()
    expect(failure).toContain('[invalid_config]')
    expect(failure).toMatch(message)
    expect(failure).not.toContain('sk-secret')
  })

  test('cost nothing before the first call: no key is needed to make a leash', () => {
    expect(() => createLeash()).not.toThrow()
  })
})

describe('a relay that the environment names', () => {
  afterEach(() => {
    vi.unstubAllEnvs()
  })

  test('is refused without a key, lest calls are made under no policy', () => {
    vi.stubEnv('LEASH_RELAY_URL', 'http://127.0.0.1:1')
    expect(() => make()).toThrow(/LEASH_RELAY_URL and LEASH_RELAY_KEY/)
  })

  test('is left alone with `relay: false`, and where there is a key alone', async () => {
    vi.stubEnv('LEASH_RELAY_KEY', 'lk_a')
    expect((await call(make())).status).toBe(200)
    vi.stubEnv('LEASH_RELAY_URL', 'http://127.0.0.1:1')
    expect((await call(make({ relay: false }))).status).toBe(200)
  })

  test('holds calls without being asked for', async () => {
    vi.stubEnv('LEASH_RELAY_URL', 'http://127.0.0.1:1')
    vi.stubEnv('LEASH_RELAY_KEY', 'lk_a')
    const leash = make({ relay: { folder: false } })
    expect(await (await call(leash)).text()).toContain('no policy to hold calls to')
    await leash.close()
  })
})
