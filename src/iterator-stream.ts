type Bytes = Uint8Array<ArrayBuffer>

const locked = () => new TypeError('Invalid state: ReadableStream is locked')

/**
 * A `ReadableStream` over an iterator. Whoever iterates it or reads it by a reader, as the SDKs do, gets at the iterator
 * itself and pays nothing for the stream around it; the platform's own ways (`tee`, `pipeTo`, `Response`) go through the
 * stream as through any other.
 */
export class IteratorStream extends ReadableStream<Bytes> {
  readonly #iterator: AsyncIterator<Uint8Array>
  #reader: IteratorReader | undefined

  constructor(source: AsyncIterable<Uint8Array>) {
    const iterator = source[Symbol.asyncIterator]()
    super(
      {
        async pull(controller) {
          const { done, value } = await iterator.next()
          if (done) controller.close()
          else controller.enqueue(value as Bytes)
        },
        async cancel() {
          await iterator.return?.()
        },
      },
      { highWaterMark: 0 },
    )
    this.#iterator = iterator
  }

  override get locked(): boolean {
    return this.#reader !== undefined || super.locked
  }

  override getReader(options: { mode: 'byob' }): ReadableStreamBYOBReader
  override getReader(): ReadableStreamDefaultReader<Bytes>
  override getReader(options?: ReadableStreamGetReaderOptions): ReadableStreamReader<Bytes>
  override getReader(options?: ReadableStreamGetReaderOptions): ReadableStreamReader<Bytes> {
    if (this.locked) throw locked()
    // Refused there: this is no byte stream.
    if (options?.mode !== undefined) return super.getReader(options)
    this.#reader = new IteratorReader(this.#iterator, () => {
      this.#reader = undefined
    })
    return this.#reader
  }

  override cancel(reason?: unknown): Promise<void> {
    return this.#reader ? Promise.reject(locked()) : super.cancel(reason)
  }

  override tee(): [ReadableStream<Bytes>, ReadableStream<Bytes>] {
    if (this.#reader) throw locked()
    return super.tee()
  }

  override pipeTo(destination: WritableStream<Bytes>, options?: StreamPipeOptions): Promise<void> {
    return this.#reader ? Promise.reject(locked()) : super.pipeTo(destination, options)
  }

  override pipeThrough<T>(transform: ReadableWritablePair<T, Bytes>, options?: StreamPipeOptions): ReadableStream<T> {
    if (this.#reader) throw locked()
    return super.pipeThrough(transform, options)
  }

  override values(options?: ReadableStreamIteratorOptions): ReadableStreamAsyncIterator<Bytes> {
    if (this.#reader) throw locked()
    return super.values(options)
  }

  override [Symbol.asyncIterator](options?: ReadableStreamIteratorOptions): ReadableStreamAsyncIterator<Bytes> {
    if (this.locked || options?.preventCancel) return this.values(options)
    this.#reader = new IteratorReader(this.#iterator, () => {})
    return this.#iterator as ReadableStreamAsyncIterator<Bytes>
  }
}

class IteratorReader implements ReadableStreamDefaultReader<Bytes> {
  readonly #iterator: AsyncIterator<Uint8Array>
  readonly #release: () => void
  #released = false
  #closed: { promise: Promise<undefined>; resolve(value: undefined): void; reject(error: unknown): void } | undefined

  constructor(iterator: AsyncIterator<Uint8Array>, release: () => void) {
    this.#iterator = iterator
    this.#release = release
  }

  read(): Promise<ReadableStreamReadResult<Bytes>> {
    if (this.#released) return Promise.reject(new TypeError('Invalid state: the reader has been released'))
    const read = this.#iterator.next() as Promise<ReadableStreamReadResult<Bytes>>
    if (this.#closed) read.then(({ done }) => done && this.#closed?.resolve(undefined), this.#closed.reject)
    return read
  }

  async cancel(): Promise<void> {
    await this.#iterator.return?.()
    this.#closed?.resolve(undefined)
  }

  releaseLock(): void {
    this.#released = true
    this.#release()
  }

  /** Settles with the reads made after it was asked for: nobody pays for it who does not ask. */
  get closed(): Promise<undefined> {
    this.#closed ??= Promise.withResolvers<undefined>()
    return this.#closed.promise
  }
}
