import { LRUCache } from 'lru-cache'
import type { Value } from '../../core/store.js'
import type { Nearest, VectorIndex } from './options.js'
import { dot } from './vectors.js'

interface Item {
  readonly space: string
  readonly vector: Float32Array
  readonly value: Value
}

/** What an item takes of the heap beside its vector and its value. */
const besideBytes = 1024

/** Looks at the vectors of a space one by one: 10,000 of 1,536 numbers take some 10 ms. */
export class MemoryIndex implements VectorIndex {
  readonly #items: LRUCache<number, Item>
  readonly #spaces = new Map<string, Map<number, Item>>()
  #last = 0

  constructor(maxEntries: number, maxBytes: number) {
    this.#items = new LRUCache<number, Item>({
      max: maxEntries,
      maxSize: maxBytes,
      sizeCalculation: ({ vector, value }) =>
        besideBytes + vector.byteLength + (typeof value === 'string' ? 2 * value.length : value.byteLength),
      ttlResolution: 0,
      perf: Date,
      dispose: (item, id) => this.#drop(item, id),
    })
  }

  nearest(space: string, vector: Float32Array, similarity: number): Nearest | undefined {
    let [best, found] = [similarity, undefined as number | undefined]
    for (const [id, item] of this.#spaces.get(space) ?? []) {
      const near = item.vector.length === vector.length ? dot(item.vector, vector) : -1
      if (near < best) continue
      if (!this.#items.has(id)) {
        // Its time is over.
        this.#items.delete(id)
        continue
      }
      best = near
      found = id
    }
    const item = found === undefined ? undefined : this.#items.get(found)
    return item && { similarity: best, value: item.value }
  }

  add(space: string, vector: Float32Array, value: Value, ttlMs: number): void {
    const items = this.#spaces.get(space) ?? new Map<number, Item>()
    // The same question again: the newer answer takes the place of the older.
    for (const [id, item] of items) if (isSame(item.vector, vector)) this.#items.delete(id)
    const id = ++this.#last
    const item: Item = { space, vector, value }
    this.#items.set(id, item, { ttl: Math.max(1, Math.ceil(ttlMs)) })
    if (!this.#items.has(id)) return
    items.set(id, item)
    this.#spaces.set(space, items)
  }

  clear(prefix: string): number {
    const found = [...this.#spaces].flatMap(([space, items]) => (space.startsWith(prefix) ? [...items.keys()] : []))
    for (const id of found) this.#items.delete(id)
    return found.length
  }

  stats(): { entries: number; bytes: number } {
    return { entries: this.#items.size, bytes: this.#items.calculatedSize }
  }

  #drop({ space }: Item, id: number): void {
    const items = this.#spaces.get(space)
    items?.delete(id)
    if (items?.size === 0) this.#spaces.delete(space)
  }
}

function isSame(a: Float32Array, b: Float32Array): boolean {
  return a.length === b.length && dot(a, b) > 1 - 1e-6
}
