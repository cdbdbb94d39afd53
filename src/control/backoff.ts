import { isLeashError } from '../core/errors.js'

/** Milliseconds. */
const first = 500
const most = 30_000

/** A relay, or a proxy before it, that asks for more is not kept to. */
const mostAsked = 120_000

/** How long to leave the relay in peace after it has failed: twice as long each time, and never all clients at once. */
export class Backoff {
  readonly #random: () => number
  #failures = 0
  /** By the clock that nobody sets: were the other one set back meanwhile, the relay would be left in peace for as long. */
  #until = 0

  /** @param random from 0 to below 1 */
  constructor(random: () => number = Math.random) {
    this.#random = random
  }

  /** @param error that may say how long the relay wants to be left alone @returns milliseconds to wait */
  failed(error?: unknown): number {
    const asked = isLeashError(error) ? (error.retryAfterMs ?? 0) : 0
    const full = Math.min(most, first * 2 ** Math.min(this.#failures++, 10))
    const wait = Math.max(Math.min(asked, mostAsked), full / 2 + (this.#random() * full) / 2)
    this.#until = performance.now() + wait
    return wait
  }

  succeeded(): void {
    this.#failures = 0
    this.#until = 0
  }

  /** Whether it is too early to try again. */
  get waiting(): boolean {
    return this.#until > performance.now()
  }
}
