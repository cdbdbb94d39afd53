/** Mean and variance of a stream of numbers, without keeping them. Source: Welford 1962, https://doi.org/10.2307/1266577 */
export class Moments {
  count = 0
  mean = 0
  #squares = 0

  add(value: number): void {
    this.count++
    const off = value - this.mean
    this.mean += off / this.count
    this.#squares += off * (value - this.mean)
  }

  /** Of the population that the numbers are a sample of. */
  get variance(): number {
    return this.count < 2 ? 0 : this.#squares / (this.count - 1)
  }
}

/** Two per cent: neighbouring buckets are so far apart that no value is further than that from the middle of its own. */
const accuracy = 0.02
const width = Math.log((1 + accuracy) / (1 - accuracy))
const largest = 1e9

/**
 * Quantiles of positive numbers, counted in buckets that grow with the numbers; at most about 500 of them.
 * Source: DDSketch, https://arxiv.org/abs/1908.10693
 */
export class Quantiles {
  readonly #buckets = new Map<number, number>()
  #count = 0

  add(value: number): void {
    const bucket = Math.ceil(Math.log(Math.min(largest, Math.max(1, value))) / width)
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + 1)
    this.#count++
  }

  /** The number that the share `q` of all is not above; undefined when there are none. */
  at(q: number): number | undefined {
    let rest = q * this.#count
    for (const bucket of [...this.#buckets.keys()].sort((a, b) => a - b)) {
      rest -= this.#buckets.get(bucket) ?? 0
      if (rest <= 0) return (2 * Math.exp(bucket * width)) / (1 + Math.exp(width))
    }
    return undefined
  }
}
