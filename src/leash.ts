export type { Attempt, Call, CallOptions, Loss, Move, Report, Result, StreamResult, Timeouts, UnaryResult } from './core/call.js'
export { withBody } from './core/call.js'
export type { LeashEvents } from './core/emitter.js'
export { type ErrorCode, isLeashError, LeashError } from './core/errors.js'
export type { ExperimentState, VariantState } from './core/experiment.js'
export type { BreakerChange, BreakerState, Health, Probe, ProviderHealth, TargetHealth } from './core/health.js'
export type { LedgerLine, LedgerSink } from './core/ledger.js'
export type { Middleware, Next } from './core/middleware.js'
export type { HttpRequest, KeyInUse, KeyState, Provider, Traits, WireRequest } from './core/provider.js'
export type { Transport } from './core/transport.js'
export type { Usage } from './core/usage.js'
export { reportOf } from './fetch.js'
export type { HealthOptions, ProbeOptions } from './health.js'
export type { Dimension, UsageQuery, UsageRow } from './ledger/fold.js'
export type { LedgerOptions } from './ledger/ledger.js'
export type { BreakerOptions } from './middleware/circuit-breaker/options.js'
export type { Mirrored, MirrorOptions, MirrorPair } from './middleware/mirror.js'
export { exponential, type RetryOptions } from './middleware/retry.js'
export type { Condition, Conditions, ExperimentOptions, Route, Routes, RouteTarget } from './middleware/route/options.js'
export { anthropic } from './providers/anthropic.js'
export { azure } from './providers/azure.js'
export { bedrock } from './providers/bedrock.js'
export { google } from './providers/google.js'
export { openai } from './providers/openai.js'
export { openaiCompatible } from './providers/openai-compatible.js'
export type { ApiKey, ApiKeys, KeyEntry, KeysOptions } from './providers/options.js'
export { preset } from './providers/presets.js'
export { secretFile } from './providers/secret-file.js'
export { vertex } from './providers/vertex.js'
export type { Layer } from './stack.js'

import type { PricesOptions } from './catalog/prices/open.js'
import { checkOptions } from './config/schema.js'
import { Emitter, type LeashEvents } from './core/emitter.js'
import { LeashError } from './core/errors.js'
import type { ExperimentState } from './core/experiment.js'
import type { Health } from './core/health.js'
import { Lazy } from './core/lazy.js'
import type { Prices } from './core/price.js'
import type { Store } from './core/store.js'
import type { Transport } from './core/transport.js'
import { Engine } from './engine.js'
import { leashFetch } from './fetch.js'
import type { HandlerOptions } from './handler.js'
import { type HealthOptions, healthOf, holdBreaker, probedProviders } from './health.js'
import type { UsageQuery, UsageRow } from './ledger/fold.js'
import type { LedgerOptions } from './ledger/ledger.js'
import type { OpenLedger } from './ledger/open.js'
import { limitLayers } from './limits.js'
import type { Routes } from './middleware/route/options.js'
import type { Probes, ProbesContext } from './probes.js'
import { configuredProviders, type Providers, type ProvidersOptions } from './providers/registry.js'
import { createResolver, type Find } from './resolve.js'
import type { Layer, StackOptions } from './stack.js'
import { wrap } from './wrap.js'

export interface LeashOptions extends StackOptions, HandlerOptions {
  /** Providers by name: options for a built-in one, or one of your own. A key not given here comes from the vendor's environment variable. */
  readonly providers?: ProvidersOptions
  /** Your names for models, each for one or for several to choose from: `{ fast: 'groq/llama-3.3-70b-versatile' }`. */
  readonly routes?: Routes
  /** What carries requests to upstreams. @defaultValue the global `fetch` */
  readonly fetch?: Transport
  /** Keeps what every attempt used and cost: `true` in memory, or with options. @defaultValue false */
  readonly ledger?: boolean | LedgerOptions
  /** Prices of your own, over those that are known. */
  readonly prices?: PricesOptions
}

export interface Leash {
  /** Takes the place of `fetch` in any SDK: a call to a model goes through the stack, everything else passes. */
  readonly fetch: typeof fetch
  /** Serves the wire endpoints of OpenAI, Anthropic and Gemini in any fetch-style host, with any model behind any of them. */
  readonly handle: (request: Request) => Promise<Response>
  /** An instance of a vendor's own SDK, of the same class, on the leash. */
  readonly wrap: <T extends object>(client: T) => T
  /** Adds a layer to the stack, inside those there are. */
  readonly use: (layer: Layer) => Leash
  /** @returns a function that stops listening */
  readonly on: <E extends keyof LeashEvents>(name: E, listener: (event: LeashEvents[E]) => void) => () => void
  /** What calls used and cost, by whatever is asked for; of the newest attempts that the `ledger` keeps. */
  readonly usage: (query?: UsageQuery) => UsageRow[]
  /** How the experiments among the routes stand. */
  readonly experiments: () => Promise<ExperimentState[]>
  /**
   * Says how good an answer was, for the experiment that its call was in.
   * @param call its report, or its id
   * @param value a number; the higher, the better
   * @returns false when the call was in none, or is too long ago
   */
  readonly score: (call: string | { readonly id: string }, value: number) => boolean
  /** How targets and providers are doing, by what their calls came to. Nothing is sent. */
  readonly health: () => Health
  /** Holds a target (`provider/model`), or all of a provider, open or closed by hand; `auto` lets go of it. */
  readonly breaker: (target: string, state: 'open' | 'closed' | 'auto') => Promise<void>
  /** Takes no more calls. Those under way go on to their end. */
  readonly close: () => Promise<void>
}

/** What the client builds on, beside what everybody sees. */
export interface LeashInside {
  readonly leash: Leash
  readonly engine: Engine
  /** A `fetch` of this leash over another transport, for an SDK that lives at the named provider. */
  fetchFor(provider?: string, transport?: Transport): typeof fetch
  /** Names of the providers that were given options or have a key in the environment. */
  configured(): readonly string[]
}

/** Compiles a stack. Nothing is sent, and no vendor's SDK is loaded, before the first call that needs it. */
export function createLeash(options: LeashOptions = {}): Leash {
  return openLeash(options).leash
}

export function openLeash(options: LeashOptions): LeashInside {
  checkOptions(options)
  const emitter = new Emitter()
  const registry = configuredProviders(options.providers)
  // Looked up at each call, so that a `fetch` patched later (tests, instrumentation) is the one that is used.
  const transport: Transport = options.fetch ?? ((url, init) => fetch(url, init))
  const resolve = createResolver(registry, options.routes)
  const { circuitBreaker, store } = options
  const breaker =
    circuitBreaker === false
      ? undefined
      : new Lazy(
          async () => new (await import('./middleware/circuit-breaker/breaker.js')).Breaker(circuitBreaker, emitter, store),
        )
  const { ledger = false } = options
  const warn = (message: string) => emitter.emit('warning', { message })
  const prices = new Lazy(async () => (await import('./catalog/prices/open.js')).openPrices(options.prices, warn))
  const book = new Lazy(async () => (await prices.get()).book.get())
  const capabilities = new Lazy(async () => (await import('./catalog/capabilities.js')).loadCapabilities())
  const kept = new Lazy<Store>(async () => store ?? (await import('./stores/memory.js')).memory())
  const find: Find = (model, { protocol, here, remote }) => resolve(model, protocol, here, remote)
  const router = new Lazy(
    async () => new (await import('./middleware/route.js')).Router(options.routes ?? {}, { emitter, prices: book, capabilities }),
  )
  const copies = options.mirror
  const mirror = copies && new Lazy(async () => new (await import('./middleware/mirror.js')).Mirror(copies, { emitter, find }))
  const books = ledger === false ? undefined : lazyBooks(ledger === true ? {} : ledger, prices, warn)
  const engine = new Engine(options, {
    transport,
    resolve,
    emitter,
    find,
    capabilities,
    prices: book,
    router,
    limits: limitLayers(options, kept, book),
    ...(mirror && { mirror }),
    leastBad: (targets) => breaker?.value?.leastBad(targets),
    ...(breaker && { breaker }),
    ...(options.prices && { ready: prices }),
    ...(books && { accounts: new Lazy(async () => (await books.get()).accounts) }),
  })
  const probes = options.health
    ? openProbes(options.health === true ? {} : options.health, registry, { transport, emitter })
    : undefined
  const handler = new Lazy(async () => (await import('./handler.js')).createHandler(engine, options))
  const leash: Leash = {
    fetch: leashFetch(engine, transport),
    handle: async (request) => (handler.value ?? (await handler.get()))(request),
    wrap: (client) => wrap(client, inside),
    use(layer) {
      engine.use(layer)
      return leash
    },
    on: (name, listener) => emitter.on(name, listener),
    usage: (query) => {
      if (!books) throw new LeashError('invalid_config', 'There is no ledger. Pass `ledger: true`.')
      return books.value?.ledger.usage(query) ?? []
    },
    experiments: async () => (await router.get()).experiments(),
    score: (call, value) => router.value?.score(typeof call === 'string' ? call : call.id, value) ?? false,
    health: () => healthOf(registry, Object.keys(options.providers ?? {}), breaker?.value, probes?.value),
    breaker: (target, state) => holdBreaker(target, state, registry, breaker),
    async close() {
      engine.close()
      void probes?.get().then((probes) => probes.close())
      mirror?.value?.close()
      prices.value?.close()
      await books?.value?.ledger.flush()
    },
  }
  const inside: LeashInside = {
    leash,
    engine,
    fetchFor: (provider, other = transport) => leashFetch(engine, other, provider),
    configured: () => registry.names().filter(registry.isConfigured),
  }
  return inside
}

function openProbes(options: HealthOptions, registry: Providers, context: ProbesContext): Lazy<Probes> {
  const providers = probedProviders(options, registry)
  const probes = new Lazy(async () => new (await import('./probes.js')).Probes(providers, options, context))
  void probes.get().then((probes) => probes.start())
  return probes
}

/** The first call loads it, while its vendor works on the answer. */
function lazyBooks(options: LedgerOptions, prices: Lazy<Prices>, warn: (message: string) => void): Lazy<OpenLedger> {
  return new Lazy(async () => (await import('./ledger/open.js')).openLedger(options, await prices.get(), warn))
}

export interface Readiness {
  readonly provider: string
  readonly ready: boolean
  /** What to do before it is, as an instruction. */
  readonly missing?: string
  /** Given options or a key, and not merely in need of none. */
  readonly configured: boolean
}

/** Which providers could take a call now. Nothing is sent. */
export function readiness(options: ProvidersOptions = {}): Readiness[] {
  const registry = configuredProviders(options)
  return registry.names().map((provider) => {
    const missing = registry.get(provider)?.missing()
    return {
      provider,
      ready: missing === undefined,
      configured: registry.isConfigured(provider),
      ...(missing !== undefined && { missing }),
    }
  })
}
