import type { PricesOptions } from './catalog/prices/open.js'
import { checkOptions } from './config/schema.js'
import type { Control, RelayOptions } from './control/control.js'
import type { BudgetState } from './core/budget.js'
import type { Estimate } from './core/call.js'
import type { LeashEvents } from './core/emitter.js'
import { LeashError } from './core/errors.js'
import type { ExperimentState } from './core/experiment.js'
import type { Health } from './core/health.js'
import { hidden } from './core/hidden.js'
import { Lazy } from './core/lazy.js'
import type { Provider } from './core/provider.js'
import type { SloState } from './core/slo.js'
import type { Transport } from './core/transport.js'
import { Engine } from './engine.js'
import type { EstimateOptions } from './estimate.js'
import { leashFetch } from './fetch.js'
import type { Handle, HandleOptions, HandlerOptions } from './handler.js'
import { holdBreaker } from './health.js'
import type { UsageQuery, UsageRow } from './ledger/fold.js'
import type { LedgerOptions } from './ledger/ledger.js'
import type { BudgetQuery } from './middleware/budget/options.js'
import type { Routes } from './middleware/route/options.js'
import type { LeashModules, Registry } from './modules/registry.js'
import type { ModuleStatus } from './modules/slot.js'
import type { LeashCache } from './open-cache.js'
import { closeParts, openParts, openShared } from './parts.js'
import type { TokensOption } from './protocols/tokens.js'
import { readEnv } from './providers/env.js'
import type { ProvidersOptions } from './providers/registry.js'
import type { Governed } from './relayed.js'
import type { Layer, StackOptions } from './stack.js'
import { wrap } from './wrap.js'

export interface LeashOptions extends StackOptions, HandlerOptions {
  /** Providers by name: options of a built-in one, or a provider that you wrote. Keys that are not given here come from the vendors' environment variables. */
  readonly providers?: ProvidersOptions | undefined
  /** Your own names for models, each for one model, or for several to choose from: `{ fast: 'groq/llama-3.3-70b-versatile' }`. */
  readonly routes?: Routes | undefined
  /** Sends the requests to providers. @defaultValue the global `fetch` */
  readonly fetch?: Transport | undefined
  /** Records what every attempt used and cost, in memory or as its options say; `false`: no records. @defaultValue true */
  readonly ledger?: boolean | LedgerOptions | undefined
  /** Your own prices; they override the known ones. */
  readonly prices?: PricesOptions | undefined
  /**
   * A relay whose policy and budgets apply to this leash. Calls still go straight to vendors. `false`: none, whatever the environment says.
   *
   * @defaultValue `LEASH_RELAY_URL` and `LEASH_RELAY_KEY`, where both are set
   */
  readonly relay?: Partial<RelayOptions> | false | undefined
  /**
   * How tokens are counted before a vendor tells: `'exact'` with `gpt-tokenizer`, which you install, or your own function.
   * @defaultValue a quick estimate
   */
  readonly tokens?: TokensOption | undefined
}

export interface Leash {
  /** Replaces `fetch` in any SDK: calls to models go through the stack, everything else is sent unchanged. */
  readonly fetch: typeof fetch
  /** Serves the endpoints of OpenAI, Anthropic and Gemini from any fetch-style host, with any model behind each of them. */
  readonly handle: Handle
  /** Puts a client of a vendor's own SDK on the leash. Returns an instance of the same class. */
  readonly wrap: <T extends object>(client: T) => T
  /** Adds a layer to the stack, inside the existing ones. */
  readonly use: (layer: Layer) => Leash
  /** @returns a function that stops listening */
  readonly on: <E extends keyof LeashEvents>(name: E, listener: (event: LeashEvents[E]) => void) => () => void
  /** What calls used and cost, by tenant, model and more; from the newest attempts, which the `ledger` keeps. */
  readonly usage: (query?: UsageQuery) => UsageRow[]
  /**
   * Which provider would be asked, how many tokens the request has, and what it could cost. Nothing is sent.
   *
   * @example
   * const { provider, mostUsd } = await leash.estimate({ model: 'gpt-4o-mini', max_tokens: 500, messages })
   */
  readonly estimate: <T extends { readonly model: string }>(request: T, options?: EstimateOptions) => Promise<Estimate>
  /** The results so far of the experiments among the `routes`. */
  readonly experiments: () => Promise<ExperimentState[]>
  /**
   * Rates an answer, for the experiment that its call was part of.
   * @param call its report, or its id
   * @param value a number; higher is better
   * @returns false if the call was part of none, or is too long ago
   */
  readonly score: (call: string | { readonly id: string }, value: number) => boolean
  /** How targets, providers and modules are doing, judged by their calls. Nothing is sent. */
  readonly health: () => Health & { readonly modules?: readonly ModuleStatus[] }
  /** The `modules`: their state, and ways to change them at any time. Calls under way keep those that they began with. */
  readonly modules: LeashModules
  /** The state of the `budgets` of a tenant, user and so on, or of all that this process has used lately. */
  readonly budgets: (of?: BudgetQuery) => Promise<BudgetState[]>
  /** The counters of the option `metrics`, in Prometheus' text format: `text/plain; version=0.0.4`. */
  readonly metrics: () => Promise<string>
  /** How well providers meet the objectives of the option `slo`, in this process since the leash was made. */
  readonly slos: () => Promise<SloState[]>
  /** Manages the option `cache`: statistics, clearing, warming. */
  readonly cache: LeashCache
  /** Holds the circuit breaker of a target (`provider/model`) or of a whole provider open or closed; `auto` releases it. */
  readonly breaker: (target: string, state: 'open' | 'closed' | 'auto') => Promise<void>
  /** Refuses further calls. Those under way go on to their end. */
  readonly close: () => Promise<void>
}

/** What the client builds on, beside what everybody sees. */
export interface LeashInside {
  readonly leash: Leash
  readonly engine: Engine
  /** A `fetch` of this leash over another transport, for an SDK that lives at the named provider. */
  fetchFor(provider?: string, transport?: Transport, carriesAll?: boolean): typeof fetch
  /** Names of the providers that were given options or have a key in the environment. */
  configured(): readonly string[]
  /** One of those. */
  provider(name: string): Provider | undefined
}

const insides = hidden<LeashInside>()

/** What a leash is made of, for the integrations; undefined for one of another copy of this package. */
export function insideOf(leash: object): LeashInside | undefined {
  return insides.get(leash)
}

/**
 * Compiles a stack. Nothing is sent, and no vendor's SDK is loaded, before the first call that needs it.
 *
 * @throws LeashError `invalid_config` that names each option at fault
 */
export function createLeash(options: LeashOptions = {}): Leash {
  return openLeash(options).leash
}

/** @param given in place of what the options say: of a relay that is this very process */
export function openLeash(options: LeashOptions, given?: Lazy<Control>): LeashInside {
  checkOptions(options)
  const control = given ?? openControl(options, (message) => shared.emitter.emit('warning', { message }))
  const shared = openShared(options, control)
  const { emitter, registry, transport, breaker, books } = shared
  const now: Governed = { parts: openParts(options, shared) }
  const engine = new Engine(options, now.parts)
  if (control) {
    engine.first(async () => (await import('./relayed.js')).govern(control, { engine, shared, now, own: options }))
  }
  const handler = new Lazy(async () => (await import('./handler.js')).createHandler(engine, options))
  const leash: Leash = {
    fetch: leashFetch(engine, transport),
    handle: async (request: Request, options: HandleOptions = {}) => (handler.value ?? (await handler.get()))(request, options),
    wrap: (client) => wrap(client, inside),
    use(layer) {
      engine.use(layer)
      return leash
    },
    on: (name, listener) => emitter.on(name, listener),
    usage: (query) => {
      if (!books) throw new LeashError('invalid_config', 'There is no ledger. Leave out `ledger: false`.')
      return books.value?.ledger.usage(query) ?? []
    },
    estimate: async (request, options = {}) => (await import('./estimate.js')).estimate(engine, request, options),
    experiments: async () => (await now.parts.router.get()).experiments(),
    score: (call, value) => now.parts.router.value?.score(typeof call === 'string' ? call : call.id, value) ?? false,
    health: () => ({
      ...shared.health(),
      ...(now.parts.guards.value && { modules: now.parts.guards.value.list() }),
    }),
    modules: modulesOf(() => now.parts.guards.get()),
    budgets: async (of) => (await now.parts.budgets.get()).states(of),
    async metrics() {
      const { metrics } = (await now.parts.observers?.get()) ?? {}
      if (!metrics) throw new LeashError('invalid_config', 'Nothing is counted. Set the option `metrics: true`.')
      return metrics.text()
    },
    slos: async () => (await now.parts.observers?.get())?.slos() ?? [],
    cache: cacheOf(() => now.parts.answers.get()),
    breaker: (target, state) => holdBreaker(target, state, registry, breaker),
    async close() {
      engine.close()
      await closeParts(now.parts)
      await shared.close()
    },
  }
  const inside: LeashInside = {
    leash,
    engine,
    fetchFor: (provider, other = transport, carriesAll = false) => leashFetch(engine, other, provider, carriesAll),
    configured: () => registry.names().filter(registry.isConfigured),
    provider: (name) => (registry.isConfigured(name) ? registry.get(name) : undefined),
  }
  insides.set(leash, inside)
  return inside
}

/** Of those that are there when they are asked: another policy may have brought others. */
function modulesOf(guards: () => Promise<Registry>): LeashModules {
  return {
    list: async () => (await guards()).list(),
    health: async () => (await guards()).health(),
    add: async (module) => (await guards()).add(module),
    replace: async (name, module) => (await guards()).replace(name, module),
    remove: async (name) => (await guards()).remove(name),
  }
}

function cacheOf(answers: () => Promise<LeashCache>): LeashCache {
  return {
    stats: async () => (await answers()).stats(),
    clear: async (of) => (await answers()).clear(of),
    warm: async (calls, options) => (await answers()).warm(calls, options),
  }
}

/** @throws LeashError `invalid_config` for what only the relay may say */
function openControl({ relay, ledger, budgets }: LeashOptions, warn: (message: string) => void): Lazy<Control> | undefined {
  const url = relay === false ? undefined : (relay?.url ?? readEnv('LEASH_RELAY_URL'))
  const key = relay === false ? undefined : (relay?.key ?? readEnv('LEASH_RELAY_KEY'))
  if (url === undefined || key === undefined) {
    if (!relay && url === undefined) return undefined
    throw new LeashError(
      'invalid_config',
      'A relay takes `relay.url` and `relay.key`, or LEASH_RELAY_URL and LEASH_RELAY_KEY. To go without one, pass `relay: false`.',
    )
  }
  if (ledger === false) throw new LeashError('invalid_config', 'A relay is told of what calls cost. Leave out `ledger: false`.')
  if (budgets) throw new LeashError('invalid_config', 'With a relay, budgets are those of its policy. Leave out `budgets`.')
  const signingSecret = (relay || undefined)?.signingSecret ?? readEnv('LEASH_RELAY_SIGNING_SECRET')
  const given = { ...relay, url, key, ...(signingSecret !== undefined && { signingSecret }) }
  return new Lazy(async () => (await import('./control/control.js')).openControl(given, { warn }))
}
