/** What the relay tells its clients to hold to: options of the leash that can be said in JSON, and whom calls may go to. */
import type { Budget } from './middleware/budget/options.js'
import type { CacheOptions } from './middleware/cache/options.js'
import type { RateLimit } from './middleware/rate-limit/options.js'
import type { RedactOptions } from './middleware/redact/options.js'
import type { Routes } from './middleware/route/options.js'

/** Names with a `*` at the end are groups. */
export interface Access {
  /** These and no others. @defaultValue all */
  readonly allow?: readonly string[]
  /** Not these, whatever is allowed. */
  readonly deny?: readonly string[]
}

export interface Policy {
  /** `provider/model`, or the model alone. */
  readonly models?: Access
  readonly providers?: Access
  /** Held together with all other clients: each leases a slice. */
  readonly budgets?: readonly Budget[]
  /** Held by each process for itself. */
  readonly rateLimit?: readonly RateLimit[]
  readonly routes?: Routes
  readonly fallback?: readonly string[]
  readonly redact?: boolean | Omit<RedactOptions, 'ner'>
  readonly cache?: boolean | CacheOptions
  readonly maxCostUsd?: number
  readonly maxAttempts?: number
  readonly strict?: boolean
}
