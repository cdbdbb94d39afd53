/**
 * The order of the stack, outermost first, compiled once from the options: only the layers that were asked for.
 * docs/stack.md says which failure is handled where.
 */
import type { Call, Target } from './core/call.js'
import type { CapabilitiesOf } from './core/capabilities.js'
import type { Emitter } from './core/emitter.js'
import { Lazy, lazyLayer } from './core/lazy.js'
import type { Accounts } from './core/ledger.js'
import { compose, type Middleware, type Next } from './core/middleware.js'
import type { PriceBook } from './core/price.js'
import type { MaybePromise, Store } from './core/store.js'
import type { Find } from './core/target.js'
import type { HealthOptions } from './health.js'
import type { LimitLayers, LimitOptions } from './limits.js'
import type { AccessOptions } from './middleware/access.js'
import type { BudgetKeeper, BudgetOptions } from './middleware/budget.js'
import type { CacheOptions } from './middleware/cache/options.js'
import type { Breaker } from './middleware/circuit-breaker/breaker.js'
import type { BreakerOptions } from './middleware/circuit-breaker/options.js'
import type { CoalesceOptions } from './middleware/coalesce.js'
import type { FallbackOptions } from './middleware/fallback.js'
import type { HeadersOption } from './middleware/headers.js'
import type { HedgeMemory, HedgeOptions } from './middleware/hedge.js'
import type { Mirror, MirrorOptions } from './middleware/mirror.js'
import type { RedactOptions } from './middleware/redact/options.js'
import type { Resume, ResumeOptions } from './middleware/resume.js'
import type { RetryOptions } from './middleware/retry.js'
import type { Router } from './middleware/route.js'
import type { SemanticCacheOptions } from './middleware/semantic-cache/options.js'
import type { ShadowLimits } from './middleware/shadow/options.js'
import type { Shadow } from './middleware/shadow.js'
import type { TimeoutOptions } from './middleware/timeout.js'
import type { Module } from './modules/module.js'
import type { ModuleFile } from './modules/module-file.js'
import type { ReadyModule } from './modules/ready.js'
import type { Registry } from './modules/registry.js'
import type { ObserveOptions, Observers } from './observers.js'
import type { CountTokens } from './protocols/tokens.js'

/** Where a user's middleware stands: by itself around the whole call, or just outside the transport, around each attempt. */
export type Layer = Middleware | { readonly at: 'call' | 'attempt'; readonly middleware: Middleware }

/** Limits and modules to try out. Modules see requests, but not answers. */
export interface ShadowOptions extends ShadowLimits {
  readonly modules?: readonly (Module | ModuleFile | ReadyModule)[] | undefined
}

export interface StackOptions extends LimitOptions, BudgetOptions, ObserveOptions {
  /** Which models and providers may be called. @defaultValue all */
  readonly access?: AccessOptions | undefined
  /** Headers to send with each request to a provider. */
  readonly headers?: HeadersOption | undefined
  /** Sends a failed call again where that can help. `false`: never. @defaultValue three attempts at one target */
  readonly retry?: RetryOptions | false | undefined
  /** How long a call and its attempts may take, in milliseconds. @defaultValue no limit; in `LeashLLM`, 600000 for an attempt */
  readonly timeouts?: TimeoutOptions | undefined
  /** Limits to try out: they refuse nothing, and reports say what they would have refused. */
  readonly shadow?: ShadowOptions | undefined
  /** Your own guards: they inspect calls, refuse them, change their texts, or receive a copy. */
  readonly modules?: readonly (Module | ModuleFile | ReadyModule)[] | undefined
  /** Takes personal data and secrets out of requests, and puts them back into answers. @defaultValue false */
  readonly redact?: RedactOptions | boolean | undefined
  /** Sends copies of calls to another model, for comparison. */
  readonly mirror?: MirrorOptions | undefined
  /** US dollars that one call may cost: targets at which it could cost more are not asked. A call's own value wins. */
  readonly maxCostUsd?: number | undefined
  /** Models to try, in this order, when one cannot answer: for all calls, or for each model that may be asked for. */
  readonly fallback?: FallbackOptions | readonly string[] | undefined
  /** When a target counts as down, and how long it is left alone. `false`: never. */
  readonly circuitBreaker?: BreakerOptions | false | undefined
  /** Sends a second request when the first is late, and takes the first answer. */
  readonly hedge?: HedgeOptions | boolean | undefined
  /** Gives the same answer to the same request. */
  readonly cache?: CacheOptions | boolean | undefined
  /** Gives the same answer to nearly the same question. @defaultValue off */
  readonly semanticCache?: SemanticCacheOptions | undefined
  /** Makes one call of identical ones at the same time. */
  readonly coalesce?: CoalesceOptions | boolean | undefined
  /** Continues streams that break off after their first content. @defaultValue false */
  readonly resume?: ResumeOptions | boolean | undefined
  /** Checks at intervals whether providers are up. @defaultValue false */
  readonly health?: HealthOptions | boolean | undefined
  /** Where layers keep their state, possibly shared between processes. @defaultValue this process's memory */
  readonly store?: Store | undefined
  /** Refuses a call if its translation would drop part of it. A call's own value wins. @defaultValue false */
  readonly strict?: boolean | undefined
  /** Attempts of one call at all targets together, including the first. A call's own value wins. @defaultValue no limit beyond `retry` */
  readonly maxAttempts?: number | undefined
  /** Your own layers, the outermost first. */
  readonly use?: readonly Layer[] | undefined
}

/** What the layers share. */
export interface StackDeps {
  readonly emitter: Emitter
  readonly find: Find
  /** What is known of models. */
  readonly capabilities: Lazy<CapabilitiesOf>
  readonly prices: Lazy<PriceBook>
  /** How tokens are counted that no vendor has told yet. */
  readonly tokens: Lazy<CountTokens>
  readonly accounts?: Lazy<Accounts> | undefined
  readonly router: Lazy<Router>
  readonly limits: LimitLayers
  /** It remembers how many tries are left for all. */
  readonly retry?: Middleware
  readonly hedged: Lazy<HedgeMemory>
  readonly cache?: Lazy<{ readonly middleware: Middleware }>
  readonly mirror?: Lazy<Mirror>
  readonly modules?: Lazy<Registry>
  readonly redact?: Lazy<Middleware>
  readonly observers?: Lazy<Observers>
  readonly breaker?: Lazy<Breaker>
  readonly budgets?: Lazy<BudgetKeeper>
  readonly shadow?: Lazy<Shadow>
  /** Sets aside what a second attempt beside a late one may cost. False: it is not sent. */
  readonly reserve?: (second: Call) => MaybePromise<boolean>
  /** Whether a call there would be refused for what others have met. */
  readonly isDown?: (target: Target) => boolean
  /** Where to go when all of these targets are down. */
  readonly leastBad?: (targets: () => readonly Target[]) => Target | undefined
}

export function compile(options: StackOptions, own: readonly Layer[], deps: StackDeps, terminal: Next): Next {
  const layers: Middleware[] = []
  const add = (layer: Middleware | false | undefined) => layer && layers.push(layer)

  add(observed(deps, 'call'))
  add(deps.shadow && shadowed(deps.shadow, 'call'))
  const access = options.access && permitting(options.access)
  // Where a route leads, only the route knows.
  add(access && lazyLayer(access, ({ target }) => target.route === undefined))
  for (const limit of deps.limits.call) add(lazyLayer(limit))
  for (const layer of placed(own, 'call')) add(layer)
  add(costing(deps))
  add(deps.modules && guarding(deps.modules, 'original'))
  add(deps.redact && lazyLayer(deps.redact))
  add(deps.modules && guarding(deps.modules, 'redacted'))
  add(observed(deps, 'content'))
  add(deps.cache && held(deps.cache))
  add(options.coalesce && coalescing(options.coalesce, deps))
  add(deps.mirror && held(deps.mirror))
  add(deps.budgets && budgeted(options, deps.budgets, 'call'))
  add(routing(deps.router))
  const [resume, resumeAt] = resuming(options.resume, deps)
  add(resume)
  add(fallingBack(options.fallback, deps))
  const hedge = options.hedge && hedging(options.hedge, deps)
  const beside = typeof options.hedge === 'object' && (options.hedge.to ?? 'same') !== 'same'
  add(beside && hedge)
  add(deps.breaker && breaking(deps.breaker))
  for (const limit of deps.limits.target) add(lazyLayer(limit))
  add(deps.retry)
  add(!beside && hedge)
  add(resumeAt)
  add(holding(deps))
  add(access && lazyLayer(access))
  for (const limit of deps.limits.attempt) add(lazyLayer(limit))
  add(timing(options.timeouts?.providers))
  add(options.headers && sending(options.headers))
  for (const layer of placed(own, 'attempt')) add(layer)
  add(deps.shadow && shadowed(deps.shadow, 'attempt'))
  add(deps.budgets && budgeted(options, deps.budgets, 'attempt'))
  add(observed(deps, 'attempt'))
  return compose(layers, terminal)
}

/** For a call that is not sent: who may make it, and where it would go. Nothing is spent of a limit, or remembered. */
export function compileDry(options: StackOptions, own: readonly Layer[], deps: StackDeps, terminal: Next): Next {
  const held = (place: 'call' | 'attempt') => (deps.budgets ? [budgeted(options, deps.budgets, place)] : [])
  const access = options.access && lazyLayer(permitting(options.access))
  const layers = [
    ...placed(own, 'call'),
    ...(deps.modules ? [guarding(deps.modules, 'original')] : []),
    ...(deps.redact ? [lazyLayer(deps.redact)] : []),
    ...(deps.modules ? [guarding(deps.modules, 'redacted')] : []),
    ...held('call'),
    routing(deps.router),
    fallingBack(options.fallback, deps),
    ...(access ? [access] : []),
    ...held('attempt'),
  ]
  return compose(layers, terminal)
}

function permitting(options: AccessOptions): Lazy<Middleware> {
  return new Lazy(async () => (await import('./middleware/access.js')).access(options))
}

/** Only the calls tell. */
function costing(deps: StackDeps): Middleware {
  const layer = new Lazy(async () => (await import('./middleware/stream-cost.js')).streamCost(deps))
  return lazyLayer(layer, ({ stream, options }) => stream && (options.costs === true || options.stopAtUsd !== undefined))
}

/** The layer of something that outlives the stack. */
function held(holder: Lazy<{ readonly middleware: Middleware }>): Middleware {
  return lazyLayer(new Lazy(async () => (await holder.get()).middleware))
}

function observed({ observers }: StackDeps, place: 'call' | 'content' | 'attempt'): Middleware | undefined {
  return observers && lazyLayer(new Lazy(async () => (await observers.get())[place]))
}

function guarding(modules: Lazy<Registry>, sees: Module['sees']): Middleware {
  return lazyLayer(new Lazy(async () => (await modules.get())[sees]))
}

function sending(own: HeadersOption): Middleware {
  return lazyLayer(new Lazy(async () => (await import('./middleware/headers.js')).headers(own)))
}

function shadowed(shadow: Lazy<Shadow>, place: 'call' | 'attempt'): Middleware {
  return lazyLayer(new Lazy(async () => (await shadow.get())[place]))
}

/** A call may have a budget of its own. */
function budgeted({ budgets }: BudgetOptions, keeper: Lazy<BudgetKeeper>, place: 'call' | 'attempt'): Middleware {
  const layer = new Lazy(async () => (await keeper.get())[place])
  return lazyLayer(layer, ({ options }) => budgets !== undefined || options.budgetUsd !== undefined)
}

/** The first attempt is looked at where its target is chosen. */
function holding(deps: StackDeps): Middleware {
  const layer = new Lazy(async () => (await import('./middleware/fallback/held-to-cost.js')).heldToCost(deps))
  const isLater = ({ hedged, report }: Call) => hedged || report.attempts.length + report.moves.length > 0
  return lazyLayer(layer, (call) => call.options.maxCostUsd !== undefined && isLater(call))
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

/** Around all targets, and around each: who goes on with a stream, and in which form it is asked to. */
function resuming(options: StackOptions['resume'], deps: StackDeps): Middleware[] {
  const given = typeof options === 'object' ? options : {}
  const made = new Lazy<Resume>(async () => new (await import('./middleware/resume.js')).Resume(given, deps))
  const wanted = (call: Call) => call.stream && (call.options.resume ?? Boolean(options))
  const around = (place: 'call' | 'target') => lazyLayer(new Lazy(async () => (await made.get())[place]), wanted)
  return [around('call'), around('target')]
}

function breaking(breaker: Lazy<Breaker>): Middleware {
  return lazyLayer(
    new Lazy(async () => {
      const { circuitBreaker } = await import('./middleware/circuit-breaker.js')
      return circuitBreaker(await breaker.get())
    }),
  )
}

function coalescing(options: CoalesceOptions | true, deps: StackDeps): Middleware {
  const given = options === true ? {} : options
  const layer = new Lazy(async () => (await import('./middleware/coalesce.js')).coalesce(given, deps))
  return lazyLayer(layer, (call) => call.options.coalesce !== false)
}

function hedging(options: HedgeOptions | true, deps: StackDeps): Middleware {
  const layer = new Lazy(async () => {
    const { hedge } = await import('./middleware/hedge.js')
    return hedge(options === true ? {} : options, deps, await deps.hedged.get())
  })
  return lazyLayer(layer, (call) => call.options.hedge !== false)
}

/** The limits that hold for every call it has already. */
function timing(providers: TimeoutOptions['providers']): Middleware {
  const layer = new Lazy(async () => (await import('./middleware/timeout.js')).timeout(providers))
  return lazyLayer(layer, ({ timeouts }) => providers !== undefined || !!timeouts.slowStream)
}

function placed(layers: readonly Layer[], place: 'call' | 'attempt'): Middleware[] {
  return layers.flatMap((layer) =>
    typeof layer === 'function' ? (place === 'call' ? [layer] : []) : layer.at === place ? [layer.middleware] : [],
  )
}
