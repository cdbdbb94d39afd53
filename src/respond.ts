/**
 * Results and errors as what a vendor's SDK expects from `fetch`: a whole, real `Response`.
 *
 * An SDK reads an answer by `text()`, by `json()` or by iterating `body`. Those are answered from what is at hand
 * already; every other way goes through a second `Response` that is made only then, because making one for each
 * call would cost more than all the layers together.
 */
import type { Report, Result, UnaryResult } from './core/call.js'
import { done } from './core/ending.js'
import { type LeashError, thrown } from './core/errors.js'
import { hidden } from './core/hidden.js'
import { holdsExact } from './core/json.js'
import { requestId } from './core/request-id.js'
import { ownKind } from './core/transport.js'
import { IteratorStream, iteratorOf } from './iterator-stream.js'
import { tellIn, withReport } from './leashed-headers.js'
import type { Protocol } from './protocols/protocol.js'
import { retryAfterMs } from './protocols/retry-after.js'

interface Read {
  readonly headers: Headers
  /** Until it has been read: whoever keeps the response is not to keep the answer twice. */
  answer?: UnaryResult | undefined
  /** The body of a failure. */
  readonly text?: string
  /** The body of a stream. */
  stream?: AsyncIterable<Uint8Array>
  body?: IteratorStream
  whole?: Response
  used: boolean
}

const read = hidden<Read>()

/** Never constructed: its prototype is given to a `Response` whose body has been read, or is being read, beside the road. */
class LeashedResponse extends Response {
  override get headers(): Headers {
    return readOf(this).headers
  }
  override get body(): Response['body'] {
    const state = readOf(this)
    if (!state.stream || state.whole) return wholeOf(this, state).body
    state.body ??= new IteratorStream(state.stream)
    return state.body
  }
  override get bodyUsed(): boolean {
    const { used, whole, body } = readOf(this)
    return used || (whole?.bodyUsed ?? body?.locked ?? false)
  }
  override json(): Promise<unknown> {
    const state = readOf(this)
    const { answer } = state
    if (!answer || state.used || state.whole) return unread(this, (response) => response.json())
    spend(state)
    return new Promise((resolve) => {
      const { text, body } = answer
      // What a layer has made may hold numbers that are kept as their text.
      resolve(text === undefined && holdsExact(body) ? JSON.parse(JSON.stringify(body)) : body)
    })
  }
  override text(): Promise<string> {
    const state = readOf(this)
    if (state.stream || state.used || state.whole) return unread(this, (response) => response.text())
    const text = textOf(state)
    spend(state)
    return Promise.resolve(text)
  }
  override arrayBuffer(): Promise<ArrayBuffer> {
    return unread(this, (response) => response.arrayBuffer())
  }
  override bytes() {
    return unread(this, (response) => response.bytes())
  }
  override blob(): Promise<Blob> {
    return unread(this, (response) => response.blob())
  }
  override formData(): Promise<FormData> {
    return unread(this, (response) => response.formData())
  }
  override clone(): Response {
    const state = readOf(this)
    if (state.used) throw unusable()
    return wholeOf(this, state).clone()
  }
}

function spend(state: Read): void {
  state.used = true
  state.answer = undefined
}

interface Taken {
  readonly bytes: AsyncIterator<Uint8Array>
  /** Lets somebody else read the rest, from the response's body: this piece, and all behind it. */
  giveBack(piece: Uint8Array): void
}

/** A stream's bytes, as a reader of its body would get them; undefined when somebody else reads them. */
export function takeStream(response: Response): Taken | undefined {
  const state = read.get(response)
  const body = state?.stream && !state.whole && !state.body?.locked ? response.body : null
  if (!state || !body) return undefined
  const bytes = iteratorOf(body)
  return {
    bytes,
    giveBack(piece) {
      state.stream = behind(piece, bytes)
      delete state.body
    },
  }
}

function behind(piece: Uint8Array, bytes: AsyncIterator<Uint8Array>): AsyncIterable<Uint8Array> {
  let first: Uint8Array | undefined = piece
  const stream: AsyncIterableIterator<Uint8Array> = {
    async next() {
      const value = first
      first = undefined
      return value ? { done: false, value } : bytes.next()
    },
    return: async () => bytes.return?.() ?? done,
    [Symbol.asyncIterator]: () => stream,
  }
  return stream
}

function readOf(response: Response): Read {
  const state = read.get(response)
  if (state) return state
  throw new TypeError('Illegal invocation: not a response of a leash.')
}

const unusable = () => new TypeError('Body is unusable: it has been read already.')

async function unread<T>(response: Response, read: (whole: Response) => Promise<T>): Promise<T> {
  const state = readOf(response)
  if (state.used) throw unusable()
  const whole = wholeOf(response, state)
  spend(state)
  return read(whole)
}

function wholeOf({ status, statusText }: Response, state: Read): Response {
  const body = state.stream ? (state.body ?? new IteratorStream(state.stream)) : textOf(state)
  state.whole ??= new Response(body, { status, statusText, headers: [...state.headers] })
  return state.whole
}

function textOf({ text, answer }: Read): string {
  return text ?? (answer ? (answer.text ?? JSON.stringify(answer.body)) : '')
}

export function respond(result: Result, report: Report): Response {
  const headers = tellIn(result.headers, report)
  const theirs = result.response
  const response = theirs && !(ownKind in theirs) ? theirs : new Response(null, { status: result.status })
  Object.setPrototypeOf(response, LeashedResponse.prototype)
  read.set(response, result.stream ? { headers, stream: result.body, used: false } : { headers, answer: result, used: false })
  return response
}

export function respondError(error: LeashError, protocol: Protocol, report: Report): Response {
  const { status, statusText = '', headers, text, breaksOff } = failureIn(error, protocol, report)
  const response = new Response(null, { status, statusText })
  Object.setPrototypeOf(response, LeashedResponse.prototype)
  read.set(response, { headers, ...(breaksOff ? { stream: brokenOff(text, error) } : { text }), used: false })
  return response
}

interface Failure {
  readonly status: number
  readonly statusText?: string | undefined
  readonly headers: Headers
  readonly text: string
  /** The stream was given up after so much of it. */
  readonly breaksOff?: boolean
}

export async function* brokenOff(text: string, error: LeashError): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text)
  throw thrown(error)
}

/** A failure as the caller's vendor would answer it. The SDK that reads it must not start a second round of retries. */
export function failureIn(error: LeashError, protocol: Protocol, report: Report): Failure {
  const own = error.upstream?.protocol === protocol.name ? error.upstream : undefined
  // Told in a stream that began well: SDKs read it as that stream, and do not send it again.
  if (own && own.status < 400) {
    const breaksOff = error.code === 'upstream_malformed'
    return { status: own.status, headers: tellIn(own.headers, report), text: own.text, breaksOff }
  }
  const { headers: theirs } = error.upstream ?? {}
  const headers = withReport(own?.headers ?? new Headers({ 'content-type': 'application/json', ...requestId(theirs) }), report)
  headers.set('x-should-retry', 'false')
  headers.set('x-leash-error', error.code)
  const wait = error.retryAfterMs
  // The vendor spoke of one key, and another is ready sooner.
  const sooner = own && wait !== undefined && wait < (retryAfterMs(own.headers) ?? 0)
  if (sooner) headers.delete('retry-after-ms')
  if (wait !== undefined && (!own || sooner)) headers.set('retry-after', String(Math.ceil(wait / 1000)))
  if (own) return { ...own, headers }
  const { status, body } = protocol.encodeError(error)
  for (const [name, value] of Object.entries(error.headers ?? {})) headers.set(name, value)
  return { status, headers, text: JSON.stringify(body) }
}
