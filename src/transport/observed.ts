import { LeashError, thrown } from '../core/errors.js'
import { type Framing, unframer } from '../protocols/framing/framing.js'
import type { ByteFilter, Tap } from '../protocols/protocol.js'

export interface ObservedOptions {
  readonly framing: Framing
  readonly tap: Tap
  readonly filter?: ByteFilter
  /** Called once, when the stream has ended in any way: with the error it failed with, or 'cancelled' when it was left early. */
  readonly onEnd: (ending: LeashError | 'cancelled' | undefined) => void
  /** Called for each chunk, to keep the idle clock from striking. */
  readonly onChunk: () => void
  /** What a failed read means. */
  readonly explain: (error: unknown) => LeashError
}

/**
 * A vendor's stream on its way to the caller: each chunk is handed on as it came, and looked at beside the road.
 * Written by hand as an iterator, because a `ReadableStream` in between costs a third of the whole call.
 */
export class ObservedStream implements AsyncIterableIterator<Uint8Array> {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #options: ObservedOptions
  readonly #frames: ReturnType<typeof unframer>
  readonly #ready: Uint8Array[] = []
  #ended = false

  constructor(body: ReadableStream<Uint8Array>, options: ObservedOptions) {
    this.#reader = body.getReader()
    this.#options = options
    this.#frames = unframer(options.framing, (event) => options.tap.see(event))
  }

  /** Reads on until the answer itself begins, so that a failure before it is an ordinary throw. */
  async prime(): Promise<void> {
    const { tap } = this.#options
    while (!tap.content && !tap.terminal && !this.#ended) {
      const bytes = await this.#read()
      if (bytes) this.#ready.push(bytes)
    }
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    const ready = this.#ready.shift()
    if (ready) return Promise.resolve({ done: false, value: ready })
    if (this.#ended) return Promise.resolve({ done: true, value: undefined })
    return this.#next()
  }

  async #next(): Promise<IteratorResult<Uint8Array>> {
    while (!this.#ended) {
      const bytes = await this.#read()
      if (bytes) return { done: false, value: bytes }
    }
    return { done: true, value: undefined }
  }

  /** One read; undefined when it brought nothing to hand on. */
  async #read(): Promise<Uint8Array | undefined> {
    const { tap, filter, onChunk } = this.#options
    try {
      const { done, value } = await this.#reader.read()
      if (done) return this.#finish()
      onChunk()
      this.#frames.push(value)
      if (tap.error && !tap.content) throw tap.error
      return filter ? filter.push(value) : value
    } catch (error) {
      const failure = this.#options.explain(error)
      this.#end(failure)
      // Not awaited: a socket that hangs must not hold back the error.
      this.#reader.cancel(failure).catch(() => {})
      throw thrown(failure)
    }
  }

  #finish(): Uint8Array | undefined {
    const { tap, filter } = this.#options
    this.#frames.end()
    if (tap.error) {
      // The caller has read the vendor's own error event: it is the vendor's ending, and only the report needs it.
      this.#end(tap.error)
      return filter?.end()
    }
    if (!tap.terminal)
      throw new LeashError('stream_truncated', 'The stream ended before the answer was complete. Send the call again.', {
        retryable: true,
      })
    this.#end(undefined)
    return filter?.end()
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    if (!this.#ended) {
      // An answer that is complete but for the closing of its connection was not cut short by the caller.
      this.#end(this.#options.tap.terminal ? this.#options.tap.error : 'cancelled')
      await this.#reader.cancel().catch(() => {})
    }
    return { done: true, value: undefined }
  }

  #end(ending: LeashError | 'cancelled' | undefined): void {
    if (this.#ended) return
    this.#ended = true
    this.#options.onEnd(ending)
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
