/** The leash behind HTTP: `(Request) => Response`, for Hono, Next, Bun, Deno, Workers, and the relay. */
import type { CallOptions } from './core/call.js'
import { isLeashError, LeashError } from './core/errors.js'
import { isObject, type JsonObject, parseJson } from './core/json.js'
import { createReport } from './core/report.js'
import type { Engine, Incoming } from './engine.js'
import { protocolNamed, protocolsAt } from './protocols/index.js'
import { type Recognised, recognise } from './recognise.js'
import { respondErrorWhole, respondWhole } from './respond.js'

export interface HandlerOptions {
  /** The largest request body that `handle` reads, in bytes. @defaultValue 33554432 (32 MiB) */
  readonly maxBodyBytes?: number
}

/** What a host knows of one request, and may say to `handle` beside it. */
export interface HandleOptions {
  /**
   * Of the call: its tenant, user, tags … A function is asked before the body is read; a {@link LeashError} that it throws is
   * told to the caller.
   */
  readonly leash?: CallOptions | (() => CallOptions | Promise<CallOptions>)
  /** In place of the leash's own. */
  readonly maxBodyBytes?: number
}

/** Hosts call what they are given with a second argument of their own, which this type lets pass and the handler does not see. */
export interface Handle {
  (request: Request): Promise<Response>
  (request: Request, options: HandleOptions): Promise<Response>
}

export function createHandler(engine: Engine, { maxBodyBytes = 32 * 1024 * 1024 }: HandlerOptions): Handle {
  return async function handle(request: Request, host: HandleOptions = {}) {
    const path = new URL(request.url).pathname
    const [name] = protocolsAt(path)
    const protocol = name === undefined ? undefined : await protocolNamed(name)
    if (!protocol) return notServed(`Nothing is served at ${request.method} ${path.slice(0, 200)}.`, 404)
    if (request.method !== 'POST') return notServed(`Send a POST to ${path.slice(0, 200)}.`, 405)
    try {
      const options = typeof host.leash === 'function' ? await host.leash() : (host.leash ?? {})
      const body = await readBody(request, host.maxBodyBytes ?? maxBodyBytes)
      const found = await recognise(path, body)
      if (!found?.model) throw new LeashError('invalid_request', 'The request names no model. Set `model`.', { param: 'model' })
      return await answer(engine, incomingOf(request, found, body, options))
    } catch (error) {
      if (!isLeashError(error)) throw error
      return respondErrorWhole(error, protocol, createReport('', undefined))
    }
  }
}

async function answer(engine: Engine, incoming: Incoming): Promise<Response> {
  const { report, result } = engine.run(incoming)
  try {
    const done = await result
    return respondWhole(done.stream ? { ...done, body: told(done.body, incoming) } : done, report)
  } catch (error) {
    if (!isLeashError(error)) throw error
    return respondErrorWhole(error, incoming.protocol, report)
  }
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
        const events = downstream.encodeStream({ messages: [] }).fail(failureOf(error))
        last = events.map((event) => protocol.framing.frame(event)).values()
        return last.next()
      }
    },
    async return() {
      await bytes.return?.()
      return { done: true, value: undefined }
    },
  }
  return { [Symbol.asyncIterator]: () => iterator }
}

/** A connection that broke is thrown as the platform threw it, for SDKs to know it by; a caller over HTTP has no use for that. */
function failureOf(error: unknown): LeashError {
  if (isLeashError(error)) return error
  const message = 'The connection to the provider broke before the answer was complete. Send the call again.'
  return new LeashError('network_error', message, { retryable: true, cause: error })
}

function incomingOf(request: Request, { protocol, model, stream }: Recognised, body: JsonObject, options: CallOptions): Incoming {
  const headers: Record<string, string> = {}
  for (const name of protocol.headers) {
    const value = request.headers.get(name)
    if (value !== null) headers[name] = value
  }
  return { protocol, model, stream, body, headers, remote: true, options, signal: request.signal }
}

async function readBody(request: Request, limit: number): Promise<JsonObject> {
  // A page on another site can make a browser post here with the cookies of this one, and without being asked for leave.
  if (request.headers.get('sec-fetch-site') === 'cross-site') {
    throw new LeashError('permission_denied', 'A page of another site may not call this endpoint.')
  }
  const tooLarge = () =>
    new LeashError('request_too_large', `The request body is larger than ${limit} bytes. Send less, or raise \`maxBodyBytes\`.`)
  if (Number(request.headers.get('content-length') ?? 0) > limit) throw tooLarge()
  const chunks: Uint8Array[] = []
  let size = 0
  const reader = request.body?.getReader()
  for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) {
    size += read.value.byteLength
    if (size > limit) {
      await reader?.cancel()
      throw tooLarge()
    }
    chunks.push(read.value)
  }
  const body = parseJson(await new Blob(chunks as BlobPart[]).text())
  if (isObject(body)) return body as JsonObject
  throw new LeashError('invalid_request', 'The request body is not a JSON object.')
}

function notServed(message: string, status: number): Response {
  return Response.json({ error: { message, type: 'invalid_request_error', param: null, code: 'not_found' } }, { status })
}
