import type { MaybePromise, Value } from '../../core/store.js'

/** Makes vectors of texts, near to each other for texts that mean the same. */
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
 * Where answers are kept by the vectors of their questions: in memory, or in whatever a program brings, such as Redis or
 * Postgres with pgvector. All vectors have the length 1.
 */
export interface VectorIndex {
  /** @returns the nearest vector of this space, if it is as near as that or nearer */
  nearest(space: string, vector: Float32Array, similarity: number): MaybePromise<Nearest | undefined>
  /** @param ttlMs how long it is kept at most */
  add(space: string, vector: Float32Array, value: Value, ttlMs: number): MaybePromise<void>
  /**
   * Forgets every space whose name begins so.
   * @returns how many answers there were
   */
  clear(prefix: string): MaybePromise<number>
  stats?(): { readonly entries: number; readonly bytes: number }
}

export interface SemanticCacheOptions {
  /**
   * What makes vectors: a model, as `provider/model`, that is asked through this leash; an embedder of your own; or
   * `nearDuplicate`, which asks nobody and knows spelling, not meaning.
   */
  readonly embed: 'nearDuplicate' | (string & {}) | Embedder
  /** How near two questions must be to be taken for one, as a cosine from 0 to 1. @defaultValue 0.95 */
  readonly threshold?: number
  /** What is compared: what the user said last, or all that was said. All the rest must be equal. @defaultValue 'last-user' */
  readonly compare?: 'last-user' | 'conversation'
  /** How long an answer is given again, in milliseconds. @defaultValue 3600000 (1 hour) */
  readonly ttlMs?: number
  /** The same by model or route, as in `cache`. */
  readonly models?: Readonly<Record<string, number | false>>
  /** Members of the body that make no other answer, as in `cache`. */
  readonly ignore?: readonly string[]
  /** Also keeps refusals. @defaultValue false */
  readonly refusals?: boolean
  /** A longer answer is not kept. @defaultValue 1048576 (1 MiB) */
  readonly maxAnswerBytes?: number
  /** Of the answers given again, so many are asked for anew to be compared, from 0 to 1. @defaultValue 0.02 */
  readonly sample?: number
  /** How near two answers must be to agree. @defaultValue 0.8 */
  readonly agreement?: number
  /** Answers kept in memory. Each search looks at those of its space one by one. @defaultValue 10000 */
  readonly maxEntries?: number
  /** Bytes kept in memory, vectors and answers together. @defaultValue 67108864 (64 MiB) */
  readonly maxBytes?: number
  /** Where answers are kept. @defaultValue this process's memory */
  readonly index?: VectorIndex
}
