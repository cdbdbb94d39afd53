/** Fallback on the wire: real sockets, the mock of each vendor, and one that is made to fail. */
import { getEventListeners } from 'node:events'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI, { RateLimitError } from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Timeouts } from '../../src/index.js'
import { createLeash, type LeashOptions, type Report } from '../../src/leash.js'
import { type Fault, mockProviders } from '../../src/testing/index.js'
import { create, echo, leashed } from '../client/client.js'
import { drivers, prompt, schema } from '../conformance/drivers.js'
import { until, useMock } from '../helpers/mock.js'
import { type Served, serve } from '../helpers/serve.js'
import { callers } from '../testing/callers.js'
import { failureOf, lane, read } from '../transport/lanes.js'

const mock = useMock()

const claude = 'claude-haiku-4-5'
/** Its window is larger than Claude's. */
const gpt = 'gpt-4.1-mini'
const protocols = () => mock.requests.map(({ protocol }) => protocol)

/** A caller of OpenAI's chat who asks Claude, and goes to OpenAI when that fails. */
const falling = (options: LeashOptions = {}) => lane(mock, claude, { fallback: [`openai/${gpt}`], ...options })

/** With him who is to fail: how long the other takes is no matter. */
const impatient = (anthropic: Timeouts): LeashOptions => ({ timeouts: { providers: { anthropic } } })

/** What Claude's vendor does, as often as it is asked. */
const fails = (fault: Fault) => mock.script({ ...fault, when: ({ protocol }) => protocol === 'anthropic-messages' })

const told = (type: string, message: string) => ({ type: 'error', error: { type, message } })
const triggers: readonly (readonly [string, Fault])[] = [
  ['upstream_error', { status: 500 }],
  ['overloaded', { status: 529 }],
  ['rate_limited', { status: 429 }],
  ['timeout', { hang: 'headers' }],
  ['network_error', { reset: true }],
  ['upstream_malformed', { body: '{"no": JSON', headers: { 'content-type': 'application/json' } }],
  ['authentication_failed', { status: 401 }],
  ['permission_denied', { status: 403 }],
  ['not_found', { status: 404 }],
  ['request_too_large', { status: 413 }],
  [
    'context_window_exceeded',
    { status: 400, body: told('invalid_request_error', 'prompt is too long: 250000 tokens > 200000 maximum') },
  ],
  ['content_filtered', { status: 400, body: told('invalid_request_error', 'Output blocked by content filtering policy') }],
]

describe.each(triggers)('%s', (code, fault) => {
  test.each([false, true])('leads to the next target (stream: %s)', async (stream) => {
    fails(fault)
    const { ask, reports } = falling(code === 'timeout' ? impatient({ attemptMs: 500 }) : {})
    expect((await read(await ask({ stream }))).text).toContain('eight')
    expect(protocols()).toEqual(['anthropic-messages', 'openai-chat'])
    expect(reports).toMatchObject([
      {
        provider: 'openai',
        model: gpt,
        attempts: [
          { provider: 'anthropic', outcome: 'error', error: code },
          { provider: 'openai', outcome: 'ok' },
        ],
        moves: [{ from: `anthropic/${claude}`, to: expect.stringContaining(`openai/${gpt}`), because: code }],
      },
    ])
  })
})

describe('a stream', () => {
  test.each<[string, Fault, string]>([
    ['is cut', { cutAfter: { events: 2 } }, 'network_error'],
    ['ends too early', { body: '', headers: { 'content-type': 'text/event-stream' } }, 'stream_truncated'],
    ['tells a failure', { errorInStream: { after: 2, type: 'overloaded_error' } }, 'overloaded'],
    ['falls silent', { hang: { afterEvents: 2 } }, 'timeout'],
  ])('that %s before its first content leads to the next target', async (_, fault, because) => {
    fails(fault)
    const { ask, reports } = falling(because === 'timeout' ? impatient({ firstTokenMs: 500 }) : {})
    expect((await read(await ask({ stream: true }))).text).toContain('eight')
    expect(reports).toMatchObject([{ moves: [{ because }] }])
  })

  test('that fails after its first content fails: the caller has read part of an answer', async () => {
    // By silence: what comes together with a failure, nobody has read yet.
    fails({ hang: { afterEvents: 6 } })
    const { ask, reports } = falling(impatient({ idleMs: 300 }))
    expect(await failureOf(ask({ stream: true }))).toBe('timeout')
    expect(protocols()).toEqual(['anthropic-messages'])
    expect(reports).toMatchObject([{ moves: [] }])
  })
})

test('what is too long for one model is not sent to another whose window is known to be smaller', async () => {
  fails({ status: 400, body: told('invalid_request_error', 'prompt is too long: 250000 tokens > 200000 maximum') })
  const { ask, reports } = falling({ fallback: ['openai/gpt-4o-mini', `openai/${gpt}`] })
  expect((await ask()).status).toBe(200)
  expect(mock.requests.map(({ model }) => model)).toEqual([claude, gpt])
  expect(reports[0]?.moves.map(({ because }) => because)).toEqual(['context_window_exceeded', 'context_window_exceeded'])
})

test('no target is asked that could bring the call beyond its `maxCostUsd`', async () => {
  fails({ status: 500 })
  const leash = createLeash({ providers: mockProviders(mock.url), retry: false, fallback: ['openai/gpt-5-pro'] })
  const ask = async (maxCostUsd: number) => {
    const client = leash.wrap(new Anthropic({ apiKey: 'caller', baseURL: mock.url, maxRetries: 0 }))
    const params = { model: claude, max_tokens: 1000, messages: [{ role: 'user' as const, content: prompt }] }
    return client.messages.create(params, { leash: { maxCostUsd } } as object)
  }
  await expect(ask(0.01)).rejects.toMatchObject({ status: 500 })
  expect(protocols()).toEqual(['anthropic-messages'])
  await ask(1)
  expect(mock.requests.at(-1)?.model).toBe('gpt-5-pro')
})

test('`maxCostUsd` holds at the price of the tier that is asked for', async () => {
  const rates = { input: 1, output: 1, tiers: { priority: { multiplier: 10 }, flex: { multiplier: 0.1 } } }
  const leash = createLeash({
    providers: mockProviders(mock.url),
    retry: false,
    prices: {
      [`openai/${gpt}`]: rates,
      'openai/gpt-5': { input: 1, output: 1 },
      'openai/gpt-4o-mini': { ...rates, tiers: { priority: { multiplier: 2 } } },
    },
  })
  const statusOf = async (model: string, service_tier: string, more: LeashOptions['fallback'] = []) => {
    const body = { model, service_tier, max_tokens: 1000, messages: [{ role: 'user', content: prompt }] }
    const within = leash.wrap(new OpenAI({ apiKey: 'caller', baseURL: `${mock.url}/v1`, maxRetries: 0 }))
    const options = { leash: { maxCostUsd: 0.005, fallback: more } }
    return within.chat.completions.create(body as never, options as object).then(
      () => 200,
      ({ status }: { status: number }) => status,
    )
  }
  expect(await statusOf(gpt, 'default')).toBe(200)
  expect(await statusOf(gpt, 'flex')).toBe(200)
  expect(await statusOf(gpt, 'priority')).toBe(402)
  expect(await statusOf('gpt-5', 'priority')).toBe(402)
  mock.script({ status: 500, when: ({ model }) => model === 'gpt-4o-mini' })
  expect(await statusOf('gpt-4o-mini', 'default', [`openai/${gpt}`])).toBe(200)
  expect(await statusOf('gpt-4o-mini', 'priority', [`openai/${gpt}`])).not.toBe(200)
  await leash.close()
})

const question = (model = gpt) =>
  new Request('http://leash.test/v1/chat/completions', {
    method: 'POST',
    body: JSON.stringify({ model, messages: [{ role: 'user', content: prompt }] }),
  })

test('a stream that the vendor refuses before its first word leads on where that is asked for', async () => {
  const event = (type: string, data: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`
  const usage = { input_tokens: 8, output_tokens: 0 }
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model: claude, content: [], stop_reason: null, usage }
  const body =
    event('message_start', { message }) +
    event('message_delta', { delta: { stop_reason: 'refusal' }, usage: { output_tokens: 0 } }) +
    event('message_stop', {})
  fails({ body, headers: { 'content-type': 'text/event-stream' } })
  const { ask, reports } = falling({ fallback: { default: [`openai/${gpt}`], refusals: true } })
  expect((await read(await ask({ stream: true }))).text).toContain('eight')
  expect(reports).toMatchObject([{ provider: 'openai', moves: [{ because: 'content_filtered' }] }])
})

describe('a target that could not take the call anyway', () => {
  const keyless = 'groq/llama-3.3-70b'
  const only = (options: LeashOptions) => {
    const { openai } = mockProviders(mock.url)
    const leash = createLeash({ ...(openai && { providers: { openai } }), fallback: [keyless], ...options })
    return { leash, ask: () => leash.handle(question()) }
  }

  test('is no reason not to wait for a place', async () => {
    mock.script({ latencyMs: 100, times: 2 })
    const { ask } = only({ concurrency: { provider: 1 } })
    const answers = await Promise.all([ask(), ask()])
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
  })

  test('is no reason to leave one that rests after a 429', async () => {
    mock.script({ status: 429, retryAfter: 60, times: 1 })
    const { ask } = only({ retry: false })
    expect((await ask()).status).toBe(429)
    expect((await ask()).status).toBe(200)
  })

  test('is none either when it is down', async () => {
    mock.script({ latencyMs: 100, times: 2 })
    const { leash, ask } = only({ providers: mockProviders(mock.url), concurrency: { provider: { openai: 1 } } })
    await leash.breaker('groq', 'open')
    const answers = await Promise.all([ask(), ask()])
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    expect(protocols()).toEqual(['openai-chat', 'openai-chat'])
  })

  test('has no attempt kept for it', async () => {
    mock.script({ status: 503, times: 2 })
    const { ask } = only({
      maxAttempts: 3,
      retry: { attempts: 3, backoff: () => 0 },
      fallback: [keyless, 'mistral/mistral-small'],
    })
    expect((await ask()).status).toBe(200)
    expect(mock.requests).toHaveLength(3)
  })
})

test('where a limit of ours has refused, the caller is told to come again, and not of a key that is missing', async () => {
  mock.script({ latencyMs: 200, times: 1 })
  const { openai } = mockProviders(mock.url)
  const concurrency = { provider: 1, queue: { waitMs: 0 } }
  const leash = createLeash({ ...(openai && { providers: { openai } }), fallback: ['groq/llama-3.3-70b'], concurrency })
  const first = leash.handle(question())
  const second = await leash.handle(question())
  expect(second.status).toBe(503)
  expect((await first).status).toBe(200)
})

test.each([
  ['openai/gpt-4o-mini', 'The requested model does not exist.', 'model_not_found'],
  ['groq/llama-3.3-70b', 'The model has been decommissioned.', 'model_decommissioned'],
])('%s, which is there no more, is no mistake of the caller, though its vendor answers 400', async (model, message, code) => {
  mock.script({ status: 400, body: { error: { message, code } } })
  const leash = createLeash({ providers: mockProviders(mock.url), fallback: [`anthropic/${claude}`] })
  expect((await leash.handle(question(model))).status).toBe(200)
  await leash.close()
  expect(mock.requests.map(({ status }) => status)).toEqual([400, 200])
})

test("the caller's own mistake is answered once", async () => {
  fails({ status: 400 })
  const { ask } = falling()
  expect(await failureOf(ask())).toBe('invalid_request')
  expect(mock.requests).toHaveLength(1)
})

test.each(callers.filter(({ protocol }) => protocol !== 'bedrock-converse'))(
  'a caller of $protocol is answered in it, whoever stepped in',
  async ({ protocol, model, send, terminal }) => {
    const { provider } = { provider: protocol === 'anthropic-messages' ? 'google/gemini-2.5-flash' : `anthropic/${claude}` }
    const served = await serve(
      createLeash({ providers: mockProviders(mock.url), retry: false, fallback: { models: { [model]: [provider] } } }).handle,
    )
    mock.script({ status: 503, when: (request) => request.model === model, times: 2 })
    const answer = await send(served.url, prompt, false)
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining(echo)])
    const text = await (await send(served.url, prompt, true)).text()
    expect(text.replaceAll('\r', '')).toMatch(new RegExp(terminal.source.replaceAll('\\r', '')))
    expect(mock.requests.map((request) => `${request.model}: ${request.status}`)).toEqual([
      `${model}: 503`,
      `${provider.split('/')[1]}: 200`,
      `${model}: 503`,
      `${provider.split('/')[1]}: 200`,
    ])
    await served.close()
  },
)

describe('together with retry', () => {
  const retry = { attempts: 3, backoff: () => 0 }

  test('each target is tried again before the next', async () => {
    fails({ status: 503 })
    const { ask } = falling({ retry })
    expect((await ask()).status).toBe(200)
    expect(protocols()).toEqual([...Array(3).fill('anthropic-messages'), 'openai-chat'])
  })

  test('one budget of attempts covers both, and keeps one for each target', async () => {
    mock.script({ status: 503, times: 9 })
    const { ask, reports } = falling({ retry, maxAttempts: 3, fallback: [`openai/${gpt}`, 'google/gemini-2.5-flash'] })
    expect(await failureOf(ask())).toBe('all_targets_failed')
    expect(protocols()).toEqual(['anthropic-messages', 'openai-chat', 'gemini'])
    expect(reports[0]?.attempts).toHaveLength(3)
  })

  test('a Retry-After above the cap is not waited for', async () => {
    fails({ status: 429, retryAfter: 3600 })
    const { ask, reports } = falling({ retry: {} })
    expect((await ask()).status).toBe(200)
    expect(reports).toMatchObject([{ attempts: [{ error: 'rate_limited' }, { outcome: 'ok' }] }])
  })

  test('a missing key is passed over without an attempt', async () => {
    const { openai } = mockProviders(mock.url)
    const leash = createLeash({ providers: { openai }, retry, maxAttempts: 1, fallback: [gpt] })
    const reports: Report[] = []
    leash.on('result', (report) => reports.push(report))
    const body = JSON.stringify({ model: claude, messages: [{ role: 'user', content: prompt }] })
    const response = await leash.handle(new Request('http://leash/v1/chat/completions', { method: 'POST', body }))
    expect(response.status).toBe(200)
    expect(reports).toMatchObject([{ moves: [{ because: 'missing_key' }], attempts: [{ provider: 'openai' }] }])
  })
})

describe('the end of the call', () => {
  test('by its caller closes the connection to whoever was asked just then, and asks nobody else', async () => {
    fails({ status: 503 })
    mock.script({ hang: 'headers' })
    const controller = new AbortController()
    const { ask } = falling({ fallback: [`openai/${gpt}`, 'google/gemini-2.5-flash'] })
    const answer = ask({ signal: controller.signal })
    await until(() => mock.requests.length === 2)
    controller.abort(new Error('enough'))
    await expect(answer).rejects.toThrow('enough')
    await until(() => mock.requests[1]?.outcome === 'aborted')
    expect(mock.requests).toHaveLength(2)
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
  })

  test('by its deadline is no reason to ask anybody else', async () => {
    fails({ hang: 'headers' })
    const { ask } = falling({ timeouts: { deadlineMs: 200 } })
    expect(await failureOf(ask())).toBe('deadline_exceeded')
    expect(mock.requests).toHaveLength(1)
  })
})

test('strict goes to a target that takes the whole request, before anything is sent to one that does not', async () => {
  const leash = createLeash({ providers: mockProviders(mock.url), strict: true, fallback: [`openai/${gpt}`] })
  const body = { model: claude, seed: 7, messages: [{ role: 'user', content: prompt }] }
  const headers = { authorization: 'Bearer caller' }
  const response = await leash.fetch(`${mock.url}/v1/chat/completions`, { method: 'POST', headers, body: JSON.stringify(body) })
  expect(response.status).toBe(200)
  expect(protocols()).toEqual(['openai-chat'])
  expect(mock.requests[0]?.body).toMatchObject({ model: gpt, seed: 7 })
})

describe('through the client', () => {
  test("the caller's own key goes with the call to where it belongs, and to nobody else", async () => {
    const client = leashed(mock, { fallback: [`openai/${gpt}`, 'anthropic/claude-haiku-4-5'] })
    mock.script({ status: 401, when: ({ protocol }) => protocol !== 'anthropic-messages', times: 2 })
    const { leash } = await create(client, 'gemini-2.5-flash')
    expect(mock.requests.map(({ headers }) => headers.authorization)).toEqual([undefined, 'Bearer caller', undefined])
    expect(leash?.moves).toHaveLength(2)
  })

  test('a call names its own targets, also where the client has none', async () => {
    fails({ status: 500, headers: { 'x-should-retry': 'false' } })
    const client = leashed(mock)
    const messages = [{ role: 'user' as const, content: prompt }]
    const answer = await client.chat.completions.create({ model: claude, messages }, { leash: { fallback: [gpt] } })
    expect(answer).toMatchObject({ model: expect.stringContaining(gpt), choices: [{ message: { content: echo } }] })
  })

  test('a call may want none', async () => {
    fails({ status: 500 })
    const client = leashed(mock, { fallback: [gpt], maxRetries: 0 })
    const messages = [{ role: 'user' as const, content: prompt }]
    await expect(
      client.chat.completions.create({ model: claude, messages }, { leash: { fallback: false } }),
    ).rejects.toMatchObject({ status: 500 })
    expect(mock.requests).toHaveLength(1)
  })

  test('all of them rate limited is a RateLimitError that tells how long to wait', async () => {
    mock.script({ status: 429, retryAfter: 90 }, { status: 429, retryAfter: 70 })
    const failure = await create(leashed(mock, { fallback: [gpt] }), claude).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(RateLimitError)
    expect(failure).toMatchObject({
      code: 'all_targets_failed',
      message: expect.stringContaining(`anthropic/${claude} (rate_limited, 429), openai/${gpt}`),
      leash: { attempts: [{ provider: 'anthropic' }, { provider: 'openai' }], moves: [{ because: 'rate_limited' }] },
    })
    const { headers } = failure as RateLimitError
    expect([headers?.get('retry-after'), headers?.get('x-should-retry')]).toEqual(['70', 'false'])
  })
})

describe('a conversation that another vendor has begun', () => {
  const names = [
    `openai/${gpt}`,
    'anthropic/claude-sonnet-4-5',
    'google/gemini-3-flash-preview',
    'bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0',
  ]
  const pairs = names.flatMap((from) => names.flatMap((to) => (from === to ? [] : [{ from, to }])))
  const servers = new Map<string, Served>()
  const reports: Report[] = []
  beforeAll(async () => {
    for (const name of names) {
      const leash = createLeash({ providers: mockProviders(mock.url), retry: false, fallback: [name] })
      leash.on('result', (report) => reports.push(report))
      servers.set(name, await serve(leash.handle))
    }
  })
  afterAll(() => Promise.all([...servers.values()].map((served) => served.close())))
  const modelOf = (name: string) => name.slice(name.indexOf('/') + 1)
  const asked = () => mock.requests.map(({ model }) => model)
  const urlTo = (name: string) => servers.get(name)?.url ?? ''

  describe.each(drivers)('of a caller who speaks $name', (driver) => {
    test.each(pairs)('goes on from $from to $to with its tool calls and thinking', async ({ from, to }) => {
      const thinking = from !== `openai/${gpt}`
      mock.script({ status: 503, when: ({ model, text }) => model === modelOf(from) && text.includes('says 24') })
      const told = await driver.tools(urlTo(to), from, { parallel: true, thinking, stream: false })
      expect(told.calls.map(({ name }) => name)).toEqual(['get_weather', 'get_time'])
      expect(told.text).toContain('get_weather says 24')
      expect(told.text).toContain('get_time says 24')
      expect(asked()).toEqual([from, from, to].map(modelOf))
      expect(reports.at(-1)?.moves).toEqual([{ from: from, to: to, because: 'overloaded' }])
    })

    test.each(pairs)('goes back to $from when $to has stepped in for a while', async ({ from, to }) => {
      mock.script({ status: 503 })
      const thinking = from !== `openai/${gpt}`
      const told = await driver.tools(urlTo(to), from, { parallel: false, thinking, stream: true })
      expect(told.text).toContain('get_weather says 24')
      expect(asked()).toEqual([from, to, from].map(modelOf))
    })

    test.each(pairs)('is held to its JSON Schema from $from to $to', async ({ from, to }) => {
      mock.script({ status: 503, when: ({ model }) => model === modelOf(from) })
      const answer = await driver.structured(urlTo(to), from)
      expect(Object.keys(answer as object).sort()).toEqual(Object.keys(schema.properties).sort())
    })
  })
})
