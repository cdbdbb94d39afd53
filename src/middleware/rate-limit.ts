import { addHeaders } from '../core/added-headers.js'
import type { Call, Result } from '../core/call.js'
import { atEnd } from '../core/ending.js'
import type { Middleware } from '../core/middleware.js'
import type { PriceBook } from '../core/price.js'
import type { Limit, Store, Taken } from '../core/store.js'
import type { CountTokens } from '../protocols/tokens.js'
import { Admission, type Held, standings } from './rate-limit/admission.js'
import { type Amounts, estimate, used } from './rate-limit/amounts.js'
import { besides, headersOf } from './rate-limit/headers.js'
import type { RateLimit } from './rate-limit/options.js'
import { type Rule, rulesOf } from './rate-limit/rules.js'

export interface RateLimitDeps {
  readonly store: Store
  /** What US dollars are counted by. */
  readonly prices?: PriceBook
  readonly tokens?: CountTokens
}

const oneRequest: Amounts = { requests: 1, tokens: 0, usd: 0 }

/**
 * Lets a call pass when all of its limits have room for it, and then takes from all of them at once. What the call has used
 * in truth is known at its end: the difference is given back, or charged.
 */
export function rateLimit(limits: readonly RateLimit[], { store, prices, tokens }: RateLimitDeps): Middleware {
  const rules = rulesOf(limits)
  // What is taken together must stand together: apart by tenant only where nobody shares.
  const apart = limits.every(({ shared }) => !shared)
  const admission = new Admission(store)

  return (next) =>
    async function rateLimit(call) {
      const asked = rules.filter((rule) => rule.holds(call))
      if (asked.length === 0) return next(call)
      const counted = asked.some(({ counts }) => counts)
      const estimated = counted ? estimate(call, prices, tokens) : oneRequest
      const amounts = estimated instanceof Promise ? await estimated : estimated
      const held: Held[] = []
      for (const rule of asked) hold(rule, call, amounts, held)
      const space = apart ? `rate-limit ${call.options.tenant ?? ''}` : 'rate-limit'
      const admitted = admission.admit(space, held, call)
      const taken = admitted instanceof Promise ? await admitted : admitted

      const settle = () => {
        const differences = counted ? differencesOf(held, amounts, used(call.report.attempts, amounts, prices)) : []
        if (differences.length > 0) void store.adjust(space, differences, taken.at)
      }
      let result: Result
      try {
        result = await next(call)
      } catch (error) {
        settle()
        throw error
      }
      addHeaders(call.report, telling(held, taken))
      return atEnd(result, settle)
    }
}

/** Made here, and not where the call is at hand: whoever keeps a report is not to keep the request with it. */
function telling(held: readonly Held[], taken: Taken): (theirs: Iterable<string>) => Readonly<Record<string, string>> {
  return (theirs) => besides(theirs, headersOf(standings(held, taken)))
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
