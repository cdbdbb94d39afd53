/** What a leash is made of: each part is loaded by the first call that needs it, and all share what they know. */
import { Emitter } from './core/emitter.js'
import { Lazy } from './core/lazy.js'
import type { Middleware } from './core/middleware.js'
import type { Prices } from './core/price.js'
import type { Store } from './core/store.js'
import type { Transport } from './core/transport.js'
import type { EngineDeps } from './engine.js'
import { type HealthOptions, healthOf, probedProviders } from './health.js'
import type { LeashOptions } from './leash.js'
import type { LedgerOptions } from './ledger/ledger.js'
import type { OpenLedger } from './ledger/open.js'
import { limitLayers } from './limits.js'
import type { BudgetKeeper } from './middleware/budget.js'
import type { Breaker } from './middleware/circuit-breaker/breaker.js'
import type { BreakerOptions } from './middleware/circuit-breaker/options.js'
import type { RedactOptions } from './middleware/redact/options.js'
import type { Registry } from './modules/registry.js'
import type { Caches } from './open-cache.js'
import type { Probes, ProbesContext } from './probes.js'
import type { CountTokens } from './protocols/tokens.js'
import { configuredProviders, type Providers } from './providers/registry.js'
import { createResolver, type Find } from './resolve.js'

export interface Parts extends EngineDeps {
  readonly registry: Providers
  readonly books?: Lazy<OpenLedger>
  /** There for who asks what it holds, also where no call is answered from it. */
  readonly answers: Lazy<Caches>
  /** There for who asks, also where the leash was made without. */
  readonly guards: Lazy<Registry>
  /** A call may have a budget where the leash has none. */
  readonly budgets: Lazy<BudgetKeeper>
  readonly probes?: Lazy<Probes>
  /** Stops whatever goes on by itself, and waits until every line of the ledger is where it belongs. */
  close(): Promise<void>
}

export function openParts(options: LeashOptions): Parts {
  const { circuitBreaker, ledger = true, health, mirror: copies, redact, store: given } = options
  const emitter = new Emitter()
  const registry = configuredProviders(options.providers)
  // Looked up at each call, so that a `fetch` patched later (tests, instrumentation) is the one that is used.
  const transport: Transport = options.fetch ?? ((url, init) => fetch(url, init))
  const resolve = createResolver(registry, options.routes)
  const find: Find = (model, { protocol, here, remote }) => resolve(model, protocol, here, remote)
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
  const router = new Lazy(
    async () => new (await import('./middleware/route.js')).Router(options.routes ?? {}, { emitter, prices, capabilities }),
  )
  const mirror = copies && new Lazy(async () => new (await import('./middleware/mirror.js')).Mirror(copies, { emitter, find }))
  const budgets = new Lazy(async () => {
    const { BudgetKeeper } = await import('./middleware/budget.js')
    return new BudgetKeeper(options, { emitter, store: await store.get(), find, prices, capabilities })
  })
  const guards = new Lazy(async () => (await import('./modules/registry.js')).openModules(options.modules, { emitter, find }))
  const books = ledger === false ? undefined : openBooks(ledger === true ? {} : ledger, opened, tokens, warn)
  const accounts = books && new Lazy(async () => (await books.get()).accounts)
  const answers = new Lazy(async () => (await import('./open-cache.js')).openCache(options, { emitter, accounts, find }))
  const observers = new Lazy(async () =>
    (await import('./observers.js')).openObservers(options, {
      emitter,
      health: () => healthOf(registry, Object.keys(options.providers ?? {}), breaker?.value, probes?.value),
      budgets: async () => budgets.value?.states() ?? [],
      modules: () => guards.value?.list() ?? [],
    }),
  )
  const probes = health ? openProbes(health === true ? {} : health, registry, { transport, emitter }) : undefined
  return {
    emitter,
    registry,
    transport,
    resolve,
    find,
    prices,
    tokens,
    capabilities,
    router,
    answers,
    guards,
    budgets,
    reserve: (second) => budgets.value?.prepay(second) ?? true,
    limits: limitLayers(options, store, { prices, tokens }),
    leastBad: (targets) => breaker?.value?.leastBad(targets),
    ...(options.modules && { modules: guards }),
    ...(redact && { redact: openRedact(redact === true ? {} : redact, emitter) }),
    ...((options.telemetry || options.metrics || options.slo) && { observers }),
    ...((options.cache || options.semanticCache) && { cache: answers }),
    ...(breaker && { breaker }),
    ...(mirror && { mirror }),
    ...(books && { books }),
    ...(accounts && { accounts }),
    ...(probes && { probes }),
    ...((options.prices || options.tokens) && { ready: new Lazy(() => Promise.all([opened.get(), tokens.get()])) }),
    async close() {
      void probes?.get().then((probes) => probes.close())
      mirror?.value?.close()
      observers.value?.close()
      await budgets.value?.close()
      await answers.value?.close()
      await guards.value?.close()
      opened.value?.close()
      // The first calls may have ended before there was anybody to book them.
      await accounts?.underway?.catch(() => {})
      await books?.value?.ledger.flush()
    },
  }
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
): Lazy<OpenLedger> {
  return new Lazy(async () => (await import('./ledger/open.js')).openLedger(options, await prices.get(), tokens, warn))
}
