/** A vendor's answer while it comes in: a `Response` whose bytes are read without the platform's streams. */
import type { IncomingHttpHeaders } from 'node:http'
import { Readable } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import type { Dispatcher } from 'undici'
import { IteratorStream } from '../../iterator-stream.js'
import { ArrivedResponse, bytesOf } from './arrived.js'
import { bare } from './bare.js'

/** Whoever reads slower than the vendor speaks, holds the vendor up when so many bytes wait for him. */
const mostWaiting = 256 * 1024

type Bytes = Uint8Array<ArrayBuffer>
type Read = ReadableStreamReadResult<Bytes>

const done: Read = { done: true, value: undefined }

export interface ArrivingDeps {
  readonly resolve: (response: Response) => void
  readonly reject: (error: unknown) => void
  readonly signal?: AbortSignal | null | undefined
}

/** Fails as `fetch` does, whose errors the engine knows. */
export class Arriving implements Dispatcher.DispatchHandler, ReadableStreamDefaultReader<Bytes> {
  readonly #deps: ArrivingDeps
  #controller: Dispatcher.DispatchController | undefined
  #waiting: Bytes[] = []
  #size = 0
  #reader: { resolve(read: Read): void; reject(error: unknown): void } | undefined
  #over = false
  #error: { readonly error: unknown } | undefined

  constructor(deps: ArrivingDeps) {
    this.#deps = deps
    const { signal } = deps
    if (signal?.aborted) this.#stop()
    else signal?.addEventListener('abort', this.#stop, { once: true })
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    // It was stopped while it waited for a connection.
    if (this.#over) controller.abort(left())
  }

  onResponseStart(_: unknown, status: number, headers: IncomingHttpHeaders): void {
    // What precedes the answer.
    if (status < 200) return
    const body = decoded(headers['content-encoding'], this) ?? new ArrivingBody(this)
    this.#deps.resolve(new ArrivedResponse(status > 599 ? 502 : status, headers, body))
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    if (this.#over) return
    const value = chunk as Bytes
    const reader = this.#reader
    this.#reader = undefined
    if (reader) {
      reader.resolve({ done: false, value })
      return
    }
    this.#waiting.push(value)
    this.#size += value.length
    if (this.#size > mostWaiting) controller.pause()
  }

  onResponseEnd(): void {
    this.#end(undefined)
  }

  onResponseError(_: unknown, cause: Error): void {
    this.#end({ error: new TypeError('fetch failed', { cause }) })
  }

  read(): Promise<Read> {
    const value = this.#waiting.shift()
    if (value) {
      this.#size -= value.length
      if (this.#waiting.length === 0 && this.#controller?.paused) this.#controller.resume()
      return Promise.resolve({ done: false, value })
    }
    if (this.#error) return Promise.reject(this.#error.error)
    if (this.#over) return Promise.resolve(done)
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject }
    })
  }

  /** Ends the request, should it be under way still: a vendor is paid by the word. */
  async cancel(): Promise<void> {
    this.#waiting = []
    if (this.#over) return
    this.#end(undefined)
    this.#controller?.abort(left())
  }

  releaseLock(): void {}

  get closed(): Promise<undefined> {
    return Promise.resolve(undefined)
  }

  readonly #stop = (): void => {
    if (this.#over) return
    this.#waiting = []
    this.#end({ error: this.#deps.signal?.reason })
    this.#controller?.abort(left())
  }

  #end(error: { readonly error: unknown } | undefined): void {
    if (this.#over) return
    this.#over = true
    this.#error = error
    this.#deps.signal?.removeEventListener('abort', this.#stop)
    const reader = this.#reader
    this.#reader = undefined
    // Nobody hears of it after the answer has begun.
    if (error) this.#deps.reject(error.error)
    if (error) reader?.reject(error.error)
    else reader?.resolve(done)
  }
}

/** To make one of the platform's costs as much as everything else about an answer, and the engine reads by a reader. */
class ArrivingBody extends bare(ReadableStream<Bytes>) {
  readonly #reader: Arriving

  constructor(reader: Arriving) {
    super()
    this.#reader = reader
  }
  override get locked(): boolean {
    return false
  }
  override getReader(options: { mode: 'byob' }): ReadableStreamBYOBReader
  override getReader(): ReadableStreamDefaultReader<Bytes>
  override getReader(options?: ReadableStreamGetReaderOptions): ReadableStreamReader<Bytes> {
    return options?.mode === undefined ? this.#reader : super.getReader(options)
  }
  override cancel(): Promise<void> {
    return this.#reader.cancel()
  }
}

/** Nobody asked for it, but some answer so. */
function decoded(encoding: string | undefined, arriving: Arriving): ReadableStream<Bytes> | undefined {
  const open = { gzip: createGunzip, br: createBrotliDecompress, deflate: createInflate }[encoding ?? '']
  return open && new IteratorStream(Readable.from(bytesOf(arriving)).compose(open()))
}

function left(): Error {
  return new DOMException('Nobody waits for the answer any more.', 'AbortError')
}
