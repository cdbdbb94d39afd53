/** `ExportTraceServiceRequest` as JSON. https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding */
import { LeashError } from '../../core/errors.js'
import { asArray, asObject, asObjects, asString, isObject } from '../../core/json.js'
import { isRead } from './names.js'
import { type Attributes, checkRoom, type Span } from './span.js'

const failedCodes: readonly unknown[] = [2, 'STATUS_CODE_ERROR']

/** @throws LeashError `invalid_request` for what is no such message, `request_too_large` */
export function spansInJson(body: unknown): Span[] {
  const { resourceSpans = [] } = asObject(body)
  if (!isObject(body) || !Array.isArray(resourceSpans))
    throw new LeashError('invalid_request', 'The body is not an ExportTraceServiceRequest: it has no `resourceSpans`.')
  const spans: Span[] = []
  for (const { resource, scopeSpans } of resourceSpans.map(asObject)) {
    const program = attributesIn(asObject(resource).attributes)
    for (const { spans: given } of asObjects(scopeSpans))
      for (const span of asArray(given)) {
        checkRoom(spans.length)
        spans.push(spanIn(asObject(span), program))
      }
  }
  return spans
}

function spanIn(span: Record<string, unknown>, resource: Attributes): Span {
  return {
    traceId: idIn(span.traceId),
    spanId: idIn(span.spanId),
    parentId: idIn(span.parentSpanId),
    startMs: msIn(span.startTimeUnixNano),
    endMs: msIn(span.endTimeUnixNano),
    failed: failedCodes.includes(asObject(span.status).code),
    attributes: attributesIn(span.attributes),
    resource,
  }
}

const idIn = (value: unknown) => asString(value)?.toLowerCase() ?? ''

/** Nanoseconds since 1970, which no number of JavaScript holds: as text, and of some senders as a number. */
function msIn(nanos: unknown): number {
  if (typeof nanos === 'string' && /^\d{1,20}$/.test(nanos)) return Number(nanos.slice(0, -6))
  return typeof nanos === 'number' ? Math.floor(nanos / 1e6) : 0
}

function attributesIn(list: unknown): Attributes {
  const found = new Map<string, string | number | boolean>()
  for (const { key, value } of asObjects(list)) {
    if (typeof key !== 'string' || !isRead(key)) continue
    const { stringValue, boolValue, intValue, doubleValue } = asObject(value)
    if (typeof stringValue === 'string') found.set(key, stringValue)
    else if (typeof boolValue === 'boolean') found.set(key, boolValue)
    else if (intValue !== undefined) found.set(key, Number(intValue))
    else if (doubleValue !== undefined) found.set(key, Number(doubleValue))
  }
  return found
}
