/** What an objective of a provider is held by. */
export type SloObjective = 'availability' | 'latency'

export type SloWindow = '1h' | '24h' | '30d'

/** How a provider keeps one objective, over one window. */
export interface SloState {
  readonly provider: string
  readonly objective: SloObjective
  readonly window: SloWindow
  /** The share of attempts that are to be good, below 1. */
  readonly target: number
  /** Attempts that were judged. */
  readonly attempts: number
  /** Those among them that were not good: failed, or slow. */
  readonly bad: number
  /** The share that was good; 1 where there was none. */
  readonly compliance: number
  /** What is left of the errors that the target allows, as a share of them: 1 when none was made, 0 or below when they are spent. */
  readonly budgetRemaining: number
}
