/** The budgets of policies, and the rules that they are. */
import type { Budget } from '../../middleware/budget/options.js'
import { type Rule, rulesOf } from '../../middleware/budget/rules.js'
import { shadowBudgets } from '../../middleware/shadow/options.js'
import type { Policy } from '../../policy.js'

/** They are asked for again and again. */
const known = new WeakMap<Policy, readonly Budget[]>()

/** All that a policy has, those of its shadow included: the very same list each time. */
export function budgetsOf(policy: Policy): readonly Budget[] {
  let found = known.get(policy)
  if (!found) {
    found = [...(policy.budgets ?? []), ...shadowBudgets(policy.shadow?.budgets ?? [])]
    known.set(policy, found)
  }
  return found
}

/** Whether it refuses nobody, by the name of its rule. */
export const isShadow = (budget: string): boolean => budget.startsWith('shadow: ')

const compiled = new WeakMap<readonly Budget[], readonly Rule[]>()

/** Compiled once for each list. */
export function rulesIn(budgets: readonly Budget[]): readonly Rule[] {
  let found = compiled.get(budgets)
  if (!found) {
    found = rulesOf(budgets)
    compiled.set(budgets, found)
  }
  return found
}
