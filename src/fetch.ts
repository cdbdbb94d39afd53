/** The leash as a `fetch`: what every vendor's SDK takes. */
import type { CallOptions, Here, Origin, Report, Timeouts } from './core/call.js'
import { isLeashError, LeashError, thrown } from './core/errors.js'
import { heldBy } from './core/held-by.js'
import { hidden } from './core/hidden.js'
import { isObject, type JsonObject, parseJson } from './core/json.js'
import { whenEnded } from './core/report.js'
import { laid, type Transport } from './core/transport.js'
import type { Engine, Incoming } from './engine.js'
import { isPublicEndpoint, originOf } from './providers/origins.js'
import { headersOf, isModelPath, recognise } from './recognise.js'
import { respond } from './respond.js'

/** What a face knows of a call beyond its bytes, hung on the `RequestInit` that travels through an SDK. */
export interface Beside {
  readonly options: CallOptions
  /** What the SDK has by itself, where its user asked for no other. */
  readonly usual?: Timeouts
  /** The body before the SDK made it a string. */
  readonly body?: unknown
  /** The provider behind the address that the SDK was given, and whether a key for it was given too. */
  readonly provider?: string
  readonly ready?: boolean
  readonly renew?: NonNullable<Origin['renew']>
  /** The caller's own signal, where the SDK puts another in its place: `.stream()` runners are known by it. */
  readonly signal?: AbortSignal
  /** What the call has come to already: the SDK only has to make of it what it makes of such a thing. */
  readonly outcome?: Promise<Response>
}

export const beside = Symbol('leashllm.beside')

declare global {
  interface RequestInit {
    [beside]?: Beside | undefined
  }
}

const reports = hidden<Report>()
const streams = hidden<Report>()

/** The report, with the answer that it tells of: there for who asks, invisible to logs, JSON and deep equality. */
export function attachReport(answer: unknown, report: Report | undefined): void {
  if (!report || typeof answer !== 'object' || answer === null) return
  if (Symbol.asyncIterator in answer) streams.set(answer, report)
  else if (!('leash' in answer) || answer.leash !== report)
    Object.defineProperty(answer, 'leash', { value: report, enumerable: false, configurable: true })
}

/**
 * What happened to a streamed call: provider, attempts, usage. Resolves when the stream has ended or was left.
 * @param stream what `create({ stream: true })` or `.stream()` of a leashed client gave
 */
export function reportOf(stream: { readonly controller: AbortController }): Promise<Report> {
  const of: Partial<typeof stream> = Object(stream)
  const report = streams.get(of) ?? reports.get(Object(of.controller?.signal))
  if (report) return whenEnded(report)
  return Promise.reject(
    new LeashError('invalid_config', 'This stream does not come from a leashed client, or its call has not begun.'),
  )
}

/** The same transport without this engine, wherever it stands among the leashes that it is made of: a call is to come through each once. */
export function without(engine: Engine, transport: Transport): Transport {
  const leash = laid.get(transport)
  if (!leash) return transport
  const rest = without(engine, leash.transport)
  if (leash.engine === engine) return rest
  return rest === leash.transport ? transport : leash.over(rest)
}

/**
 * @param given carries what is no call to a model, and calls that go where the SDK was sending them
 * @param provider the provider that the SDK talks to, where its protocol does not tell (Claude on Vertex)
 * @param carriesAll and calls that go anywhere else
 */
export function leashFetch(engine: Engine, given: Transport, provider?: string, carriesAll?: boolean): typeof fetch {
  const transport = without(engine, given)
  const leashed: typeof fetch = async function leashed(input, given = {}) {
    const hung = given[beside]
    if (hung?.outcome) return hung.outcome
    const { body } = given
    const isOther = typeof body === 'object' && body !== null && !(body instanceof Uint8Array)
    const init = isOther ? await (await import('./read-body.js')).withText(input, given) : given
    const request = typeof input === 'string' ? readRequest(input, init) : await readRequestObject(input, init)
    const incoming = request && (await incomingOf(request, { transport, carriesAll }, hung, provider))
    // A transport that is a leash as well has what our layers made of the call, and not what it was.
    if (hung) init[beside] = undefined
    if (!incoming)
      return input instanceof Request
        ? transport(input.url, await (await import('./read-body.js')).initOf(input, init))
        : transport(String(input), init)
    const { report, result } = engine.run(incoming)
    for (const signal of [incoming.signal, hung?.signal]) if (signal) reports.set(signal, report)
    try {
      return respond(await result, report)
    } catch (error) {
      if (!isLeashError(error)) throw error
      const leaving = thrown(error)
      // An answer that never came has no status to show: SDKs have their own classes for that.
      if (leaving !== error || error.code === 'timeout' || error.code === 'deadline_exceeded') throw leaving
      return (await import('./respond-error.js')).respondError(error, incoming.protocol, report)
    }
  }
  laid.set(leashed, { engine, transport, over: (transport) => leashFetch(engine, transport, provider, carriesAll) })
  // Some fetches carry their platform's classes, and the SDKs look for them there.
  return Object.assign(leashed, transport)
}

interface ReadRequest {
  readonly url: string
  readonly path: string
  readonly headers: Headers
  readonly text: string
  readonly init: RequestInit
  readonly signal?: AbortSignal
}

/** The request when it can be one to a model: a POST with a JSON body. */
function readRequest(url: string, init: RequestInit): ReadRequest | undefined {
  const { method, body, headers, signal } = init
  const text = typeof body === 'string' ? body : body instanceof Uint8Array ? new TextDecoder().decode(body) : undefined
  if (text === undefined || method?.toUpperCase() !== 'POST') return undefined
  const path = pathOf(url)
  if (!isModelPath(path)) return undefined
  return {
    url,
    path,
    text,
    init,
    headers: lengthless(headers),
    ...(signal && { signal }),
  }
}

/** The length that an SDK names is that of its own body, which layers may change. */
function lengthless(given: RequestInit['headers']): Headers {
  if (given instanceof Headers && !given.has('content-length')) return given
  const headers = new Headers(given)
  headers.delete('content-length')
  return headers
}

/** No `URL` is made where the address is a plain one: this is asked for each call. */
function pathOf(url: string): string {
  return /^https?:\/\/[^/?#\\]+(\/[\w./:-]*)(?:$|[?#])/.exec(url)?.[1] ?? new URL(url).pathname
}

async function readRequestObject(input: URL | Request, init: RequestInit): Promise<ReadRequest | undefined> {
  if (!(input instanceof Request)) return readRequest(String(input), init)
  const { method, headers, signal } = heldBy(input.signal, input)
  if ((init.method ?? method).toUpperCase() !== 'POST' || !isModelPath(new URL(input.url).pathname)) return undefined
  return readRequest(input.url, { method, headers, signal, body: await input.clone().text(), ...init })
}

async function incomingOf(
  request: ReadRequest,
  carried: Pick<Here, 'transport' | 'carriesAll'>,
  beside: Beside | undefined,
  provider: string | undefined,
): Promise<Incoming | undefined> {
  const { url, path, headers, text, init, signal } = request
  const body = isObject(beside?.body) ? (beside.body as JsonObject) : parseJson(text)
  if (!isObject(body)) return undefined
  const found = await recognise(path, body as JsonObject)
  if (!found) return undefined
  return {
    protocol: found.protocol,
    model: found.model,
    stream: found.stream,
    body: body as JsonObject,
    text,
    headers: headersOf(found.protocol, headers),
    here: {
      url,
      headers,
      init,
      ...carried,
      provider: beside?.provider ?? provider ?? originOf(found.protocol.name),
      ready: beside?.ready ?? true,
      isVendor: isPublicEndpoint(url),
      ...(beside?.renew && { renew: beside.renew }),
    },
    options: beside?.options ?? {},
    ...(beside?.usual && { usual: beside.usual }),
    ...(signal && { signal }),
  }
}
