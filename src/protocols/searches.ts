import { hidden } from '../core/hidden.js'
import type { Usage } from '../core/usage.js'

const kept = hidden<number>()

/** @returns the very usage that is given */
export function withSearches(usage: Usage, searches: number): Usage {
  if (searches > 0) kept.set(usage, searches)
  return usage
}

/** How often the vendor has searched the web for an answer, as it told with this very usage: each search has a price of its own. */
export function searchesOf(usage: Usage): number {
  return kept.get(usage) ?? 0
}
