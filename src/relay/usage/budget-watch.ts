/** Looks at the budgets of all clients together, and tells when one of their thresholds is passed. */
import { afterwardsMs } from '../../core/afterwards.js'
import { formatUsd } from '../../core/money.js'
import { Recent } from '../../core/recent.js'
import { space } from '../../middleware/budget/reserver.js'
import { type Rule, whoseOf } from '../../middleware/budget/rules.js'
import { readScopeName, type ScopeName } from '../../middleware/budget/scope-name.js'
import { windowAt } from '../../middleware/budget/windows.js'
import { isShadow, rulesIn } from '../policy/budgets.js'
import { keyIn } from '../policy/key-policy.js'
import type { Policies } from '../policy/policies.js'
import type { Refused } from '../quota/leases.js'
import type { Sql } from '../store/sql.js'
import type { Notice } from '../webhooks/events.js'

export interface BudgetWatchDeps {
  readonly sql: Sql
  readonly policies: Policies
  readonly publish: (notice: Notice) => Promise<unknown>
  readonly now: () => number
}

interface Row {
  readonly name: string
  readonly spent: number
}

interface Named extends Row {
  readonly scope: ScopeName
}

type InForce = Awaited<ReturnType<Policies['inForceOf']>>

const rowsAtOnce = 1000
const mostTold = 100_000

/** Windows that end before anybody has read of them. */
const tooShort = 'minute'

export class BudgetWatch {
  readonly #deps: BudgetWatchDeps
  /** What this relay has told of already: the database need not be asked each time. */
  readonly #told = new Recent<string, true>(mostTold)

  constructor(deps: BudgetWatchDeps) {
    this.#deps = deps
  }

  async look(): Promise<void> {
    const now = this.#deps.now()
    for (let after: string | undefined = ''; after !== undefined; ) {
      // Of windows that are over, less time is left than is kept after their end.
      const rows: Row[] = await this.#deps.sql.all<Row>(
        `SELECT name, spent FROM budgets WHERE space = $1 AND name > $3 AND spent > 0 AND (forget_at IS NULL OR forget_at > $2)
         ORDER BY name LIMIT ${rowsAtOnce}`,
        [space, now + afterwardsMs, after],
      )
      const named = rows.map((row) => ({ ...row, scope: readScopeName(row.name) }))
      const inForce = await this.#deps.policies.inForceOf(['', ...named.map(({ scope }) => scope?.values[0] ?? '')])
      for (const row of named) if (row.scope) await this.#lookAt({ ...row, scope: row.scope }, now, inForce)
      after = rows.length === rowsAtOnce ? rows.at(-1)?.name : undefined
    }
  }

  async #lookAt({ name, spent, scope: named }: Named, now: number, inForce: InForce): Promise<void> {
    const rule = await this.#ruleOf(named, keyIn(name), inForce)
    if (!rule || windowAt(rule.per, now).name !== named.window || rule.per === tooShort) return
    const limit = rule.limits.find(({ unit }) => unit === named.unit)?.limit
    if (limit === undefined) return
    for (const threshold of rule.thresholds)
      if (spent * 100 >= threshold * limit) await this.#tell(name, named, rule, { threshold, spent, limit })
  }

  /** A client was refused: less is left than its call may cost. */
  async refused({ tenant, scope, taken, limit }: Refused): Promise<void> {
    const named = readScopeName(scope)
    const once = `exhausted ${limit} of ${scope}`
    if (!named || isShadow(named.rule) || named.window.startsWith(tooShort) || this.#told.get(once)) return
    const rule = await this.#ruleOf(named, keyIn(scope))
    const data = {
      tenant,
      budget: named.rule,
      of: rule ? whoseOf(rule, named.values) : { tenant },
      unit: named.unit,
      taken: shown(named.unit, taken),
      limit: shown(named.unit, limit),
      window: named.window,
    }
    await this.#deps.publish({ type: 'budget.exhausted', tenant, once, data })
    this.#told.set(once, true)
  }

  async #tell(name: string, named: ScopeName, rule: Rule, { threshold, spent, limit }: Passed): Promise<void> {
    const { unit, window } = named
    const once = `threshold ${threshold} of ${limit} ${name}`
    if (this.#told.get(once)) return
    const of = whoseOf(rule, named.values)
    const { tenant } = of
    await this.#deps.publish({
      type: 'budget.threshold',
      ...(tenant && { tenant }),
      once,
      data: { budget: rule.name, of, unit, percent: threshold, spent: shown(unit, spent), limit: shown(unit, limit), window },
    })
    this.#told.set(once, true)
  }

  /**
   * Of the tenant that the budget names first, or of the policy of all others: a budget for all tenants together names none.
   *
   * @param key whose own budget it is
   * @param inForce what is known of tenants already
   */
  async #ruleOf({ rule, values }: ScopeName, key: string | undefined, inForce?: InForce): Promise<Rule | undefined> {
    const { policies } = this.#deps
    const [tenant = ''] = values
    for (const whose of tenant === '' ? [''] : [tenant, '']) {
      const { policy } =
        key === undefined
          ? (inForce?.get(whose) ?? (await policies.inForce(whose)))
          : await policies.inForceFor({ tenant: whose, id: key })
      const found = rulesIn(policy.budgets ?? []).find(({ name }) => name === rule)
      if (found?.subjects.length === values.length && (whose !== '' || found.subjects[0] !== 'tenant')) return found
    }
    return undefined
  }
}

interface Passed {
  readonly threshold: number
  readonly spent: number
  readonly limit: number
}

/** US dollars as text, in which every nano-dollar stands. */
const shown = (unit: string, amount: number): string | number => (unit === 'usd' ? formatUsd(amount) : amount)
