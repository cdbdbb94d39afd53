export interface CacheOptions {
  /** How long an answer is given again, in milliseconds. @defaultValue 3600000 (1 hour) */
  readonly ttlMs?: number
  /**
   * The same by model or route, as the caller names it, or as `provider/model`; a `*` at the end makes a group of names.
   * `false`: never.
   */
  readonly models?: Readonly<Record<string, number | false>>
  /**
   * How long after that an answer is still given, in milliseconds, while a new one is fetched behind the caller's back.
   * @defaultValue 0
   */
  readonly staleMs?: number
  /** Also keeps refusals, and answers that a vendor's filter cut. @defaultValue false */
  readonly refusals?: boolean
  /**
   * Members of the body that make no other answer, by their path: `metadata`, `messages.*.name`. Two calls that differ only there
   * get the same answer.
   */
  readonly ignore?: readonly string[]
  /** Models that may answer for each other: `{ 'gpt-4.1*': 'gpt-4.1' }`, named as in `models`. */
  readonly family?: Readonly<Record<string, string>>
  /** A stream comes as fast as it is read, or as fast as it came when it was kept. @defaultValue 'at-once' */
  readonly replay?: 'at-once' | 'paced'
  /** Answers kept in memory; without meaning where the leash has a `store`. @defaultValue 10000 */
  readonly maxEntries?: number
  /** Bytes kept in memory; without meaning where the leash has a `store`. @defaultValue 67108864 (64 MiB) */
  readonly maxBytes?: number
  /** A longer answer is not kept. @defaultValue 1048576 (1 MiB) */
  readonly maxAnswerBytes?: number
}
