/** A store within this process: gone with it, and shared with nobody. */
import type {
  Balance,
  BudgetScope,
  Limit,
  Reservation,
  Reserved,
  ReserveOptions,
  Store,
  StoreStats,
  Taken,
  Value,
} from '../core/store.js'
import { MemoryBudgets } from './memory/budgets.js'
import { MemoryLimits } from './memory/limits.js'
import { MemoryValues } from './memory/values.js'

export interface MemoryOptions {
  /** Values kept at most. @defaultValue 10000 */
  readonly maxEntries?: number | undefined
  /** Bytes of values kept at most, with what each takes beside itself. @defaultValue 67108864 (64 MiB) */
  readonly maxBytes?: number | undefined
  /** Counts against limits: beyond it, the one that was not used for the longest time begins anew. @defaultValue 100000 */
  readonly maxLimits?: number | undefined
  /** Budgets: beyond it, a new one is refused, since one that is forgotten holds nobody. @defaultValue 100000 */
  readonly maxBudgets?: number | undefined
}

/** What {@link Store} promises, and at once. */
export interface MemoryStore extends Store {
  get(key: string): Value | undefined
  set(key: string, value: Value, ttlMs?: number): void
  delete(key: string): void
  clear(prefix: string): number
  stats(): StoreStats
  take(space: string, limits: readonly Limit[]): Taken
  adjust(space: string, limits: readonly Limit[], at: number): void
  reserve(space: string, scopes: readonly BudgetScope[], amount: number, options: ReserveOptions): Reserved
  settle(reservation: Reservation, actual: number): void
  release(reservation: Reservation): void
  read(space: string, key: string): Balance
  close(): void
}

export function memory(options: MemoryOptions = {}): MemoryStore {
  const { maxEntries = 10_000, maxBytes = 64 * 1024 * 1024, maxLimits = 100_000, maxBudgets = 100_000 } = options
  const values = new MemoryValues(maxEntries, maxBytes)
  const limits = new MemoryLimits(maxLimits)
  const budgets = new MemoryBudgets(maxBudgets)
  return {
    get: (key) => values.get(key),
    set: (key, value, ttlMs) => values.set(key, value, ttlMs),
    delete: (key) => values.delete(key),
    clear: (prefix) => values.clear(prefix),
    stats: () => values.stats(),
    take: (space, taken) => limits.take(space, taken),
    adjust: (space, changed, at) => limits.adjust(space, changed, at),
    reserve: (space, scopes, amount, reserved) => budgets.reserve(space, scopes, amount, reserved),
    settle: (reservation, actual) => budgets.settle(reservation, actual),
    release: (reservation) => budgets.release(reservation),
    read: (space, key) => budgets.read(space, key),
    close() {},
  }
}
