/**
 * What comes and goes. A `Map` or `Set` that is added to and deleted from makes itself a new table every few times, and V8 keeps
 * the old ones until a full collection, with what stood in them: calls, and their texts. Here places are used again.
 */
export class Roster<T> {
  readonly #items: (T | undefined)[] = []
  readonly #free: number[] = []

  /** @returns its place, to remove it by */
  add(item: T): number {
    const place = this.#free.pop() ?? this.#items.length
    this.#items[place] = item
    return place
  }

  remove(place: number): void {
    if (this.#items[place] === undefined) return
    this.#items[place] = undefined
    this.#free.push(place)
  }

  get size(): number {
    return this.#items.length - this.#free.length
  }

  /** In no order. */
  all(): T[] {
    return this.#items.filter((item) => item !== undefined)
  }
}
