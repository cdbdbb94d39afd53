/**
 * A receiver of OTLP/HTTP in JSON on a real socket, and the exporters that send there. The receiver takes nothing that the
 * protocol does not allow. https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 */
import { createServer } from 'node:http'
import type { Attributes, AttributeValue, HrTime } from '@opentelemetry/api'
import {
  AggregationTemporality,
  DataPointType,
  MeterProvider,
  type MetricData,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics'
import { type ReadableSpan, SimpleSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace'
import { afterAll, afterEach, beforeAll } from 'vitest'
import * as z from 'zod'
import { type Listening, listen } from './listen.js'

const nano = z.string().regex(/^\d{16,20}$/)
const id = (length: number) => z.string().regex(new RegExp(`^[0-9a-f]{${length}}$`))
const scalar = z.union([
  z.strictObject({ stringValue: z.string() }),
  z.strictObject({ boolValue: z.boolean() }),
  z.strictObject({ intValue: z.string().regex(/^-?\d+$/) }),
  z.strictObject({ doubleValue: z.number() }),
])
const value = z.union([scalar, z.strictObject({ arrayValue: z.strictObject({ values: z.array(scalar) }) })])
const attributes = z.array(z.strictObject({ key: z.string().min(1), value }))
const resource = z.strictObject({ attributes })
const scope = z.strictObject({ name: z.string(), version: z.string().optional() })

const spanSchema = z.strictObject({
  traceId: id(32),
  spanId: id(16),
  parentSpanId: id(16).optional(),
  name: z.string().min(1),
  kind: z.int().min(1).max(5),
  startTimeUnixNano: nano,
  endTimeUnixNano: nano,
  attributes,
  events: z.array(z.strictObject({ name: z.string().min(1), timeUnixNano: nano, attributes })),
  status: z.strictObject({ code: z.int().min(0).max(2), message: z.string().optional() }),
})

const point = { attributes, startTimeUnixNano: nano, timeUnixNano: nano }
const aggregationTemporality = z.literal(2)
const metricSchema = z.strictObject({
  name: z.string().regex(/^[A-Za-z][A-Za-z0-9_.\-/]{0,254}$/),
  unit: z.string(),
  description: z.string(),
  sum: z
    .strictObject({
      dataPoints: z.array(z.strictObject({ ...point, asDouble: z.number() })),
      aggregationTemporality,
      isMonotonic: z.boolean(),
    })
    .optional(),
  histogram: z
    .strictObject({
      dataPoints: z.array(
        z
          .strictObject({
            ...point,
            count: z.string(),
            sum: z.number(),
            bucketCounts: z.array(z.string()),
            explicitBounds: z.array(z.number()),
          })
          .refine(({ bucketCounts, explicitBounds }) => bucketCounts.length === explicitBounds.length + 1),
      ),
      aggregationTemporality,
    })
    .optional(),
})

const traces = z.strictObject({
  resourceSpans: z.array(
    z.strictObject({ resource, scopeSpans: z.array(z.strictObject({ scope, spans: z.array(spanSchema) })) }),
  ),
})
const metrics = z.strictObject({
  resourceMetrics: z.array(
    z.strictObject({ resource, scopeMetrics: z.array(z.strictObject({ scope, metrics: z.array(metricSchema) })) }),
  ),
})

type Value = z.infer<typeof value>
type Plain = string | number | boolean | (string | number | boolean)[]

export interface ReceivedSpan {
  readonly name: string
  readonly kind: number
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string | undefined
  readonly startNano: bigint
  readonly endNano: bigint
  readonly attributes: Readonly<Record<string, Plain>>
  readonly events: readonly { readonly name: string; readonly attributes: Readonly<Record<string, Plain>> }[]
  readonly status: { readonly code: number; readonly message?: string | undefined }
}

export interface ReceivedPoint {
  readonly attributes: Readonly<Record<string, Plain>>
  /** Of a counter its value, of a histogram its sum. */
  readonly sum: number
  readonly count?: number
  readonly bounds?: readonly number[]
}

export interface ReceivedMetric {
  readonly name: string
  readonly unit: string
  readonly points: readonly ReceivedPoint[]
}

export interface Otlp {
  readonly tracerProvider: TracerProvider
  readonly meterProvider: MeterProvider
  /** Of the calls since the test began, those that ended first first. */
  spans(): Promise<readonly ReceivedSpan[]>
  /** Since the file began. */
  metrics(): Promise<ReadonlyMap<string, ReceivedMetric>>
}

/** A receiver, and the SDK that sends there, for the tests of one file. */
export function useOtlp(): Otlp {
  let spans: ReceivedSpan[] = []
  let received = new Map<string, ReceivedMetric>()
  let listening: Listening
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString())
    try {
      if (request.headers['content-type'] !== 'application/json') throw new Error('415')
      if (request.url === '/v1/traces') spans.push(...spansIn(body))
      else if (request.url === '/v1/metrics') received = metricsIn(body)
      else throw new Error(`There is no ${request.url}.`)
      response.end('{}')
    } catch (error) {
      response.writeHead(400).end(String(error))
    }
  })
  const sending: Promise<void>[] = []
  const send = async (path: string, body: object) => {
    const response = await fetch(`${listening.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (!response.ok) throw new Error(await response.text())
  }
  const spanExporter: SpanExporter = {
    export(spans, done) {
      sending.push(send('/v1/traces', tracesOf(spans)))
      done({ code: 0 })
    },
    shutdown: async () => {},
  }
  const metricExporter: PushMetricExporter = {
    export(metrics, done) {
      sending.push(send('/v1/metrics', metricsOf(metrics)))
      done({ code: 0 })
    },
    forceFlush: async () => {},
    selectAggregationTemporality: () => AggregationTemporality.CUMULATIVE,
    shutdown: async () => {},
  }
  const tracerProvider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: spanExporter })] })
  const hour = 3_600_000
  const reader = new PeriodicExportingMetricReader({
    exporter: metricExporter,
    exportIntervalMillis: hour,
    exportTimeoutMillis: hour,
  })
  const meterProvider = new MeterProvider({ readers: [reader] })
  const arrived = async () => {
    while (sending.length > 0) await Promise.all(sending.splice(0))
  }
  beforeAll(async () => {
    listening = await listen(server)
  })
  afterEach(async () => {
    await arrived()
    spans = []
  })
  afterAll(async () => {
    await meterProvider.shutdown()
    await arrived()
    await listening[Symbol.asyncDispose]()
  })
  return {
    tracerProvider,
    meterProvider,
    async spans() {
      // A span that has just ended is sent in the next turn.
      await tracerProvider.forceFlush()
      await arrived()
      return spans
    },
    async metrics() {
      await meterProvider.forceFlush()
      await arrived()
      return received
    },
  }
}

function spansIn(body: unknown): ReceivedSpan[] {
  return traces.parse(body).resourceSpans.flatMap(({ scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(({ startTimeUnixNano, endTimeUnixNano, attributes, events, ...span }) => ({
        ...span,
        startNano: BigInt(startTimeUnixNano),
        endNano: BigInt(endTimeUnixNano),
        attributes: plainAll(attributes),
        events: events.map(({ name, attributes }) => ({ name, attributes: plainAll(attributes) })),
      })),
    ),
  )
}

function metricsIn(body: unknown): Map<string, ReceivedMetric> {
  const all = metrics.parse(body).resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
  return new Map(
    all.map(({ name, unit, sum, histogram }) => [
      name,
      {
        name,
        unit,
        points: [
          ...(sum?.dataPoints ?? []).map(({ attributes, asDouble }) => ({ attributes: plainAll(attributes), sum: asDouble })),
          ...(histogram?.dataPoints ?? []).map(({ attributes, sum, count, explicitBounds }) => ({
            attributes: plainAll(attributes),
            sum,
            count: Number(count),
            bounds: explicitBounds,
          })),
        ],
      },
    ]),
  )
}

function plainAll(all: z.infer<typeof attributes>): Record<string, Plain> {
  return Object.fromEntries(all.map(({ key, value }) => [key, plain(value)]))
}

function plain(value: Value): Plain {
  if ('arrayValue' in value) return value.arrayValue.values.map((item) => plain(item) as string | number | boolean)
  const [inner] = Object.values(value)
  return 'intValue' in value ? Number(inner) : (inner as string | number | boolean)
}

function tracesOf(spans: readonly ReadableSpan[]): object {
  const scopeSpans = spans.map((span) => ({
    scope: { name: span.instrumentationScope.name },
    spans: [
      {
        traceId: span.spanContext().traceId,
        spanId: span.spanContext().spanId,
        ...(span.parentSpanContext && { parentSpanId: span.parentSpanContext.spanId }),
        name: span.name,
        // OTLP counts from 1.
        kind: span.kind + 1,
        startTimeUnixNano: nanoOf(span.startTime),
        endTimeUnixNano: nanoOf(span.endTime),
        attributes: encoded(span.attributes),
        events: span.events.map(({ name, time, attributes = {} }) => ({
          name,
          timeUnixNano: nanoOf(time),
          attributes: encoded(attributes),
        })),
        status: span.status,
      },
    ],
  }))
  return { resourceSpans: [{ resource: { attributes: [] }, scopeSpans }] }
}

function metricsOf({ scopeMetrics }: ResourceMetrics): object {
  return {
    resourceMetrics: [
      {
        resource: { attributes: [] },
        scopeMetrics: scopeMetrics.map(({ scope, metrics }) => ({
          scope: { name: scope.name },
          metrics: metrics.map(metricOf),
        })),
      },
    ],
  }
}

function metricOf(data: MetricData): object {
  const { name, unit, description } = data.descriptor
  const at = ({ startTime, endTime, attributes }: { startTime: HrTime; endTime: HrTime; attributes: Attributes }) => ({
    attributes: encoded(attributes),
    startTimeUnixNano: nanoOf(startTime),
    timeUnixNano: nanoOf(endTime),
  })
  const aggregationTemporality = data.aggregationTemporality + 1
  if (data.dataPointType === DataPointType.SUM) {
    const dataPoints = data.dataPoints.map((point) => ({ ...at(point), asDouble: point.value }))
    return { name, unit, description, sum: { dataPoints, aggregationTemporality, isMonotonic: data.isMonotonic } }
  }
  if (data.dataPointType !== DataPointType.HISTOGRAM) throw new Error(`${name} is of a kind that is not expected.`)
  const dataPoints = data.dataPoints.map((point) => ({
    ...at(point),
    count: String(point.value.count),
    sum: point.value.sum ?? 0,
    bucketCounts: point.value.buckets.counts.map(String),
    explicitBounds: point.value.buckets.boundaries,
  }))
  return { name, unit, description, histogram: { dataPoints, aggregationTemporality } }
}

function encoded(attributes: Attributes): object[] {
  return Object.entries(attributes).flatMap(([key, value]) => (value === undefined ? [] : [{ key, value: encodedValue(value) }]))
}

function encodedValue(value: AttributeValue): object {
  if (Array.isArray(value)) return { arrayValue: { values: value.map((item) => encodedValue(item as AttributeValue)) } }
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: Number(value) }
}

function nanoOf([seconds, nanos]: HrTime): string {
  return String(BigInt(seconds) * 1_000_000_000n + BigInt(nanos))
}
