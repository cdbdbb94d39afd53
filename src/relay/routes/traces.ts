/** Traces by OTLP/HTTP. https://opentelemetry.io/docs/specs/otlp/#otlphttp */
import { type Context, Hono } from 'hono'
import { LeashError } from '../../core/errors.js'
import { atOnce } from '../http/at-once.js'
import { bytesOf, jsonOf } from '../http/body.js'
import { failureHeaders, failureOf } from '../http/failure.js'
import type { Traces } from '../otlp/traces.js'
import { type Caller, callerOf } from '../people/caller.js'
import type { RelayContext } from './context.js'

/** Of one request, unpacked, in bytes. */
const mostBytes = 16 * 1024 * 1024

const protobuf = 'application/x-protobuf'

export function traceRoutes(context: RelayContext, warn: (message: string) => void): Hono {
  const app = new Hono()
  const taking = atOnce(16, 'Too many requests at once. Send this one again.')

  app.post('/', async (c) => {
    const type = c.req.header('content-type')?.split(';', 1)[0]?.trim().toLowerCase()
    const caller = await callerOf(context.keys, c.req.raw.headers, 'usage')
    return taking(async () => {
      const { traces } = context.collector
      if (type === protobuf) return inProtobuf(c, traces, caller, warn)
      if (type !== 'application/json')
        throw new LeashError('invalid_request', `Send traces as ${protobuf} or application/json.`, { status: 415 })
      const { spansInJson } = await import('../otlp/json.js')
      const { rejected, why } = await traces.take(spansInJson(await jsonOf(c.req.raw, mostBytes)), caller)
      return c.json(rejected === 0 ? {} : { partialSuccess: { rejectedSpans: String(rejected), errorMessage: why } })
    })
  })

  return app
}

/** Whoever speaks Protocol Buffers is answered in them, also when it fails. */
async function inProtobuf(c: Context, traces: Traces, caller: Caller, warn: (message: string) => void) {
  const { answerInProtobuf, spansInProtobuf, statusInProtobuf } = await import('../otlp/protobuf.js')
  const answer = (bytes: Uint8Array, status: number, headers?: Record<string, string>) =>
    new Response(new Uint8Array(bytes), { status, headers: { 'content-type': protobuf, ...headers } })
  try {
    const { rejected, why } = await traces.take(spansInProtobuf(await bytesOf(c.req.raw, mostBytes)), caller)
    return answer(answerInProtobuf(rejected, why), 200)
  } catch (error) {
    const failure = failureOf(error, 'A request failed', warn)
    return answer(statusInProtobuf(failure.message), failure.status, failureHeaders(failure))
  }
}
