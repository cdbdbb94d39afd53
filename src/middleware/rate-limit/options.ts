import type { Algorithm } from '../../core/store.js'

/** What has a limit of its own, always within the tenant. */
export type Subject = 'tenant' | 'user' | 'key' | 'provider' | 'model' | `tag:${string}`

export const periods = { second: 1000, minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const

export interface RateLimit {
  /** Used in errors and the store: processes share a limit by its name. @defaultValue made of the options */
  readonly name?: string
  /** What may be used in one period. Tokens and US dollars are estimated before the call, and corrected after it. */
  readonly limit: { readonly requests?: number; readonly tokens?: number; readonly usd?: number }
  /** The period: a name, or milliseconds. */
  readonly per: keyof typeof periods | number
  /** @defaultValue 'token-bucket' */
  readonly algorithm?: Algorithm
  /** Each of these has a limit of its own. @defaultValue 'tenant' */
  readonly by?: Subject | readonly Subject[]
  /** One count for all tenants together. @defaultValue false */
  readonly shared?: boolean
  /** The calls that it applies to: all conditions must match. A `*` at the end of a name matches a group. */
  readonly when?: {
    readonly models?: string | readonly string[]
    readonly tenants?: string | readonly string[]
    readonly providers?: string | readonly string[]
  }
  /** How long a call may wait for the limit before it fails, in milliseconds. @defaultValue 0 */
  readonly waitMs?: number
}
