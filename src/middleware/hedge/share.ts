/** Of so many tries, the last ones, the share is counted. */
const windowSize = 1000

/** How many of the last tries may have been hedged. One may always be, or a leash with few calls would never hedge. */
export class Share {
  readonly #max: number
  #tries = 0
  /** The hedges within the window, each by the number of tries there had been. */
  readonly #hedges: number[] = []

  constructor(max: number) {
    this.#max = max
  }

  /** A try that could be hedged. */
  count(): void {
    this.#tries++
  }

  /** @returns whether there may be a hedge now; it is counted then */
  take(): boolean {
    while ((this.#hedges[0] ?? this.#tries) <= this.#tries - windowSize) this.#hedges.shift()
    const allowed = this.#max === 0 ? 0 : Math.max(1, this.#max * Math.min(this.#tries, windowSize))
    if (this.#hedges.length + 1 > allowed) return false
    this.#hedges.push(this.#tries)
    return true
  }
}
