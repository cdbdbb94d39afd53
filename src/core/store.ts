/**
 * What layers keep between calls, and share with other processes when the store does: values for a time, counts against
 * limits, and money set aside. One small interface; `stores/` has it in memory and over Redis.
 *
 * A store in memory answers at once, and one over a network later: a layer awaits only what is a promise, so that a call
 * within one process pays for no turn of the event loop.
 */
export type MaybePromise<T> = T | Promise<T>

export interface Store extends Values, Limits, Budgets {
  /** Lets go of connections. Whoever made the store closes it. */
  close(): MaybePromise<void>
}

/** A string or bytes. What was set is not to be changed afterwards, nor what was got. */
export type Value = string | Uint8Array

/**
 * Values by key, each for a time. A value may be gone before its time, when there are too many; a store that cannot be
 * reached has none, and keeps none.
 */
export interface Values {
  get(key: string): MaybePromise<Value | undefined>
  /** @param ttlMs how long it is kept at most; without it, until there is no room */
  set(key: string, value: Value, ttlMs?: number): MaybePromise<void>
  /** @throws LeashError `overloaded` when the store cannot be reached: what is to be gone must be known to be gone */
  delete(key: string): MaybePromise<void>
  /**
   * Deletes every value whose key begins so.
   * @returns how many there were
   * @throws LeashError as `delete`
   */
  clear(prefix: string): MaybePromise<number>
  stats(): MaybePromise<StoreStats>
}

export interface StoreStats {
  /** Asked for and there, since this process made the store. */
  readonly hits: number
  readonly misses: number
  /** How many values there are, where the store knows. */
  readonly entries?: number
  readonly bytes?: number
}

/**
 * `token-bucket`: full at `limit`, refilled evenly, so that over any stretch of `t` ms at most `limit + t * limit / windowMs` is taken.
 * `fixed-window`: at most `limit` between two multiples of `windowMs` since 1970, so a day is one in UTC.
 * `sliding-window`: at most `limit` in any stretch of `windowMs`; counted by twentieths, so up to one twentieth late to forget.
 */
export type Algorithm = 'token-bucket' | 'fixed-window' | 'sliding-window'

export interface Limit {
  /** No two limits of one take have the same. */
  readonly key: string
  readonly algorithm: Algorithm
  readonly limit: number
  readonly windowMs: number
  /** How much is taken, 0 or more. For {@link Limits.adjust}: the difference, of either sign. */
  readonly amount: number
}

export interface LimitState {
  /** What could be taken now. Never below 0, also where more was used than there was. */
  readonly remaining: number
  /** Milliseconds until all of it is free again, if nothing more is taken. */
  readonly resetMs: number
}

export interface Taken {
  /** Everything was taken; otherwise nothing was. */
  readonly ok: boolean
  /** The first limit that refused, by its place. */
  readonly refused?: number
  /** Milliseconds after which the same take could succeed; 0 when it has, `Infinity` when an amount is larger than its limit. */
  readonly retryAfterMs: number
  /** By the place of the limit, after the take. Empty when the store could not be reached, and lets everything pass. */
  readonly states: readonly LimitState[]
  /** When it was, in milliseconds since 1970 by the store's own clock. */
  readonly at: number
}

/** Counts against limits. A `space` is what counts are taken together in: in Redis Cluster its keys stand on one node. */
export interface Limits {
  /** Takes from all limits or from none, atomically. */
  take(space: string, limits: readonly Limit[]): MaybePromise<Taken>
  /**
   * Books the difference once it is known how much was used. More than was taken is counted now, over the limit if need be;
   * less is given back to the window it was taken from, when that still counts. Never fails.
   *
   * @param at as {@link Taken.at}
   */
  adjust(space: string, limits: readonly Limit[], at: number): MaybePromise<void>
}

/** Whole numbers of nano-dollars, none above 2⁵³ - 1: Lua counts in doubles. */
export interface BudgetScope {
  /** Names the window too, if the budget has one: `team:red:2026-11`. So clocks that differ never start a window anew. */
  readonly key: string
  readonly limit: number
  /** Milliseconds since 1970 at which the window ends. The numbers are kept for a day longer. Absent: kept for ever. */
  readonly endsAt?: number
}

export interface ReserveOptions {
  /** When the reservation expires, should nobody settle it. Longer than the longest call. */
  readonly ttlMs: number
  /**
   * What an expired reservation counts as. `spent`: the process that held it may have sent its request before it died, so
   * that no budget is ever passed. `returned`: it did not happen. A late settle corrects either for one day. @defaultValue 'spent'
   */
  readonly expired?: 'spent' | 'returned'
}

/** Plain data: it may be settled by another process than the one that made it. */
export interface Reservation {
  readonly id: string
  readonly space: string
  /** Of the scopes. None: the store could not be reached, and lets everything pass. */
  readonly keys: readonly string[]
  readonly amount: number
  readonly expired: 'spent' | 'returned'
}

export interface Balance {
  readonly spent: number
  /** Set aside and not yet settled. */
  readonly reserved: number
}

export type Reserved =
  | { readonly ok: true; readonly reservation: Reservation; readonly balances: readonly Balance[] }
  | { readonly ok: false; readonly refused: number; readonly balance: Balance }

/** Money set aside before it is spent: `spent + reserved` of a scope never passes its limit by a reservation. */
export interface Budgets {
  /** Nobody but this process reads what is counted in it without a limit. @defaultValue false */
  readonly countsAlone?: boolean
  /**
   * Sets the amount aside in all scopes or in none, atomically. `balances` are those after it.
   *
   * @throws LeashError `invalid_config` when a number is no safe integer
   */
  reserve(space: string, scopes: readonly BudgetScope[], amount: number, options: ReserveOptions): MaybePromise<Reserved>
  /** Replaces what was set aside by what was spent, more or less. Only the first settle of a reservation counts. Never fails. */
  settle(reservation: Reservation, actual: number): MaybePromise<void>
  /** Nothing was spent. */
  release(reservation: Reservation): MaybePromise<void>
  read(space: string, key: string): MaybePromise<Balance>
}
