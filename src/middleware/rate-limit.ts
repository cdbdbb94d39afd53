import type { Call, Result } from '../core/call.js'
import { atEnd } from '../core/ending.js'
import type { Lazy } from '../core/lazy.js'
import type { Middleware } from '../core/middleware.js'
import type { PriceBook } from '../core/price.js'
import type { Limit, Store } from '../core/store.js'
import type { CountTokens } from '../protocols/tokens.js'
import { Admission, type Held, standings } from './rate-limit/admission.js'
import { type Amounts, estimate, used } from './rate-limit/amounts.js'
import { headersOf, withLimits } from './rate-limit/headers.js'
import type { RateLimit } from './rate-limit/options.js'
import { type Rule, rulesOf } from './rate-limit/rules.js'

export interface RateLimitDeps {
  readonly store: Store
  /** What US dollars are counted by. */
  readonly prices?: PriceBook
  readonly tokens?: Lazy<CountTokens>
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
      const counted = asked.some((rule) => rule.limits.some(({ unit }) => unit !== 'requests'))
      const amounts = counted ? await estimate(call, prices, tokens) : oneRequest
      const held = asked.flatMap((rule) => heldTo(rule, call, amounts))
      const space = apart ? `rate-limit ${call.options.tenant ?? ''}` : 'rate-limit'
      const taken = await admission.admit(space, held, call)

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
      return atEnd(withHeaders(result, withLimits(result.headers, headersOf(standings(held, taken)))), settle)
    }
}

/** An answer's body may only be parsed once it is asked for, and members of a class are not copied with the others. */
function withHeaders(result: Result, headers: Headers): Result {
  if (result.stream) return { ...result, headers }
  return {
    ...result,
    headers,
    get body() {
      return result.body
    },
  }
}

function heldTo(rule: Rule, call: Call, amounts: Amounts): Held[] {
  const { name, algorithm, windowMs } = rule
  const subject = rule.subject(call)
  return rule.limits.map(({ unit, limit }) => ({
    rule,
    unit,
    key: JSON.stringify([name, unit, ...subject]),
    algorithm,
    limit,
    windowMs,
    amount: amounts[unit],
  }))
}

function differencesOf(held: readonly Held[], amounts: Amounts, truth: Amounts): Limit[] {
  return held.flatMap((limit) => {
    const difference = truth[limit.unit] - amounts[limit.unit]
    return difference === 0 ? [] : [{ ...limit, amount: difference }]
  })
}
