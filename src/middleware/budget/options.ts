import type { RateLimit, Subject } from '../rate-limit/options.js'

/** Days end at midnight UTC, weeks with Sunday. `total`: never reset. `call`: each call has a budget of its own. */
export const periods = ['call', 'minute', 'hour', 'day', 'week', 'month', 'total'] as const
export type Period = (typeof periods)[number]

export interface Budget {
  /** Used in errors, events and the store: processes share a budget by its name. @defaultValue made of the options */
  readonly name?: string
  /** What may be used in one period. A request is a call that was sent, however many attempts it took. */
  readonly limit: { readonly usd?: number; readonly tokens?: number; readonly requests?: number }
  readonly per: Period
  /** Each of these has a budget of its own. @defaultValue 'tenant' */
  readonly by?: Subject | readonly Subject[]
  /** One budget for all tenants together. @defaultValue false */
  readonly shared?: boolean
  /** The calls that it applies to: all conditions must match. A `*` at the end of a name matches a group. */
  readonly when?: RateLimit['when']
  /**
   * What happens to a call that could exceed it. `block`: it fails with `budget_exceeded`. `cap`: the length of its answer is
   * limited to what is left. `downgrade`: it goes to this model. `warn`: it goes on, and events are raised.
   *
   * @defaultValue 'block'
   */
  readonly action?: 'block' | 'warn' | 'cap' | { readonly downgrade: string }
  /** Percentages of the limit at which a `budget` event is raised. @defaultValue [50, 80, 100] */
  readonly thresholds?: readonly number[]
  /** What happens to a call to a model without a known price, if the limit is in US dollars. `warn`: it goes on, uncounted. @defaultValue 'block' */
  readonly unpriced?: 'block' | 'warn'
}

/** Where every `budget` event is sent. */
export interface BudgetWebhook {
  /** `https:`, or `http:` to this machine. */
  readonly url: string
  /** Signs the requests, by HMAC-SHA256. At least 16 characters. */
  readonly secret: string
  /** Attempts to deliver one event, including the first. @defaultValue 4 */
  readonly attempts?: number | undefined
  /** Milliseconds that one attempt may take. @defaultValue 10000 */
  readonly timeoutMs?: number | undefined
}

/** A call whose budgets are asked for. */
export interface BudgetQuery {
  readonly tenant?: string
  readonly user?: string
  readonly key?: string
  readonly tags?: Readonly<Record<string, string>>
  readonly provider?: string
  readonly model?: string
}
