import type { RateLimit, Subject } from '../rate-limit/options.js'

/** Windows end at midnight, at the end of Sunday and of the month in UTC. `call`: each call has a budget of its own. */
export const periods = ['call', 'minute', 'hour', 'day', 'week', 'month', 'total'] as const
export type Period = (typeof periods)[number]

export interface Budget {
  /** Stands in errors and events, and in the store: two processes share a budget by its name. @defaultValue what the budget says */
  readonly name?: string
  /** What may be used in one window. A request is a call that went to a vendor, however often it was tried. */
  readonly limit: { readonly usd?: number; readonly tokens?: number; readonly requests?: number }
  readonly per: Period
  /** Each of these has a budget of its own. @defaultValue 'tenant' */
  readonly by?: Subject | readonly Subject[]
  /** One budget for all tenants together. @defaultValue false */
  readonly shared?: boolean
  /** Calls that it holds for: each of these has to match. A `*` at the end of a name makes it a group. */
  readonly when?: RateLimit['when']
  /**
   * What becomes of a call that could pass it. `block`: it fails with `budget_exceeded`. `cap`: its answer is bounded to what
   * is left. `downgrade`: it goes to this model. `warn`: it goes on, and events tell.
   *
   * @defaultValue 'block'
   */
  readonly action?: 'block' | 'warn' | 'cap' | { readonly downgrade: string }
  /** Per cent of the limit at which a `budget` event is raised. @defaultValue [50, 80, 100] */
  readonly thresholds?: readonly number[]
  /** What becomes of a call in US dollars to a model without a known price. `warn`: it goes on, uncounted. @defaultValue 'block' */
  readonly unpriced?: 'block' | 'warn'
}

/** Where every `budget` event is sent to. */
export interface BudgetWebhook {
  /** `https:`, or `http:` to this machine. */
  readonly url: string
  /** Signs what is sent: HMAC-SHA256. At least 16 characters. */
  readonly secret: string
  /** Tries for one event, the first included. @defaultValue 4 */
  readonly attempts?: number | undefined
  /** Milliseconds that one try may take. @defaultValue 10000 */
  readonly timeoutMs?: number | undefined
}

/** Whose balances are asked for. */
export interface BudgetQuery {
  readonly tenant?: string
  readonly user?: string
  readonly key?: string
  readonly tags?: Readonly<Record<string, string>>
  readonly provider?: string
  readonly model?: string
}
