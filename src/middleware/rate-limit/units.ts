/** What limits and budgets count in. */
import type { BudgetUnit } from '../../core/budget.js'
import { parseUsd } from '../../core/money.js'

export type Unit = BudgetUnit

/** What is cheap to refuse comes first. */
export const units = ['requests', 'tokens', 'usd'] as const satisfies readonly Unit[]

/** US dollars as nano-dollars. */
export type Amounts = Readonly<Record<Unit, number>>

/** Of a limit as it was written, one for each unit that it names. */
export function limitsIn(
  written: { readonly [unit in Unit]?: number },
): readonly { readonly unit: Unit; readonly limit: number }[] {
  return units.flatMap((unit) => {
    const given = written[unit]
    return given === undefined ? [] : [{ unit, limit: unit === 'usd' ? parseUsd(given) : given }]
  })
}
