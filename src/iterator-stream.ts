import { done } from './core/ending.js'

type Bytes = Uint8Array<ArrayBuffer>

/**
 * A `ReadableStream` over an iterator. Whoever iterates it or reads it by a reader, as the SDKs do, gets at the iterator
 * itself and pays nothing for the stream around it; the platform's own ways (`tee`, `pipeTo`, `Response`) go through the
 * stream as through any other.
 */
export class IteratorStream extends ReadableStream<Bytes> {
  readonly #source: Source
  /** Whoever lets go of its reader leaves it, and does not come back. */
  leftWhenReleased = false

  constructor(iterable: AsyncIterable<Uint8Array>) {
    const source = new Source(iterable)
    super(source, { highWaterMark: 0 })
    this.#source = source
  }

  override getReader(options: { mode: 'byob' }): ReadableStreamBYOBReader
  override getReader(): ReadableStreamDefaultReader<Bytes>
  override getReader(options?: ReadableStreamGetReaderOptions): ReadableStreamReader<Bytes>
  override getReader(options?: ReadableStreamGetReaderOptions): ReadableStreamReader<Bytes> {
    // Refused there: this is no byte stream.
    if (options?.mode !== undefined) return super.getReader(options)
    return new IteratorReader(this, this.#source, this.leftWhenReleased)
  }

  override [Symbol.asyncIterator](options?: ReadableStreamIteratorOptions): ReadableStreamAsyncIterator<Bytes> {
    if (this.locked || options?.preventCancel) return this.values(options)
    // Nobody else reads it any more.
    super.getReader()
    return this.#source.take() as ReadableStreamAsyncIterator<Bytes>
  }
}

/** Holds its iterator until that is taken or at its end: Node keeps a stream that nobody closes, and its source, until a full collection. */
class Source implements UnderlyingDefaultSource<Bytes> {
  iterator: AsyncIterator<Uint8Array>

  constructor(iterable: AsyncIterable<Uint8Array>) {
    this.iterator = iterable[Symbol.asyncIterator]()
  }

  async pull(controller: ReadableStreamDefaultController<Bytes>): Promise<void> {
    const { done, value } = await this.next()
    if (done) controller.close()
    else controller.enqueue(value)
  }

  async next(): Promise<ReadableStreamReadResult<Bytes>> {
    const read = (await this.iterator.next()) as ReadableStreamReadResult<Bytes>
    if (read.done) this.iterator = none
    return read
  }

  async cancel(): Promise<void> {
    await this.iterator.return?.()
  }

  take(): AsyncIterator<Uint8Array> {
    const { iterator } = this
    this.iterator = none
    return iterator
  }
}

const none: AsyncIterator<Uint8Array> = { next: async () => done }

/** The bytes of any stream. Whoever leaves them early cancels it. */
export function iteratorOf(stream: ReadableStream<Uint8Array>): AsyncIterator<Uint8Array> {
  if (stream instanceof IteratorStream) return stream[Symbol.asyncIterator]()
  const reader = stream.getReader()
  return {
    next: () => reader.read() as Promise<IteratorResult<Uint8Array>>,
    async return() {
      await reader.cancel()
      return done
    },
  }
}

/** One of the platform's own: Node 26 reads by what is behind a reader, and not by its `read`. */
class IteratorReader extends ReadableStreamDefaultReader<Bytes> {
  readonly #source: Source
  readonly #leavesWhenReleased: boolean
  #released = false
  #closed: PromiseWithResolvers<undefined> | undefined

  constructor(stream: ReadableStream<Bytes>, source: Source, leavesWhenReleased: boolean) {
    super(stream)
    this.#source = source
    this.#leavesWhenReleased = leavesWhenReleased
  }

  override read(): Promise<ReadableStreamReadResult<Bytes>> {
    if (this.#released) return Promise.reject(new TypeError('Invalid state: the reader has been released'))
    const read = this.#source.next()
    if (this.#closed) read.then(({ done }) => done && this.#closed?.resolve(undefined), this.#closed.reject)
    return read
  }

  override releaseLock(): void {
    // Somebody else may be reading by now.
    if (this.#released) return
    this.#released = true
    super.releaseLock()
    if (this.#leavesWhenReleased) void this.#source.cancel().catch(() => {})
  }

  /** Settles with the reads made after it was asked for: nobody pays for it who does not ask. */
  override get closed(): Promise<undefined> {
    if (!this.#closed) {
      this.#closed = Promise.withResolvers<undefined>()
      this.#closed.promise.catch(() => {})
      super.closed.then(() => this.#closed?.resolve(undefined), this.#closed.reject)
    }
    return this.#closed.promise
  }
}
