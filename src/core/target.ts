import type { Call, Target } from './call.js'

/** Where a model's name leads to, for a layer that sends a call elsewhere. @throws LeashError `unknown_model` */
export type Find = (model: string, call: Call) => Target

/** How a provider can be spoken to about a model, the way it likes best first. */
export function protocolsAt({ provider, model }: Pick<Target, 'provider' | 'model'>): readonly string[] {
  return provider.protocolsFor?.(model) ?? provider.protocols
}

/** A prompt may have been passed in a model's place. */
const longest = 200

/** A target's name, for people and as a key: `openai/gpt-4o-mini`, with the host behind it where that is not the vendor's own. */
export function targetName({ provider, model, origin }: Target): string {
  const name = targetKey(provider.name, model.length > longest ? model.slice(0, longest) : model)
  return origin === undefined || origin.isVendor ? name : `${name}@${hostOf(origin.url)}`
}

/** Many maps have these names as keys, and the very same string is looked up faster than an equal one. */
const known = new Map<string, Map<string, string>>()
const mostKnown = 1000

/** As {@link targetName}, of a model's whole name, and wherever it is. */
export function targetKey(provider: string, model: string): string {
  let models = known.get(provider)
  if (!models || models.size >= mostKnown) {
    if (known.size >= mostKnown) known.clear()
    models = new Map()
    known.set(provider, models)
  }
  let key = models.get(model)
  if (key === undefined) {
    key = `${provider}/${model}`
    if (model.length <= longest) models.set(model, key)
  }
  return key
}

/** No `URL` is made: this is asked for each call. What stands before an `@` is a name and password. */
export function hostOf(url: string): string {
  const start = url.indexOf('//') + 2
  const end = url.indexOf('/', start)
  const host = end === -1 ? url.slice(start) : url.slice(start, end)
  return host.slice(host.lastIndexOf('@') + 1)
}
