import type { Call } from '../../core/call.js'
import { done, Endings, endings, type TellingStream } from '../../core/ending.js'
import { isLeashError, thrown } from '../../core/errors.js'
import { abortError, deadlineError, LinkedAbort, sleep, timeLeft } from '../../core/signals.js'

/** SDKs take long to find the lines of a piece that is larger, and to go from piece to piece of one that is smaller. */
const goodSize = 2048

/** A recorded stream, as fast as it is read, or in the pieces and at the pace in which it came. */
export class Replay implements AsyncIterableIterator<Uint8Array>, TellingStream {
  readonly [endings] = new Endings()
  readonly #bytes: Uint8Array
  readonly #pieces: readonly number[]
  readonly #call: Call
  readonly #abort: LinkedAbort | undefined
  readonly #began = performance.now()
  #at = 0
  #piece = 0

  /** @param pieces the length of each, and when it came, by turns */
  constructor(bytes: Uint8Array, pieces: readonly number[], call: Call, paced: boolean) {
    this.#bytes = bytes
    this.#pieces = pieces
    this.#call = call
    if (paced) this.#abort = new LinkedAbort(call.signal)
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    const told = this[endings]
    if (told.ended) return done
    try {
      if (this.#abort) await this.#wait(this.#abort, this.#pieces[this.#piece + 1] ?? 0)
      else if (this.#call.signal?.aborted) throw abortError(this.#call.signal)
      if (told.ended) return done
      const length = this.#next()
      // A copy, for what its reader does to it must not reach the next one.
      const value = new Uint8Array(this.#bytes.subarray(this.#at, this.#at + length))
      this.#at += length
      if (value.length > 0) return { done: false, value }
      this.#end(undefined)
      return done
    } catch (error) {
      if (told.ended || !isLeashError(error)) return done
      this.#end(error)
      throw thrown(error)
    }
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    // An answer that is complete was not cut short by who leaves it.
    this.#end(this.#at === this.#bytes.length ? undefined : 'cancelled')
    return done
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** How long the next piece is. */
  #next(): number {
    const rest = this.#bytes.length - this.#at
    let length = 0
    do {
      length += this.#pieces[this.#piece] ?? rest
      this.#piece += 2
    } while (!this.#abort && length < Math.min(goodSize, rest))
    return length
  }

  /** @param at milliseconds since the first piece */
  async #wait({ signal }: LinkedAbort, at: number): Promise<void> {
    if (signal.aborted) throw abortError(signal)
    const left = timeLeft(this.#call.deadline)
    const ms = at - (performance.now() - this.#began)
    if (ms > 0) await sleep(Math.min(ms, left), signal)
    if (left <= Math.max(0, ms)) throw deadlineError()
  }

  #end(ending: Parameters<Endings['end']>[0]): void {
    this[endings].end(ending)
    // Whoever waits for the next piece waits no longer.
    this.#abort?.abort(undefined)
  }
}
