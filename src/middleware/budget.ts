import type { BudgetEvent, BudgetState } from '../core/budget.js'
import { type Call, type Result, withBody } from '../core/call.js'
import { Claims } from '../core/claims.js'
import type { Emitter } from '../core/emitter.js'
import { atEnd } from '../core/ending.js'
import { hidden } from '../core/hidden.js'
import type { Middleware } from '../core/middleware.js'
import type { Budgets } from '../core/store.js'
import { type Find, targetName } from '../core/target.js'
import { Alerts } from './budget/alerts.js'
import type { BoundsDeps } from './budget/bounds.js'
import { Hold } from './budget/hold.js'
import type { Budget, BudgetQuery, BudgetWebhook } from './budget/options.js'
import { ruleBehind } from './budget/refusal.js'
import { Reserver, space } from './budget/reserver.js'
import { ownRule, type Rule, rulesOf, type Scope, scopesOf, stateOf } from './budget/rules.js'
import { Webhook } from './budget/webhook.js'
import { tellMove } from './tell-move.js'

export interface BudgetOptions {
  /** What calls may cost or use in a time, set aside before they are sent. */
  readonly budgets?: readonly Budget[] | undefined
  /** Where the `budget` events are sent to. */
  readonly budgetWebhook?: BudgetWebhook | undefined
}

export interface BudgetDeps extends BoundsDeps {
  readonly emitter: Emitter
  readonly store: Budgets
  readonly find: Find
  /** Milliseconds since 1970. @defaultValue Date.now */
  readonly now?: () => number
}

/** Whose balances are told when nobody says whose. */
const mostSeen = 1000

/**
 * Holds calls to budgets. Before an attempt is sent, the most that it could use is set aside; when it has ended, that is
 * replaced by what it used. So no budget is passed, however many calls are under way.
 *
 * Two layers: one around the call, and one around each attempt, where it is known who is asked.
 */
export class BudgetKeeper {
  readonly #rules: readonly Rule[]
  readonly #deps: BudgetDeps
  readonly #now: () => number
  readonly #reserver: Reserver
  readonly #alerts: Alerts
  readonly #webhook: Webhook | undefined
  readonly #holds = hidden<Hold>()
  /** Attempts that have been settled. */
  readonly #claims = new Claims()
  readonly #seen = new Map<string, Scope>()
  /** What is being written. */
  readonly #background = new Set<Promise<unknown>>()

  constructor({ budgets = [], budgetWebhook }: BudgetOptions, deps: BudgetDeps) {
    const { store, emitter, now = Date.now } = deps
    this.#rules = rulesOf(budgets)
    this.#deps = deps
    this.#now = now
    const webhook = budgetWebhook && new Webhook(budgetWebhook, { now, warn: (message) => emitter.emit('warning', { message }) })
    this.#webhook = webhook
    this.#alerts = new Alerts({ store, emitter, now, ...(webhook && { send: (event: BudgetEvent) => webhook.send(event) }) })
    this.#reserver = new Reserver({
      ...deps,
      now,
      hours: () => this.#alerts.heard || !store.countsAlone,
      background: (work) => this.#run(work),
      onRefused: (scope, balance) => this.#run(this.#alerts.refused(scope, balance)),
      onAsked: (scopes) => {
        for (const scope of scopes) if (scope.rule.per !== 'call') this.#see(scope)
      },
      onSettled: (scopes) => {
        if (this.#alerts.heard) for (const scope of scopes) this.#run(this.#alerts.look(scope))
      },
    })
  }

  /** Around the call. */
  readonly call: Middleware = (next) => {
    const keeper = this
    return async function budget(first) {
      const hold = keeper.#holdOf(first)
      const been: string[] = []
      try {
        for (let call = first; ; ) {
          try {
            return atEnd(await next(call), () => hold.end())
          } catch (error) {
            call = keeper.#cheaper(call, error, been)
          }
        }
      } catch (error) {
        hold.end()
        throw error
      }
    }
  }

  /** Around each attempt: the innermost layer, so that what is counted is what is sent. */
  readonly attempt: Middleware = (next) => {
    const keeper = this
    return async function budgeted(call) {
      const rules = keeper.#rulesFor(call)
      if (rules.length === 0) return next(call)
      const hold = keeper.#holdOf(call)
      const ticket = (call.hedged && hold.taken(call.target)) ?? (await keeper.#reserver.take(call, rules, hold))
      let result: Result
      try {
        const { body, source = hold.measured.sourceOf(body) } = ticket.call
        const bounded = body === call.body ? call : withBody(call, body)
        result = await next(source && source !== call.source ? { ...bounded, source } : bounded)
      } catch (error) {
        ticket.settle(keeper.#claims.failed(call))
        throw error
      }
      if (result.attempt) keeper.#claims.claim(result.attempt)
      return atEnd(result, () => ticket.settle(result.attempt))
    }
  }

  /** Sets aside what a second attempt beside a late one could use. @returns false when there is not enough */
  async prepay(second: Call): Promise<boolean> {
    const rules = this.#rulesFor(second)
    if (rules.length === 0) return true
    const hold = this.#holdOf(second)
    const taking = this.#reserver.take(second, rules, hold)
    // The call may be over before it is set aside: it is given back then, and whoever closes waits for that.
    this.#run(taking)
    hold.keep(await taking)
    return true
  }

  /** @param query whose; absent, of all that this process has seen of late */
  async states(query?: BudgetQuery): Promise<BudgetState[]> {
    const now = this.#now()
    const scopes = query ? this.#rules.flatMap((rule) => scopesOf(rule, partyOf(query), now)) : [...this.#seen.values()]
    const current = scopes.filter(({ rule, endsAt }) => rule.per !== 'call' && (endsAt === undefined || endsAt > now))
    return Promise.all(current.map(async (scope) => stateOf(scope, await this.#deps.store.read(space, scope.key))))
  }

  /** Waits until everything is written and told. */
  async close(): Promise<void> {
    while (this.#background.size > 0) await Promise.all(this.#background)
    await this.#webhook?.close()
  }

  #rulesFor(call: Call): readonly Rule[] {
    const { budgetUsd } = call.options
    const held = this.#rules.filter((rule) => rule.holds(call))
    return budgetUsd === undefined ? held : [...held, ownRule(budgetUsd)]
  }

  #holdOf({ report }: Call): Hold {
    let hold = this.#holds.get(report)
    if (!hold) {
      hold = new Hold()
      this.#holds.set(report, hold)
    }
    return hold
  }

  /** To a model where the budget that has refused names one. @param been those it went to already @throws the failure itself */
  #cheaper(call: Call, failure: unknown, been: string[]): Call {
    const { action } = ruleBehind(failure) ?? {}
    if (typeof action !== 'object' || been.includes(action.downgrade)) throw failure
    been.push(action.downgrade)
    const target = this.#deps.find(action.downgrade, call)
    const move = { from: targetName(call.target), to: targetName(target), because: 'budget_exceeded' } as const
    tellMove(call, move, this.#deps.emitter)
    return { ...call, target, attempt: 1 }
  }

  #see(scope: Scope): void {
    if (this.#seen.get(scope.key) === scope) return
    this.#seen.delete(scope.key)
    this.#seen.set(scope.key, scope)
    const [oldest] = this.#seen.keys()
    if (this.#seen.size > mostSeen && oldest !== undefined) this.#seen.delete(oldest)
  }

  /** Nobody waits for it, and it fails no call: the store tells of what it could not do. */
  #run(work: Promise<unknown>): void {
    const done: Promise<unknown> = work.catch(() => {}).then(() => this.#background.delete(done))
    this.#background.add(done)
  }
}

function partyOf({ provider = '', model = '', ...options }: BudgetQuery) {
  return { model, options, target: { provider: { name: provider }, model } }
}
