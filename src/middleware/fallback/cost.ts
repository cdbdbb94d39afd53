import type { Attempt, Call, Target } from '../../core/call.js'
import { formatUsd, type Nano, parseUsd } from '../../core/money.js'
import { type Expected, type PriceBook, textBuckets } from '../../core/price.js'
import { targetName } from '../../core/target.js'
import { dearestTier } from '../../protocols/asked-tier.js'
import { worstWithTools } from '../../protocols/tool-uses.js'
import type { FallbackDeps } from '../fallback.js'
import { unbookedCost } from '../unbooked.js'
import { type Need, needOf } from './need.js'

/**
 * Whether the call could pass its `maxCostUsd` by an answer of this target.
 *
 * @returns why the target is not asked; undefined when it may be
 */
export async function tooDear(
  target: Target,
  call: Call,
  { prices, capabilities }: Pick<FallbackDeps, 'prices' | 'capabilities'>,
  need = needOf(call),
): Promise<string | undefined> {
  const { maxCostUsd } = call.options
  if (maxCostUsd === undefined) return undefined
  const limit = parseUsd(maxCostUsd)
  const [book, can, needed] = await Promise.all([prices?.get(), capabilities?.get(), need])
  const cost = book ? mostCost(target, call, needed, book, can?.(target).maxOutput) : null
  if (cost !== null && cost <= limit) return undefined
  const why = cost === null ? 'nobody knows what it could cost' : `it could bring the call to ${formatUsd(cost)} US dollars`
  return `"${targetName(target)}" was not asked: ${why}, and \`maxCostUsd\` is ${formatUsd(limit)}.`
}

/**
 * What the call will have cost at most once this target has answered.
 *
 * @returns null when nobody knows
 */
function mostCost(target: Target, call: Call, need: Need, prices: PriceBook, maxOutput?: number): Nano | null {
  const price = prices.price(target)
  const maxOutputTokens = need.maxOutputTokens ?? maxOutput
  if (!price || maxOutputTokens === undefined) return null
  const asking = { ...call, target }
  const tier = dearestTier(asking)
  const expected = { inputTokens: need.inputTokens, maxOutputTokens: need.answers * maxOutputTokens, buckets: textBuckets, tier }
  const next = worstWithTools(price, expected, asking)
  return next === null ? null : next + spent(call, expected, prices)
}

/**
 * An attempt that is over and told no usage is taken to have cost nothing: most of them never were answered. One that is under
 * way may come to its worst yet.
 */
function spent(call: Call, expected: Expected, prices: PriceBook): Nano {
  const costOfOne = (attempt: Attempt) =>
    attempt.cost ?? (attempt.outcome === 'pending' ? worst(attempt) : (unbookedCost(attempt, prices) ?? 0))
  const worst = ({ provider, model }: Attempt) => {
    const price = prices.price({ provider: { name: provider }, model })
    return (price && worstWithTools(price, expected, call)) ?? 0
  }
  return call.report.attempts.reduce((sum, attempt) => sum + costOfOne(attempt), 0)
}
