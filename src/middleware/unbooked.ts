/** Attempts that no ledger has booked: what they may have cost, by what their vendors told. */
import type { Attempt } from '../core/call.js'
import type { Nano } from '../core/money.js'
import { costOf, type PriceBook, serviceTierOf } from '../core/price.js'
import { costWith } from '../protocols/cost-with.js'

/** @returns 0 when the vendor has told no usage, null when there is no known price for it */
export function unbookedCost(
  { provider, model, usage, serviceTier, startedAt }: Attempt,
  prices: PriceBook | undefined,
): Nano | null {
  if (!usage) return 0
  const price = prices?.price({ provider: { name: provider }, model }, startedAt)
  if (!price) return null
  const tier = serviceTierOf(serviceTier) ?? 'standard'
  return costWith(price, usage, tier) ?? costWith(price, usage, 'standard') ?? costOf(price, usage)
}

/** A refusal is not billed, nor a request that never arrived. Whoever was waited for in vain may have worked all the same. */
export function mayHaveWorked({ outcome, status = 200, unsent }: Attempt): boolean {
  return outcome === 'error' ? status === 200 && !unsent : true
}
