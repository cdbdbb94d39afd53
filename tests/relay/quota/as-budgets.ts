import { checkNano } from '../../../src/core/check-nano.js'
import type { Budgets } from '../../../src/core/store.js'
import type { SqlBudgets } from '../../../src/relay/quota/sql-budgets.js'

/** As calls ask a budget, so that a relay's database is held to the same as every other store. */
export function asBudgets(books: SqlBudgets): Budgets {
  const settle = async (...[reservation, actual]: Parameters<Budgets['settle']>) => {
    checkNano(actual)
    await books.settle(reservation, actual)
  }
  return {
    settle,
    reserve: async (space, scopes, amount, options) => {
      checkNano(amount, ...scopes.map(({ limit }) => limit))
      return books.reserve(space, scopes, () => amount, { ...options, id: crypto.randomUUID() })
    },
    release: (reservation) => settle(reservation, 0),
    read: (space, key) => books.read(space, key),
  }
}
