import type { Attributes, Meter, ObservableCounter } from '@opentelemetry/api'

/** With the one for all others, as many as the SDK itself keeps: https://opentelemetry.io/docs/specs/otel/metrics/sdk/#cardinality-limits */
const mostSums = 1998
const overflow: Attributes = { 'otel.metric.overflow': true }

interface Sum {
  readonly attributes: Attributes
  value: number
}

/**
 * A counter that is summed here, and read when somebody collects: an instrument that is added to sorts and writes out the
 * attributes each time, which costs more than all else about it.
 */
export class Tally {
  readonly #sums = new Map<string, Sum>()
  /** Most calls are like the last one. */
  #last: Sum | undefined

  private constructor(counter: ObservableCounter) {
    counter.addCallback((result) => {
      for (const { attributes, value } of this.#sums.values()) result.observe(value, attributes)
    })
  }

  add(value: number, attributes: Attributes): void {
    if (!this.#last || !isSame(this.#last.attributes, attributes)) this.#last = this.#sumOf(attributes)
    this.#last.value += value
  }

  #sumOf(attributes: Attributes): Sum {
    const key = JSON.stringify(attributes)
    const known = this.#sums.get(key)
    if (known) return known
    if (this.#sums.size >= mostSums && attributes !== overflow) return this.#sumOf(overflow)
    const sum = { attributes, value: 0 }
    this.#sums.set(key, sum)
    return sum
  }

  /** The one of this name: a second that told of the same attributes would be taken for the first, having gone back. */
  static of(meter: Meter, name: string, options: { readonly unit: string; readonly description: string }): Tally {
    const known = tallies.get(meter) ?? new Map<string, Tally>()
    tallies.set(meter, known)
    const tally = known.get(name) ?? new Tally(meter.createObservableCounter(name, options))
    known.set(name, tally)
    return tally
  }
}

const tallies = new WeakMap<Meter, Map<string, Tally>>()

function isSame(one: Attributes, other: Attributes): boolean {
  let count = 0
  for (const name in one) {
    if (one[name] !== other[name]) return false
    count++
  }
  for (const _ in other) count--
  return count === 0
}
