/** What is told of budgets, once in each window: a share of them is spent, a call was refused, an hour costs too much. */
import type { BudgetEvent } from '../../core/budget.js'
import type { Emitter } from '../../core/emitter.js'
import { usdOf } from '../../core/money.js'
import { Recent } from '../../core/recent.js'
import type { Balance, Budgets } from '../../core/store.js'
import { hourScope, space } from './reserver.js'
import { type Scope, stateOf } from './rules.js'
import { hourMs } from './windows.js'

/** An hour is unusual that costs more than twice the mean of those before it. */
const unusual = 2
const hoursBefore = 24

/** Fewer hours have no mean worth the name. */
const fewestHours = 3

const mostRemembered = 10_000
const markMs = 60_000

export interface AlertsDeps {
  readonly store: Budgets
  readonly emitter: Emitter
  readonly now: () => number
  /** Whoever hears of every event beside the listeners. */
  readonly send?: (event: BudgetEvent) => void
}

export class Alerts {
  readonly #deps: AlertsDeps
  /** Told by this process, or known to have been told by another. */
  readonly #told = new Recent<string, true>(mostRemembered)
  /** The mean of the hours before, by the hour. */
  readonly #baselines = new Recent<string, number>(mostRemembered)
  /** Scopes that are being looked at, and whether more has been spent since. */
  readonly #looking = new Map<string, boolean>()

  constructor(deps: AlertsDeps) {
    this.#deps = deps
  }

  /** More has been spent. One look at a time: what comes meanwhile is seen by the next. */
  async look(scope: Scope): Promise<void> {
    if (!this.heard || scope.rule.per === 'call') return
    const { key } = scope
    if (this.#looking.has(key)) {
      this.#looking.set(key, true)
      return
    }
    try {
      do {
        this.#looking.set(key, false)
        await this.#thresholds(scope)
        if (scope.unit === 'usd') await this.#anomaly(scope)
      } while (this.#looking.get(key))
    } finally {
      this.#looking.delete(key)
    }
  }

  async refused(scope: Scope, balance: Balance): Promise<void> {
    if (!this.heard || scope.rule.per === 'call') return
    await this.#once(scope, 'refused', scope.endsAt, () => ({ kind: 'refused', ...stateOf(scope, balance) }))
  }

  /** Whether anybody wants to know. */
  get heard(): boolean {
    return this.#deps.send !== undefined || this.#deps.emitter.heard('budget')
  }

  async #thresholds(scope: Scope): Promise<void> {
    const balance = await this.#deps.store.read(space, scope.key)
    for (const threshold of scope.rule.thresholds) {
      // Only what is spent counts: a call under way may come to less than was set aside for it.
      if (balance.spent * 100 < threshold * scope.limit) return
      await this.#once(scope, `${threshold}%`, scope.endsAt, () => ({ kind: 'threshold', threshold, ...stateOf(scope, balance) }))
    }
  }

  async #anomaly(scope: Scope): Promise<void> {
    const { store, now } = this.#deps
    const { key, endsAt = now() } = hourScope(scope, now())
    const [{ spent: hour }, baseline] = await Promise.all([store.read(space, key), this.#baseline(scope, key)])
    if (baseline === 0 || hour <= unusual * baseline) return
    const balance = await store.read(space, scope.key)
    await this.#once(scope, key, endsAt, () => ({
      kind: 'anomaly',
      hour: usdOf(hour),
      baseline: usdOf(baseline),
      ...stateOf(scope, balance),
    }))
  }

  /** 0 as long as there is none. */
  async #baseline(scope: Scope, hour: string): Promise<number> {
    const known = this.#baselines.get(hour)
    if (known !== undefined) return known
    const { store, now } = this.#deps
    const at = now()
    const before = await Promise.all(
      Array.from({ length: hoursBefore }, (_, back) => store.read(space, hourScope(scope, at - (back + 1) * hourMs).key)),
    )
    const spent = before.map(({ spent }) => spent).filter((spent) => spent > 0)
    const mean = spent.length < fewestHours ? 0 : spent.reduce((sum, one) => sum + one, 0) / spent.length
    this.#baselines.set(hour, mean)
    return mean
  }

  /** The store decides who tells: a reservation of one in a budget of one is granted once. */
  async #once({ key }: Scope, what: string, endsAt: number | undefined, event: () => BudgetEvent): Promise<void> {
    const mark = JSON.stringify([key, what])
    if (this.#told.get(mark)) return
    this.#told.set(mark, true)
    const { store, emitter, send } = this.#deps
    const scope = { key: mark, limit: 1, ...(endsAt !== undefined && { endsAt }) }
    try {
      const marked = await store.reserve(space, [scope], 1, { ttlMs: markMs })
      if (!marked.ok) return
      await store.settle(marked.reservation, 1)
    } catch (error) {
      // Nobody was told: the next look tries again.
      this.#told.delete(mark)
      throw error
    }
    const told = event()
    if (emitter.heard('budget')) emitter.emit('budget', told)
    send?.(told)
  }
}
