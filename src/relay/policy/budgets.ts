/** The budgets of policies, and the rules that they are. */
import { onceFor } from '../../core/once-for.js'
import type { Budget } from '../../middleware/budget/options.js'
import { rulesOf } from '../../middleware/budget/rules.js'
import { shadowBudgets } from '../../middleware/shadow/options.js'
import type { Policy } from '../../policy.js'

/** All that a policy has, those of its shadow included. They are asked for again and again. */
export const budgetsOf = onceFor(({ budgets = [], shadow }: Policy): readonly Budget[] => [
  ...budgets,
  ...shadowBudgets(shadow?.budgets ?? []),
])

/** Whether it refuses nobody, by the name of its rule. */
export const isShadow = (budget: string): boolean => budget.startsWith('shadow: ')

export const rulesIn = onceFor(rulesOf)
