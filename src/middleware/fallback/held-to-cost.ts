import type { Call } from '../../core/call.js'
import { LeashError } from '../../core/errors.js'
import type { Lazy } from '../../core/lazy.js'
import type { Middleware } from '../../core/middleware.js'
import { formatUsd, parseUsd } from '../../core/money.js'
import type { PriceBook } from '../../core/price.js'
import { targetName } from '../../core/target.js'
import type { FallbackDeps } from '../fallback.js'
import { costWith } from './cost.js'
import { needOf } from './need.js'

export interface HeldDeps {
  readonly prices: Lazy<PriceBook>
  readonly capabilities: NonNullable<FallbackDeps['capabilities']>
}

/**
 * Holds a call to its `maxCostUsd` at each attempt that nobody has looked at who chose its target: a retry, or one at another
 * target beside or in the stead of the first.
 */
export function heldToCost({ prices, capabilities }: HeldDeps): Middleware {
  return (next) =>
    async function heldToCost(call) {
      const { maxCostUsd } = call.options
      if (maxCostUsd === undefined) return next(call)
      const [book, can, need] = await Promise.all([prices.get(), capabilities.get(), needOf(call)])
      const cost = costWith(call.target, call, need, book, can(call.target).maxOutput)
      if (cost === null || cost > parseUsd(maxCostUsd)) throw tooDear(call, maxCostUsd, cost)
      return next(call)
    }
}

function tooDear({ target }: Call, maxCostUsd: number, cost: number | null): LeashError {
  const why = cost === null ? 'nobody knows what it could cost' : `it could bring the call to ${formatUsd(cost)} US dollars`
  return new LeashError(
    'budget_exceeded',
    `"${targetName(target)}" was not asked: ${why}, and \`maxCostUsd\` is ${formatUsd(parseUsd(maxCostUsd))}. Raise it, or ask for less.`,
  )
}
