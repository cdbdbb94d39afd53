/** The budgets as they were written, made into what a call is held to. */
import type { BudgetState, BudgetUnit } from '../../core/budget.js'
import type { Call } from '../../core/call.js'
import { parseUsd, usdOf } from '../../core/money.js'
import { Recent } from '../../core/recent.js'
import type { Balance, BudgetScope } from '../../core/store.js'
import type { Subject } from '../rate-limit/options.js'
import { matching, namesOf, type Party, valueIn } from '../rate-limit/subject.js'
import { limitsIn } from '../rate-limit/units.js'
import type { Budget, Period } from './options.js'
import { lastingName, scopeName } from './scope-name.js'
import { type Window, windowAt } from './windows.js'

export interface Rule {
  readonly name: string
  readonly per: Period
  readonly action: NonNullable<Budget['action']>
  readonly unpriced: NonNullable<Budget['unpriced']>
  readonly thresholds: readonly number[]
  /** US dollars as nano-dollars. */
  readonly limits: readonly { readonly unit: BudgetUnit; readonly limit: number }[]
  holds(call: Call): boolean
  /** What it counts apart by; the tenant first, unless it is one for all. */
  readonly subjects: readonly Subject[]
  /** Of those that came last, by what they count as: nearly all calls are in the same window as the one before. */
  readonly known?: Recent<string, Known>
}

interface Known {
  readonly window: Window
  readonly scopes: readonly Scope[]
}

const mostKnown = 1000

/** One budget of one of those that it counts apart, in one unit and one window. */
export interface Scope {
  readonly rule: Rule
  readonly unit: BudgetUnit
  readonly limit: number
  /** In the store. */
  readonly key: string
  /** The same without the window. */
  readonly lasting: string
  readonly of: Readonly<Record<string, string>>
  readonly endsAt?: number
  /** In the store, as long as the hour is this one. */
  places?: readonly BudgetScope[]
  placesIn?: Window | undefined
}

export function rulesOf(budgets: readonly Budget[]): readonly Rule[] {
  const names = namesOf(budgets)
  return budgets.map((budget, at) => ruleOf(budget, names[at] ?? ''))
}

function ruleOf({ limit, per, by = 'tenant', shared, when, ...budget }: Budget, name: string): Rule {
  return {
    name,
    per,
    action: budget.action ?? 'block',
    unpriced: budget.unpriced ?? 'block',
    thresholds: [...(budget.thresholds ?? [50, 80, 100])].sort((a, b) => a - b),
    limits: limitsIn(limit),
    holds: matching(when),
    subjects: [...(shared ? [] : ['tenant' as const]), ...[by].flat().filter((subject) => subject !== 'tenant')],
    known: new Recent(mostKnown),
  }
}

/** The budget that a call has of its own. */
export function ownRule(budgetUsd: number): Rule {
  return {
    name: 'budgetUsd',
    per: 'call',
    action: 'cap',
    unpriced: 'block',
    thresholds: [],
    limits: [{ unit: 'usd', limit: parseUsd(budgetUsd) }],
    holds: () => true,
    subjects: [],
  }
}

/** @param at milliseconds since 1970 */
export function scopesOf(rule: Rule, { options, target }: Party, at: number): readonly Scope[] {
  const party = { options, target, model: target.model }
  const values = rule.subjects.map((subject) => (subject === 'tenant' ? (options.tenant ?? '') : valueIn(subject, party)))
  const window = windowAt(rule.per, at)
  const name = values.length === 1 ? (values[0] ?? '') : JSON.stringify(values)
  const known = rule.known?.get(name)
  if (known?.window === window) return known.scopes
  const scopes = scopesIn(rule, values, window)
  rule.known?.set(name, { window, scopes })
  return scopes
}

function scopesIn(rule: Rule, values: readonly string[], { name, endsAt }: Window): Scope[] {
  const of = whoseOf(rule, values)
  return rule.limits.map(({ unit, limit }) => {
    const lasting = lastingName({ rule: rule.name, unit, values })
    return {
      rule,
      unit,
      limit,
      lasting,
      key: scopeName(lasting, name),
      of,
      ...(endsAt !== undefined && { endsAt }),
    }
  })
}

/** Whom it counts apart, by what. */
export function whoseOf({ subjects }: Rule, values: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(subjects.map((subject, at) => [subject, values[at] ?? '']))
}

/** A scope for people. */
export function stateOf({ rule, unit, limit, of, endsAt }: Scope, { spent, reserved }: Balance): BudgetState {
  const shown = (amount: number) => (unit === 'usd' ? usdOf(amount) : amount)
  return {
    budget: rule.name,
    of,
    unit,
    limit: shown(limit),
    spent: shown(spent),
    reserved: shown(reserved),
    ...(endsAt !== undefined && { resetsAt: endsAt }),
  }
}
