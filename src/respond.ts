/**
 * Results as what a vendor's SDK expects from `fetch`: a whole, real `Response`.
 *
 * An SDK reads an answer by `text()`, by `json()` or by iterating `body`. Those are answered from what is at hand
 * already; every other way goes through a second `Response` that is made only then, because making one for each
 * call would cost more than all the layers together.
 */
import type { Report, Result, UnaryResult } from './core/call.js'
import { done } from './core/ending.js'
import { hidden } from './core/hidden.js'
import { holdsExact } from './core/json.js'
import { ownKind } from './core/transport.js'
import { IteratorStream, iteratorOf } from './iterator-stream.js'
import { tellIn } from './leashed-headers.js'

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
  return leashed(
    response,
    result.stream ? { headers, stream: result.body, used: false } : { headers, answer: result, used: false },
  )
}

/** @param response that of the vendor, or an empty one, which from now on gives what is in `state` */
export function leashed(response: Response, state: Read): Response {
  Object.setPrototypeOf(response, LeashedResponse.prototype)
  read.set(response, state)
  return response
}
