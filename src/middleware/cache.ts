import type { Call, Result } from '../core/call.js'
import type { Emitter } from '../core/emitter.js'
import type { Lazy } from '../core/lazy.js'
import type { Accounts } from '../core/ledger.js'
import type { Middleware, Next } from '../core/middleware.js'
import { type Nano, usdOf } from '../core/money.js'
import { abortError, deadlineError, timeLeft } from '../core/signals.js'
import type { MaybePromise, Value, Values } from '../core/store.js'
import { untilStopped } from '../core/until-stopped.js'
import { ages } from './cache/asked.js'
import { BehindCallers } from './cache/behind.js'
import { keeper } from './cache/keep.js'
import { pack, unpack } from './cache/kept.js'
import { everything, Keys, spaceOf } from './cache/key.js'
import type { CacheOptions } from './cache/options.js'
import type { Known } from './cache/recent-keys.js'
import { book, serve, tell } from './cache/serve.js'

export interface CacheDeps {
  readonly store: Values
  readonly emitter: Emitter
  readonly accounts?: Lazy<Accounts> | undefined
}

/** Since the leash was made, and in this process. */
export interface CacheStats {
  /** Answers that were given again. */
  readonly hits: number
  /** Those among them that were no longer fresh. */
  readonly stale: number
  readonly misses: number
  /** Answers that were kept. */
  readonly kept: number
  /** US dollars that the answers had cost which were given again, as far as it is known. */
  readonly savedUsd: number
  /** How many there are, where the store knows; with whatever else is in it. */
  readonly entries?: number
  readonly bytes?: number
}

/** Gives an answer again to whoever asks the same again. */
export class Cache {
  readonly #options: CacheOptions
  readonly #deps: CacheDeps
  readonly #keys: Keys
  readonly #ageOf: (call: Call) => number
  readonly #counts = { hits: 0, stale: 0, misses: 0, kept: 0 }
  #saved: Nano = 0
  readonly #behind: BehindCallers
  readonly #writing = new Set<Promise<void>>()

  constructor(options: CacheOptions, deps: CacheDeps) {
    this.#options = options
    this.#deps = deps
    this.#keys = new Keys(options)
    this.#ageOf = ages(options)
    this.#behind = new BehindCallers(deps.emitter)
  }

  readonly middleware: Middleware = (next) => {
    const cache = this
    return async function cached(call) {
      const { report, signal, deadline } = call
      const ttlMs = cache.#ageOf(call)
      if (ttlMs <= 0) return next(call)
      if (signal?.aborted) throw abortError(signal)
      if (timeLeft(deadline) === 0) throw deadlineError()
      const made = cache.#keys.of(call)
      const known = made instanceof Promise ? await made : made
      if (!known) return next(call)
      const anew = call.options.cache === 'refresh'
      if (!anew) {
        const found = cache.#deps.store.get(known.key)
        const value = found instanceof Promise ? await untilStopped(found, call) : found
        const result = value === undefined ? undefined : cache.#hit(known, value, call, ttlMs, next)
        if (result) return result
      }
      cache.#counts.misses++
      report.cache = anew ? 'refresh' : 'miss'
      return cache.#ask(known.key, call, ttlMs, next)
    }
  }

  async stats(): Promise<CacheStats> {
    const { entries, bytes } = await this.#deps.store.stats()
    return {
      ...this.#counts,
      savedUsd: usdOf(this.#saved),
      ...(entries !== undefined && { entries }),
      ...(bytes !== undefined && { bytes }),
    }
  }

  /**
   * @param of whose answers; without it everybody's
   * @returns how many there were
   */
  async clear(of?: { readonly tenant: string }): Promise<number> {
    await this.flush()
    return this.#deps.store.clear(of ? spaceOf(of.tenant) : everything)
  }

  /** Waits until all that is kept has been written. */
  async flush(): Promise<void> {
    await Promise.allSettled(this.#writing)
  }

  /** Gives up what is fetched behind callers' backs. */
  close(): Promise<void> {
    this.#behind.close()
    return this.flush()
  }

  /** Undefined: what is there is too old, or nothing of ours. */
  #hit(known: Known, value: Value, call: Call, ttlMs: number, next: Next): Result | undefined {
    const found = unpack(value, known.head)
    if (!found) return undefined
    const { report } = call
    const { head } = found
    const { about } = head
    const { staleMs = 0, replay } = this.#options
    // A call may want it fresher than it was to be kept.
    const late = Date.now() - about.at - Math.min(about.ttlMs, ttlMs)
    if (late > staleMs) return undefined
    report.cache = late > 0 ? 'stale' : 'hit'
    if (late > 0) {
      this.#counts.stale++
      this.#behind.ask(known.key, call, (again) => this.#ask(known.key, again, ttlMs, next))
    }
    this.#counts.hits++
    this.#saved += about.cost ?? 0
    known.head = head
    tell(report, about)
    book(this.#deps.accounts, call, about)
    return serve(found, call, replay === 'paced')
  }

  #ask(key: string, call: Call, ttlMs: number, next: Next): Promise<Result> {
    const { refusals = false, maxAnswerBytes = 1024 * 1024, staleMs = 0 } = this.#options
    const keep = keeper(call, {
      ttlMs,
      refusals,
      maxAnswerBytes,
      put: (kept) => this.#put(key, pack(kept), ttlMs + staleMs),
    })
    return next(call).then(keep)
  }

  /** Nobody waits for a store that is far away. */
  #put(key: string, value: Value, ttlMs: number): void {
    this.#counts.kept++
    const set: MaybePromise<void> = this.#deps.store.set(key, value, ttlMs)
    if (!(set instanceof Promise)) return
    const written = set.catch(() => {}).then(() => void this.#writing.delete(written))
    this.#writing.add(written)
  }
}
