/** Which provider a model's name leads to. */
import { resolveByPattern } from './catalog/patterns.js'
import { parseModel } from './catalog/resolve.js'
import type { Here, Target } from './core/call.js'
import { LeashError } from './core/errors.js'
import { hidden } from './core/hidden.js'
import type { Provider } from './core/provider.js'
import { hostOf, protocolsAt } from './core/target.js'
import type { Routes } from './middleware/route/options.js'
import { originOf } from './providers/origins.js'
import { presetAt } from './providers/presets.js'
import type { Providers } from './providers/registry.js'

/**
 * @param remote the call came over HTTP: it must not reach servers on this machine that nobody configured
 * @returns a target whose provider may still lack its key: the attempt says so, and another target may be tried instead
 * @throws LeashError `unknown_model`, with what to do about it
 */
export type Resolve = (model: string, protocol: string, here: Here | undefined, remote?: boolean) => Target

/**
 * In this order: `provider/model` where the first part names a provider; the configured routes; the catalog's patterns.
 * A name that none of them knows goes where the caller's SDK was going: a fine-tuned or self-hosted model, or one that
 * appeared yesterday, needs no entry in a table.
 */
export function createResolver(registry: Providers, routes: Routes = {}): Resolve {
  function at(name: string, model: string, here: Here | undefined, protocol: string): Target | undefined {
    const provider = registry.get(name)
    if (!provider) return undefined
    // Several keys for this very server were configured to be used.
    const theirs = here?.ready && here.provider === name && !provider.hasKeysFor?.(here.url)
    return theirs ? { provider: answering(here, protocol) ?? provider, model, origin: here } : { provider, model }
  }

  /** Who is at the address that an SDK was given: what an answer costs, and how that is told, is their matter. */
  function answering({ url, isVendor }: Here, protocol: string): Provider | undefined {
    const provider = isVendor ? undefined : registry.get(presetAt(hostOf(url)) ?? '')
    return provider?.protocols.includes(protocol) ? provider : undefined
  }

  /** An SDK that was made for one of those who serve it, and not the first, was made so with intent. */
  function whoseOf(model: string, protocol: string, home = ''): readonly string[] {
    const names = resolveByPattern(model)
    const there = names.indexOf(home) > 0 ? registry.get(home) : undefined
    return there && protocolsAt({ provider: there, model }).includes(protocol) ? [home, ...names] : names
  }

  function routed(route: string, model: string, here: Here | undefined, protocol: string): Target {
    const { provider = '', model: name } = parseModel(model, registry.has)
    const target = at(provider, name, here, protocol)
    if (target) return target
    throw new LeashError(
      'invalid_config',
      `The route "${route}" leads to "${model}", which names no provider. Write it as "provider/model", with one of: ${registry.names().join(', ')}.`,
    )
  }

  return function resolve(model, protocol, here, remote = false) {
    const { provider: prefix = '', model: rest } = parseModel(model, registry.has)
    const named = at(prefix, rest, here, protocol)
    // An aggregator's ids have a vendor in front, and a server of the caller's own may have any.
    if (named && here?.ready && !here.isVendor && (presetAt(hostOf(here.url)) || !registry.isConfigured(prefix))) {
      const there = at(here.provider, model, here, protocol)
      if (there) return there
    }
    if (named && (!remote || registry.isConfigured(prefix) || named.provider.missing() !== undefined)) return named
    const route = Object.hasOwn(routes, model) ? routes[model] : undefined
    if (typeof route === 'string') return routed(model, route, here, protocol)
    if (route) {
      const targets = route.targets.map((target) =>
        routed(model, typeof target === 'string' ? target : target.model, here, protocol),
      )
      const first = targets.find(isReady) ?? targets[0]
      // Which one it is to be, the layer `route` decides, when it knows the request.
      if (first) return { ...first, route: { name: model, targets } }
    }
    let suggested: Target | undefined
    for (const name of whoseOf(model, protocol, here?.provider)) {
      const target = at(name, model, here, protocol)
      if (target && (target.origin !== undefined || registry.isConfigured(name))) return target
      suggested ??= target
    }
    // A proxy or server of the caller's own may well serve the models of a vendor that we hold no key for.
    const elsewhere = here ? !here.isVendor : false
    if (suggested && !elsewhere) return suggested
    const fallback = at(here?.provider ?? originOf(protocol), model, here, protocol)
    // What such a server lacks is a key, which the attempt says.
    if (fallback && (elsewhere || isReady(fallback))) return fallback
    throw unknownModel(model, registry)
  }
}

function isReady({ provider, origin }: Target): boolean {
  return origin !== undefined || provider.missing() === undefined
}

/** A prompt may have been passed by mistake. */
function shown(model: string): string {
  return model.slice(0, 100)
}

/** The name that such an error is about. What is like it, `suggest` knows, which only a mistake needs. */
export const unknownName = hidden<string>()

function unknownModel(model: string, registry: Providers): LeashError {
  const ready = registry.names().filter(registry.isConfigured)
  const error = new LeashError(
    'unknown_model',
    `No provider is known for the model "${shown(model)}". Write it as "provider/model"; configured here: ${ready.join(', ') || 'none. Set a key such as OPENAI_API_KEY'}.`,
  )
  unknownName.set(error, model)
  return error
}
