/** Through the whole leash and over sockets, as a real receiver of OTLP gets it. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { type Context, type ContextManager, context, metrics, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { LeashLLM } from '../../src/index.js'
import { createLeash, type Leash, type LeashOptions, type TelemetryOptions } from '../../src/leash.js'
import { mockProviders } from '../../src/testing/index.js'
import { useMock } from '../helpers/mock.js'
import { type Otlp, type ReceivedSpan, useOtlp } from '../helpers/otlp.js'
import { asks, doors, send } from './asks.js'

const mock = useMock()
const otlp = useOtlp()
const [chat, translated] = asks as [(typeof asks)[0], (typeof asks)[0]]
const quick = { attempts: 3, backoff: () => 1 }

function open(
  options: LeashOptions = {},
  telemetry: TelemetryOptions = {},
  to: Pick<Otlp, 'tracerProvider' | 'meterProvider'> = otlp,
): Leash {
  const { tracerProvider, meterProvider } = to
  return createLeash({
    providers: mockProviders(mock.url),
    retry: quick,
    telemetry: { tracerProvider, meterProvider, ...telemetry },
    ...options,
  })
}

const ask = (leash: Leash, text: string, stream = false, of = chat) => send(leash, 'fetch', mock.url, of.request(text, stream))
const read = async (response: Promise<Response>) => (await response).text()

/** The spans of the one call that was made. */
async function spansOfCall(): Promise<{ call: ReceivedSpan; attempts: ReceivedSpan[] }> {
  const spans = await otlp.spans()
  const calls = spans.filter(({ name }) => !name.startsWith('attempt '))
  const [call] = calls
  if (!call || calls.length > 1) throw new Error(`There are ${calls.length} calls.`)
  return { call, attempts: spans.filter(({ name }) => name.startsWith('attempt ')) }
}

const own = (attributes: ReceivedSpan['attributes']) =>
  Object.fromEntries(Object.entries(attributes).filter(([name]) => name.startsWith('gen_ai.') || name === 'error.type'))

describe.each(doors)('by %s', (door) => {
  describe.each(asks)('$protocol', ({ protocol, request }) => {
    test.each([
      ['whole', false],
      ['streamed', true],
    ] as const)('an answer that is %s has one span, and below it one for its attempt', async (_, stream) => {
      const leash = open()
      await read(send(leash, door, mock.url, request('one two three', stream)))
      const { call, attempts } = await spansOfCall()
      expect(call.name).toBe(`chat ${call.attributes['gen_ai.request.model']}`)
      expect(call.kind).toBe(3)
      expect(call.parentSpanId).toBeUndefined()
      expect(call.status.code).toBe(0)
      expect(call.attributes).toMatchObject({
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': expect.stringMatching(/^(openai|anthropic|gcp\.gemini|aws\.bedrock)$/),
        'gen_ai.usage.input_tokens': expect.any(Number),
        'gen_ai.usage.output_tokens': expect.any(Number),
        'gen_ai.response.finish_reasons': [expect.any(String)],
        'leash.outcome': 'ok',
        'leash.attempts': 1,
        'leash.cost.usd': expect.any(Number),
        'leash.cost.estimated': false,
      })
      if (!protocol.startsWith('bedrock')) {
        expect(call.attributes['gen_ai.response.id']).toEqual(expect.any(String))
        expect(call.attributes['gen_ai.response.model']).toEqual(expect.any(String))
      }
      expect('gen_ai.response.time_to_first_chunk' in call.attributes).toBe(stream)
      expect(call.attributes['gen_ai.request.stream']).toBe(stream || undefined)
      expect(attempts).toHaveLength(1)
      expect(attempts[0]).toMatchObject({
        traceId: call.traceId,
        parentSpanId: call.spanId,
        kind: 3,
        attributes: {
          'gen_ai.provider.name': call.attributes['gen_ai.provider.name'],
          'http.response.status_code': 200,
          'leash.outcome': 'ok',
          'leash.attempt': 1,
          'leash.cost.usd': call.attributes['leash.cost.usd'],
        },
      })
      expect(JSON.stringify([call.attributes, call.events, attempts[0]?.attributes])).not.toContain('one two')
    })
  })
})

describe('a call that fails', () => {
  test('at first has a span for each attempt, and tells of the retry', async () => {
    mock.script({ status: 503 })
    await read(ask(open(), 'hello'))
    const { call, attempts } = await spansOfCall()
    expect(
      attempts.map(({ attributes, status }) => [
        attributes['leash.outcome'],
        attributes['error.type'],
        attributes['http.response.status_code'],
        status.code,
      ]),
    ).toEqual([
      ['error', 'overloaded', 503, 2],
      ['ok', undefined, 200, 0],
    ])
    expect(attempts.map(({ attributes }) => attributes['leash.attempt'])).toEqual([1, 2])
    expect(call.events).toEqual([
      { name: 'leash.retry', attributes: { 'leash.attempt': 1, 'leash.delay_ms': 1, 'error.type': 'overloaded' } },
    ])
    expect(call.attributes).toMatchObject({ 'leash.attempts': 2, 'leash.outcome': 'ok' })
    expect(call.status.code).toBe(0)
  })

  test('goes on at another vendor within the same span, which names who answered', async () => {
    mock.script({ status: 500, when: ({ path }) => path.includes('chat/completions') })
    await read(ask(open({ retry: false, fallback: ['claude-haiku-4-5'] }), 'hello'))
    const { call, attempts } = await spansOfCall()
    expect(attempts.map(({ name }) => name)).toEqual(['attempt openai/gpt-4.1', 'attempt anthropic/claude-haiku-4-5'])
    expect(call.events).toEqual([
      {
        name: 'leash.fallback',
        attributes: {
          'leash.from': expect.stringContaining('openai/gpt-4.1'),
          'leash.to': 'anthropic/claude-haiku-4-5',
          'error.type': 'upstream_error',
        },
      },
    ])
    expect(call.attributes).toMatchObject({
      'gen_ai.request.model': 'gpt-4.1',
      'gen_ai.provider.name': 'anthropic',
      'leash.model': 'claude-haiku-4-5',
      'leash.cost.usd': attempts[1]?.attributes['leash.cost.usd'],
    })
  })

  test('for good has its code as status and type, and nothing that the vendor said', async () => {
    mock.script({ status: 400, body: { error: { message: 'your secret prompt is too rude' } } })
    await read(ask(open(), 'hello'))
    const { call, attempts } = await spansOfCall()
    expect(call.status).toEqual({ code: 2, message: 'invalid_request' })
    expect(call.attributes).toMatchObject({ 'error.type': 'invalid_request', 'leash.outcome': 'error', 'leash.attempts': 1 })
    expect(attempts[0]?.status).toEqual({ code: 2, message: 'invalid_request' })
    expect(JSON.stringify([call.attributes, call.events, attempts[0]?.attributes])).not.toContain('secret')
  })

  test('as a stream in its middle has a span that failed', async () => {
    mock.script({ errorInStream: { status: 503, after: 3 } })
    await read(ask(open(), 'one two three four', true)).catch(() => {})
    const { call, attempts } = await spansOfCall()
    expect([call, ...attempts].map(({ attributes }) => attributes['leash.outcome'])).toEqual(['error', 'error'])
    expect(call.attributes['error.type']).toBe('overloaded')
  })

  test('before anything is sent has no attempt', async () => {
    const leash = open({
      use: [
        () => async () => {
          throw new TypeError('mine')
        },
      ],
    })
    await read(ask(leash, 'hello'))
    const { call, attempts } = await spansOfCall()
    expect(attempts).toEqual([])
    expect(call.attributes).toMatchObject({ 'leash.attempts': 0, 'error.type': 'invalid_config' })
    expect(call.attributes['gen_ai.usage.input_tokens']).toBeUndefined()
  })
})

/** Each span takes its time from a clock that it starts by itself: in nanoseconds. */
const clocksDiffer = 5_000_000n

describe('a stream', () => {
  test('has a span that ends when it has been read, and not before', async () => {
    mock.script({ hang: { afterEvents: 3 } })
    const response = await ask(open(), 'one two three four', true)
    const reader = response.body?.getReader()
    await reader?.read()
    expect(await otlp.spans()).toEqual([])
    await reader?.cancel()
    const { call, attempts } = await spansOfCall()
    expect([call, ...attempts].map(({ attributes }) => attributes['leash.outcome'])).toEqual(['cancelled', 'cancelled'])
    expect([call, ...attempts].map(({ status }) => status.code)).toEqual([0, 0])
    expect(call.endNano).toBeGreaterThan((attempts[0]?.endNano ?? 0n) - clocksDiffer)
  })

  test.each(asks)('in $protocol tells why it ended also when it comes byte by byte', async ({ request }) => {
    mock.script({ chunkBytes: 1 })
    await read(send(open(), 'fetch', mock.url, request('one two', true)))
    expect((await spansOfCall()).call.attributes['gen_ai.response.finish_reasons']).toEqual([
      expect.stringMatching(/^(stop|STOP|end_turn|completed)$/),
    ])
  })

  test('that its caller aborts is cancelled, and no failure', async () => {
    mock.script({ hang: 'headers' })
    const stop = new AbortController()
    const running = send(open(), 'fetch', mock.url, chat.request('hello', true), stop.signal)
    setTimeout(() => stop.abort(), 5)
    await expect(running).rejects.toThrow()
    const { call } = await spansOfCall()
    expect(call.attributes['leash.outcome']).toBe('cancelled')
    expect(call.status.code).toBe(0)
  })
})

describe('what else is told of a call', () => {
  test('is whose it is, and what it asks for', async () => {
    const leash = open()
    const { path } = chat.request('hello', false)
    const body = {
      model: 'gpt-4.1',
      messages: [{ role: 'user', content: 'hello' }],
      max_tokens: 50,
      temperature: 0.5,
      seed: 7,
      n: 1,
      stop: ['END'],
      response_format: { type: 'json_object' },
    }
    await read(leash.handle(new Request(`http://leash.test${path}`, { method: 'POST', body: JSON.stringify(body) })))
    const { call } = await spansOfCall()
    expect(own(call.attributes)).toMatchObject({
      'gen_ai.request.max_tokens': 50,
      'gen_ai.request.temperature': 0.5,
      'gen_ai.request.seed': 7,
      'gen_ai.request.stop_sequences': ['END'],
      'gen_ai.output.type': 'json',
    })
    expect(call.attributes['gen_ai.request.choice.count']).toBeUndefined()
  })

  test('is whose it is, what it was tagged with, and by which route and key it went', async () => {
    const client = new LeashLLM({
      apiKey: 'mock',
      baseURL: `${mock.url}/v1`,
      providers: {
        ...mockProviders(mock.url),
        openai: { baseURL: `${mock.url}/v1`, apiKey: [{ key: 'sk-mock', name: 'first' }] },
      },
      routes: { quick: { targets: ['openai/gpt-4.1'] } },
      telemetry: { tracerProvider: otlp.tracerProvider, meterProvider: otlp.meterProvider },
    })
    const tags = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`tag${at}`, `${at}`]))
    const about = { tenant: 'acme', conversation: 'talk-1', tags }
    await client.chat.completions.create(
      { model: 'quick', n: 2, messages: [{ role: 'user', content: 'hello' }] },
      { leash: about },
    )
    const { call, attempts } = await spansOfCall()
    expect(call.attributes).toMatchObject({
      'gen_ai.conversation.id': 'talk-1',
      'gen_ai.request.choice.count': 2,
      'leash.tenant': 'acme',
      'leash.tag.tag0': '0',
      'leash.route': 'quick',
    })
    expect(Object.keys(call.attributes).filter((name) => name.startsWith('leash.tag.'))).toHaveLength(32)
    expect(call.events).toEqual([
      {
        name: 'leash.route',
        attributes: { 'leash.route': 'quick', 'leash.to': 'openai/gpt-4.1', 'leash.why': expect.any(String) },
      },
    ])
    expect(attempts[0]?.attributes).toMatchObject({ 'leash.key': 'first', 'leash.usage.input_tokens': expect.any(Number) })
  })

  test.each([
    ['published', 'gen_ai.usage.cache_creation.input_tokens'],
    ['newest', 'gen_ai.usage.cache_write.input_tokens'],
  ] as const)(
    'is which of its tokens a cache read or wrote, and which were thought or heard, by %s names',
    async (conventions, write) => {
      const input = { cached_tokens: 40, cache_write_tokens: 20, audio_tokens: 10 }
      const output = { reasoning_tokens: 30, audio_tokens: 5 }
      const details = { prompt_tokens_details: input, completion_tokens_details: output }
      const message = { role: 'assistant', content: 'Hi.' }
      mock.script({
        status: 200,
        body: {
          ...{ id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'gpt-5' },
          choices: [{ index: 0, message, finish_reason: 'stop' }],
          usage: { prompt_tokens: 100, completion_tokens: 50, total_tokens: 150, ...details },
        },
      })
      const body = { model: 'gpt-5', reasoning_effort: 'low', messages: [{ role: 'user', content: 'hello' }] }
      await read(send(open({}, { conventions }), 'fetch', mock.url, { path: '/v1/chat/completions', body }))
      const { call } = await spansOfCall()
      expect(own(call.attributes)).toMatchObject({
        'gen_ai.usage.input_tokens': 100,
        'gen_ai.usage.output_tokens': 50,
        'gen_ai.usage.cache_read.input_tokens': 40,
        [write]: 20,
        'gen_ai.usage.reasoning.output_tokens': 30,
      })
      expect(call.attributes['gen_ai.request.reasoning.level']).toBe(conventions === 'newest' ? 'low' : undefined)
      if (conventions === 'published') return
      const sums = [...(await otlp.metrics())].flatMap(([name, { points }]) =>
        points
          .filter(({ attributes }) => attributes['gen_ai.request.model'] === 'gpt-5' && 'gen_ai.token.modality' in attributes)
          .map(({ attributes, sum }) => [`${name.split('.usage.')[1]} ${attributes['gen_ai.token.modality']}`, sum]),
      )
      expect(Object.fromEntries(sums)).toEqual({
        'input_tokens unknown': 90,
        'input_tokens audio': 10,
        'output_tokens unknown': 45,
        'output_tokens audio': 5,
        'cache_read.input_tokens unknown': 40,
        'cache_write.input_tokens unknown': 20,
        'reasoning.output_tokens unknown': 30,
      })
    },
  )

  test('is that it came from the cache, and what that saved', async () => {
    const leash = open({ cache: true })
    await read(ask(leash, 'again'))
    await read(ask(leash, 'again'))
    const [first, second] = (await otlp.spans()).filter(({ name }) => name.startsWith('chat '))
    expect(first?.attributes['leash.cache']).toBe('miss')
    expect(second?.attributes).toMatchObject({ 'leash.cache': 'hit', 'leash.attempts': 0, 'leash.cost.usd': 0 })
    expect(second?.attributes['leash.cost.saved_usd']).toBe(first?.attributes['leash.cost.usd'])
    expect(second?.events).toEqual([{ name: 'leash.cache', attributes: { 'leash.cache': 'hit' } }])
    // Nobody bills them a second time.
    expect(second?.attributes['gen_ai.usage.input_tokens']).toBeUndefined()
  })

  test('is that it shared the answer of another', async () => {
    const leash = open({ coalesce: true })
    mock.script({ latencyMs: 200 })
    await Promise.all([read(ask(leash, 'same')), read(ask(leash, 'same'))])
    const calls = (await otlp.spans()).filter(({ name }) => name.startsWith('chat '))
    expect(calls.map(({ attributes }) => attributes['leash.coalesced'] ?? false).sort()).toEqual([false, true])
    expect(calls.map(({ attributes }) => attributes['leash.attempts']).sort()).toEqual([0, 1])
  })

  test('is the attempt beside a late one, and which of them was left', async () => {
    const leash = open({ hedge: { delayMs: 20, maxShare: 1 } })
    mock.script({ hang: 'headers' })
    await read(ask(leash, 'late'))
    const { call, attempts } = await spansOfCall()
    expect(attempts.map(({ attributes }) => [attributes['leash.hedged'] ?? false, attributes['leash.outcome']]).sort()).toEqual([
      [false, 'cancelled'],
      [true, 'ok'],
    ])
    expect(call.attributes['leash.attempts']).toBe(2)
  })
})

describe('content', () => {
  const text = 'Write to ada@example.com about it'

  test.each(asks.filter(({ protocol }) => !protocol.startsWith('bedrock')))(
    'of $protocol is told when asked for',
    async ({ request }) => {
      for (const stream of [false, true])
        await read(send(open({}, { content: true }), 'fetch', mock.url, request('tell me', stream)))
      const calls = (await otlp.spans()).filter(({ name }) => name.startsWith('chat '))
      expect(calls).toHaveLength(2)
      for (const { attributes } of calls) {
        expect(JSON.parse(String(attributes['gen_ai.input.messages']))).toEqual([
          { role: 'user', parts: [{ type: 'text', content: 'tell me' }] },
        ])
        expect(JSON.parse(String(attributes['gen_ai.output.messages']))).toEqual([
          { role: 'assistant', parts: [{ type: 'text', content: 'Echo: tell me' }], finish_reason: 'stop' },
        ])
      }
    },
  )

  test.each([
    ['whole', false],
    ['streamed', true],
  ] as const)('is told as it left, when it is redacted: %s', async (_, stream) => {
    const leash = open({ redact: true }, { content: true })
    const answer = await read(ask(leash, text, stream))
    if (!stream) expect(answer).toContain('ada@example.com')
    const { call, attempts } = await spansOfCall()
    const told = JSON.stringify([call.attributes, call.events, attempts[0]?.attributes])
    expect(told).not.toContain('ada@example.com')
    expect(call.attributes['gen_ai.input.messages']).toContain('EMAIL')
    expect(call.attributes['gen_ai.output.messages']).toContain('EMAIL')
    expect(call.attributes['leash.redactions']).toBe(1)
    expect(call.events[0]).toEqual({
      name: 'leash.policy',
      attributes: {
        'leash.guard': 'redact',
        'leash.action': 'redact',
        'leash.direction': 'request',
        'leash.found.EMAIL_ADDRESS': 1,
      },
    })
  })

  test('of an answer is not told where answers are edited', async () => {
    const leash = open({ redact: { response: 'mask' } }, { content: true })
    await read(ask(leash, text))
    const { call } = await spansOfCall()
    expect(call.attributes['gen_ai.input.messages']).toContain('EMAIL')
    expect(call.attributes['gen_ai.output.messages']).toBeUndefined()
  })

  test('is not told by itself', async () => {
    await read(ask(open(), text))
    const { call } = await spansOfCall()
    expect(Object.keys(call.attributes).filter((name) => /messages|instructions|definitions/.test(name))).toEqual([])
  })
})

describe('the newest names', () => {
  afterEach(() => vi.unstubAllEnvs())

  test.each([
    ['an option', { conventions: 'newest' } as const, undefined],
    ["OpenTelemetry's variable", {}, 'http, gen_ai_latest_experimental'],
  ])('are used by %s', async (_, telemetry, variable) => {
    vi.stubEnv('OTEL_SEMCONV_STABILITY_OPT_IN', variable)
    const fresh = open({}, telemetry)
    await read(ask(fresh, 'hello', true))
    const names = [...(await otlp.metrics()).keys()]
    expect(names).toEqual(
      expect.arrayContaining([
        'gen_ai.client.inference.duration',
        'gen_ai.client.inference.time_to_first_chunk',
        'gen_ai.client.inference.usage.input_tokens',
        'gen_ai.client.inference.usage.output_tokens',
        'gen_ai.client.inference.operation.input_tokens',
      ]),
    )
    const tokens = (await otlp.metrics()).get('gen_ai.client.inference.usage.output_tokens')
    expect(tokens?.unit).toBe('{token}')
    expect(tokens?.points[0]?.attributes['gen_ai.token.modality']).toBe('unknown')
  })
})

describe('a traceparent', () => {
  test('is not sent by itself', async () => {
    await read(ask(open(), 'hello'))
    expect(mock.requests[0]?.headers).not.toHaveProperty('traceparent')
  })

  test.each([
    ['as it came', chat],
    ['translated', translated],
  ])('is sent when asked for, and names the attempt: %s', async (_, of) => {
    mock.script({ status: 503 })
    await read(ask(open({}, { propagate: true }), 'hello', false, of))
    const { attempts } = await spansOfCall()
    expect(mock.requests.map(({ headers }) => headers.traceparent)).toEqual(
      attempts.map(({ traceId, spanId }) => `00-${traceId}-${spanId}-01`),
    )
  })

  test('is sent only to those that are named', async () => {
    const leash = open({}, { propagate: ['anthropic'] })
    await read(ask(leash, 'hello'))
    await read(ask(leash, 'hello', false, translated))
    expect(mock.requests.map(({ headers }) => 'traceparent' in headers)).toEqual([false, true])
  })
})

test('no traceparent is sent where metrics alone are taken, for no span has an id', async () => {
  const leash = createLeash({
    providers: mockProviders(mock.url),
    telemetry: { meterProvider: otlp.meterProvider, propagate: true },
  })
  await read(ask(leash, 'hello'))
  expect(mock.requests[0]?.headers).not.toHaveProperty('traceparent')
})

describe('metrics', () => {
  test('arrive by their names, with the buckets that the conventions ask for', async () => {
    mock.script({ status: 503 })
    const leash = open()
    await read(ask(leash, 'one two three four five', true))
    mock.script({ status: 400 })
    await read(ask(leash, 'bad'))
    const all = await otlp.metrics()
    const of = (name: string) =>
      all.get(name)?.points.filter(({ attributes }) => attributes['gen_ai.request.model'] === 'gpt-4.1') ?? []
    const [duration] = of('gen_ai.client.operation.duration')
    expect(all.get('gen_ai.client.operation.duration')?.unit).toBe('s')
    expect(duration?.attributes).toMatchObject({ 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai' })
    expect(duration?.bounds).toEqual([0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92])
    expect(of('gen_ai.client.operation.duration').some(({ attributes }) => attributes['error.type'] === 'invalid_request')).toBe(
      true,
    )
    expect(of('gen_ai.client.operation.time_to_first_chunk')).not.toEqual([])
    expect(of('gen_ai.client.operation.time_per_output_chunk')[0]?.count).toBeGreaterThan(3)
    expect(new Set(of('gen_ai.client.token.usage').map(({ attributes }) => attributes['gen_ai.token.type']))).toEqual(
      new Set(['input', 'output']),
    )
    expect(of('gen_ai.client.token.usage')[0]?.bounds?.at(-1)).toBe(67108864)
    expect(of('leash.client.cost')[0]?.sum).toBeGreaterThan(0)
    expect(of('leash.client.attempts').find(({ attributes }) => attributes['error.type'] === 'overloaded')?.sum).toBeGreaterThan(
      0,
    )
  })
})

describe('a provider that is registered with the API', () => {
  afterEach(() => {
    trace.disable()
    metrics.disable()
    context.disable()
  })
  const open = () => createLeash({ providers: mockProviders(mock.url), telemetry: true })

  test('is used from the moment in which it is there', async () => {
    const leash = open()
    await read(ask(leash, 'before'))
    trace.setGlobalTracerProvider(otlp.tracerProvider)
    await read(ask(leash, 'after'))
    const { attempts } = await spansOfCall()
    expect(attempts).toHaveLength(1)
    trace.disable()
    await read(ask(leash, 'gone'))
    expect(await otlp.spans()).toHaveLength(2)
  })

  test('is not there: a call goes as it would without', async () => {
    const leash = open()
    expect(await read(ask(leash, 'alone', true))).toContain('alone')
    expect(await otlp.spans()).toEqual([])
  })

  test('with a context manager has the call below the span of its caller, and the request below its attempt', async () => {
    context.setGlobalContextManager(new LocalContexts())
    trace.setGlobalTracerProvider(otlp.tracerProvider)
    const seen: (string | undefined)[] = []
    const leash = createLeash({
      providers: mockProviders(mock.url),
      telemetry: true,
      use: [{ at: 'attempt', middleware: (next) => (call) => next(call) }],
      fetch: (url, init) => {
        seen.push(trace.getActiveSpan()?.spanContext().spanId)
        return fetch(url, init)
      },
    })
    const tracer = trace.getTracer('app')
    await tracer.startActiveSpan('page', async (page) => {
      await read(
        leash.handle(
          new Request(`http://leash.test/v1/chat/completions`, {
            method: 'POST',
            body: JSON.stringify(chat.request('hello', false).body),
          }),
        ),
      )
      page.end()
    })
    const spans = await otlp.spans()
    const [page, call, attempt] = ['page', 'chat gpt-4.1', 'attempt openai/gpt-4.1'].map((name) =>
      spans.find((span) => span.name === name),
    )
    expect(call?.parentSpanId).toBe(page?.spanId)
    expect(attempt?.parentSpanId).toBe(call?.spanId)
    expect(seen).toEqual([attempt?.spanId])
  })
})

class LocalContexts implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>()

  active(): Context {
    return this.#storage.getStore() ?? ROOT_CONTEXT
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    context: Context,
    fn: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return this.#storage.run(context, () => fn.call(thisArg as never, ...args))
  }

  bind<T>(_context: Context, target: T): T {
    return target
  }

  enable(): this {
    return this
  }

  disable(): this {
    this.#storage.disable()
    return this
  }
}
