/**
 * What a vendor says that it has charged for an answer. Its discounts, and the tools that it used on its own side, are in
 * it, and no list of prices knows these.
 */
import { hidden } from '../core/hidden.js'
import { asNumber, asObject } from '../core/json.js'
import type { Nano } from '../core/money.js'
import type { Usage } from '../core/usage.js'

const kept = hidden<Nano>()

/** Nine hundred US dollars for one attempt: who bills more is not believed. A sum of as many as a relay takes at once is still exact. */
export const mostCharge: Nano = 900_000_000_000

/**
 * @param written the vendor's own words, in which the charge stands beside the tokens
 * @returns the very usage that is given
 */
export function withCharge(usage: Usage, written: Record<string, unknown>): Usage {
  const nano = chargeIn(written)
  if (nano !== undefined && nano >= 0 && nano <= mostCharge) kept.set(usage, Math.round(nano))
  return usage
}

/** As the vendor told it with this very usage. Only one whose traits say `tellsCharge` is to be believed. */
export function chargeOf(usage: Usage): Nano | undefined {
  return kept.get(usage)
}

function chargeIn({ cost_in_usd_ticks, cost, is_byok, cost_details }: Record<string, unknown>): number | undefined {
  // xAI, in ten-billionths of a dollar: https://docs.x.ai/developers/cost-tracking
  const ticks = asNumber(cost_in_usd_ticks)
  if (ticks !== undefined) return ticks / 10
  // OpenRouter: https://openrouter.ai/docs/use-cases/usage-accounting, and Perplexity, which tells it with its parts.
  const usd = asNumber(cost) ?? asNumber(asObject(cost).total_cost)
  if (usd === undefined) return undefined
  // With a key of one's own at the vendor behind OpenRouter, that one sends a bill of its own. Without it this is but a fee.
  const upstream = is_byok === true ? asNumber(asObject(cost_details).upstream_inference_cost) : 0
  return upstream === undefined ? undefined : (usd + upstream) * 1e9
}
