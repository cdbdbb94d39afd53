import type { Call, CallOptions, Report, Result } from '../core/call.js'
import type { Emitter } from '../core/emitter.js'
import { LeashError } from '../core/errors.js'
import { callId } from '../core/id.js'
import type { Lazy } from '../core/lazy.js'
import type { Accounts } from '../core/ledger.js'
import type { Middleware, Next } from '../core/middleware.js'
import { type Nano, usdOf } from '../core/money.js'
import { createReport, endReport, reportResult } from '../core/report.js'
import { abortError, deadlineError, timeLeft } from '../core/signals.js'
import type { MaybePromise, Value, Values } from '../core/store.js'
import { byModel } from './by-model.js'
import { keeper } from './cache/keep.js'
import { type About, pack, unpack } from './cache/kept.js'
import { everything, Keys, spaceOf } from './cache/key.js'
import type { CacheOptions } from './cache/options.js'
import type { Known } from './cache/recent-keys.js'
import { serve, tell } from './cache/serve.js'
import { warm } from './cache/warm.js'

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

/** Answers fetched behind the backs of callers at a time. */
const mostRefreshes = 100

/** A call behind its caller's back has nobody who would give up on it. */
const longestMs = 600_000

/** Gives an answer again to whoever asks the same again. */
export class Cache {
  readonly #options: CacheOptions
  readonly #deps: CacheDeps
  readonly #keys: Keys
  readonly #ttlOf: (call: Call) => number | false | undefined
  readonly #counts = { hits: 0, stale: 0, misses: 0, kept: 0 }
  #saved: Nano = 0
  readonly #refreshing = new Map<string, AbortController>()
  readonly #writing = new Set<Promise<void>>()

  constructor(options: CacheOptions, deps: CacheDeps) {
    this.#options = options
    this.#deps = deps
    this.#keys = new Keys(options)
    this.#ttlOf = byModel(options.models ?? {})
  }

  readonly middleware: Middleware = (next) => {
    const cache = this
    return async function cached(call) {
      const { report, signal, deadline } = call
      const asked = checked(call.options.cache)
      const ttlMs = asked === false ? 0 : cache.#ttl(call, asked)
      if (ttlMs <= 0 || report.sensitive) return next(call)
      if (signal?.aborted) throw abortError(signal)
      if (timeLeft(deadline) === 0) throw deadlineError()
      const made = cache.#keys.of(call)
      const known = made instanceof Promise ? await made : made
      if (!known) return next(call)
      if (asked !== 'refresh') {
        const found = cache.#deps.store.get(known.key)
        const value = found instanceof Promise ? await found : found
        const result = value === undefined ? undefined : cache.#hit(known, value, call, ttlMs, next)
        if (result) return result
      }
      cache.#counts.misses++
      report.cache = asked === 'refresh' ? 'refresh' : 'miss'
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

  readonly warm = warm

  /** Waits until all that is kept has been written. */
  async flush(): Promise<void> {
    await Promise.allSettled(this.#writing)
  }

  /** Gives up what is fetched behind callers' backs. */
  close(): Promise<void> {
    for (const refresh of this.#refreshing.values()) refresh.abort()
    return this.flush()
  }

  #ttl(call: Call, asked: ReturnType<typeof checked>): number {
    if (typeof asked === 'object') return asked.ttlMs
    const { ttlMs = 3_600_000 } = this.#options
    return (this.#ttlOf(call) ?? ttlMs) || 0
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
      this.#refresh(known.key, call, ttlMs, next)
    }
    this.#counts.hits++
    this.#saved += about.cost ?? 0
    known.head = head
    tell(report, about)
    this.#book(call, about)
    return serve(found, call, replay === 'paced')
  }

  #book(call: Call, about: About): void {
    const { accounts } = this.#deps
    if (accounts?.value) accounts.value.reuse(call, about)
    else void accounts?.get().then((accounts) => accounts.reuse(call, about))
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

  /** A call of its own, with a report of its own: the caller has an answer and is gone. */
  #refresh(key: string, call: Call, ttlMs: number, next: Next): void {
    if (this.#refreshing.has(key) || this.#refreshing.size >= mostRefreshes) return
    const abort = new AbortController()
    this.#refreshing.set(key, abort)
    const report: Report = { ...createReport(callId(), call.report.tags), refreshOf: call.id, cache: 'refresh' }
    const fresh: Call = { ...call, id: report.id, report, signal: abort.signal, deadline: Date.now() + longestMs }
    queueMicrotask(async () => {
      const { emitter } = this.#deps
      try {
        const result = reportResult(await this.#ask(key, fresh, ttlMs, next), report, emitter)
        if (result.stream) for await (const _ of result.body);
      } catch {
        // The old answer stays as long as it would have stayed.
        endReport(report, emitter)
      } finally {
        this.#refreshing.delete(key)
      }
    })
  }
}

function checked(asked: CallOptions['cache']): CallOptions['cache'] {
  if (asked === undefined || asked === false || asked === 'refresh') return asked
  if (typeof asked === 'object' && asked !== null && Number.isFinite(asked.ttlMs)) return asked
  throw new LeashError('invalid_config', "The `cache` of a call is `false`, 'refresh' or `{ ttlMs }`, in milliseconds.")
}
