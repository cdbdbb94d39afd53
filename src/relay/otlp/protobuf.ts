/**
 * `ExportTraceServiceRequest` in Protocol Buffers, as much of it as is asked for.
 * https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
 */
import { PbfReader, PbfWriter } from 'pbf'
import { LeashError } from '../../core/errors.js'
import { isRead } from './names.js'
import { type Attributes, checkRoom, type Span } from './span.js'

type Value = string | number | boolean

/** Of `Status`. */
const failedCode = 2

const nanosPerMs = 1e6

/** @throws LeashError `invalid_request` for what is no such message, `request_too_large` */
export function spansInProtobuf(bytes: Uint8Array): Span[] {
  const spans: Span[] = []
  try {
    const reader = new PbfReader(bytes)
    fields(reader, bytes.length, {
      1: (end) => readResourceSpans(reader, end, spans),
    })
    return spans
  } catch (error) {
    if (error instanceof LeashError) throw error
    throw new LeashError('invalid_request', 'The body is not an ExportTraceServiceRequest in Protocol Buffers.', { cause: error })
  }
}

/** What is done with each field of a message by its number. Those that are not named are passed over. */
type Fields = Readonly<Record<number, (end: number) => void>>

/** @param end of the message. Of a field that is a message itself, the end is told to whoever reads it. */
function fields(reader: PbfReader, end: number, handlers: Fields): void {
  for (let field = reader.nextField(end); field !== 0; field = reader.nextField(end)) {
    const handle = handlers[field]
    if (!handle) continue
    const inner = reader.type === 2 ? lengthOf(reader, end) : end
    handle(inner)
  }
  if (reader.pos !== end) throw new RangeError('a message does not end where it should')
}

/** Of what comes next: nothing may reach beyond what it is a part of. */
function lengthOf(reader: PbfReader, end: number): number {
  const inner = reader.readVarint() + reader.pos
  if (inner > end) throw new RangeError('a field is longer than its message')
  return inner
}

function readResourceSpans(reader: PbfReader, end: number, spans: Span[]): void {
  const resource = new Map<string, Value>()
  fields(reader, end, {
    1: (end) => fields(reader, end, { 1: (end) => readAttribute(reader, end, resource) }),
    // A resource may stand behind its spans: all of them have the same map.
    2: (end) => fields(reader, end, { 2: (end) => spans.push(readSpan(reader, end, resource, spans.length)) }),
  })
}

function readSpan(reader: PbfReader, end: number, resource: Attributes, before: number): Span {
  checkRoom(before)
  const attributes = new Map<string, Value>()
  let [traceId, spanId, parentId] = ['', '', '']
  let [startMs, endMs] = [0, 0]
  let failed = false
  fields(reader, end, {
    1: (end) => (traceId = hex(reader, end)),
    2: (end) => (spanId = hex(reader, end)),
    4: (end) => (parentId = hex(reader, end)),
    7: () => (startMs = Math.floor(reader.readFixed64() / nanosPerMs)),
    8: () => (endMs = Math.floor(reader.readFixed64() / nanosPerMs)),
    9: (end) => readAttribute(reader, end, attributes),
    15: (end) => fields(reader, end, { 3: () => (failed = reader.readVarint() === failedCode) }),
  })
  return { traceId, spanId, parentId, startMs, endMs, failed, attributes, resource }
}

/** Its name may stand behind its value: the value is read when both places are known, and only if somebody asks for it. */
function readAttribute(reader: PbfReader, end: number, into: Map<string, Value>): void {
  let name = ''
  let value: readonly [from: number, to: number] | undefined
  fields(reader, end, {
    1: (end) => (name = text(reader, end)),
    2: (end) => {
      value = [reader.pos, end]
      reader.pos = end
    },
  })
  if (!value || !isRead(name)) return
  const [from, to] = value
  reader.pos = from
  fields(reader, to, {
    1: (end) => into.set(name, text(reader, end)),
    2: () => into.set(name, reader.readVarint() !== 0),
    3: () => into.set(name, reader.readVarint(true)),
    4: () => into.set(name, reader.readDouble()),
    5: (end) => (reader.pos = end),
    6: (end) => (reader.pos = end),
    7: (end) => (reader.pos = end),
  })
  reader.pos = end
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function text(reader: PbfReader, end: number): string {
  const found = utf8.decode(reader.buf.subarray(reader.pos, end))
  reader.pos = end
  return found
}

function hex(reader: PbfReader, end: number): string {
  const found = Buffer.from(reader.buf.subarray(reader.pos, end)).toString('hex')
  reader.pos = end
  return found
}

/** `ExportTraceServiceResponse`: empty when all is well. */
export function answerInProtobuf(rejected: number, why: string): Uint8Array {
  const writer = new PbfWriter()
  if (rejected > 0 || why !== '')
    writer.writeMessage(
      1,
      (_, partial) => {
        partial.writeVarintField(1, rejected)
        partial.writeStringField(2, why)
      },
      undefined,
    )
  return writer.finish()
}

/** `google.rpc.Status`, of which exporters read the message. */
export function statusInProtobuf(message: string): Uint8Array {
  const writer = new PbfWriter()
  writer.writeStringField(2, message)
  return writer.finish()
}
