/** The layers that bound what calls use. Made once for a leash, since each remembers who is under way. */
import { Lazy } from './core/lazy.js'
import type { Middleware } from './core/middleware.js'
import type { PriceBook } from './core/price.js'
import type { Store } from './core/store.js'
import type { ConcurrencyOptions } from './middleware/concurrency.js'
import type { PaceOptions } from './middleware/pace.js'
import type { RateLimit } from './middleware/rate-limit/options.js'
import type { CountTokens } from './protocols/tokens.js'

export interface LimitOptions {
  /** Most requests, tokens and US dollars per period, for instance per tenant or model. */
  readonly rateLimit?: readonly RateLimit[] | undefined
  /** Most calls at the same time, and which ones wait. */
  readonly concurrency?: ConcurrencyOptions | undefined
  /** Keeps within the limits that vendors announce in their answers, by holding calls back. */
  readonly pace?: PaceOptions | boolean | undefined
}

/** Outermost first. */
export interface LimitLayers {
  /** Around the whole call. */
  readonly call: readonly Lazy<Middleware>[]
  /** Around each target. */
  readonly target: readonly Lazy<Middleware>[]
  /** Around each attempt. */
  readonly attempt: readonly Lazy<Middleware>[]
}

export interface LimitDeps {
  readonly prices: Lazy<PriceBook>
  readonly tokens: Lazy<CountTokens>
}

export function limitLayers(options: LimitOptions, store: Lazy<Store>, { prices, tokens }: LimitDeps): LimitLayers {
  const { rateLimit: limits = [], concurrency, pace } = options
  const loadConcurrency = () => import('./middleware/concurrency.js')
  const call: Lazy<Middleware>[] = []
  const target: Lazy<Middleware>[] = []
  const attempt: Lazy<Middleware>[] = []
  if (limits.length > 0) {
    const made = new Lazy(async () => {
      const { RateLimits } = await import('./middleware/rate-limit.js')
      const priced = limits.some(({ limit }) => limit.usd !== undefined) && { prices: await prices.get() }
      return new RateLimits(limits, { store: await store.get(), tokens: await tokens.get(), ...priced })
    })
    call.push(new Lazy(async () => (await made.get()).call))
    target.push(new Lazy(async () => (await made.get()).target))
  }
  // A call that is refused for its rate has taken no place.
  if (concurrency?.tenant !== undefined || concurrency?.total !== undefined)
    call.push(new Lazy(async () => (await loadConcurrency()).concurrency(concurrency)))
  if (pace) attempt.push(new Lazy(async () => (await import('./middleware/pace.js')).pace(pace === true ? {} : pace)))
  if (concurrency?.provider !== undefined)
    target.push(new Lazy(async () => (await loadConcurrency()).providerConcurrency(concurrency)))
  return { call, target, attempt }
}
