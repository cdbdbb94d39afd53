/** What an answer costs, with what is billed beside its tokens. */
import type { Nano } from '../core/money.js'
import { costOf, type Price, type ServiceTier } from '../core/price.js'
import type { Usage } from '../core/usage.js'
import { besideOf } from './beside.js'

/**
 * Of the model that was asked, with its tools. Other models beside it are not in it.
 *
 * @returns null where something that was used has no known price
 */
export function costWith(price: Price, usage: Usage, tier: ServiceTier): Nano | null {
  const { searches = 0, preview, fileSearches = 0, apart } = besideOf(usage)
  const tokens = costOf(price, usage, tier, apart)
  const each = preview ? (price.previewSearch ?? price.search) : price.search
  const web = fee(price.searchPer === 'request' ? Math.min(1, searches) : searches, each)
  const files = fee(fileSearches, price.fileSearch)
  return tokens === null || web === null || files === null ? null : tokens + web + files
}

function fee(times: number, each: Nano | undefined): Nano | null {
  return times === 0 ? 0 : each === undefined ? null : times * each
}
