/** Whether an answer can have used what its vendor tells: one that is broken, or hostile, is not to use up a budget. */
import { total, type Usage } from '../core/usage.js'
import { besideOf } from './beside.js'
import { kindOf } from './index.js'

/** Five times the largest window there is, and for a great number of texts to embed. */
const mostTokens = { chat: 5e7, embeddings: 1e9 } as const

/** Of a tool that the vendor runs: many times what the longest research takes. */
const mostUses = 10_000

/** Who tells of more has told nothing. */
export function isCredible(usage: Usage, protocol: string): boolean {
  const { models = [], searches = 0, fileSearches = 0 } = besideOf(usage)
  const tokens = models.reduce((sum, { usage }) => sum + total(usage), total(usage))
  return tokens <= mostTokens[kindOf(protocol) ?? 'chat'] && searches + fileSearches <= mostUses
}

/** Many a server that does not count tells zeros. */
export function isNothing(usage: Usage): boolean {
  const { models = [], searches = 0, fileSearches = 0 } = besideOf(usage)
  return total(usage) + models.length + searches + fileSearches === 0
}

/** Where a guardrail of AWS steps in, it answers by itself, and no model has used anything. */
export function answersFreely(protocol: string): boolean {
  return protocol === 'bedrock-converse'
}
