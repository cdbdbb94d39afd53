import type { Call } from '../../core/call.js'
import { Endings, endings, type TellingStream } from '../../core/ending.js'
import { isLeashError, thrown } from '../../core/errors.js'
import { abortError, deadlineError, LinkedAbort, sleep, timeLeft } from '../../core/signals.js'

const done: IteratorReturnResult<undefined> = { done: true, value: undefined }

/** A recorded stream, in one piece, or in the pieces and at the pace in which it came. */
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
    this.#pieces = paced ? pieces : []
    this.#call = call
    if (paced) this.#abort = new LinkedAbort(call.signal)
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    const told = this[endings]
    if (told.ended) return done
    try {
      const length = this.#pieces[this.#piece] ?? this.#bytes.length - this.#at
      await this.#wait(this.#pieces[this.#piece + 1] ?? 0)
      if (told.ended) return done
      this.#piece += 2
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

  /** @param at milliseconds since the first piece */
  async #wait(at: number): Promise<void> {
    const { signal, deadline } = this.#call
    if (signal?.aborted) throw abortError(signal)
    const left = timeLeft(deadline)
    const ms = this.#abort ? at - (performance.now() - this.#began) : 0
    if (ms > 0) await sleep(Math.min(ms, left), this.#abort?.signal)
    if (left <= Math.max(0, ms)) throw deadlineError()
  }

  #end(ending: Parameters<Endings['end']>[0]): void {
    this[endings].end(ending)
    // Whoever waits for the next piece waits no longer.
    this.#abort?.abort(undefined)
  }
}
