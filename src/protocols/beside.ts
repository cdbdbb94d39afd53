import { hidden } from '../core/hidden.js'
import type { Usage } from '../core/usage.js'

/** What another model has used for the same answer. Its tokens have a price of their own. */
export interface Beside {
  readonly model: string
  readonly usage: Usage
}

const kept = hidden<readonly Beside[]>()

/** @returns the very usage that is given */
export function withBeside(usage: Usage, beside: readonly Beside[]): Usage {
  if (beside.length > 0) kept.set(usage, beside)
  return usage
}

/** Of models beside the one that was asked, as the vendor told it with this very usage. */
export function besideOf(usage: Usage): readonly Beside[] {
  return kept.get(usage) ?? []
}
