import { addHeaders } from '../core/added-headers.js'
import type { Call, Report, Result } from '../core/call.js'
import { atEnd } from '../core/ending.js'
import { hidden } from '../core/hidden.js'
import type { Middleware, Next } from '../core/middleware.js'
import type { PriceBook } from '../core/price.js'
import type { Limit, Store, Taken } from '../core/store.js'
import { isAnsweredLater } from '../protocols/effects.js'
import type { CountTokens } from '../protocols/tokens.js'
import { isAt } from './attempt-at.js'
import { Admission, type Held, standings, wasCounted } from './rate-limit/admission.js'
import { estimate, used } from './rate-limit/amounts.js'
import { besides, headersOf } from './rate-limit/headers.js'
import type { RateLimit } from './rate-limit/options.js'
import { type Rule, rulesOf } from './rate-limit/rules.js'
import type { Amounts } from './rate-limit/units.js'

export interface RateLimitDeps {
  readonly store: Store
  /** What US dollars are counted by. */
  readonly prices?: PriceBook
  readonly tokens?: CountTokens
}

const oneRequest: Amounts = { requests: 1, tokens: 0, usd: 0 }

/** What a call has been let in by: where it goes next, none of these is asked again. */
interface Admitted {
  readonly held: Held[]
  readonly parts: (readonly [held: readonly Held[], taken: Taken])[]
}

/** {@link RateLimits} for a call that goes nowhere but where it was addressed to. */
export function rateLimit(limits: readonly RateLimit[], deps: RateLimitDeps): Middleware {
  return new RateLimits(limits, deps).call
}

/**
 * Lets a call pass when all of its limits have room for it, and then takes from all of them at once. What the call has used
 * in truth is known at its end: the difference is given back, or charged.
 *
 * Two layers: around the call, and around each target, for limits of a provider or a model to which the call comes only by a
 * route or a fallback. Each limit counts a call once.
 */
export class RateLimits {
  readonly #rules: readonly Rule[]
  readonly #ofTargets: readonly Rule[]
  /** What is taken together must stand together: apart by tenant only where nobody shares. */
  readonly #apart: boolean
  readonly #admission: Admission
  readonly #deps: RateLimitDeps
  readonly #admitted = hidden<Admitted>()

  constructor(limits: readonly RateLimit[], deps: RateLimitDeps) {
    this.#rules = rulesOf(limits)
    this.#ofTargets = this.#rules.filter(({ ofTarget }) => ofTarget)
    this.#apart = limits.every(({ shared }) => !shared)
    this.#admission = new Admission(deps.store)
    this.#deps = deps
  }

  readonly call: Middleware = (next) => (call) => this.#run(next, call, this.#rules)

  readonly target: Middleware = (next) => {
    if (this.#ofTargets.length === 0) return next
    return (call) => this.#run(next, call, this.#ofTargets, true)
  }

  async #run(next: Next, call: Call, rules: readonly Rule[], there = false): Promise<Result> {
    const { report } = call
    const admitted = this.#admitted.get(report)
    const asked = rules.filter((rule) => rule.holds(call, there) && !admitted?.held.some((held) => isHeld(held, rule, call)))
    if (asked.length === 0) return next(call)
    const { prices, tokens, store } = this.#deps
    const counted = asked.some(({ counts }) => counts)
    const estimated = counted ? estimate(call, prices, tokens) : oneRequest
    const amounts = estimated instanceof Promise ? await estimated : estimated
    const held: Held[] = []
    for (const rule of asked) hold(rule, call, amounts, held)
    const space = this.#apart ? `rate-limit ${call.options.tenant ?? ''}` : 'rate-limit'
    const admission = this.#admission.admit(space, held, call)
    const taken = admission instanceof Promise ? await admission : admission
    const parts = this.#remember(report, held, taken)

    const before = there ? report.attempts.length : 0
    const settle = () => {
      if (!counted || !wasCounted(taken)) return
      // It goes on without its caller, and nobody will tell what comes of it.
      if (isAnsweredLater(call.protocol, call.body) && report.attempts.some((attempt) => attempt.estimated)) return
      const attempts = there ? report.attempts.slice(before).filter((attempt) => isAt(attempt, call.target)) : report.attempts
      const differences = differencesOf(held, amounts, used(attempts, amounts, prices))
      if (differences.length > 0) void store.adjust(space, differences, taken.at)
    }
    let result: Result
    try {
      result = await next(call)
    } catch (error) {
      settle()
      throw error
    }
    addHeaders(report, telling(parts))
    return atEnd(result, settle)
  }

  /** @returns all that it has been let in by, also what comes later. Where no limit is of a target, nobody asks again. */
  #remember(report: Report, held: readonly Held[], taken: Taken): Admitted['parts'] {
    if (this.#ofTargets.length === 0) return [[held, taken]]
    const admitted = this.#admitted.get(report)
    if (!admitted) {
      const parts: Admitted['parts'] = [[held, taken]]
      this.#admitted.set(report, { held: [...held], parts })
      return parts
    }
    admitted.held.push(...held)
    admitted.parts.push([held, taken])
    return admitted.parts
  }
}

function isHeld(held: Held, rule: Rule, call: Call): boolean {
  return held.rule === rule && rule.keys(call).includes(held.key)
}

/** Made here, and not where the call is at hand: whoever keeps a report is not to keep the request with it. */
function telling(parts: Admitted['parts']): (theirs: Iterable<string>) => Readonly<Record<string, string>> {
  return (theirs) => besides(theirs, headersOf(parts.flatMap(([held, taken]) => standings(held, taken))))
}

function hold(rule: Rule, call: Call, amounts: Amounts, held: Held[]): void {
  const { algorithm, windowMs } = rule
  const keys = rule.keys(call)
  for (const [at, { unit, limit }] of rule.limits.entries())
    held.push({ rule, unit, key: keys[at] ?? '', algorithm, limit, windowMs, amount: amounts[unit] })
}

function differencesOf(held: readonly Held[], amounts: Amounts, truth: Amounts): Limit[] {
  const differences: Limit[] = []
  for (const limit of held) {
    const amount = truth[limit.unit] - amounts[limit.unit]
    if (amount !== 0) differences.push({ ...limit, amount })
  }
  return differences
}
