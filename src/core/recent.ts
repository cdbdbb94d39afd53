/** A map with a bound: the entry that was not used for the longest time goes first, as far as is known since it was half full. */
export class Recent<K, V> {
  readonly #max: number
  readonly #map = new Map<K, V>()

  constructor(max: number) {
    this.#max = max
  }

  get size(): number {
    return this.#map.size
  }

  get(key: K): V | undefined {
    const value = this.#map.get(key)
    if (value === undefined) return undefined
    // A map keeps the order of insertion. It takes time, and nothing goes before the map is full.
    if (this.#map.size > this.#max / 2) {
      this.#map.delete(key)
      this.#map.set(key, value)
    }
    return value
  }

  set(key: K, value: V): void {
    if (this.#map.size > this.#max / 2) this.#map.delete(key)
    this.#map.set(key, value)
    if (this.#map.size <= this.#max) return
    const [oldest] = this.#map.keys()
    if (oldest !== undefined) this.#map.delete(oldest)
  }

  /** As the proposal for `Map` has it: https://github.com/tc39/proposal-upsert */
  getOrInsertComputed(key: K, make: () => V): V {
    const known = this.get(key)
    if (known !== undefined) return known
    const value = make()
    this.set(key, value)
    return value
  }

  delete(key: K): void {
    this.#map.delete(key)
  }
}
