/** A whole answer where a stream was asked for: some servers do not stream everything, and nobody is to take that for an answer of nothing. */
import type { StreamResult } from '../core/call.js'
import { endings } from '../core/ending.js'
import { replay } from '../core/events.js'
import { readExact } from '../core/exact-json.js'
import type { LazyAnswer } from '../core/lazy-answer.js'
import type { ChatResponse } from '../core/message.js'
import { askedIn } from '../protocols/asked.js'
import { into } from '../protocols/into.js'
import type { Protocol, StreamEncoder } from '../protocols/protocol.js'
import type { Underway } from './attempt.js'

export async function* replayed(answer: ChatResponse, { framing }: Protocol, encoder: StreamEncoder): AsyncGenerator<Uint8Array> {
  for (const event of replay(answer)) for (const wire of encoder.push(event)) yield framing.frame(wire)
}

/** What a vendor answered whole in the caller's own protocol, as a stream of it; undefined where we cannot write one. */
export async function asStream(
  { call, own, endings: told, record }: Underway,
  answer: LazyAnswer,
): Promise<StreamResult | undefined> {
  if (own.kind !== 'chat') return undefined
  const { downstream, upstream } = await own.codec()
  if (!downstream) return undefined
  const request = askedIn(call.body, downstream)
  const { status, headers: theirs, text } = answer
  const whole = upstream.decodeResponse(readExact(text), {
    model: call.target.model,
    lose: into(call.report.warnings),
    request,
  })
  const headers = new Headers(theirs)
  headers.set('content-type', own.framing.contentType)
  const events = replayed({ ...whole, id: whole.id || call.id }, own, downstream.encodeStream(request))
  return { stream: true, status, headers, body: Object.assign(events, { [endings]: told }), attempt: record }
}
