/** What is billed for an answer beside the tokens of the model that was asked, as the vendor told it with this very usage. */
import { hidden } from '../core/hidden.js'
import type { ToolUses } from '../core/ledger.js'
import type { Shares } from '../core/price.js'
import type { Usage } from '../core/usage.js'

export interface Beside extends ToolUses {
  /** What other models have used for the same answer. Their tokens have prices of their own. */
  readonly models?: readonly Helper[]
  /** The web was searched by OpenAI's tool of 2025, which some models are charged more for. */
  readonly preview?: boolean
  /** The answer had to be made in a region, for which every token may cost more. */
  readonly regional?: boolean
  /** Tokens within the buckets that may have a price of their own. */
  readonly apart?: Shares
}

export interface Helper {
  readonly model: string
  readonly usage: Usage
}

const kept = hidden<Beside>()
const nothing: Beside = {}

/** @returns the very usage that is given */
export function withBeside(usage: Usage, beside: Beside): Usage {
  kept.set(usage, beside)
  return usage
}

export function besideOf(usage: Usage): Beside {
  return kept.get(usage) ?? nothing
}
