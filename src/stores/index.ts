/** Where layers keep what outlives a call. `store: redis({ url })` shares it between processes. */
export type {
  Algorithm,
  Balance,
  BudgetScope,
  Budgets,
  Limit,
  LimitState,
  Limits,
  MaybePromise,
  Reservation,
  Reserved,
  ReserveOptions,
  Store,
  StoreStats,
  Taken,
  Value,
  Values,
} from '../core/store.js'
export { type MemoryOptions, type MemoryStore, memory } from './memory.js'
export { type PgvectorIndex, type PgvectorOptions, type PostgresClient, pgvector } from './pgvector.js'
export { type RedisClient, type RedisOptions, redis } from './redis.js'
