import type { Call } from '../../core/call.js'
import { LeashError } from '../../core/errors.js'
import { abortError, onStop, timeLeft } from '../../core/signals.js'
import type { MaybePromise } from '../../core/store.js'
import { waitedOut } from '../../core/waited-out.js'
import type { Room } from '../../protocols/rate-limit-headers.js'

type Until = Pick<Call, 'signal' | 'deadline'>

/** However long a vendor says that it takes: after so many milliseconds one call asks again. */
const longestMs = 60_000

/**
 * The way to one target, as wide as its vendor has told: how many calls may still go, when more may, and who waits, in the
 * order of coming.
 */
export class Lane {
  readonly #provider: string
  /** Calls that may go until `#renewAt`. No number bounds them before the vendor has said one. */
  #left = Number.POSITIVE_INFINITY
  /** Milliseconds since 1970. */
  #renewAt = 0
  /** Calls that may go from then on, as long as nothing newer is heard; one where no number is known. */
  #renewal: number | undefined
  /** For how many milliseconds that holds. */
  #windowMs = 0
  /** Calls that went. Each has its number. */
  #sent = 0
  /** Of the newest call that has been heard of: what older ones tell is mostly known by then. */
  #heard = 0
  readonly #waiting = new Set<() => void>()
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(provider: string) {
    this.#provider = provider
  }

  /**
   * @param waitMs how long it waits at most; 0 for not at all
   * @returns the call's number, as soon as it may go
   * @throws LeashError `rate_limited` when that is not in time, `aborted` or `deadline_exceeded` when it waits no longer
   */
  enter(call: Until, waitMs: number): MaybePromise<number> {
    const left = this.#untilRoom()
    if (left === 0 && this.#waiting.size === 0) return this.#go()
    if (call.signal?.aborted) throw abortError(call.signal)
    if (left > waitMs || left >= timeLeft(call.deadline)) throw this.#notYet(left)
    return this.#wait(call, waitMs)
  }

  /** @param tookMs from its sending to this moment: what a vendor says is of some moment in between */
  answered(number: number, tookMs: number, room: Room | undefined): void {
    if (!room) this.#unheard(number, 2)
    // Shorter than the answer took: it is over, and so it is of a time that is over.
    else if (room.resetMs >= tookMs) this.#hear(number, room)
  }

  /** @param retryAfterMs absent where the vendor has not said */
  refused(number: number, retryAfterMs: number | undefined, room: Room | undefined): void {
    const resetMs = room?.remaining === 0 ? room.resetMs : undefined
    const ms = retryAfterMs ?? resetMs
    if (!ms) {
      this.failed(number)
      return
    }
    const isFull = resetMs !== undefined && resetMs <= ms
    this.#heard = this.#sent
    this.#left = Math.min(this.#left, 0)
    this.#renew(ms, isFull ? room?.limit : undefined)
    this.#admit()
  }

  /** Nothing was heard of limits. */
  failed(number: number): void {
    this.#unheard(number, 1)
  }

  #hear(number: number, room: Room): void {
    const left = room.remaining - (this.#sent - number)
    if (number > this.#heard) {
      this.#heard = number
      this.#left = left
      this.#renew(room.resetMs, room.limit)
    } else this.#left = Math.min(this.#left, left)
    this.#admit()
  }

  /** Where no number is known, each call that is well lets two more go: as many as there is room for, before long. */
  #unheard(number: number, more: number): void {
    if (this.#renewal !== undefined || number <= this.#heard) return
    this.#left += more
    this.#admit()
    if (more > 1 && this.#left >= 1) this.#left = Number.POSITIVE_INFINITY
  }

  #renew(ms: number, limit: number | undefined): void {
    const windowMs = Math.min(ms, longestMs)
    this.#renewAt = Date.now() + windowMs
    this.#renewal = ms > longestMs ? undefined : limit
    this.#windowMs = Math.max(this.#windowMs, windowMs)
  }

  /** Milliseconds until a call may go; 0 for now. */
  #untilRoom(): number {
    const now = Date.now()
    // Further away than it ever is, it was set by a clock that has been set back.
    const isDue = this.#renewAt <= now || this.#renewAt - now > longestMs
    if (this.#left !== Number.POSITIVE_INFINITY && isDue) {
      this.#left = Math.max(this.#left, this.#renewal ?? 1)
      this.#renewAt = now + this.#windowMs
    }
    return this.#left >= 1 ? 0 : this.#renewAt - now
  }

  #go(): number {
    this.#left--
    return ++this.#sent
  }

  #wait(call: Until, waitMs: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const go = () => {
        leave()
        resolve(this.#go())
      }
      const fail = (error: LeashError) => {
        leave()
        reject(error)
      }
      const leave = () => {
        this.#waiting.delete(go)
        clearTimeout(patience)
        stop()
        if (this.#waiting.size === 0) clearTimeout(this.#timer)
      }
      this.#waiting.add(go)
      const patience = setTimeout(() => {
        // There may be room from this very moment on.
        this.#admit()
        if (this.#waiting.has(go)) fail(this.#notYet(this.#untilRoom()))
      }, waitMs)
      const stop = onStop(call, fail)
      if (this.#waiting.size === 1) this.#admit()
    })
  }

  readonly #admit = (): void => {
    for (const go of this.#waiting) {
      if (this.#untilRoom() > 0) break
      go()
    }
    clearTimeout(this.#timer)
    if (this.#waiting.size > 0) this.#timer = setTimeout(this.#admit, this.#renewAt - Date.now())
  }

  #notYet(retryAfterMs: number): LeashError {
    const error = new LeashError(
      'rate_limited',
      `"${this.#provider}" has said that nothing remains of its limit for this model. Send the call again in ${retryAfterMs} ms.`,
      { retryable: true, retryAfterMs },
    )
    waitedOut.add(error)
    return error
  }
}
