import { gzipSync } from 'node:zlib'
import { context, trace } from '@opentelemetry/api'
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import type { LedgerLine } from '../../../src/core/ledger.js'
import { LeashLLM } from '../../../src/index.js'
import { spansInJson } from '../../../src/relay/otlp/json.js'
import { spansInProtobuf } from '../../../src/relay/otlp/protobuf.js'
import { mockProviders } from '../../../src/testing/index.js'
import { useMock } from '../../helpers/mock.js'
import { openRelay, type TestRelay } from '../helpers.js'
import { jsonAttributes, protobufOf, readAnswer, spanOf, useExporter } from './exporter.js'

const mock = useMock()

const call = {
  'gen_ai.operation.name': 'chat',
  'gen_ai.provider.name': 'openai',
  'gen_ai.request.model': 'gpt-4o-mini',
  'gen_ai.usage.input_tokens': 1000,
  'gen_ai.usage.output_tokens': 100,
  'gen_ai.response.finish_reasons': ['stop'],
  'gen_ai.input.messages': '[{"role":"user","content":"a secret of mine"}]',
  'gen_ai.output.messages': 'and another one',
} as const

/** What an administrator of a program writes into its environment. */
function environment({ url, call }: TestRelay, protocol: string, compression = 'none') {
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${call}`,
    OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
    OTEL_EXPORTER_OTLP_COMPRESSION: compression,
  }
}

const lines = async (relay: TestRelay) => (await relay.ask('GET', '/v1/admin/calls')).body.items

describe.each([
  ['http/protobuf', 'none'],
  ['http/protobuf', 'gzip'],
  ['http/json', 'none'],
  ['http/json', 'gzip'],
])("OpenTelemetry's SDK, by %s and %s", (protocol, compression) => {
  it('is in the ledger, and nothing that was said with it', async () => {
    const relay = await openRelay(mock.url)
    const { tracer, answers } = useExporter(environment(relay, protocol, compression), { 'service.name': 'checkout' })
    const outer = tracer.startSpan('a request', { attributes: { 'http.route': '/' } })
    const span = tracer.startSpan('chat gpt-4o-mini', { attributes: call }, trace.setSpan(context.active(), outer))
    span.addEvent('gen_ai.client.inference.operation.details', { 'gen_ai.input.messages': 'a secret of mine' })
    span.end()
    outer.end()
    expect((await answers()).map(({ status }) => status)).toEqual([200, 200])
    const found = await lines(relay)
    expect(found).toMatchObject([
      {
        id: `${span.spanContext().traceId}/${span.spanContext().spanId}`,
        tenant: 'default',
        provider: 'openai',
        model: 'gpt-4o-mini',
        tags: { service: 'checkout' },
        usage: { input: 1000, output: 100 },
        // By the price of the data set: $0.15 and $0.60 for a million.
        cost: 210_000,
      },
    ])
    expect(JSON.stringify(found)).not.toMatch(/secret|another/)
  })
})

it('counts a span that comes twice once', async () => {
  const relay = await openRelay(mock.url)
  const { tracer, answers } = useExporter(environment(relay, 'http/json'))
  const span = tracer.startSpan('chat', { attributes: call })
  span.end()
  await answers()
  const { body } = await relay.ask(
    'POST',
    '/v1/traces',
    requestOf([{ ...idsOf(span), ...now(), attributes: jsonAttributes(call) }]),
    relay.call,
  )
  expect(body).toEqual({})
  expect(await lines(relay)).toHaveLength(1)
})

it('counts a call of which a framework tells around the SDK once, also when they come apart', async () => {
  const relay = await openRelay(mock.url)
  const { tracer, answers } = useExporter(environment(relay, 'http/protobuf'))
  const around = tracer.startSpan('ChatOpenAI.chat', { attributes: call })
  const within = tracer.startSpan('openai.chat', { attributes: call }, trace.setSpan(context.active(), around))
  within.end()
  await answers()
  around.end()
  await answers()
  expect(await lines(relay)).toMatchObject([{ id: expect.stringContaining(within.spanContext().spanId) }])
})

it('counts it once when what is around it comes first, and however often either comes again', async () => {
  const relay = await openRelay(mock.url)
  const traceId = 'c'.repeat(32)
  const around = { traceId, spanId: 'a'.repeat(16), attributes: jsonAttributes(call), ...now() }
  const within = { ...around, spanId: 'b'.repeat(16), parentSpanId: around.spanId }
  const other = { ...around, spanId: 'd'.repeat(16) }
  for (const spans of [[around], [within, other], [around, within], [within]])
    expect((await relay.ask('POST', '/v1/traces', requestOf(spans), relay.call)).body).toEqual({})
  expect((await lines(relay)).map(({ id }: LedgerLine) => id).sort()).toEqual([
    `${traceId}/${around.spanId}`,
    `${traceId}/${other.spanId}`,
  ])
})

it('counts calls of a leash by their own spans, each once', async () => {
  const relay = await openRelay(mock.url)
  const { provider, answers } = useExporter(environment(relay, 'http/protobuf'))
  const booked: LedgerLine[] = []
  const client = new LeashLLM({
    providers: mockProviders(mock.url),
    telemetry: { tracerProvider: provider },
    ledger: { sink: (lines) => void booked.push(...lines) },
  })
  await client.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hi' }] })
  await client.leash.close()
  await answers()
  const [line] = booked
  expect(await lines(relay)).toMatchObject([{ id: line?.id, usage: line?.usage, cost: line?.cost, provider: 'openai' }])
})

test('what cannot be counted is told, and the rest counts', async () => {
  const relay = await openRelay(mock.url)
  const good = {
    traceId: 'c'.repeat(32),
    spanId: 'd'.repeat(16),
    attributes: jsonAttributes(call),
    startTimeUnixNano: `${Date.now()}000000`,
    endTimeUnixNano: `${Date.now()}000000`,
  }
  const bad = { ...good, spanId: 'short' }
  const huge = { ...good, spanId: 'e'.repeat(16), attributes: jsonAttributes({ ...call, 'gen_ai.usage.input_tokens': 1e12 }) }
  const timeless = { ...good, spanId: 'f'.repeat(16), startTimeUnixNano: undefined }
  const other = { name: 'GET /', spanId: 'also short' }
  const { status, body } = await relay.ask('POST', '/v1/traces', requestOf([good, bad, huge, timeless, other]), relay.call)
  expect(status).toBe(200)
  expect(body.partialSuccess).toMatchObject({ rejectedSpans: '3', errorMessage: expect.stringContaining('spanId') })
  expect(await lines(relay)).toHaveLength(1)
})

test('calls are priced by the prices that hold when they come', async () => {
  const leash = (input: number) => ({
    providers: mockProviders(mock.url),
    prices: { 'openai/gpt-4o-mini': { input, output: 0 } },
  })
  const relay = await openRelay(mock.url, { leash: leash(1) })
  const send = async (spanId: string) => {
    const span = { traceId: 'c'.repeat(32), spanId, attributes: jsonAttributes(call), ...now() }
    expect((await relay.ask('POST', '/v1/traces', requestOf([span]), relay.call)).body).toEqual({})
  }
  await send('1'.repeat(16))
  await relay.reload({ ...relay.options, leash: leash(2) })
  await send('2'.repeat(16))
  const costs = (await lines(relay)).map(({ cost }: LedgerLine) => cost)
  expect(costs.sort((a: number, b: number) => a - b)).toEqual([1_000_000, 2_000_000])
})

test('whoever speaks Protocol Buffers is answered in them', async () => {
  const relay = await openRelay(mock.url)
  const send = async (body: Uint8Array, headers: Record<string, string> = {}) => {
    const response = await fetch(`${relay.url}/v1/traces`, {
      method: 'POST',
      headers: { authorization: `Bearer ${relay.call}`, 'content-type': 'application/x-protobuf', ...headers },
      body: new Uint8Array(body),
    })
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      body: new Uint8Array(await response.arrayBuffer()),
    }
  }
  const partly = await send(protobufOf([spanOf({ ...call, 'gen_ai.usage.input_tokens': 1e12 })], {}))
  expect(partly).toMatchObject({ status: 200, type: 'application/x-protobuf' })
  expect(readAnswer(partly.body)).toEqual({ rejected: 1, why: expect.stringContaining('input') })
  expect(await send(new Uint8Array())).toMatchObject({ status: 200, body: new Uint8Array() })
  expect(await send(new TextEncoder().encode('no protobuf at all'))).toMatchObject({
    status: 400,
    type: 'application/x-protobuf',
  })
  expect((await send(new Uint8Array(), { 'content-type': 'text/plain' })).status).toBe(415)
  expect((await send(new Uint8Array(), { 'content-encoding': 'br' })).status).toBe(415)
  expect((await send(new Uint8Array(gzipSync('')), { 'content-encoding': 'GZIP' })).status).toBe(200)
  expect((await send(new Uint8Array(17 * 1024 * 1024))).status).toBe(413)
})

describe('a body that nobody has promised us', () => {
  it('is read or refused, whatever its bytes, and in its own time', () => {
    const whole = protobufOf([spanOf(call)], { 'service.name': 'x' })
    const refused = (bytes: Uint8Array) => {
      try {
        spansInProtobuf(bytes)
      } catch (error) {
        expect(error).toMatchObject({ code: 'invalid_request' })
      }
    }
    for (let cut = 0; cut < whole.length; cut++) refused(whole.subarray(0, cut))
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), refused), { numRuns: 300 })
    const changed = fc.tuple(fc.nat(whole.length - 1), fc.nat(255))
    fc.assert(
      fc.property(fc.array(changed, { minLength: 1, maxLength: 4 }), (changes) => {
        const bytes = Uint8Array.from(whole)
        for (const [at, byte] of changes) bytes[at] = byte
        refused(bytes)
      }),
      { numRuns: 500 },
    )
    expect(spansInProtobuf(whole)).toHaveLength(1)
  })

  it('as JSON likewise', () => {
    const near = fc.record({
      resourceSpans: fc.anything(),
    })
    fc.assert(
      fc.property(fc.oneof(near, fc.anything()), (body) => {
        try {
          spansInJson(body)
        } catch (error) {
          expect(error).toMatchObject({ code: 'invalid_request' })
        }
      }),
      { numRuns: 200 },
    )
  })

  it('has only so many spans', () => {
    const spans = Array.from({ length: 10_001 }, () => ({}))
    expect(() => spansInJson(requestOf(spans))).toThrow(/at most 10000/)
  })
})

const now = () => ({ startTimeUnixNano: `${Date.now()}000000`, endTimeUnixNano: `${Date.now()}000000` })

function idsOf(span: { spanContext(): { traceId: string; spanId: string } }) {
  const { traceId, spanId } = span.spanContext()
  return { traceId, spanId }
}

function requestOf(spans: readonly object[]) {
  return { resourceSpans: [{ resource: { attributes: [] }, scopeSpans: [{ spans }] }] }
}
