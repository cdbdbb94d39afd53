/** `Request` and `Response` over `node:http`, for hosts that were there before `fetch`. */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { LeashError } from './core/errors.js'
import { heldBy } from './core/held-by.js'
import { iteratorOf } from './iterator-stream.js'

/** A request as Node's servers give it, and what Express and its kin add. */
export interface NodeRequest extends IncomingMessage {
  /** What a body parser made of the body. */
  body?: unknown
  /** The address before a router took its own part off. */
  originalUrl?: string
}

/** The path and query that were asked for; undefined when they make no address. */
export function addressOf({ originalUrl, url = '/' }: NodeRequest): URL | undefined {
  // Only the path counts: whoever writes a host into it must not choose one.
  const found = URL.parse(originalUrl ?? url, 'http://localhost')
  // Google's methods stand behind a colon, which programs escape that escape whatever they can, and Google reads.
  return found ? new URL(found.pathname.replace(/%3a/gi, ':') + found.search, 'http://localhost') : undefined
}

/** What nobody reads otherwise once it is parsed, which takes longer. */
const plainPath = /^(?:\/[\w-][\w.:~-]*)+$/

/** {@link addressOf} without what stands behind the path. */
export function pathOf(incoming: NodeRequest): string | undefined {
  const asked = incoming.originalUrl ?? incoming.url ?? '/'
  return plainPath.test(asked) ? asked : addressOf(incoming)?.pathname
}

export function requestOf(incoming: NodeRequest, url: URL, signal: AbortSignal): Request {
  const { method = 'GET' } = incoming
  const init: RequestInit & { duplex: 'half' } = { method, headers: headersOf(incoming), signal, duplex: 'half' }
  if (method !== 'GET' && method !== 'HEAD') init.body = bodyOf(incoming)
  return heldBy(incoming, new Request(url, init))
}

function headersOf({ headers }: IncomingMessage): Headers {
  const read = new Headers()
  for (const [name, value] of Object.entries(headers)) {
    // HTTP/2 tells the method and the path as headers too.
    if (value === undefined || name.startsWith(':')) continue
    read.set(name, typeof value === 'string' ? value : value.join(', '))
  }
  return read
}

/** The bytes as they come, or what a body parser made of them. Some parsers leave `{}` where they read nothing. */
function bodyOf(incoming: NodeRequest): BodyInit {
  if (!incoming.readableDidRead) return bytesOf(incoming)
  const { body } = incoming
  if (typeof body === 'string') return body
  if (body instanceof Uint8Array) return new Uint8Array(body)
  if (body === undefined) {
    throw new LeashError(
      'invalid_config',
      'Something has read the body of this request and left no `req.body`. Mount the leash before it.',
      {
        status: 500,
      },
    )
  }
  return JSON.stringify(body)
}

/** Not `Readable.toWeb`: a body that is left unread would take the connection with it, and the answer that says why. */
function bytesOf(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  const chunks: AsyncIterator<Uint8Array> = incoming.iterator({ destroyOnReturn: false })
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await chunks.next()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      async cancel() {
        await chunks.return?.()
      },
    },
    { highWaterMark: 0 },
  )
}

/** Of a `Response`, what is written; or what a host has in its place. */
export interface Sent {
  readonly status: number
  readonly headers: Iterable<readonly [name: string, value: string]>
  readonly body: string | Uint8Array | AsyncIterator<Uint8Array> | undefined
}

interface Writing {
  /** After so many milliseconds without an event, a comment goes out in its place. */
  readonly keepAliveMs?: number
  /** What an answer is held back for before it is complete; undefined when there is nothing to wait for. */
  readonly before?: () => Promise<void> | undefined
}

/** As {@link write}. */
export async function send({ status, headers, body }: Response, outgoing: ServerResponse, writing: Writing = {}): Promise<void> {
  const bytes = body ? iteratorOf(body) : undefined
  await writing.before?.()
  await write({ status, headers, body: bytes }, outgoing, writing)
}

/** Writes the answer, no faster than it is read, and stops the answer when its reader has left. */
export async function write({ status, headers, body }: Sent, outgoing: ServerResponse, writing: Writing = {}): Promise<void> {
  const isWhole = typeof body === 'string' || body instanceof Uint8Array
  const bytes = isWhole ? undefined : body
  const wait = bytes ? undefined : writing.before?.()
  if (wait) await wait
  if (outgoing.destroyed) {
    await bytes?.return?.()
    return
  }
  const fields = fieldsOf(headers)
  const isEvents = String(fields['content-type']).startsWith('text/event-stream')
  // Proxies and compression would otherwise keep events back until there are enough of them.
  if (isEvents) Object.assign(fields, { 'cache-control': 'no-cache, no-transform', 'x-accel-buffering': 'no' })
  if (isWhole) fields['content-length'] = Buffer.byteLength(body)
  outgoing.writeHead(status, fields)
  if (!bytes) {
    outgoing.end(isWhole ? body : undefined)
    return
  }
  await copy(bytes, outgoing, isEvents ? writing.keepAliveMs : undefined, writing.before)
}

/** One of a name, but for cookies, which cannot stand in one line. */
function fieldsOf(headers: Sent['headers']): OutgoingHttpHeaders {
  const fields: OutgoingHttpHeaders = {}
  for (const [name, value] of headers) {
    const before = fields[name]
    fields[name] = name === 'set-cookie' && before !== undefined ? [before, value].flat().map(String) : value
  }
  return fields
}

async function copy(
  bytes: AsyncIterator<Uint8Array>,
  outgoing: ServerResponse,
  keepAliveMs: number | undefined,
  before: Writing['before'],
): Promise<void> {
  const leave = () => void bytes.return?.().catch(() => {})
  outgoing.once('close', leave)
  // They go with the first bytes, where those are at hand.
  const headers = setImmediate(() => outgoing.flushHeaders())
  const pulse = keepAliveMs === undefined ? undefined : startPulse(outgoing, keepAliveMs)
  try {
    for (let read = await bytes.next(); !read.done && !outgoing.destroyed; read = await bytes.next()) {
      pulse?.told(read.value)
      clearImmediate(headers)
      if (!outgoing.write(read.value)) await drained(outgoing)
    }
    await before?.()
    outgoing.end()
  } catch {
    // The headers are gone: a connection that breaks is the one way left to say that the answer is not whole.
    outgoing.destroy()
  } finally {
    pulse?.stop()
    clearImmediate(headers)
    outgoing.off('close', leave)
  }
}

function drained(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      outgoing.off('drain', go).off('close', go)
      resolve()
    }
    outgoing.on('drain', go).on('close', go)
    if (outgoing.destroyed) go()
  })
}

interface Pulse {
  told(bytes: Uint8Array): void
  stop(): void
}

/** Comments between events, which every reader of events skips: https://html.spec.whatwg.org/multipage/server-sent-events.html */
function startPulse(outgoing: ServerResponse, everyMs: number): Pulse {
  // The last four bytes.
  let tail = 0x0a0a
  const beat = () => {
    const between = (tail & 0xffff) === 0x0a0a || (tail & 0xffff) === 0x0d0d || tail === 0x0d0a0d0a
    if (between && !outgoing.writableNeedDrain && !outgoing.writableEnded) outgoing.write(': keep-alive\n\n')
  }
  const timer = setInterval(beat, everyMs)
  return {
    told(bytes) {
      for (let at = Math.max(0, bytes.length - 4); at < bytes.length; at++) tail = (tail << 8) | (bytes[at] ?? 0)
      timer.refresh()
    },
    stop: () => clearInterval(timer),
  }
}
