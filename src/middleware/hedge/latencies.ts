/** How long targets have taken of late, as far as it is needed to tell when one is late. */
import type { Call } from '../../core/call.js'
import { Recent } from '../../core/recent.js'
import { targetKey } from '../../core/target.js'

const maxTargets = 500
const maxSamples = 256

/** Below it, a 95th percentile says next to nothing. */
const minSamples = 20

/** A target's streams have other times than its whole answers. */
export class Latencies {
  readonly #answers = new Recent<string, Sample>(maxTargets)
  readonly #streams = new Recent<string, Sample>(maxTargets)

  add({ target: { provider, model }, stream }: Call, ms: number): void {
    const samples = stream ? this.#streams : this.#answers
    samples.getOrInsertComputed(targetKey(provider.name, model), () => new Sample()).add(ms)
  }

  /** Milliseconds that 19 answers in 20 do not take; undefined as long as too few have been seen. */
  p95({ target: { provider, model }, stream }: Call): number | undefined {
    return (stream ? this.#streams : this.#answers).get(targetKey(provider.name, model))?.p95()
  }
}

/** The last few of them, in the order in which they came and by size. */
class Sample {
  readonly #came: number[] = []
  readonly #sorted: number[] = []
  #oldest = 0

  add(ms: number): void {
    if (this.#came.length < maxSamples) this.#came.push(ms)
    else {
      this.#sorted.splice(this.#placeOf(this.#came[this.#oldest] ?? 0), 1)
      this.#came[this.#oldest] = ms
      this.#oldest = (this.#oldest + 1) % maxSamples
    }
    this.#sorted.splice(this.#placeOf(ms), 0, ms)
  }

  /**
   * Taken half a standard error low. Where one answer in twenty is slow, the percentile of a sample falls on the quick
   * ones or on the slow ones by chance, and on the slow ones it would never be late.
   */
  p95(): number | undefined {
    const count = this.#sorted.length
    if (count < minSamples) return undefined
    return this.#sorted[Math.ceil(0.95 * count - 0.5 * Math.sqrt(count * 0.95 * 0.05)) - 1]
  }

  /** Of the first that is not smaller. */
  #placeOf(ms: number): number {
    let low = 0
    let high = this.#sorted.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#sorted[middle] ?? 0) < ms) low = middle + 1
      else high = middle
    }
    return low
  }
}
