/**
 * One stream for many readers. It is read once, at the pace of the fastest of them, and each gets all of its bytes, also
 * one who comes later; what is kept for that has a bound.
 */
import type { StreamResult } from './call.js'
import { atEnd, done, type Ending, Endings, endings, type TellingStream } from './ending.js'
import { type LeashError, thrown } from './errors.js'

export interface SharedStreamOptions {
  /**
   * How many bytes are kept. A stream that has grown longer takes no more readers, and one who has fallen further behind
   * the fastest fails: neither does anybody wait for the slowest, nor does its backlog grow without end.
   */
  readonly maxBytes: number
  /** The failure of a reader who has fallen too far behind. */
  readonly tooSlow: () => LeashError
}

/** Readers go from piece to piece, so that one which nobody has before him is let go of by itself. */
interface Piece {
  readonly bytes: Uint8Array
  next?: Piece
}

interface Waiting {
  resolve(read: IteratorResult<Uint8Array>): void
  reject(error: unknown): void
}

export class SharedStream {
  readonly #source: AsyncIterator<Uint8Array>
  readonly #options: SharedStreamOptions
  readonly #readers = new Set<SharedReader>()
  /** Of readers who have left with all that there was: what the source says next tells whether that was all. */
  #leavers: Endings[] = []
  /** In front of the first piece; absent once the stream is too long to be replayed. */
  #start: Piece | undefined
  #last: Piece
  /** Bytes read in all. */
  #size = 0
  #reading = false
  #told: { readonly ending: Ending } | undefined
  /** It was read to its end. */
  #whole = false
  /** Nothing more will be read. */
  ended = false
  /** What the source threw. */
  failure: { readonly error: unknown } | undefined

  constructor(result: StreamResult, options: SharedStreamOptions) {
    const { body } = atEnd(result, (ending) => {
      this.#told = { ending }
    })
    this.#source = body[Symbol.asyncIterator]()
    this.#options = options
    this.#start = { bytes: new Uint8Array() }
    this.#last = this.#start
  }

  /** A reader from the first byte on; undefined when that is no longer at hand. */
  open(): SharedReader | undefined {
    if (!this.#start) return undefined
    const reader = new SharedReader(this, this.#start)
    this.#readers.add(reader)
    return reader
  }

  /** All bytes, once the stream has ended well and was not too long. */
  get recording(): Uint8Array[] | undefined {
    if (!this.#start || !this.#whole || this.ending !== undefined) return undefined
    const pieces: Uint8Array[] = []
    for (let piece = this.#start.next; piece; piece = piece.next) pieces.push(piece.bytes)
    return pieces
  }

  /** Nothing more is to come, though it need not have been closed. */
  get over(): boolean {
    return this.ended || this.#told !== undefined
  }

  /** How the stream ended; for one that has not, how it ends for a reader who leaves it. */
  get ending(): Ending {
    return this.#told ? this.#told.ending : 'cancelled'
  }

  /** Reads on, for a reader who has read all there is. */
  pull(): void {
    if (this.#reading || this.ended) return
    this.#reading = true
    this.#source.next().then(this.#take, this.#fail)
  }

  /** The last one who leaves closes the source. */
  leave(reader: SharedReader): void {
    this.#readers.delete(reader)
    if (this.#readers.size > 0 || this.ended) return
    this.ended = true
    this.#source.return?.().catch(() => {})
    this.#settle(this.ending)
  }

  /** Tells who has left with all that there was how its stream ended, as soon as that is known. */
  leaveOpen(reader: Endings): void {
    this.#leavers.push(reader)
    this.pull()
  }

  #settle(ending: Ending): void {
    for (const leaver of this.#leavers.splice(0)) leaver.end(ending)
  }

  readonly #take = (read: IteratorResult<Uint8Array>): void => {
    this.#reading = false
    if (this.ended) return
    if (!read.done) this.#append(read.value)
    else {
      this.ended = true
      this.#whole = true
      this.#told ??= { ending: undefined }
      this.#settle(this.ending)
    }
    for (const reader of [...this.#readers]) reader.serve()
    this.#drop()
  }

  readonly #fail = (error: unknown): void => {
    this.#reading = false
    if (this.ended) return
    this.ended = true
    this.failure = { error }
    this.#settle('cancelled')
    for (const reader of [...this.#readers]) reader.serve()
  }

  #append(bytes: Uint8Array): void {
    const piece = { bytes }
    this.#last.next = piece
    this.#last = piece
    this.#size += bytes.byteLength
    this.#settle('cancelled')
  }

  /** Lets go of what is over the bound. The newest piece does not count: nobody had a chance to read it. */
  #drop(): void {
    const { maxBytes, tooSlow } = this.#options
    if (this.#size <= maxBytes) return
    this.#start = undefined
    const before = this.#size - this.#last.bytes.byteLength
    for (const reader of [...this.#readers]) if (before - reader.size > maxBytes) reader.fail(tooSlow())
  }
}

export class SharedReader implements AsyncIterableIterator<Uint8Array>, TellingStream {
  readonly [endings] = new Endings()
  /** Bytes read so far. */
  size = 0
  readonly #stream: SharedStream
  #at: Piece
  /** Reads that wait for the source. */
  readonly #waiting: Waiting[] = []
  #over = false
  /** Thrown by the next read. */
  #failure: { readonly error: unknown } | undefined

  constructor(stream: SharedStream, start: Piece) {
    this.#stream = stream
    this.#at = start
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      this.serve()
    })
  }

  /** Answers the reads that wait, as far as there is something to answer. */
  serve(): void {
    const waiting = this.#waiting
    for (let read = waiting[0]; read; read = waiting[0]) {
      const value = this.#over ? undefined : this.#take()
      if (!value && !this.#over) {
        if (!this.#stream.ended) {
          this.#stream.pull()
          return
        }
        this.#failure = this.#stream.failure
        this.#end()
      }
      waiting.shift()
      const failure = value ? undefined : this.#failure
      if (value) read.resolve({ done: false, value })
      else if (failure) {
        this.#failure = undefined
        read.reject(failure.error)
      } else read.resolve(done)
    }
  }

  /** Ends this reader's stream with an error; the others go on. */
  fail(error: LeashError): void {
    if (this.#over) return
    this.#failure = { error: thrown(error) }
    this.#end(error)
    this.serve()
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    if (!this.#over) {
      this.#end()
      this.serve()
    }
    return done
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** A copy, for what a reader does to its bytes is not to reach the others. */
  #take(): Uint8Array | undefined {
    const piece = this.#at.next
    if (!piece) return undefined
    this.#at = piece
    this.size += piece.bytes.byteLength
    return new Uint8Array(piece.bytes)
  }

  #end(error?: LeashError): void {
    this.#over = true
    this.#stream.leave(this)
    // An answer that is complete but for the closing of its connection was not cut short by who leaves it.
    if (error || this.#at.next || this.size === 0) this[endings].end(error ?? 'cancelled')
    else if (this.#stream.over) this[endings].end(this.#stream.ending)
    else this.#stream.leaveOpen(this[endings])
  }
}
