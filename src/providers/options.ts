import type { Traits } from '../core/provider.js'
import type { Env } from './env.js'

/** A key, or what gives one: called for each request, so that it may rotate. */
export type ApiKey = string | (() => string | Promise<string>)

/** One of several keys. */
export interface KeyEntry {
  readonly key: ApiKey
  /** What it is called in reports, so nothing secret. @defaultValue its place: `key 1`, `key 2` … */
  readonly name?: string | undefined
  /** Its share of the calls, beside the others' shares. @defaultValue 1 */
  readonly weight?: number | undefined
}

/** A key, or several to share the calls. */
export type ApiKeys = ApiKey | readonly (ApiKey | KeyEntry)[]

/** How several keys share the calls. */
export interface KeysOptions {
  /** `weighted` draws by weight alone; `least-used` takes the key with the fewest calls under way for its weight. @defaultValue weighted */
  readonly strategy?: 'weighted' | 'least-used' | undefined
  /** How long a key rests after a rate limit, where the vendor does not say it, in milliseconds. @defaultValue 10000 */
  readonly cooldownMs?: number | undefined
  /** How long a key rests that the vendor refused, in milliseconds. One that has changed meanwhile is tried at once. @defaultValue 300000 */
  readonly disableMs?: number | undefined
}

/** What is known of each model, or of all alike. */
export type TraitsOf = Traits | ((model: string) => Traits)

/** What every provider takes. */
export interface ProviderOptions {
  /** What it is called in reports, limits and prices, where it is made in code: among options, its place is its name. @defaultValue the provider's own name */
  readonly name?: string | undefined
  /** @defaultValue the vendor's environment variable, read at each call */
  readonly apiKey?: ApiKeys | undefined
  /** For several keys. */
  readonly keys?: KeysOptions | undefined
  readonly baseURL?: string | undefined
  /** Sent with each request, over everything else. A header that authenticates takes the place of the key. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** By which the server knows a request that it has had before, such as `Idempotency-Key`. @defaultValue none: no vendor documents one */
  readonly idempotencyHeader?: string | undefined
  /** Corrects what is known of this vendor's models. */
  readonly traits?: TraitsOf | undefined
  /** Where variables are read. @defaultValue `process.env` */
  readonly env?: Env | undefined
}

/** What is known of a model, and over it what the user knows better: first of all, which model a name stands for. */
export function traitsWith(known: TraitsOf | undefined, own: TraitsOf | undefined): (model: string) => Traits {
  const ask = (traits: TraitsOf | undefined, model: string) => (typeof traits === 'function' ? traits(model) : traits)
  return (model) => {
    const told = ask(own, model)
    return { ...ask(known, told?.baseModel ?? model), ...told }
  }
}
