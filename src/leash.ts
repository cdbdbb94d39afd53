export type { Attempt, Call, CallOptions, Loss, Move, Report, Result, StreamResult, Timeouts, UnaryResult } from './core/call.js'
export { withBody } from './core/call.js'
export type { LeashEvents } from './core/emitter.js'
export { type ErrorCode, isLeashError, LeashError } from './core/errors.js'
export type { Middleware, Next } from './core/middleware.js'
export type { HttpRequest, KeyInUse, KeyState, Provider, Traits, WireRequest } from './core/provider.js'
export type { Transport } from './core/transport.js'
export type { Usage } from './core/usage.js'
export { reportOf } from './fetch.js'
export { exponential, type RetryOptions } from './middleware/retry.js'
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

import { checkOptions } from './config/schema.js'
import { Emitter, type LeashEvents } from './core/emitter.js'
import type { Transport } from './core/transport.js'
import { Engine } from './engine.js'
import { leashFetch } from './fetch.js'
import { createHandler, type HandlerOptions } from './handler.js'
import { configuredProviders, type ProvidersOptions } from './providers/registry.js'
import { createResolver } from './resolve.js'
import type { Layer, StackOptions } from './stack.js'
import { wrap } from './wrap.js'

export interface LeashOptions extends StackOptions, HandlerOptions {
  /** Providers by name: options for a built-in one, or one of your own. A key not given here comes from the vendor's environment variable. */
  readonly providers?: ProvidersOptions
  /** Your names for models: `{ fast: 'groq/llama-3.3-70b-versatile' }`. */
  readonly routes?: Readonly<Record<string, string>>
  /** What carries requests to upstreams. @defaultValue the global `fetch` */
  readonly fetch?: Transport
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
  const engine = new Engine(options, {
    transport,
    resolve,
    emitter,
    find: (model, { protocol, here, remote }) => resolve(model, protocol, here, remote),
  })
  const leash: Leash = {
    fetch: leashFetch(engine, transport),
    handle: createHandler(engine, options),
    wrap: (client) => wrap(client, inside),
    use(layer) {
      engine.use(layer)
      return leash
    },
    on: (name, listener) => emitter.on(name, listener),
    async close() {
      engine.close()
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
