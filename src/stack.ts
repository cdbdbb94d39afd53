/**
 * The order of the stack, outermost first, compiled once from the options: only the layers that were asked for.
 * docs/stack.md says which failure is handled where.
 */
import type { Capabilities } from './catalog/capabilities.js'
import type { Call, Target, Timeouts } from './core/call.js'
import type { Emitter } from './core/emitter.js'
import { Lazy, lazyLayer } from './core/lazy.js'
import { compose, type Middleware, type Next } from './core/middleware.js'
import type { PriceBook } from './core/price.js'
import type { MaybePromise, Store } from './core/store.js'
import type { HealthOptions } from './health.js'
import type { LimitLayers, LimitOptions } from './limits.js'
import type { Breaker } from './middleware/circuit-breaker/breaker.js'
import type { BreakerOptions } from './middleware/circuit-breaker/options.js'
import type { CoalesceOptions } from './middleware/coalesce.js'
import type { FallbackOptions } from './middleware/fallback.js'
import type { HedgeOptions } from './middleware/hedge.js'
import type { Mirror, MirrorOptions } from './middleware/mirror.js'
import { type RetryOptions, retry } from './middleware/retry.js'
import type { Router } from './middleware/route.js'
import { timeout } from './middleware/timeout.js'
import type { Find } from './resolve.js'

/** Where a user's middleware stands: by itself around the whole call, or just outside the transport, around each attempt. */
export type Layer = Middleware | { readonly at: 'call' | 'attempt'; readonly middleware: Middleware }

export interface StackOptions extends LimitOptions {
  readonly retry?: RetryOptions | false
  readonly timeouts?: Timeouts & { readonly deadlineMs?: number }
  /** Sends copies of calls to another model, for comparison. */
  readonly mirror?: MirrorOptions
  /** US dollars that one call may cost: no target is asked at which it could cost more. A call's own wins. */
  readonly maxCostUsd?: number
  /** Models to go to, in this order, when one cannot answer: for all, or by the model that was asked for. */
  readonly fallback?: FallbackOptions | readonly string[]
  /** When a target is taken for down, and how long it is left alone. `false`: never. */
  readonly circuitBreaker?: BreakerOptions | false
  /** Sends a second attempt when the first is late, and takes the answer that comes first. */
  readonly hedge?: HedgeOptions | boolean
  /** Answers identical calls that are under way at the same time by one call upstream. */
  readonly coalesce?: CoalesceOptions | boolean
  /** Asks providers for a sign of life, again and again. @defaultValue false */
  readonly health?: HealthOptions | boolean
  /** Where layers keep what outlives a call, and share it between processes. @defaultValue this process */
  readonly store?: Store
  readonly strict?: boolean
  readonly maxAttempts?: number
  readonly use?: readonly Layer[]
}

/** What the layers share. */
export interface StackDeps {
  readonly emitter: Emitter
  /** Where a model's name leads to. */
  readonly find: Find
  /** What is known of models. */
  readonly capabilities: Lazy<(target: Target) => Capabilities>
  readonly prices: Lazy<PriceBook>
  readonly router: Lazy<Router>
  readonly limits: LimitLayers
  readonly mirror?: Lazy<Mirror>
  readonly breaker?: Lazy<Breaker>
  /** Sets aside what a second attempt beside a late one may cost. False: it is not sent. */
  readonly reserve?: (second: Call) => MaybePromise<boolean>
  /** Where to go when all of these targets are down. */
  readonly leastBad?: (targets: readonly Target[]) => Target | undefined
}

export function compile(options: StackOptions, own: readonly Layer[], deps: StackDeps, terminal: Next): Next {
  const layers: Middleware[] = []
  const add = (layer: Middleware | false | undefined) => layer && layers.push(layer)

  for (const limit of deps.limits.call) add(lazyLayer(limit))
  for (const layer of placed(own, 'call')) add(layer)
  add(options.coalesce && coalescing(options.coalesce))
  add(deps.mirror && mirrored(deps.mirror))
  add(routing(deps.router))
  add(fallingBack(options.fallback, deps))
  add(deps.breaker && breaking(deps.breaker))
  for (const limit of deps.limits.target) add(lazyLayer(limit))
  add(options.retry !== false && retry(options.retry, deps.emitter))
  add(options.hedge && hedging(options.hedge, deps))
  add(options.timeouts && timeout(options.timeouts))
  for (const layer of placed(own, 'attempt')) add(layer)
  return compose(layers, terminal)
}

function mirrored(mirror: Lazy<Mirror>): Middleware {
  return lazyLayer(new Lazy(async () => (await mirror.get()).middleware))
}

/** Which calls go to a group, and which have a limit of their own, only the calls tell. */
function routing(router: Lazy<Router>): Middleware {
  const layer = new Lazy(async () => (await router.get()).middleware)
  return lazyLayer(layer, ({ target, options }) => target.route !== undefined || options.maxCostUsd !== undefined)
}

/** A call may ask for it where the leash does not. */
function fallingBack(options: StackOptions['fallback'], deps: StackDeps): Middleware {
  const layer = new Lazy(async () => (await import('./middleware/fallback.js')).fallback(options, deps))
  return lazyLayer(layer, (call) => options !== undefined || call.options.fallback !== undefined)
}

function breaking(breaker: Lazy<Breaker>): Middleware {
  return lazyLayer(
    new Lazy(async () => {
      const { circuitBreaker } = await import('./middleware/circuit-breaker.js')
      return circuitBreaker(await breaker.get())
    }),
  )
}

function coalescing(options: CoalesceOptions | true): Middleware {
  const layer = new Lazy(async () => (await import('./middleware/coalesce.js')).coalesce(options === true ? {} : options))
  return lazyLayer(layer, (call) => call.options.coalesce !== false)
}

function hedging(options: HedgeOptions | true, deps: StackDeps): Middleware {
  const layer = new Lazy(async () => (await import('./middleware/hedge.js')).hedge(options === true ? {} : options, deps))
  return lazyLayer(layer, (call) => call.options.hedge !== false)
}

function placed(layers: readonly Layer[], place: 'call' | 'attempt'): Middleware[] {
  return layers.flatMap((layer) =>
    typeof layer === 'function' ? (place === 'call' ? [layer] : []) : layer.at === place ? [layer.middleware] : [],
  )
}
