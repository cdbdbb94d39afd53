/**
 * The SDK's spans, sent as OpenTelemetry's own exporters would send them: where, how and with which headers the environment says.
 * https://opentelemetry.io/docs/specs/otel/protocol/exporter/
 */
import { gzipSync } from 'node:zlib'
import type { Attributes, AttributeValue, HrTime } from '@opentelemetry/api'
import {
  type ReadableSpan,
  SimpleSpanProcessor,
  type SpanExporter,
  type SpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import { PbfReader, PbfWriter } from 'pbf'
import { onTestFinished } from 'vitest'

export interface Answered {
  readonly status: number
  readonly body: Uint8Array
}

/** A span of the SDK that nobody sends. */
export function spanOf(given: Attributes): ReadableSpan {
  let ended: ReadableSpan | undefined
  const processor: SpanProcessor = {
    onStart: () => {},
    onEnd: (span) => {
      ended = span
    },
    forceFlush: async () => {},
    shutdown: async () => {},
  }
  new TracerProvider({ spanProcessors: [processor] }).getTracer('a program').startSpan('chat', { attributes: given }).end()
  if (!ended) throw new Error('The span did not end.')
  return ended
}

/** @param env `OTEL_EXPORTER_OTLP_ENDPOINT` and its like */
export function useExporter(env: Readonly<Record<string, string>>, resource: Attributes = {}) {
  const answers: Promise<Answered>[] = []
  const exporter: SpanExporter = {
    export(spans, done) {
      answers.push(send(env, protobufOf(spans, resource), jsonOf(spans, resource)))
      done({ code: 0 })
    },
    shutdown: async () => {},
  }
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] })
  onTestFinished(() => provider.shutdown())
  return {
    provider,
    tracer: provider.getTracer('a program'),
    async answers() {
      await provider.forceFlush()
      return Promise.all(answers)
    },
  }
}

async function send(env: Readonly<Record<string, string>>, bytes: Uint8Array, json: object): Promise<Answered> {
  const { OTEL_EXPORTER_OTLP_PROTOCOL: protocol = 'http/protobuf', OTEL_EXPORTER_OTLP_COMPRESSION: compression = 'none' } = env
  const url = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? `${env.OTEL_EXPORTER_OTLP_ENDPOINT?.replace(/\/$/, '')}/v1/traces`
  const pairs = (env.OTEL_EXPORTER_OTLP_HEADERS ?? '').split(',').map((pair) => pair.split('=', 2))
  const isJson = protocol === 'http/json'
  const body = isJson ? Buffer.from(JSON.stringify(json)) : bytes
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      ...Object.fromEntries(pairs.map(([name = '', value = '']) => [name.trim(), decodeURIComponent(value.trim())])),
      'content-type': isJson ? 'application/json' : 'application/x-protobuf',
      ...(compression === 'gzip' && { 'content-encoding': 'gzip' }),
    },
    body: new Uint8Array(compression === 'gzip' ? gzipSync(body) : body),
  })
  return { status: response.status, body: new Uint8Array(await response.arrayBuffer()) }
}

/** Written by the field numbers of trace.proto, by hand. */
export function protobufOf(spans: readonly ReadableSpan[], resource: Attributes): Uint8Array {
  const writer = new PbfWriter()
  message(writer, 1, () => {
    message(writer, 1, () => attributes(writer, 1, resource))
    message(writer, 2, () => {
      message(writer, 1, () => writer.writeStringField(1, 'a program'))
      for (const span of spans) message(writer, 2, () => writeSpan(writer, span))
    })
  })
  return writer.finish()
}

function message(writer: PbfWriter, field: number, write: () => void): void {
  writer.writeMessage(field, write, undefined)
}

function writeSpan(writer: PbfWriter, span: ReadableSpan): void {
  const { traceId, spanId, traceState } = span.spanContext()
  writer.writeBytesField(1, Buffer.from(traceId, 'hex'))
  writer.writeBytesField(2, Buffer.from(spanId, 'hex'))
  if (traceState) writer.writeStringField(3, traceState.serialize())
  if (span.parentSpanContext) writer.writeBytesField(4, Buffer.from(span.parentSpanContext.spanId, 'hex'))
  writer.writeStringField(5, span.name)
  writer.writeVarintField(6, span.kind + 1)
  fixed64(writer, 7, span.startTime)
  fixed64(writer, 8, span.endTime)
  attributes(writer, 9, span.attributes)
  for (const event of span.events)
    message(writer, 11, () => {
      fixed64(writer, 1, event.time)
      writer.writeStringField(2, event.name)
      attributes(writer, 3, event.attributes ?? {})
    })
  message(writer, 15, () => {
    if (span.status.message) writer.writeStringField(2, span.status.message)
    writer.writeVarintField(3, span.status.code)
  })
}

function fixed64(writer: PbfWriter, field: number, time: HrTime): void {
  const nanos = nanosOf(time)
  writer.writeTag(field, 1)
  writer.writeFixed32(Number(nanos & 0xffffffffn))
  writer.writeFixed32(Number(nanos >> 32n))
}

function attributes(writer: PbfWriter, field: number, all: Attributes): void {
  for (const [key, value] of Object.entries(all))
    if (value !== undefined)
      message(writer, field, () => {
        writer.writeStringField(1, key)
        message(writer, 2, () => writeValue(writer, value))
      })
}

function writeValue(writer: PbfWriter, value: AttributeValue): void {
  if (typeof value === 'string') writer.writeStringField(1, value)
  else if (typeof value === 'boolean') writer.writeBooleanField(2, value)
  else if (typeof value === 'number')
    Number.isInteger(value) ? writer.writeVarintField(3, value) : writer.writeDoubleField(4, value)
  else
    message(writer, 5, () => {
      for (const item of value as readonly AttributeValue[]) message(writer, 1, () => writeValue(writer, item))
    })
}

function jsonOf(spans: readonly ReadableSpan[], resource: Attributes): object {
  return {
    resourceSpans: [
      {
        resource: { attributes: jsonAttributes(resource) },
        scopeSpans: [
          {
            scope: { name: 'a program' },
            spans: spans.map((span) => ({
              traceId: span.spanContext().traceId,
              spanId: span.spanContext().spanId,
              parentSpanId: span.parentSpanContext?.spanId,
              name: span.name,
              kind: span.kind + 1,
              startTimeUnixNano: String(nanosOf(span.startTime)),
              endTimeUnixNano: String(nanosOf(span.endTime)),
              attributes: jsonAttributes(span.attributes),
              events: [],
              status: span.status,
            })),
          },
        ],
      },
    ],
  }
}

export function jsonAttributes(all: Attributes): object[] {
  return Object.entries(all).flatMap(([key, value]) => (value === undefined ? [] : [{ key, value: jsonValue(value) }]))
}

function jsonValue(value: AttributeValue): object {
  if (Array.isArray(value)) return { arrayValue: { values: value.map((item) => jsonValue(item as AttributeValue)) } }
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value }
}

const nanosOf = ([seconds, nanos]: HrTime) => BigInt(seconds) * 1_000_000_000n + BigInt(nanos)

/** `ExportTraceServiceResponse`, as an exporter reads it. */
export function readAnswer(body: Uint8Array): { rejected: number; why: string } {
  return new PbfReader(body).readFields(
    (field, answer, reader) => {
      if (field !== 1) return
      reader.readMessage((inner) => {
        if (inner === 1) answer.rejected = reader.readVarint()
        if (inner === 2) answer.why = reader.readString()
      }, undefined)
    },
    { rejected: 0, why: '' },
  )
}
