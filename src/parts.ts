/** What a leash is made of: each part is loaded by the first call that needs it, and all share what they know. */
import type { Control } from './control/control.js'
import { Emitter } from './core/emitter.js'
import type { Health } from './core/health.js'
import { Lazy } from './core/lazy.js'
import type { LedgerSink } from './core/ledger.js'
import type { Middleware } from './core/middleware.js'
import type { Prices } from './core/price.js'
import type { Store } from './core/store.js'
import type { Find } from './core/target.js'
import type { Transport } from './core/transport.js'
import type { EngineDeps } from './engine.js'
import { type HealthOptions, healthOf, probedProviders } from './health.js'
import type { LedgerOptions } from './ledger/ledger.js'
import type { OpenLedger } from './ledger/open.js'
import { limitLayers } from './limits.js'
import type { BudgetKeeper } from './middleware/budget.js'
import type { Breaker } from './middleware/circuit-breaker/breaker.js'
import type { BreakerOptions } from './middleware/circuit-breaker/options.js'
import type { RedactOptions } from './middleware/redact/options.js'
import { retry } from './middleware/retry.js'
import type { Registry } from './modules/registry.js'
import type { InForce, Observers } from './observers.js'
import type { Caches } from './open-cache.js'
import type { LeashOptions } from './open-leash.js'
import type { Probes, ProbesContext } from './probes.js'
import type { CountTokens } from './protocols/tokens.js'
import { configuredProviders, type Providers } from './providers/registry.js'
import { createResolver } from './resolve.js'
import type { ShadowOptions } from './stack.js'

/** Made once for a leash, whatever policy it is under. */
export interface Shared extends Pick<EngineDeps, 'emitter' | 'transport' | 'prices' | 'tokens' | 'capabilities' | 'accounts'> {
  readonly registry: Providers
  readonly store: Lazy<Store>
  readonly breaker?: Lazy<Breaker>
  readonly books?: Lazy<OpenLedger>
  readonly probes?: Lazy<Probes>
  /** What a relay says, where there is one. */
  readonly control?: Lazy<Control>
  /** What was configured, and may turn out to be wrong only when it is read. */
  readonly given: Lazy<Prices>
  /** How targets and providers are doing. */
  health(): Health
  /** Stops whatever goes on by itself, and waits until every line of the ledger is where it belongs. */
  close(): Promise<void>
}

export interface Parts extends EngineDeps {
  /** What they are made of. */
  readonly options: LeashOptions
  /** There for who asks what it holds, also where no call is answered from it. */
  readonly answers: Lazy<Caches>
  /** There for who asks, also where the leash was made without. */
  readonly guards: Lazy<Registry>
  /** A call may have a budget where the leash has none. */
  readonly budgets: Lazy<BudgetKeeper>
  readonly watchers: Lazy<Observers>
  /** The parts of the policy in force, for what outlives it, and must not begin to count anew. */
  readonly inForce: InForce
}

export function openShared(options: LeashOptions, control?: Lazy<Control>): Shared {
  const { circuitBreaker, ledger = true, health, store: given } = options
  const emitter = new Emitter()
  const registry = configuredProviders(options.providers)
  // Looked up at each call, so that a `fetch` patched later (tests, instrumentation) is the one that is used.
  const transport: Transport = options.fetch ?? ((url, init) => fetch(url, init))
  const store = new Lazy<Store>(async () => given ?? (await import('./stores/memory.js')).memory())
  const warn = (message: string) => {
    emitter.emit('warning', { message })
    return emitter.heard('warning')
  }
  const opened = new Lazy(async () => (await import('./catalog/prices/open.js')).openPrices(options.prices, warn))
  const prices = new Lazy(async () => (await opened.get()).book.get())
  const tokens = new Lazy(async () => (await import('./protocols/tokens.js')).counterBy(options.tokens))
  const capabilities = new Lazy(async () => (await import('./catalog/capabilities.js')).loadCapabilities())
  const breaker = circuitBreaker === false ? undefined : openBreaker(circuitBreaker, emitter, given)
  const sink = control && new Lazy(async () => (await control.get()).sink)
  const books = ledger === false ? undefined : openBooks(ledger === true ? {} : ledger, opened, tokens, warn, sink)
  const accounts = books && new Lazy(async () => (await books.get()).accounts)
  const probes = health ? openProbes(health === true ? {} : health, registry, { transport, emitter }) : undefined
  return {
    emitter,
    registry,
    transport,
    store,
    prices,
    tokens,
    capabilities,
    given: opened,
    ...(breaker && { breaker }),
    ...(books && { books }),
    ...(accounts && { accounts }),
    ...(probes && { probes }),
    ...(control && { control }),
    health: () => healthOf(registry, Object.keys(options.providers ?? {}), breaker?.value, probes?.value),
    async close() {
      void probes?.get().then((probes) => probes.close())
      opened.value?.close()
      // The first calls may have ended before there was anybody to book them.
      await accounts?.underway?.catch(() => {})
      await books?.value?.ledger.flush()
      await control?.value?.close()
    },
  }
}

/** @param before those of the policy before, of which whatever the new one does not change is kept */
export function openParts(options: LeashOptions, shared: Shared, before?: Parts): Parts {
  const { emitter, registry, breaker, prices, tokens, capabilities, store, accounts, control } = shared
  const { mirror: copies, redact, shadow: tried } = options
  const kept = keeper(options, before)
  const resolve = createResolver(registry, options.routes)
  const find: Find = (model, { protocol, here, remote }) => resolve(model, protocol, here, remote)
  const deps = { emitter, find, prices, capabilities }
  const router = kept('router', 'routes') ?? openRouter(options, deps)
  const mirror = copies && (kept('mirror', 'routes') ?? openMirror(copies, deps))
  const budgets =
    kept('budgets', 'budgets', 'routes') ??
    new Lazy(async () => {
      const { BudgetKeeper } = await import('./middleware/budget.js')
      const balances = control ? (await control.get()).budgets : await store.get()
      return new BudgetKeeper(options, { ...deps, store: balances })
    })
  const shadow =
    tried &&
    (kept('shadow', 'shadow', 'routes') ??
      new Lazy(async () => {
        const { Shadow } = await import('./middleware/shadow.js')
        const [own, priceBook, counted] = await Promise.all([store.get(), prices.get(), tokens.get()])
        const balances = control ? (await control.get()).budgets : own
        const guards = tried.modules && (await triedOut(tried.modules, find))
        return new Shadow(tried, { ...deps, store: own, budgets: balances, priceBook, counted, guards })
      }))
  const inForce: InForce = before?.inForce ?? {}
  const guards =
    kept('guards', 'routes') ??
    new Lazy(async () => (await import('./modules/registry.js')).openModules(inForce.parts?.options.modules, { emitter, find }))
  if (before?.options.modules !== options.modules) void guards.value?.hold(options.modules)
  const answers =
    kept('answers', 'cache', 'routes') ??
    new Lazy(async () => (await import('./open-cache.js')).openCache(options, { emitter, accounts, find }))
  const watchers = before?.watchers ?? openWatchers(options, shared, inForce)
  const parts: Parts = {
    ...shared,
    options,
    resolve,
    find,
    router,
    answers,
    guards,
    budgets,
    watchers,
    inForce,
    reserve: (second) => budgets.value?.prepay(second) ?? true,
    hedged: kept('hedged', 'hedge') ?? openHedged(options.hedge),
    limits: kept('limits', 'rateLimit', 'concurrency', 'pace') ?? limitLayers(options, store, { prices, tokens }),
    isDown: (target) => breaker?.value?.state(target) === 'open',
    leastBad: (targets) => breaker?.value?.leastBad(targets),
    ...(options.retry !== false && { retry: kept('retry', 'retry') ?? retry(options.retry, emitter) }),
    ...(options.modules && { modules: guards }),
    ...(redact && { redact: kept('redact', 'redact') ?? openRedact(redact === true ? {} : redact, emitter) }),
    ...((options.telemetry || options.metrics || options.slo) && { observers: watchers }),
    ...((options.cache || options.semanticCache) && { cache: answers }),
    ...(mirror && { mirror }),
    ...(shadow && { shadow }),
    ...((options.prices || options.tokens) && { ready: new Lazy(() => Promise.all([shared.given.get(), tokens.get()])) }),
  }
  inForce.parts = parts
  return parts
}

/** A function by itself: what is made in {@link openParts} would else hold the parts before, and those the ones before them. */
function keeper(options: LeashOptions, before: Parts | undefined) {
  return <K extends keyof Parts>(part: K, ...of: (keyof LeashOptions)[]): Parts[K] | undefined =>
    before && of.every((name) => before.options[name] === options[name]) ? before[part] : undefined
}

/** @param after those that go on, and keep what they share with these */
export async function closeParts({ mirror, shadow, budgets, answers, guards, watchers }: Parts, after?: Parts): Promise<void> {
  if (watchers !== after?.watchers) watchers.value?.close()
  if (mirror !== after?.mirror) mirror?.value?.close()
  if (shadow !== after?.shadow) await shadow?.value?.close()
  if (budgets !== after?.budgets) await budgets.value?.close()
  if (answers !== after?.answers) await answers.value?.close()
  if (guards !== after?.guards) await guards.value?.close()
}

/** What they would tell of nobody is to take for what is. */
async function triedOut(modules: NonNullable<ShadowOptions['modules']>, find: Find) {
  const { openModules } = await import('./modules/registry.js')
  const guards = await openModules(modules, { emitter: new Emitter(), find })
  return { layers: [guards.original, guards.redacted], close: () => guards.close() }
}

type Deps = Pick<EngineDeps, 'emitter' | 'find' | 'prices' | 'capabilities'>

function openRouter({ routes = {} }: LeashOptions, deps: Deps): EngineDeps['router'] {
  return new Lazy(async () => new (await import('./middleware/route.js')).Router(routes, deps))
}

function openMirror(copies: NonNullable<LeashOptions['mirror']>, deps: Deps): NonNullable<EngineDeps['mirror']> {
  return new Lazy(async () => new (await import('./middleware/mirror.js')).Mirror(copies, deps))
}

function openWatchers(options: LeashOptions, { emitter, health }: Shared, inForce: InForce): Lazy<Observers> {
  return new Lazy(async () => (await import('./observers.js')).openObservers(options, { emitter, health, inForce }))
}

function openBreaker(options: BreakerOptions | undefined, emitter: Emitter, store: Store | undefined): Lazy<Breaker> {
  return new Lazy(async () => {
    const { Breaker } = await import('./middleware/circuit-breaker/breaker.js')
    return new Breaker(options, emitter, store)
  })
}

/** Placeholders of a conversation outlive the stack. */
function openRedact(options: RedactOptions, emitter: Emitter): Lazy<Middleware> {
  return new Lazy(async () => (await import('./middleware/redact.js')).redact(options, emitter))
}

function openHedged(options: LeashOptions['hedge']): EngineDeps['hedged'] {
  return new Lazy(async () => (await import('./middleware/hedge.js')).remember(typeof options === 'object' ? options : {}))
}

function openProbes(options: HealthOptions, registry: Providers, context: ProbesContext): Lazy<Probes> {
  const providers = probedProviders(options, registry)
  const probes = new Lazy(async () => new (await import('./probes.js')).Probes(providers, options, context))
  void probes.get().then((probes) => probes.start())
  return probes
}

/** The first call loads it, while its vendor works on the answer. */
function openBooks(
  options: LedgerOptions,
  prices: Lazy<Prices>,
  tokens: Lazy<CountTokens>,
  warn: (message: string) => boolean,
  relay: Lazy<LedgerSink> | undefined,
): Lazy<OpenLedger> {
  return new Lazy(async () => {
    const { openLedger } = await import('./ledger/open.js')
    return openLedger(options, await prices.get(), tokens, warn, await relay?.get())
  })
}
