/** Limits that refuse nothing: they are evaluated beside calls, and reports say what they would have refused. */
import type { Call, CallOptions, Report, Result, Would } from '../core/call.js'
import { Emitter } from '../core/emitter.js'
import { atEnd } from '../core/ending.js'
import { isLeashError } from '../core/errors.js'
import { hidden } from '../core/hidden.js'
import { compose, type Middleware, type Next } from '../core/middleware.js'
import type { PriceBook } from '../core/price.js'
import { createReport } from '../core/report.js'
import type { Store } from '../core/store.js'
import type { CountTokens } from '../protocols/tokens.js'
import { access } from './access.js'
import { type BudgetDeps, BudgetKeeper } from './budget.js'
import { type ConcurrencyOptions, concurrency } from './concurrency.js'
import { RateLimits } from './rate-limit.js'
import { type ShadowLimits, shadowBudgets, shadowLimits } from './shadow/options.js'

export interface ShadowDeps extends Omit<BudgetDeps, 'emitter' | 'store'> {
  readonly emitter: Emitter
  readonly store: Store
  /** Where budgets are kept. */
  readonly budgets: BudgetDeps['store']
  readonly priceBook: PriceBook
  readonly counted: CountTokens
  /** Modules, outermost first. */
  readonly guards?: { readonly layers: readonly Middleware[]; close(): Promise<void> } | undefined
}

/** A call waits so long for what would be said of it, and goes on without: it comes into the report when it comes. */
const longestMs = 250

/** Of one call. */
const mostNoted = 10

/** What stands in for a call while it is evaluated: the report of its own, and what the call itself comes to. */
interface Beside {
  readonly result: Promise<Result>
  readonly admitted: () => void
}

const beside = Symbol('leashllm.beside')
type WithBeside = CallOptions & { readonly [beside]?: Beside }

/**
 * Two layers, as with budgets: around the call, and around each attempt, where it is known who is asked. Each takes what it would
 * take, waits for what the call itself comes to, and settles by that.
 */
export class Shadow {
  readonly call: Middleware
  readonly attempt: Middleware
  readonly #keeper: BudgetKeeper
  readonly #guards: ShadowDeps['guards']
  readonly #emitter: Emitter
  readonly #reports = hidden<Report>()

  constructor({ access: rules, budgets = [], rateLimit: limits = [], concurrency: places }: ShadowLimits, deps: ShadowDeps) {
    const { store, priceBook: prices, counted: tokens } = deps
    this.#emitter = deps.emitter
    // What it would tell of budgets nobody is to take for what is.
    this.#keeper = new BudgetKeeper({ budgets: shadowBudgets(budgets) }, { ...deps, emitter: new Emitter(), store: deps.budgets })
    const counts = limits.length > 0 && new RateLimits(shadowLimits(limits), { store, prices, tokens })
    const around = [
      ...(rules ? [unrouted(access(rules))] : []),
      ...(counts ? [counts.call] : []),
      ...(places ? [concurrency(atOnce(places))] : []),
      this.#keeper.call,
      ...(deps.guards?.layers.map(unsent) ?? []),
    ]
    this.#guards = deps.guards
    this.call = this.#layer(around)
    this.attempt = this.#layer([...(rules ? [access(rules)] : []), ...(counts ? [counts.target] : []), this.#keeper.attempt])
  }

  async close(): Promise<void> {
    await this.#keeper.close()
    await this.#guards?.close()
  }

  #layer(layers: readonly Middleware[]): Middleware {
    const evaluate = compose(layers, (call) => {
      const own = (call.options as WithBeside)[beside]
      if (!own) return Promise.reject(new Error('A layer has changed the options of a call.'))
      own.admitted()
      return own.result
    })
    return (next) => (call) => this.#run(call, evaluate, next)
  }

  async #run(call: Call, evaluate: Next, next: Next): Promise<Result> {
    const { promise: result, resolve, reject } = Promise.withResolvers<Result>()
    // It is told to whoever asked.
    result.catch(() => {})
    await this.#evaluated(call, evaluate, result)
    try {
      // Everybody hears of its end, though one alone reads it.
      const done = atEnd(await next(call), () => {})
      resolve(done)
      return done
    } catch (error) {
      reject(error)
      throw error
    }
  }

  /** Waits until it is known whether it would be let in. */
  #evaluated(call: Call, evaluate: Next, result: Promise<Result>): Promise<void> {
    return new Promise((resolve) => {
      const late = setTimeout(resolve, longestMs)
      let open = true
      const known = () => {
        open = false
        clearTimeout(late)
        resolve()
      }
      const report = this.#standIn(call.report)
      const { budgetUsd: _, ...own } = call.options
      // Not beside the report, which all attempts of the call share: an evaluation that is late must not take up another's.
      const options: WithBeside = { ...own, [beside]: { result, admitted: known } }
      evaluate({ ...call, options, report }).then(known, (error: unknown) => {
        // What comes later is what the call itself has come to.
        if (open && isLeashError(error)) this.#note(call, { code: error.code, message: error.detail })
        known()
      })
    })
  }

  /** It shows the attempts of the call, and takes whatever layers write without a trace. */
  #standIn(report: Report): Report {
    let own = this.#reports.get(report)
    if (!own) {
      own = { ...createReport(report.id, report.tags), attempts: report.attempts }
      this.#reports.set(report, own)
    }
    return own
  }

  #note({ report }: Call, would: Would): void {
    const noted = report.shadow ?? []
    if (noted.length >= mostNoted || noted.some(({ message }) => message === would.message)) return
    report.shadow = [...noted, would]
    if (!this.#emitter.heard('policy')) return
    const found = { [would.code]: 1 }
    this.#emitter.emit('policy', { callId: report.id, guard: 'shadow', action: 'flag', direction: 'request', found })
  }
}

/** Where a route leads, only the route knows. */
function unrouted(layer: Middleware): Middleware {
  return (next) => {
    const inner = layer(next)
    return (call) => (call.target.route === undefined ? inner(call) : next(call))
  }
}

/** Of a call that is not sent, modules see the request alone, and nobody is told of its end. */
function unsent(layer: Middleware): Middleware {
  return (next) => {
    const inner = layer(next)
    return (call) => inner({ ...call, options: { ...call.options, dryRun: true } })
  }
}

/** A call that would have waited is told of like one that would have been refused. */
const atOnce = ({ queue, ...places }: ConcurrencyOptions): ConcurrencyOptions => ({ ...places, queue: { ...queue, waitMs: 0 } })
