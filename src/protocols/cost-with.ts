/** What an answer costs, with what is billed beside its tokens. */
import type { Nano } from '../core/money.js'
import { costOf, type Price, type ServiceTier } from '../core/price.js'
import type { Usage } from '../core/usage.js'
import { type Beside, besideOf } from './beside.js'

/**
 * Of the model that was asked, with its tools. Other models beside it are not in it.
 *
 * @returns null where something that was used has no known price
 */
export function costWith(price: Price, usage: Usage, tier: ServiceTier): Nano | null {
  const beside = besideOf(usage)
  const tokens = costOf(price, usage, tier, beside.apart, beside.regional)
  const fees = feesOf(price, beside)
  return tokens === null || fees === null ? null : tokens + fees
}

/** @returns null where something that was used has no known price */
export function feesOf(price: Price, { searches = 0, preview, fileSearches = 0 }: Beside): Nano | null {
  const each = preview ? (price.previewSearch ?? price.search) : price.search
  const web = fee(price.searchPer === 'request' ? Math.min(1, searches) : searches, each)
  const files = fee(fileSearches, price.fileSearch)
  return web === null || files === null ? null : web + files
}

function fee(times: number, each: Nano | undefined): Nano | null {
  return times === 0 ? 0 : each === undefined ? null : times * each
}
