export interface CacheOptions {
  /** How long an answer is kept, in milliseconds. @defaultValue 3600000 (1 hour) */
  readonly ttlMs?: number
  /**
   * The same for single models or routes, as the caller names them, or as `provider/model`; a `*` at the end matches a group of
   * names. `false`: never.
   */
  readonly models?: Readonly<Record<string, number | false>>
  /**
   * How long after that an answer is still given, in milliseconds, while a new one is fetched in the background.
   * @defaultValue 0
   */
  readonly staleMs?: number
  /** Also keep refusals, and answers cut by a vendor's filter. @defaultValue false */
  readonly refusals?: boolean
  /**
   * Parts of the body that do not affect the answer, by path: `metadata`, `messages.*.name`. Two calls that only differ there
   * get the same answer.
   */
  readonly ignore?: readonly string[]
  /** Models that may answer for each other: `{ 'gpt-4.1*': 'gpt-4.1' }`, named as in `models`. */
  readonly family?: Readonly<Record<string, string>>
  /** Whether a kept stream comes at once, or as fast as it came originally. @defaultValue 'at-once' */
  readonly replay?: 'at-once' | 'paced'
  /** Most answers kept in memory; not used if the leash has a `store`. @defaultValue 10000 */
  readonly maxEntries?: number
  /** Most bytes kept in memory; not used if the leash has a `store`. @defaultValue 67108864 (64 MiB) */
  readonly maxBytes?: number
  /** Bytes: longer answers are not kept. @defaultValue 1048576 (1 MiB) */
  readonly maxAnswerBytes?: number
}
