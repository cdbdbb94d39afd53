/** Which models and providers may be called. */
import { LeashError } from '../core/errors.js'
import type { Middleware } from '../core/middleware.js'
import { targetKey, targetName } from '../core/target.js'
import { among, lower, spellings } from './spellings.js'

/** Names; a `*` at the end of a name matches a group. */
export interface AccessRule {
  /** Only these may be called. @defaultValue all */
  readonly allow?: readonly string[]
  /** These may not be called, even if they are allowed. Letter case, and the path in front of a vendor's full name, do not matter. */
  readonly deny?: readonly string[]
}

export interface AccessOptions {
  /** By `provider/model`, or by the model's name alone. */
  readonly models?: AccessRule | undefined
  readonly providers?: AccessRule | undefined
  /** Providers whose whole API a relay serves: files, batches, fine-tuning … @defaultValue none */
  readonly raw?: readonly string[] | undefined
  /** More rules, which must permit the call as well. */
  readonly also?: AccessOptions | undefined
}

interface Place {
  readonly model: string
  readonly provider: { readonly name: string }
}

/** Whether calls may go there. */
export function accessTo({ models = {}, providers = {}, also }: AccessOptions): (target: Place) => boolean {
  const toModel = permits(models)
  const toProvider = permits(providers)
  const rest = also && accessTo(also)
  return (place) => {
    const { provider, model } = place
    // Of a provider by itself, no model is asked.
    const permitted = model === '' || toModel(model, provider.name)
    return permitted && toProvider(provider.name) && (rest?.(place) ?? true)
  }
}

/**
 * Refuses calls whose target may not be asked. Stands around the call, so that nothing is answered from a cache either, and around
 * each attempt, since routes, fallback and hedging have their own mind about where calls go.
 */
export function access(options: AccessOptions): Middleware {
  const allows = accessTo(options)
  return (next) =>
    function access(call) {
      if (allows(call.target)) return next(call)
      const name = targetName(call.target)
      const message = `Calls may not go to "${name}". Choose another model, or ask whoever set \`access\` to allow this one.`
      return Promise.reject(new LeashError('model_not_allowed', message, { param: 'model' }))
    }
}

function permits({ allow, deny }: AccessRule): (name: string, provider?: string) => boolean {
  const allowed = allow && among(allow)
  const denied = deny && among(deny.map(lower))
  return (name, provider) => {
    if (denied?.(spellings(name, provider))) return false
    return allowed?.(provider === undefined ? [name] : [name, targetKey(provider, name)]) ?? true
  }
}
