/** The `cache` and `semanticCache` options. Loaded by the first call that may be answered by one of them. */
import { LeashError } from './core/errors.js'
import { compose, type Middleware } from './core/middleware.js'
import type { Store } from './core/store.js'
import type { CacheOptions } from './middleware/cache/options.js'
import { type WarmCall, type Warmed, type WarmOptions, warm } from './middleware/cache/warm.js'
import { Cache, type CacheDeps, type CacheStats } from './middleware/cache.js'
import type { SemanticCacheOptions } from './middleware/semantic-cache/options.js'
import type { SemanticCache, SemanticCacheDeps, SemanticCacheStats } from './middleware/semantic-cache.js'
import { memory } from './stores/memory.js'

export interface CacheSettings {
  readonly cache?: CacheOptions | boolean | undefined
  readonly semanticCache?: SemanticCacheOptions | undefined
  readonly store?: Store | undefined
}

/** Of all answers that a leash keeps, those to nearly the same questions among them. */
export interface LeashCache {
  /** What it has answered, what it holds, and what that saved. */
  stats(): Promise<CacheStats & { readonly semantic?: SemanticCacheStats }>
  /**
   * @param of whose answers; without it everybody's
   * @returns how many there were
   */
  clear(of?: { readonly tenant: string }): Promise<number>
  /** Makes calls, a few at a time, so that their answers are there for the calls to come. */
  warm(calls: Iterable<WarmCall>, options?: WarmOptions): Promise<Warmed>
}

type Deps = Omit<CacheDeps, 'store'> & SemanticCacheDeps

/** What a leash remembers of answers. */
export class Caches implements LeashCache {
  readonly #exact: Cache | undefined
  readonly #semantic: SemanticCache | undefined
  /** Who asks the very same needs nobody to find out what it means. */
  readonly middleware: Middleware
  readonly warm = warm

  constructor(exact: Cache | undefined, semantic: SemanticCache | undefined) {
    this.#exact = exact
    this.#semantic = semantic
    const layers = [exact, semantic].flatMap((cache) => cache?.middleware ?? [])
    const through: Middleware = (next) => compose(layers, next)
    this.middleware = through
  }

  async stats(): ReturnType<LeashCache['stats']> {
    const exact = (await this.#exact?.stats()) ?? { hits: 0, stale: 0, misses: 0, kept: 0, savedUsd: 0 }
    return { ...exact, ...(this.#semantic && { semantic: this.#semantic.stats() }) }
  }

  async clear(of?: { readonly tenant: string }): Promise<number> {
    const counts = await Promise.all([this.#exact?.clear(of), this.#semantic?.clear(of)])
    return counts.reduce<number>((sum, count = 0) => sum + count, 0)
  }

  async close(): Promise<void> {
    await Promise.all([this.#semantic?.close(), this.#exact?.close()])
  }
}

export async function openCache({ cache, semanticCache, store }: CacheSettings, deps: Deps): Promise<Caches> {
  if (!cache && !semanticCache) throw new LeashError('invalid_config', 'There is no cache. Make the leash with `cache: true`.')
  const exact = cache ? openExact(cache === true ? {} : cache, store, deps) : undefined
  const semantic = semanticCache && new (await import('./middleware/semantic-cache.js')).SemanticCache(semanticCache, deps)
  return new Caches(exact, semantic)
}

/** In a memory of its own where there is no store: answers are large, and would crowd out what other layers keep. */
function openExact(options: CacheOptions, store: Store | undefined, deps: Omit<CacheDeps, 'store'>): Cache {
  const { maxEntries, maxBytes } = options
  const own = { ...(maxEntries !== undefined && { maxEntries }), ...(maxBytes !== undefined && { maxBytes }) }
  return new Cache(options, { ...deps, store: store ?? memory(own) })
}
