/** What is billed for an answer beside the tokens of the model that was asked, as the vendor told it with this very usage. */
import { hidden } from '../core/hidden.js'
import type { Usage } from '../core/usage.js'

/** What another model has used for the same answer. Its tokens have a price of their own. */
export interface Beside {
  readonly model: string
  readonly usage: Usage
}

const models = hidden<readonly Beside[]>()
const searches = hidden<number>()

/** @returns the very usage that is given */
export function withBeside(usage: Usage, beside: readonly Beside[]): Usage {
  if (beside.length > 0) models.set(usage, beside)
  return usage
}

/** Of models beside the one that was asked. */
export function besideOf(usage: Usage): readonly Beside[] {
  return models.get(usage) ?? []
}

/** @returns the very usage that is given */
export function withSearches(usage: Usage, count: number): Usage {
  if (count > 0) searches.set(usage, count)
  return usage
}

/** How often the vendor has searched the web: each search has a price of its own. */
export function searchesOf(usage: Usage): number {
  return searches.get(usage) ?? 0
}
