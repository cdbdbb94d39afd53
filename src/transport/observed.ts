import { done, type Endings, endings, hearing, type TellingStream, truncated } from '../core/ending.js'
import { type LeashError, thrown } from '../core/errors.js'
import { parseJson } from '../core/json.js'
import type { Usage } from '../core/usage.js'
import type { Unframer } from '../protocols/framing/framing.js'
import type { ByteFilter, Tap, WireEvent } from '../protocols/protocol.js'
import { saidIn } from '../protocols/said.js'
import type { Streamed, Underway } from './attempt.js'

export interface ObservedOptions {
  readonly tap: Tap
  /** Sees no bytes before the answer is about to end: what it takes away can only come then. */
  readonly filter?: ByteFilter | undefined
  /** A failure that the vendor told in the stream itself, before any content: with what was read so far, as text. */
  readonly refused: (error: LeashError, text: string) => LeashError
}

type Read = ReadableStreamReadResult<Uint8Array>

const newline = 0x0a
/** So many of the newest events are kept, to tell by them how much of a stream is text. */
const sample = 16
const lastWordsMs = 250
const lastWordsLength = 1024 * 1024

/**
 * A vendor's stream on its way to the caller: each chunk is handed on as it came, and looked at beside the road.
 * Written by hand as an iterator, because a `ReadableStream` in between costs a third of the whole call, and with one
 * promise for each chunk, because that is most of what is left.
 */
export class ObservedStream implements AsyncIterableIterator<Uint8Array>, TellingStream, Streamed {
  readonly [endings]: Endings
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #underway: Underway
  readonly #options: ObservedOptions
  readonly #frames: Unframer
  /** Read while priming, not handed on yet. */
  #ready: Uint8Array[] = []
  /** A read under way that priming did not wait for. */
  #pending: Promise<Read> | undefined
  /** The chunk before ended where an event ended. */
  #whole = false
  readonly #text = new TextDecoder()
  /** From its first end on, though another answer may begin behind it: what the filter holds must not be overtaken. */
  #filters = false
  #ended = false
  #hear: ((bytes: Uint8Array) => void) | undefined
  /** The newest of what came since the answer began: events, and chunks of whole events that were not taken apart. */
  readonly #newest: (WireEvent | Uint8Array)[] = []
  #heard = 0
  /** Of all that came since, about as many characters. */
  #length = 0

  constructor(body: ReadableStream<Uint8Array>, underway: Underway, options: ObservedOptions) {
    this[endings] = underway.endings
    this.#reader = body.getReader()
    this.#underway = underway
    this.#options = options
    this.#frames = underway.theirs.framing.unframer((event) => {
      // Nothing behind nonsense counts: what came in the same chunk is no more of an answer than what would have come later.
      if (this.#isNonsense()) return
      options.tap.see(event)
      // What says again, at an end, all that was said tells nothing of how much text the rest holds.
      if (!underway.theirs.lens.repeats?.({ type: event.event })) this.#note(event, event.data.length)
    })
    underway.stream = this
  }

  isWhole(): boolean {
    const { tap } = this.#options
    return tap.terminal && !tap.error
  }

  usageSoFar(): Usage | undefined {
    const { tap } = this.#options
    this.#underway.uses = tap.uses
    this.#underway.used(undefined, tap.tier)
    return tap.usage
  }

  /**
   * Reads on until the answer itself begins, so that a failure before it is an ordinary throw; but no longer than
   * `patienceMs`, for there are callers who have use for what comes before the content. Absent: until the clock strikes.
   */
  async prime(patienceMs: number | undefined): Promise<void> {
    const { tap } = this.#options
    let timer: ReturnType<typeof setTimeout> | undefined
    let impatient: Promise<undefined> | undefined
    try {
      while (!tap.content && !tap.terminal && !this.#ended) {
        this.#pending ??= this.#reader.read()
        impatient ??= new Promise((resolve) => {
          if (patienceMs !== undefined) timer = setTimeout(() => resolve(undefined), patienceMs)
        })
        const read = await Promise.race([this.#pending, impatient])
        if (!read) break
        this.#pending = undefined
        const bytes = this.#take(read)
        if (bytes) this.#ready.push(bytes)
        if (tap.error && !tap.content) throw this.#options.refused(tap.error, await this.#toTheEnd())
      }
    } catch (error) {
      throw this.#fail(error)
    } finally {
      clearTimeout(timer)
    }
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    const ready = this.#ready.shift()
    if (ready) {
      this.#underway.clock.heard()
      return Promise.resolve(this.#told(ready))
    }
    if (this.#ended) return Promise.resolve(done)
    // Nonsense goes on to the caller too, whose SDK has its own words for it; nothing after it does.
    if (this.#isNonsense()) return Promise.resolve().then(() => this.#broken(this.#options.tap.error))
    this.#underway.clock.waits()
    const read = this.#pending ?? this.#reader.read()
    this.#pending = undefined
    if (this.#options.tap.error) this.#boundLastWords(read)
    return read.then(this.#handOn, this.#broken)
  }

  /** The clock has stopped, and a vendor that has told its failure may keep the connection. */
  #boundLastWords(read: Promise<Read>): void {
    const timer = setTimeout(() => void this.#reader.cancel().catch(() => {}), lastWordsMs)
    const over = () => clearTimeout(timer)
    read.then(over, over)
  }

  readonly #handOn = (read: Read): IteratorResult<Uint8Array> | Promise<IteratorResult<Uint8Array>> => {
    // Left while it was waited for: what the reader says now is only our own leaving.
    if (this.#ended) return done
    let bytes: Uint8Array | undefined
    try {
      bytes = this.#take(read)
    } catch (error) {
      return this.#broken(error)
    }
    return bytes ? this.#told(bytes) : this.next()
  }

  readonly #broken = (error: unknown): IteratorResult<Uint8Array> => {
    const failure = this.#fail(error)
    if (!this.#underway.isOver(failure)) throw thrown(failure)
    const rest = this.#options.filter?.end()
    return rest ? this.#told(rest) : done
  };

  [hearing](hear: (bytes: Uint8Array) => void): void {
    const before = this.#hear
    const both = (bytes: Uint8Array) => {
      before?.(bytes)
      hear(bytes)
    }
    this.#hear = before ? both : hear
  }

  #told(value: Uint8Array): IteratorResult<Uint8Array> {
    this.#hear?.(value)
    return { done: false, value }
  }

  #isNonsense(): boolean {
    return this.#options.tap.error?.code === 'upstream_malformed'
  }

  /** What one read brought to hand on, if anything. */
  #take({ done, value }: Read): Uint8Array | undefined {
    const { tap, filter } = this.#options
    if (done) return this.#finish()
    this.#underway.clock.heard()
    if (this.#skims(value)) this.#note(value, value.length)
    else this.#frames.push(value)
    // SDKs leave when they read of a failure: by an abort, or without a word. So it is over now, and not once somebody reads on.
    if (tap.error && tap.content) this.#underway.end(tap.error)
    this.#filters ||= tap.terminal
    return filter && this.#filters ? filter.push(value) : value
  }

  /** All that a stream which tells its failure has to say, as text: the vendor closes it at once, or we do not wait for it. */
  async #toTheEnd(): Promise<string> {
    let timer: ReturnType<typeof setTimeout> | undefined
    const enough = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), lastWordsMs)
    })
    const text = new TextDecoder()
    let said = this.#ready.map((bytes) => text.decode(bytes, { stream: true })).join('')
    for (let read: Read | undefined; said.length < lastWordsLength; said += text.decode(read.value, { stream: true })) {
      read = await Promise.race([this.#reader.read(), enough])
      if (!read || read.done) break
    }
    clearTimeout(timer)
    return said
  }

  #note(what: WireEvent | Uint8Array, length: number): void {
    if (!this.#options.tap.content) return
    this.#newest[this.#heard++ % sample] = what
    this.#length += length
  }

  /**
   * About how long the answer so far is: the newest events are read, and what was before them will have had as much text.
   * To read every event for it would cost as much as the stream itself. 0 where the vendor has told all there is to tell.
   */
  said(told: Usage | undefined): number {
    if (told && this.#options.tap.terminal) return 0
    const { lens, framing } = this.#underway.theirs
    let said = 0
    let length = 0
    const read = ({ data }: WireEvent) => {
      // What ends a stream is often no JSON, and to find that out by parsing costs more than all the rest of it.
      if (data.startsWith('{')) said += saidIn(lens, parseJson(data))
    }
    for (const newest of this.#newest) {
      if (newest instanceof Uint8Array) framing.unframer(read).push(newest)
      else read(newest)
      length += newest instanceof Uint8Array ? newest.length : newest.data.length
    }
    return length === 0 ? 0 : Math.round((said * this.#length) / length)
  }

  /** Whether the chunk is made of whole events of no interest. */
  #skims(bytes: Uint8Array): boolean {
    const { tap } = this.#options
    const whole = this.#whole
    // Only `\n\n` is looked for: streams that end their lines otherwise are read the long way.
    this.#whole = bytes[bytes.length - 1] === newline && bytes[bytes.length - 2] === newline
    return whole && this.#whole && tap.content && !tap.terminal && (tap.passes?.(this.#text.decode(bytes)) ?? false)
  }

  #finish(): Uint8Array | undefined {
    const { tap, filter } = this.#options
    this.#frames.end()
    // A stream that never spoke the protocol cannot have been cut short in it.
    if (!tap.error && !tap.terminal && tap.began !== false) throw truncated()
    // The vendor's own error event is on its way to the caller: here it is only noted.
    this.#end(tap.error)
    return filter?.end()
  }

  #fail(error: unknown): LeashError {
    const failure = this.#underway.explain(error)
    // Not awaited: a socket that hangs must not hold back the error.
    if (!this.#ended) this.#reader.cancel(failure).catch(() => {})
    this.#end(failure)
    return failure
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    if (!this.#ended) {
      const { tap } = this.#options
      const cancelled = this.#reader.cancel().catch(() => {})
      // An answer that is complete, or has failed, but for the closing of its connection was not cut short by the caller.
      this.#end(tap.terminal || tap.error ? tap.error : 'cancelled')
      await cancelled
    }
    return done
  }

  #end(ending: LeashError | 'cancelled' | undefined): void {
    if (this.#ended) return
    this.#ended = true
    this.#reader.releaseLock()
    this.#underway.end(ending)
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
