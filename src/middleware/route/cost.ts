import type { Attempt, Target } from '../../core/call.js'
import { type Nano, usdOf } from '../../core/money.js'
import { type PriceBook, textBuckets } from '../../core/price.js'
import { dearestTier } from '../../protocols/asked-tier.js'
import { worstWithTools } from '../../protocols/tool-uses.js'
import { unbookedCost } from '../unbooked.js'
import type { Asked } from './request.js'

/** To compare prices, an answer that nobody bounds is taken to have so many tokens. */
const usualAnswer = 1000

/** What the call will cost there, for comparing; null when the price is unknown. */
export function expected(target: Target, asked: Asked, prices: PriceBook | undefined): Nano | null {
  const price = prices?.price(target)
  if (!price) return null
  const maxOutputTokens = Math.min(asked.needs.maxOutputTokens ?? usualAnswer, usualAnswer)
  return worstWithTools(
    price,
    { inputTokens: asked.inputTokens, maxOutputTokens, buckets: ['input', 'output'] },
    { ...asked.call, target },
  )
}

/** Why one attempt there could cost more than that; undefined when it cannot. */
export function tooDear(
  target: Target,
  asked: Asked,
  most: Nano,
  prices: PriceBook | undefined,
  maxOutput: number | undefined,
): string | undefined {
  const price = prices?.price(target)
  if (!price) return 'its price is not known'
  const { maxOutputTokens: ofEach = maxOutput, answers = 1 } = asked.needs
  if (ofEach === undefined) return 'nothing bounds the answer: set the most tokens that it may have'
  const asking = { ...asked.call, target }
  const [maxOutputTokens, tier] = [answers * ofEach, dearestTier(asking)]
  const cost = worstWithTools(price, { inputTokens: asked.inputTokens, maxOutputTokens, buckets: textBuckets, tier }, asking)
  if (cost === null) return 'its price is not known'
  return cost > most ? `could cost ${usd(cost)}` : undefined
}

/** US dollars of these attempts; undefined when one has usage and no known price. */
export function spentUsd(attempts: readonly Attempt[], prices: PriceBook | undefined): number | undefined {
  let sum: Nano = 0
  for (const attempt of attempts) {
    const cost = attempt.cost ?? unbookedCost(attempt, prices)
    if (cost === null) return undefined
    sum += cost
  }
  return usdOf(sum)
}

/** Three digits that count are enough for an estimate. */
export function usd(cost: Nano): string {
  if (last?.cost !== cost) last = { cost, text: `$${Number(usdOf(cost).toPrecision(3))}` }
  return last.text
}

/** Calls of one kind cost about the same, one after the other, and digits take longer to write than all else of a choice. */
let last: { readonly cost: Nano; readonly text: string } | undefined
