/** What makes one variant better: a lower mean cost, a lower mean latency, a lower share of failures, a higher mean score. */
export type Goal = 'cost' | 'latency' | 'errors' | 'score'

/** How an experiment stands. */
export interface ExperimentState {
  readonly name: string
  readonly route: string
  readonly goal?: Goal
  readonly variants: readonly VariantState[]
  /** Comparisons made so far, each with its own part of what the confidence leaves to chance. */
  readonly looks: number
  /** The variant that is better, as `provider/model`. */
  readonly winner?: string
}

export interface VariantState {
  /** As `provider/model`. */
  readonly target: string
  /** Of all calls, by its weight. The shares of an experiment add up to 1. */
  readonly share: number
  readonly calls: number
  /** Calls that it did not answer, or not to the end. */
  readonly errors: number
  /** Until the answer, for a stream until its first content. Absent before the first one. */
  readonly latencyMs?: { readonly mean: number; readonly p50: number; readonly p95: number }
  /** US dollars of an answered call, all its attempts together. Absent as long as no call had a known price. */
  readonly costUsd?: { readonly mean: number }
  readonly score?: { readonly count: number; readonly mean: number }
}
