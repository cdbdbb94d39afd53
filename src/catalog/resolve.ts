import { resolveByPattern } from './patterns.js'

export interface ParsedModel {
  /** Named by the caller; absent when the name is the model's alone. */
  readonly provider?: string
  readonly model: string
}

/**
 * Splits `provider/model`. Only where the part before the first slash names a provider, because models have slashes of
 * their own: `meta-llama/llama-3.3-70b-instruct` is one name.
 */
export function parseModel(model: string, isProvider: (name: string) => boolean): ParsedModel {
  const slash = model.indexOf('/')
  const provider = model.slice(0, slash)
  return slash > 0 && slash < model.length - 1 && isProvider(provider) ? { provider, model: model.slice(slash + 1) } : { model }
}

/** The providers that a name leads to, the likeliest first, and what the model is called there. */
export function candidates(
  name: string,
  isProvider: (name: string) => boolean,
): { readonly providers: readonly string[]; readonly model: string } {
  const { provider, model } = parseModel(name, isProvider)
  return { providers: provider === undefined ? resolveByPattern(model) : [provider], model }
}
