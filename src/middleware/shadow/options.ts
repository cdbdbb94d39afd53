import type { AccessOptions } from '../access.js'
import type { Budget } from '../budget/options.js'
import type { ConcurrencyOptions } from '../concurrency.js'
import type { RateLimit } from '../rate-limit/options.js'
import { namesOf } from '../rate-limit/subject.js'

/** What may be tried out beside what holds. */
export interface ShadowLimits {
  readonly access?: AccessOptions | undefined
  readonly budgets?: readonly Budget[] | undefined
  readonly rateLimit?: readonly RateLimit[] | undefined
  /** Of calls that would wait for a place, it is told that they would be refused. */
  readonly concurrency?: ConcurrencyOptions | undefined
}

/** They count apart from budgets that hold, under names that a relay can tell too. */
export function shadowBudgets(budgets: readonly Budget[]): Budget[] {
  const names = namesOf(budgets)
  return budgets.map((budget, at) => ({ ...budget, name: `shadow: ${names[at]}` }))
}

/** Nobody waits for what refuses nothing. */
export function shadowLimits(limits: readonly RateLimit[]): RateLimit[] {
  const names = namesOf(limits)
  return limits.map((limit, at) => ({ ...limit, name: `shadow: ${names[at]}`, waitMs: 0 }))
}
