/** Puts a reply on the wire, spoiled as the fault says. */
import type { ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { awsEventStream } from '../../protocols/framing/aws-eventstream.js'
import { sse } from '../../protocols/framing/sse.js'
import type { WireEvent } from '../../protocols/protocol.js'
import type { Fault } from './faults.js'
import type { Framing, Reply, StreamReply } from './vendor.js'

/** A body in the pieces in which it is sent. */
interface Delivery {
  readonly status: number
  readonly headers: Record<string, string>
  readonly pieces: readonly Uint8Array[]
  /** Pieces are events: delays and counts go by them. */
  readonly events: boolean
}

const encoder = new TextEncoder()

/** What became of a request. */
export interface Fate {
  /** The status that was answered; absent when none was. */
  status?: number
  /** `aborted` when the client left before it had the whole answer, `broken` when a fault broke the connection. */
  outcome: 'pending' | 'answered' | 'aborted' | 'broken'
}

/** Resolves when the answer is out, or when there will be none. */
export async function deliver(
  response: ServerResponse,
  reply: Reply,
  fault: Fault,
  fate: Fate,
  signal: AbortSignal,
): Promise<void> {
  try {
    if (fault.latencyMs) await wait(fault.latencyMs, undefined, { signal })
    if (fault.reset) {
      fate.outcome = 'broken'
      response.socket?.resetAndDestroy()
    } else if (fault.hang === 'headers') await forever(signal)
    else await write(response, prepare(reply, fault), fault, fate, signal)
  } catch (error) {
    // The client left, or the mock was closed: nobody is there to be told.
    if (!signal.aborted) throw error
  } finally {
    // A write that fails can be the first to tell that the client left.
    if (fate.outcome === 'pending') fate.outcome = 'aborted'
  }
}

function prepare(reply: Reply, fault: Fault): Delivery {
  if (reply.kind === 'stream') {
    const { contentType, encode } = framings[reply.framing]
    const events = eventsOf(reply, fault)
    const pieces = events.map((event, index) => encode(event, index, index === events.length - 1 && !endless(fault)))
    if (fault.malformed) spoil(pieces, reply.framing)
    return { status: 200, headers: { 'content-type': contentType, ...reply.headers, ...fault.headers }, pieces, events: true }
  }
  const text = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body)
  const bytes = encoder.encode(fault.malformed ? text.slice(0, Math.ceil(text.length / 2)) : text)
  return {
    status: reply.status,
    headers: {
      'content-type': typeof reply.body === 'string' ? 'text/plain; charset=utf-8' : 'application/json',
      ...reply.headers,
      ...fault.headers,
      'content-length': String(bytes.length),
    },
    pieces: [bytes],
    events: false,
  }
}

/** Such a stream does not come to its end, so that what only an end may have (the last bracket of an array) is not written. */
const endless = (fault: Fault) => fault.endWithoutTerminal === true

function eventsOf(reply: StreamReply, fault: Fault): readonly WireEvent[] {
  if (fault.errorInStream) {
    const { after = Math.ceil(reply.terminal / 2), status = 500, ...failure } = fault.errorInStream
    const sent = Math.min(after, reply.terminal)
    return [...reply.events.slice(0, sent), ...reply.fail({ status, ...failure }, sent)]
  }
  return fault.endWithoutTerminal ? reply.events.slice(0, reply.terminal) : reply.events
}

interface Encoding {
  readonly contentType: string
  encode(event: WireEvent, index: number, last: boolean): Uint8Array
}

const framings: Record<Framing, Encoding> = {
  sse: { contentType: sse.contentType, encode: sse.frame },
  'aws-eventstream': { contentType: awsEventStream.contentType, encode: awsEventStream.frame },
  'sse-crlf': { contentType: 'text/event-stream', encode: ({ data }) => encoder.encode(`data: ${data}\r\n\r\n`) },
  'json-array': {
    contentType: 'application/json; charset=UTF-8',
    encode: ({ data }, index, last) => encoder.encode(`${index === 0 ? '[' : ',\r\n'}${data}${last ? ']' : ''}`),
  },
}

/** Damages the piece in the middle, in a way that its reader must notice. */
function spoil(pieces: Uint8Array[], framing: Framing): void {
  const index = Math.floor(pieces.length / 2)
  const piece = pieces[index]
  if (!piece) return
  if (framing === 'aws-eventstream') {
    // The last four bytes are the checksum.
    pieces[index] = piece.map((byte, at) => (at === piece.length - 1 ? byte ^ 0xff : byte))
    return
  }
  const text = new TextDecoder().decode(piece)
  pieces[index] = encoder.encode(text.replace('{', '{{'))
}

async function write(response: ServerResponse, delivery: Delivery, fault: Fault, fate: Fate, signal: AbortSignal): Promise<void> {
  fate.status = delivery.status
  response.writeHead(delivery.status, delivery.headers)
  response.flushHeaders()
  response.socket?.setNoDelay(true)
  if (fault.hang === 'body') return forever(signal)
  const stopAt = typeof fault.hang === 'object' ? fault.hang.afterEvents : Number.POSITIVE_INFINITY
  const cut = cutting(delivery.pieces, fault)
  for (const [index, piece] of cut.pieces.entries()) {
    if (index >= stopAt) return forever(signal)
    if (index > 0 && delivery.events && fault.chunkDelayMs) await wait(fault.chunkDelayMs, undefined, { signal })
    for (const bytes of recut(piece, fault.chunkBytes)) await send(response, bytes, signal)
  }
  if (cut.pieces.length <= stopAt && stopAt !== Number.POSITIVE_INFINITY) return forever(signal)
  fate.outcome = cut.cut ? 'broken' : 'answered'
  if (cut.cut) response.socket?.destroy()
  else await new Promise<void>((resolve) => response.end(resolve))
}

function cutting(pieces: readonly Uint8Array[], { cutAfter }: Fault): { pieces: readonly Uint8Array[]; cut: boolean } {
  if (!cutAfter) return { pieces, cut: false }
  if ('events' in cutAfter) return { pieces: pieces.slice(0, cutAfter.events), cut: true }
  let left = cutAfter.bytes
  const out: Uint8Array[] = []
  for (const piece of pieces) {
    if (left <= 0) break
    out.push(piece.subarray(0, left))
    left -= piece.length
  }
  return { pieces: out, cut: true }
}

function* recut(piece: Uint8Array, size = piece.length): Generator<Uint8Array> {
  for (let at = 0; at < piece.length; at += size) yield piece.subarray(at, at + size)
}

/** Waits until the bytes are on their way, so that they go out as they were cut. */
function send(response: ServerResponse, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    // Node never calls back for bytes that were waiting when the connection ended.
    const leave = () => reject(signal.reason)
    signal.addEventListener('abort', leave, { once: true })
    response.write(bytes, (error) => {
      signal.removeEventListener('abort', leave)
      if (error) reject(error)
      else setImmediate(resolve)
    })
  })
}

/** A silence that only the end of the connection breaks. */
function forever(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
