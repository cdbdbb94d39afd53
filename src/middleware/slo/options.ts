/** What a provider is held to. */
export interface Slo {
  /** The share of attempts that are to be answered, such as 0.999. */
  readonly availability?: number
  /** Milliseconds within which an answer, or the first content of a stream, is to be there. */
  readonly latencyMs?: number
  /** The share of answers that are to be there in time. @defaultValue 0.95 */
  readonly latencyShare?: number
  /** Fewer attempts than these in a window say nothing, and are not told of. @defaultValue 20 */
  readonly minimumAttempts?: number
}

/** By the name of a provider; `*` for every other. */
export type SloOptions = Readonly<Record<string, Slo>>
