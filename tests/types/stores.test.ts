/** What the compiler knows of stores. The types are checked by `tsc`. */
import type {
  Balance,
  BudgetScope,
  Limit,
  MaybePromise,
  Reservation,
  Reserved,
  ReserveOptions,
  Store,
  StoreStats,
  Taken,
  Value,
} from 'leashllm/stores'
import { expectTypeOf, test } from 'vitest'

test('a store of one’s own can be written with the names of its types', () => {
  abstract class Own implements Store {
    abstract get(key: string): MaybePromise<Value | undefined>
    abstract set(key: string, value: Value, ttlMs?: number): MaybePromise<void>
    abstract delete(key: string): MaybePromise<void>
    abstract clear(prefix: string): MaybePromise<number>
    abstract stats(): MaybePromise<StoreStats>
    abstract take(space: string, limits: readonly Limit[]): MaybePromise<Taken>
    abstract adjust(space: string, limits: readonly Limit[], at: number): MaybePromise<void>
    abstract reserve(space: string, of: readonly BudgetScope[], amount: number, how: ReserveOptions): MaybePromise<Reserved>
    abstract settle(reservation: Reservation, actual: number): MaybePromise<void>
    abstract release(reservation: Reservation): MaybePromise<void>
    abstract read(space: string, key: string): MaybePromise<Balance>
    abstract close(): MaybePromise<void>
  }
  expectTypeOf<Own['take']>().toBeFunction()
})
