import { LRUCache } from 'lru-cache'
import type { StoreStats, Value, Values } from '../../core/store.js'

/** What a value takes of the heap beside itself and its key, measured over 100,000 of them: up to 600 bytes. */
const besideBytes = 640

export class MemoryValues implements Values {
  readonly #cache: LRUCache<string, Value>
  #hits = 0
  #misses = 0

  constructor(maxEntries: number, maxBytes: number) {
    this.#cache = new LRUCache<string, Value>({
      max: maxEntries,
      maxSize: maxBytes,
      sizeCalculation: (value, key) =>
        besideBytes + 2 * key.length + (typeof value === 'string' ? 2 * value.length : value.byteLength),
      // The cache's own clock would be a timer, and its own time another than the counters'.
      ttlResolution: 0,
      perf: Date,
    })
  }

  get(key: string): Value | undefined {
    const value = this.#cache.get(key)
    if (value === undefined) this.#misses++
    else this.#hits++
    return value
  }

  set(key: string, value: Value, ttlMs?: number): void {
    this.#cache.set(key, value, ttlMs === undefined ? undefined : { ttl: Math.max(1, Math.ceil(ttlMs)) })
  }

  delete(key: string): void {
    this.#cache.delete(key)
  }

  clear(prefix: string): number {
    const found = [...this.#cache.keys()].filter((key) => key.startsWith(prefix))
    for (const key of found) this.#cache.delete(key)
    return found.length
  }

  stats(): StoreStats {
    return { hits: this.#hits, misses: this.#misses, entries: this.#cache.size, bytes: this.#cache.calculatedSize }
  }
}
