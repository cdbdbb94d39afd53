import type { BudgetUnit } from '../../core/budget.js'
import { type Call, withBody } from '../../core/call.js'
import { mostNano } from '../../core/money.js'
import { abortError, timeLeft } from '../../core/signals.js'
import type { Balance, BudgetScope, Budgets, MaybePromise, Reserved } from '../../core/store.js'
import { untilStopped } from '../../core/until-stopped.js'
import { withOutputBound } from '../../protocols/output-bound.js'
import { type Amounts, units } from '../rate-limit/units.js'
import { type Bounds, type BoundsDeps, boundsOf, fitting } from './bounds.js'
import type { Hold } from './hold.js'
import { exceeded, unbounded, unpriced } from './refusal.js'
import { type Rule, type Scope, scopesOf } from './rules.js'
import { type Part, Ticket } from './ticket.js'
import { hourMs, windowAt } from './windows.js'

/** What is taken together must stand together. */
export const space = 'budget'

/** An answer that nothing bounds is given so many tokens by a budget that may cap it. */
const usualAnswer = 16_384

/** While others take from the same budgets, what is left may shrink between two looks at it. */
const mostLooks = 16

/** Longer than a call without a deadline goes on. */
const longestMs = hourMs
const afterDeadlineMs = 60_000

export interface ReserverDeps extends BoundsDeps {
  readonly store: Budgets
  readonly now: () => number
  /** Whether what is spent in each hour is to be kept. */
  readonly hours: () => boolean
  /** Told of what is about to be taken from. */
  readonly onAsked: (scopes: readonly Scope[]) => void
  /** Told of each refusal. */
  readonly onRefused: (scope: Scope, balance: Balance) => void
  /** Told when what was spent is known. */
  readonly onSettled: (scopes: readonly Scope[]) => void
  /** Waits for what is written meanwhile. */
  readonly background: (work: Promise<unknown>) => void
}

type Tried = { readonly parts: readonly Part[] } | { readonly refused: Scope; readonly balance: Balance }

/** Sets aside what an attempt could use at most, in all budgets or in none. */
export class Reserver {
  readonly #deps: ReserverDeps

  constructor(deps: ReserverDeps) {
    this.#deps = deps
  }

  /** @throws LeashError `budget_exceeded` */
  async take(call: Call, rules: readonly Rule[], hold: Hold): Promise<Ticket> {
    const found = boundsOf(call, this.#deps, hold.measured)
    const bounds = found instanceof Promise ? await found : found
    const scopes = this.#scopes(call, rules, bounds)
    this.#deps.onAsked(scopes)
    const counts = scopes.some(({ unit }) => unit !== 'requests')
    let output = bounds.output ?? (counts ? orUsual(scopes, call) : 0)
    let capped = bounds.output === undefined && counts && scopes.some(isCapping)
    for (let look = 1; ; look++) {
      const amounts = amountsOf(bounds, output)
      const answer = this.#try(call, scopes, amounts, hold)
      const tried = answer instanceof Promise ? await answer : answer
      if ('parts' in tried) return this.#ticket(capped ? cappedTo(output, call, scopes) : call, scopes, amounts, tried.parts)
      const { refused, balance } = tried
      // Whoever has left meanwhile is not to be told of a budget.
      if (call.signal?.aborted) throw abortError(call.signal)
      const less = lessOutput(refused, balance, bounds, output)
      if (less === undefined || look === mostLooks) {
        this.#deps.onRefused(refused, balance)
        throw exceeded(refused, balance, amounts[refused.unit], this.#deps.now())
      }
      output = less
      capped = true
    }
  }

  #ticket(call: Call, scopes: readonly Scope[], amounts: Amounts, parts: readonly Part[]): Ticket {
    return new Ticket(call, amounts, parts, this.#deps.prices.value, () => this.#deps.onSettled(scopes))
  }

  #scopes(call: Call, rules: readonly Rule[], bounds: Bounds): Scope[] {
    const now = this.#deps.now()
    const priced = bounds.cost(bounds.output ?? 1) !== null
    return rules.flatMap((rule) =>
      scopesOf(rule, call, now).filter(({ unit }) => {
        if (unit !== 'usd' || priced) return true
        if (rule.unpriced === 'block' && rule.action !== 'warn') throw unpriced(rule, call)
        return false
      }),
    )
  }

  #try(call: Call, scopes: readonly Scope[], amounts: Amounts, hold: Hold): Tried | Promise<Tried> {
    const own = scopes.filter(({ rule }) => rule.per === 'call')
    const refused = own.find((scope) => {
      const { spent, reserved } = hold.own(scope)
      return scope.rule.action !== 'warn' && spent + reserved + amounts[scope.unit] > scope.limit
    })
    if (refused) return { refused, balance: hold.own(refused) }
    const parts: Part[] = own.map((scope) => {
      const amount = amounts[scope.unit]
      hold.reserve(scope, amount)
      return { unit: scope.unit, settle: (actual) => hold.settle(scope, amount, actual) }
    })
    const shared = scopes.filter(({ rule }) => rule.per !== 'call')
    return shared.length === 0 ? { parts } : this.#tryShared(call, shared, amounts, hold, parts)
  }

  async #tryShared(call: Call, scopes: readonly Scope[], amounts: Amounts, hold: Hold, own: readonly Part[]): Promise<Tried> {
    const parts = [...own]
    const giveBack = () => {
      for (const { settle } of parts.splice(0)) settle(0)
    }
    try {
      for (const unit of units) {
        const mine = scopes.filter((scope) => scope.unit === unit && (unit !== 'requests' || hold.count(scope)))
        if (mine.length === 0) continue
        const answer = this.#reserve(unit, mine, amounts[unit], call, hold, parts)
        const refused = answer instanceof Promise ? await untilStopped(answer, call, giveBack) : answer
        if (!refused) continue
        giveBack()
        return refused
      }
      return { parts }
    } catch (error) {
      giveBack()
      throw error
    }
  }

  #reserve(
    unit: BudgetUnit,
    scopes: readonly Scope[],
    amount: number,
    { deadline }: Call,
    hold: Hold,
    parts: Part[],
  ): MaybePromise<Tried | undefined> {
    const { store, now, hours, background } = this.#deps
    const uncount = () => {
      if (unit === 'requests') for (const scope of scopes) hold.uncount(scope)
    }
    const fail = (error: unknown): never => {
      uncount()
      throw error
    }
    const ttlMs = deadline === undefined ? longestMs : timeLeft(deadline) + afterDeadlineMs
    const at = now()
    const places = scopes.map((scope) => kept(scope, at, hours()))
    const take = (reserved: Reserved): Tried | undefined => {
      if (!reserved.ok) {
        uncount()
        const refused = scopes[rowOf(places, reserved.refused)]
        return refused && { refused, balance: reserved.balance }
      }
      const { reservation } = reserved
      parts.push({
        unit,
        settle: (actual) => {
          if (actual === 0) uncount()
          const settled = store.settle(reservation, Math.min(Math.ceil(actual), mostNano))
          if (settled instanceof Promise) background(settled)
        },
      })
      return undefined
    }
    let answer: MaybePromise<Reserved>
    try {
      answer = store.reserve(space, places.flat(), amount, { ttlMs })
    } catch (error) {
      return fail(error)
    }
    return answer instanceof Promise ? answer.then(take, fail) : take(answer)
  }
}

/** Where it is kept: what US dollars are spent in each hour is kept too, for whoever hears of what is unusual. */
function kept(scope: Scope, now: number, hours: boolean): readonly BudgetScope[] {
  const { rule, unit, key, limit, endsAt } = scope
  const hour = hours && unit === 'usd' ? windowAt('hour', now) : undefined
  if (scope.places && scope.placesIn === hour) return scope.places
  const bound = rule.action === 'warn' ? mostNano : limit
  const places: BudgetScope[] = [{ key, limit: bound, ...(endsAt !== undefined && { endsAt }) }]
  if (hour) {
    const { key, endsAt = now } = hourScope(scope, now)
    places.push({ key, limit: mostNano, endsAt })
  }
  scope.places = places
  scope.placesIn = hour
  return places
}

/** In which of the rows the one stands that is at this place when they stand one after the other. */
function rowOf(rows: readonly (readonly unknown[])[], place: number): number {
  let before = 0
  return rows.findIndex(({ length }) => {
    before += length
    return place < before
  })
}

/** @param at milliseconds since 1970 */
export function hourScope({ lasting }: Scope, at: number): { readonly key: string; readonly endsAt?: number } {
  const { name, endsAt } = windowAt('hour', at)
  return { key: `${lasting} in the ${name}`, ...(endsAt !== undefined && { endsAt }) }
}

const isCapping = ({ rule, unit }: Scope) => rule.action === 'cap' && unit !== 'requests'

/** Nothing bounds the answer. A budget that only warns counts what came of it. */
function orUsual(scopes: readonly Scope[], call: Call): number {
  if (scopes.some(isCapping)) return usualAnswer
  const strict = scopes.find(({ rule, unit }) => unit !== 'requests' && rule.action !== 'warn')
  if (strict) throw unbounded(strict.rule, call)
  return 0
}

function amountsOf(bounds: Bounds, output: number): Amounts {
  return { requests: 1, tokens: bounds.input + bounds.tokens(output), usd: bounds.cost(output) ?? 0 }
}

/** To how many tokens an answer must be bounded to fit; undefined when it cannot be. */
function lessOutput(scope: Scope, { spent, reserved }: Balance, bounds: Bounds, output: number): number | undefined {
  const { rule, unit, limit } = scope
  if (rule.action !== 'cap' || unit === 'requests') return undefined
  const less = fitting(bounds, unit, limit - spent - reserved, output - 1)
  return less !== undefined && less >= bounds.least ? less : undefined
}

function cappedTo(output: number, call: Call, scopes: readonly Scope[]): Call {
  const { body, path } = withOutputBound(call.protocol, call.body, output)
  const names = [...new Set(scopes.filter(isCapping).map(({ rule }) => rule.name))]
  call.report.warnings.push({
    path,
    action: 'approximated',
    why: `bounded to ${output} by what is left of the budget ${names.map((name) => `"${name}"`).join(', ')}`,
  })
  return withBody(call, body)
}
