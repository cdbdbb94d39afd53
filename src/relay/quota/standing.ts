/** Where budgets stand for all who are held to them together, whichever client or relay has borrowed and spent of them. */
import type { BudgetState } from '../../core/budget.js'
import type { Budget } from '../../middleware/budget/options.js'
import { space } from '../../middleware/budget/reserver.js'
import { scopesOf, stateOf } from '../../middleware/budget/rules.js'
import { rulesIn } from '../policy/budgets.js'
import type { Sql } from '../store/sql.js'
import { SqlBudgets } from './sql-budgets.js'

export interface Whose {
  readonly tenant: string
  /** Its id. */
  readonly key: string
  readonly user?: string
}

/** What is lent and not settled yet counts as set aside. */
export function standingOf(sql: Sql, budgets: readonly Budget[], whose: Whose): Promise<BudgetState[]> {
  const party = { model: '', options: whose, target: { provider: { name: '' }, model: '' } }
  const rules = rulesIn(budgets).filter(({ per }) => per !== 'call')
  const scopes = rules.flatMap((rule) => scopesOf(rule, party, Date.now()))
  const books = new SqlBudgets(sql)
  return Promise.all(scopes.map(async (scope) => stateOf(scope, await books.read(space, scope.key))))
}
