/** All budgets that a policy has, those of its shadow included. */
import type { Budget } from '../../middleware/budget/options.js'
import { shadowBudgets } from '../../middleware/shadow/options.js'
import type { Policy } from '../../policy.js'

/** They are asked for again and again, and compiled by who remembers them. */
const known = new WeakMap<Policy, readonly Budget[]>()

export function budgetsOf(policy: Policy): readonly Budget[] {
  let found = known.get(policy)
  if (!found) {
    found = [...(policy.budgets ?? []), ...shadowBudgets(policy.shadow?.budgets ?? [])]
    known.set(policy, found)
  }
  return found
}
