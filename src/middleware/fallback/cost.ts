import type { Call, Target } from '../../core/call.js'
import type { Nano } from '../../core/money.js'
import { costOf, type PriceBook, worstCase } from '../../core/price.js'
import type { Need } from './need.js'

/** A guess over ordinary traffic: neither audio nor a cache of an hour, which would double it. */
const buckets = ['input', 'cacheRead', 'cacheWrite', 'output', 'reasoning'] as const

/**
 * What the call will have cost at most once this target has answered.
 *
 * @returns null when nobody knows
 */
export function costWith(target: Target, call: Call, need: Need, prices: PriceBook, maxOutput?: number): Nano | null {
  const price = prices.price(target)
  const maxOutputTokens = need.maxOutputTokens ?? maxOutput
  if (!price || maxOutputTokens === undefined) return null
  const next = worstCase(price, { inputTokens: need.inputTokens, maxOutputTokens, buckets })
  return next === null ? null : next + spent(call, prices)
}

/** An attempt that told no usage is taken to have cost nothing: most of them never were answered. */
function spent({ report }: Call, prices: PriceBook): Nano {
  let sum = 0
  for (const { provider, model, usage, startedAt } of report.attempts) {
    const price = usage && prices.price({ provider: { name: provider }, model }, startedAt)
    if (price) sum += costOf(price, usage) ?? 0
  }
  return sum
}
