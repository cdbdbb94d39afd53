/** The leash behind HTTP: `(Request) => Response`, for Hono, Next, Bun, Deno, Workers, and the relay. */
import { type Answered, answerWhole, failWhole } from './answered.js'
import { bytesWithin } from './core/bounded.js'
import type { CallOptions, Report, Target } from './core/call.js'
import { brokenBy, done } from './core/ending.js'
import { isLeashError, LeashError } from './core/errors.js'
import { parseExact } from './core/exact-json.js'
import { heldBy } from './core/held-by.js'
import { callId } from './core/id.js'
import { toldOutside } from './core/inside.js'
import { isObject, type JsonObject } from './core/json.js'
import { createReport } from './core/report.js'
import type { MaybePromise } from './core/store.js'
import { isTooDeep } from './core/too-deep.js'
import { hasTooMany, tooMany } from './core/too-many.js'
import { utf8 } from './core/utf8.js'
import type { Engine, Incoming } from './engine.js'
import { IteratorStream } from './iterator-stream.js'
import { jsonList, jsonListType } from './protocols/framing/json-list.js'
import { protocolNamed, protocolsAt } from './protocols/index.js'
import type { Protocol } from './protocols/protocol.js'
import { headersOf, type Recognised, recognise } from './recognise.js'
import { remoteFailure } from './remote-failure.js'

export interface HandlerOptions {
  /** The largest request body that `handle` reads, in bytes. @defaultValue 33554432 (32 MiB) */
  readonly maxBodyBytes?: number | undefined
}

/** What a host may tell `handle` about one request. */
export interface HandleOptions {
  /**
   * Options of the call: its tenant, user, tags … A function is called before the body is read; if it throws a
   * {@link LeashError}, the caller gets that error.
   */
  readonly leash?: CallOptions | (() => CallOptions | Promise<CallOptions>) | undefined
  /** The largest body of this request, in place of the leash's limit. */
  readonly maxBodyBytes?: number | undefined
}

/** Hosts call what they are given with a second argument of their own, which this type lets pass and the handler does not see. */
export interface Handle {
  (request: Request): Promise<Response>
  (request: Request, options: HandleOptions): Promise<Response>
}

/** What was asked over HTTP: a `Request`, or what a host has in its place where to make one would cost more than the call. */
export interface Asked {
  readonly method: string
  readonly path: string
  /** With its question mark; empty where there is none. */
  readonly query: string
  readonly headers: { get(name: string): string | null }
  readonly signal?: AbortSignal
  /** The body. @throws LeashError by {@link tooLarge}, for one of more bytes */
  text(limit: number): Promise<string>
}

export interface ServeOptions extends HandleOptions {
  /** Whom a call goes to, in place of whomever its model's name leads to. */
  readonly target?: (model: string, protocol: string) => Target
}

export type Serve = (asked: Asked, host?: ServeOptions) => Promise<Answered>

export function createHandler(engine: Engine, options: HandlerOptions): Handle {
  const serve = createServe(engine, options)
  return async function handle(request: Request, host?: HandleOptions) {
    const { status, headers, body } = await serve(askedBy(request), host)
    return new Response(typeof body === 'string' ? body : new IteratorStream(body), { status, headers })
  }
}

/** The same without the platform's `Request` and `Response`. */
export function createServe(engine: Engine, { maxBodyBytes = 32 * 1024 * 1024 }: HandlerOptions): Serve {
  // One function for all of it: each that waits for the vendor's answer beside another is a promise more for every call.
  return async function serve(asked, host = {}) {
    const { method, path } = asked
    const spoken = spokenAt(path)
    const protocol = spoken instanceof Promise ? await spoken : spoken
    if (!protocol) return notServed(`Nothing is served at ${method} ${path.slice(0, 200)}.`, 404)
    if (method !== 'POST') return notServed(`Send a POST to ${path.slice(0, 200)}.`, 405)
    let speaks = protocol
    let report: Report | undefined
    try {
      const options = typeof host.leash === 'function' ? await host.leash() : (host.leash ?? {})
      const body = await readBody(asked, host.maxBodyBytes ?? maxBodyBytes)
      const found = await recognise(path, body)
      if (!found?.model) throw new LeashError('invalid_request', 'The request names no model. Set `model`.', { param: 'model' })
      if (found.model.length > longestName) throw tooLong()
      const incoming = incomingOf(asked, found, body, options, host.target)
      speaks = incoming.protocol
      const running = engine.run(incoming)
      report = running.report
      const result = await running.result
      const answered = result.stream ? { ...result, body: told(result.body, incoming) } : result
      return inForm(answerWhole(answered, report), asked, protocol)
    } catch (error) {
      if (!isLeashError(error)) throw error
      const failure = report ? remoteFailure(error, engine, report) : error
      return inForm(failWhole(failure, speaks, report ?? createReport(callId(), undefined)), asked, protocol)
    }
  }
}

/** What a host has against a request, in the words of the protocol that is spoken there. @throws what is no LeashError */
export async function refused(asked: Asked, error: unknown, warn: (message: string) => void): Promise<Answered> {
  const protocol = await spokenAt(asked.path)
  if (!protocol || !isLeashError(error)) throw error
  const id = callId()
  const told = toldOutside(error, (message) => warn(`${id}: ${message}`))
  return inForm(failWhole(told, protocol, createReport(id, undefined)), asked, protocol)
}

function spokenAt(path: string): MaybePromise<Protocol | undefined> {
  const [name] = protocolsAt(path)
  return name === undefined ? undefined : protocolNamed(name)
}

/**
 * A stream whose failure the caller can read: over HTTP, a thrown error would only be a connection that closed.
 * No generator, for one that is left before its first value does not let go of what it holds.
 */
function told(body: AsyncIterable<Uint8Array>, { protocol, signal }: Incoming): AsyncIterable<Uint8Array> {
  const bytes = body[Symbol.asyncIterator]()
  let last: Iterator<Uint8Array, undefined> | undefined
  const iterator: AsyncIterator<Uint8Array, undefined> = {
    async next() {
      if (last) return last.next()
      try {
        return await bytes.next()
      } catch (error) {
        if (signal?.aborted) throw error
        const { downstream } = protocol.kind === 'chat' ? await protocol.codec() : {}
        if (!downstream) throw error
        const events = downstream.encodeStream({ messages: [] }).fail(brokenBy(error))
        last = events.map((event) => protocol.framing.frame(event)).values()
        return last.next()
      }
    },
    async return() {
      await bytes.return?.()
      return done
    },
  }
  return { [Symbol.asyncIterator]: () => iterator }
}

/** As one list of JSON, where that is asked for. What comes whole, such as a failure, is its only item. */
function inForm(answered: Answered, { path, query }: Asked, { framing, listed }: Protocol): Answered {
  if (!listed?.(path, query)) return answered
  const { status, headers, body } = answered
  const isEvents = headers.some(([name, value]) => name === 'content-type' && value.startsWith('text/event-stream'))
  if (!isEvents) return { status, headers, body: typeof body === 'string' && !body.startsWith('[') ? `[${body}]` : body }
  const typed = headers.filter(([name]) => name !== 'content-type')
  return { status, headers: [...typed, ['content-type', jsonListType]], body: jsonList(body, framing) }
}

function incomingOf(
  asked: Asked,
  { protocol, model, stream }: Recognised,
  body: JsonObject,
  options: CallOptions,
  target: ServeOptions['target'],
): Incoming {
  // Not the bytes that came: of a member that stands in them twice, a vendor could read the one that was not checked here.
  return {
    protocol,
    model,
    stream,
    body,
    headers: headersOf(protocol, asked.headers),
    remote: true,
    options,
    ...(target && { target: target(model, protocol.name) }),
    ...(asked.signal && { signal: asked.signal }),
  }
}

async function readBody(asked: Asked, limit: number): Promise<JsonObject> {
  // A page on another site can make a browser post here with the cookies of this one, and without being asked for leave.
  if (asked.headers.get('sec-fetch-site') === 'cross-site') {
    throw new LeashError('permission_denied', 'A page of another site may not call this endpoint.')
  }
  if (Number(asked.headers.get('content-length') ?? 0) > limit) throw tooLarge(limit)
  const text = await asked.text(limit)
  if (hasTooMany(text)) throw tooMany()
  const body = parseExact(text)
  if (!isObject(body)) throw new LeashError('invalid_request', 'The request body is not a JSON object.')
  if (isTooDeep(body)) throw new LeashError('invalid_request', 'The request body is nested too deeply.')
  // A vendor that takes any member would make the call without the limits that stand in it.
  if ('leash' in body)
    throw new LeashError(
      'invalid_request',
      'The member `leash` is not read here. A relay reads it at /v1/gateway/chat; other hosts pass it to `handle`.',
      { param: 'leash' },
    )
  return body as JsonObject
}

export function tooLarge(limit: number): LeashError {
  return new LeashError(
    'request_too_large',
    `The request body is larger than ${limit} bytes. Send less, or raise \`maxBodyBytes\`.`,
  )
}

function askedBy(request: Request): Asked {
  const { method, headers, signal, url } = heldBy(request.signal, request)
  const { pathname, search } = new URL(url)
  return {
    method,
    path: pathname,
    query: search,
    headers,
    signal,
    async text(limit) {
      if (request.bodyUsed) {
        const message = 'Something has read the body of this request. Hand it to the leash before, or a `clone()` of it.'
        throw new LeashError('invalid_config', message, { status: 500 })
      }
      return utf8(await bytesWithin(request.body, limit, () => tooLarge(limit)))
    },
  }
}

/** A caller's name for a model is kept for long: in the ledger, in counts against limits, by what remembers how targets do. */
const longestName = 512

function tooLong(): LeashError {
  return new LeashError('invalid_request', `The name of the model has more than ${longestName} characters.`, { param: 'model' })
}

function notServed(message: string, status: number): Answered {
  const body = JSON.stringify({ error: { message, type: 'invalid_request_error', param: null, code: 'not_found' } })
  const headers: [name: string, value: string][] = [['content-type', 'application/json']]
  if (status === 405) headers.push(['allow', 'POST'])
  return { status, headers, body }
}
