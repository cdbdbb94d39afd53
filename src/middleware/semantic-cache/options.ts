import type { MaybePromise, Value } from '../../core/store.js'

/** Turns texts into vectors that are close to each other for texts with the same meaning. */
export interface Embedder {
  /** Vectors of two embedders with different names are never compared. */
  readonly name: string
  embed(texts: readonly string[]): MaybePromise<readonly Float32Array[]>
}

export interface Nearest {
  /** The cosine of the angle between the two vectors. */
  readonly similarity: number
  readonly value: Value
}

/**
 * Where answers are kept, by the vectors of their questions: in memory, or in a store of your own, such as Redis or Postgres with
 * pgvector. All vectors have the length 1.
 */
export interface VectorIndex {
  /** @returns the nearest vector of this space, if it is at least that similar */
  nearest(space: string, vector: Float32Array, similarity: number): MaybePromise<Nearest | undefined>
  /** @param ttlMs how long it may be kept */
  add(space: string, vector: Float32Array, value: Value, ttlMs: number): MaybePromise<void>
  /**
   * Forgets every space whose name begins with this.
   * @returns how many answers there were
   */
  clear(prefix: string): MaybePromise<number>
  stats?(): { readonly entries: number; readonly bytes: number }
}

export interface SemanticCacheOptions {
  /**
   * What makes the vectors: a model, as `provider/model`, called through this leash; your own embedder; or `nearDuplicate`, which
   * calls nothing and compares spelling, not meaning.
   */
  readonly embed: 'nearDuplicate' | (string & {}) | Embedder
  /** How similar two questions must be to count as the same, as a cosine from 0 to 1. @defaultValue 0.95 */
  readonly threshold?: number
  /** What is compared: the user's last message, or the whole conversation. Everything else must be equal. @defaultValue 'last-user' */
  readonly compare?: 'last-user' | 'conversation'
  /** How long an answer is kept, in milliseconds. @defaultValue 3600000 (1 hour) */
  readonly ttlMs?: number
  /** The same for single models or routes, as in `cache`. */
  readonly models?: Readonly<Record<string, number | false>>
  /** Parts of the body that do not affect the answer, as in `cache`. */
  readonly ignore?: readonly string[]
  /** Also keep refusals. @defaultValue false */
  readonly refusals?: boolean
  /** Bytes: longer answers are not kept. @defaultValue 1048576 (1 MiB) */
  readonly maxAnswerBytes?: number
  /** The share of cached answers that are compared with a fresh one, from 0 to 1. @defaultValue 0.02 */
  readonly sample?: number
  /** How similar two answers must be to agree, as a cosine. @defaultValue 0.8 */
  readonly agreement?: number
  /** Most answers kept in memory. Each search compares all of its space. @defaultValue 10000 */
  readonly maxEntries?: number
  /** Most bytes kept in memory, vectors and answers together. @defaultValue 67108864 (64 MiB) */
  readonly maxBytes?: number
  /** Where answers are kept. @defaultValue this process's memory */
  readonly index?: VectorIndex
}
