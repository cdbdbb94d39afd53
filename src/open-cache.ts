/** The `cache` option. Loaded by the first call that may be answered from it. */
import { LeashError } from './core/errors.js'
import type { Store } from './core/store.js'
import type { CacheOptions } from './middleware/cache/options.js'
import { Cache, type CacheDeps } from './middleware/cache.js'
import { memory } from './stores/memory.js'

export interface CacheSettings {
  readonly cache?: CacheOptions | boolean
  readonly store?: Store
}

/** In a memory of its own where there is no store: answers are large, and would crowd out what other layers keep. */
export function openCache({ cache, store }: CacheSettings, deps: Omit<CacheDeps, 'store'>): Cache {
  if (!cache) throw new LeashError('invalid_config', 'There is no cache. Make the leash with `cache: true`.')
  const options = cache === true ? {} : cache
  const { maxEntries, maxBytes } = options
  const own = { ...(maxEntries !== undefined && { maxEntries }), ...(maxBytes !== undefined && { maxBytes }) }
  return new Cache(options, { ...deps, store: store ?? memory(own) })
}
