/** How a module has done, in numbers. */
export interface ModuleMetrics {
  /** Times that one of its functions has run for a call. */
  readonly executions: number
  /** Of these, those that threw, were too slow, or gave back nonsense. */
  readonly errors: number
  readonly timeouts: number
  /** Given up for their time, and still not over. */
  readonly abandoned: number
  /** Calls that it has stopped. */
  readonly blocks: number
  /** Of a sink: calls that it was not told of, since too many waited. */
  readonly dropped: number
  /** Milliseconds, over all executions. */
  readonly duration: { readonly total: number; readonly mean: number; readonly max: number; readonly p95: number }
}

/** Durations of which the 95th percentile is taken. */
const window = 256

export class Meter {
  errors = 0
  timeouts = 0
  abandoned = 0
  blocks = 0
  dropped = 0
  #executions = 0
  #total = 0
  #max = 0
  readonly #latest: number[] = []

  ran(ms: number): void {
    this.#latest[this.#executions % window] = ms
    this.#executions++
    this.#total += ms
    if (ms > this.#max) this.#max = ms
  }

  read(): ModuleMetrics {
    const { errors, timeouts, abandoned, blocks, dropped } = this
    const sorted = this.#latest.toSorted((a, b) => a - b)
    const p95 = sorted[Math.floor(sorted.length * 0.95)] ?? 0
    const mean = this.#executions === 0 ? 0 : this.#total / this.#executions
    return {
      executions: this.#executions,
      ...{ errors, timeouts, abandoned, blocks, dropped },
      duration: { total: this.#total, mean, max: this.#max, p95 },
    }
  }
}
