/** What budgets tell of themselves: to who listens, to who asks, and to a webhook. */
export type BudgetUnit = 'usd' | 'tokens' | 'requests'

/** Where one budget stands, for one of those that it counts apart. Amounts are in its unit: US dollars, tokens or requests. */
export interface BudgetState {
  /** The budget's name. */
  readonly budget: string
  /** Whose it is: `{ tenant: 'red', user: 'ada' }`. Empty values stand for calls that named none. */
  readonly of: Readonly<Record<string, string>>
  readonly unit: BudgetUnit
  readonly limit: number
  readonly spent: number
  /** Set aside for calls under way. */
  readonly reserved: number
  /** Milliseconds since 1970 at which it begins anew. Absent: never. */
  readonly resetsAt?: number
}

/** Each is told once in a window of the budget, by whichever process comes upon it first. */
export type BudgetEvent = BudgetState &
  (
    | {
        readonly kind: 'threshold'
        /** Per cent of the limit that have been spent. */
        readonly threshold: number
      }
    /** A call was refused, for the first time in this window. */
    | { readonly kind: 'refused' }
    | {
        readonly kind: 'anomaly'
        /** Spent in this hour. */
        readonly hour: number
        /** The mean of those among the 24 hours before in which anything was spent. */
        readonly baseline: number
      }
  )
