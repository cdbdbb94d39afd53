import type { Call, StreamResult } from '../../core/call.js'
import { atEnd, done, type Ending, Endings, endings, type TellingStream } from '../../core/ending.js'
import { isLeashError, type LeashError, thrown } from '../../core/errors.js'
import { LinkedAbort, onStop } from '../../core/signals.js'
import { untilStopped } from '../../core/until-stopped.js'
import { WholeEvents } from '../../protocols/framing/whole-events.js'
import type { Protocol } from '../../protocols/protocol.js'
import { isDeath } from './decide.js'

/** How a stream died, and what is left to do of it where nothing takes its place. */
interface Death {
  readonly error: LeashError
  /** Bytes that tell the caller so. */
  readonly told?: Uint8Array
  /** What the platform threw. */
  readonly thrown?: { readonly error: unknown }
}

/** What takes the place of a stream that died. */
export interface Successor {
  readonly bytes: AsyncGenerator<Uint8Array>
  /** All of the answer has been told. */
  readonly complete: boolean
}

export interface Leaving {
  readonly signal: AbortSignal
  /** Closes the stream that died, where it told of its failure and may still be open. */
  leave(): void
}

export interface ResumableOptions {
  readonly maxBytes: number
  /** @returns undefined when the answer ends as it did */
  readonly recover: (error: LeashError, told: readonly Uint8Array[], leaving: Leaving) => Promise<Successor | undefined>
  /** The answer is over, or was left. */
  readonly over: (ending: Ending) => void
}

type Read = IteratorResult<Uint8Array>

const lastWordsMs = 250

/** A failure that a vendor tells in its stream has one of these words in it. Most chunks have none, and are not taken apart. */
const trouble = /error|failed/i

/**
 * A stream on its way to the caller, event by whole event and else untouched. What was handed on is kept, so that another
 * answer can take its place when it dies.
 */
export class ResumableStream implements AsyncIterableIterator<Uint8Array>, TellingStream {
  readonly [endings] = new Endings()
  readonly #bytes: AsyncIterator<Uint8Array>
  readonly #call: Call
  readonly #protocol: Protocol
  readonly #options: ResumableOptions
  readonly #whole = new WholeEvents()
  readonly #text = new TextDecoder()
  /** Absent once the answer is too long to be gone on with. */
  #kept: Uint8Array[] | undefined = []
  #size = 0
  /** How the stream ended, which need not be the end of the answer. */
  #ending: Ending
  #dying = false
  #successor: Successor | undefined
  /** All that is still to be handed on, once the stream is not read as it comes any more. */
  #rest: AsyncGenerator<Uint8Array, undefined> | undefined
  /** Stops what takes the place of the stream. */
  #abort: LinkedAbort | undefined
  #release: (() => void) | undefined

  constructor(result: StreamResult, call: Call, protocol: Protocol, options: ResumableOptions) {
    this.#call = call
    this.#protocol = protocol
    this.#options = options
    const { body } = atEnd(result, this.#heardEnd)
    this.#bytes = body[Symbol.asyncIterator]()
  }

  next(): Promise<Read> {
    if (this.#rest) return this.#rest.next()
    return this.#bytes.next().then(this.#handOn, this.#broke)
  }

  readonly #handOn = (read: Read): Read | Promise<Read> => {
    if (this.#rest) return this.#rest.next()
    if (read.done) return this.#last()
    const { value } = read
    if (!this.#kept) return read
    const whole = this.#whole.push(value)
    // Who tells its failure in bytes has ended by it.
    if (this.#isDead(this.#ending)) return this.#die({ error: this.#ending, ...(whole && { told: whole }) })
    if (this.#size + this.#whole.size > this.#options.maxBytes) return this.#outgrow(whole)
    if (!whole) return this.next()
    const error = this.#failureIn(whole)
    if (error && isDeath(error)) return this.#die({ error, told: whole })
    this.#kept.push(whole)
    this.#size += whole.length
    return { done: false, value: whole }
  }

  readonly #broke = (failure: unknown): Promise<Read> => {
    if (this.#rest) return this.#rest.next()
    const error = this.#ending
    if (this.#kept && this.#isDead(error)) return this.#die({ error, thrown: { error: failure } })
    throw failure
  }

  #isDead(ending: Ending): ending is LeashError {
    return isLeashError(ending) && isDeath(ending)
  }

  #last(): Read {
    const value = this.#whole.take()
    if (value) return { done: false, value }
    this.#end(this.#ending)
    return done
  }

  /** From here on it is handed on as it comes. */
  #outgrow(whole: Uint8Array | undefined): Read | Promise<Read> {
    this.#kept = undefined
    this.#rest = this.#onwards()
    if (this.#ending !== undefined) this.#end(this.#ending)
    return whole ? { done: false, value: whole } : this.#rest.next()
  }

  #failureIn(events: Uint8Array): LeashError | undefined {
    if (!trouble.test(this.#text.decode(events))) return undefined
    const tap = this.#protocol.lens.tap()
    this.#protocol.framing.unframer((event) => tap.see(event)).push(events)
    return tap.error
  }

  #die(death: Death): Promise<Read> {
    this.#dying = true
    const abort = new LinkedAbort(this.#call.signal)
    const stop = onStop(this.#call, (error) => this.#end(error))
    const release = () => {
      stop()
      abort.release()
    }
    this.#release = release
    this.#abort = abort
    this.#rest = this.#afterDeath(death, this.#kept ?? [], abort.signal)
    this.#kept = undefined
    return this.#rest.next()
  }

  async *#afterDeath(death: Death, kept: readonly Uint8Array[], signal: AbortSignal): AsyncGenerator<Uint8Array, undefined> {
    try {
      // A socket that hangs is not waited for.
      const leave = () => void this.#bytes.return?.().catch(() => {})
      this.#successor = await this.#options.recover(death.error, kept, { signal, leave })
      yield* this.#successor ? this.#successor.bytes : this.#asItWas(death)
      this.#end(this.#successor ? undefined : death.error)
    } catch (error) {
      this.#end(isLeashError(error) ? error : death.error)
      throw isLeashError(error) ? thrown(error) : error
    }
  }

  /** As if nobody had tried to save it. */
  async *#asItWas({ told, thrown }: Death): AsyncGenerator<Uint8Array> {
    if (told) yield told
    yield* this.#onwards()
    if (thrown) throw thrown.error
  }

  async *#onwards(): AsyncGenerator<Uint8Array, undefined> {
    const held = this.#whole.take()
    if (held) yield held
    for (let read = await this.#bytes.next(); !read.done; read = await this.#bytes.next()) yield read.value
  }

  readonly #heardEnd = (ending: Ending): void => {
    this.#ending = ending
    if (this.#dying) return
    // Whether that is the end of the answer shows when somebody reads on.
    if (!this.#kept || !this.#isDead(ending)) this.#end(ending)
  }

  #end(ending: Ending): void {
    if (this[endings].ended) return
    this.#release?.()
    this.#options.over(ending)
    this[endings].end(ending)
  }

  async return(): Promise<Read> {
    if (!this.#dying) {
      await this.#bytes.return?.()
      this.#end(this.#ending ?? 'cancelled')
    } else {
      // An answer that is complete but for the closing of its connection was not cut short by the caller.
      const complete = this.#successor?.complete
      if (!complete) this.#abort?.abort(undefined)
      const left = this.#rest?.return(undefined).catch(() => {})
      // What its attempts cost is known once they are over. A socket that hangs is not waited for.
      if (complete && left) await untilStopped(left, { deadline: Date.now() + lastWordsMs }).catch(() => {})
      this.#end(complete ? undefined : 'cancelled')
      await left
    }
    return done
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
