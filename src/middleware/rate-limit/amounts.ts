/** How much a call uses: by estimate before it is sent, and by what the vendors told afterwards. */
import type { Attempt, Call } from '../../core/call.js'
import { type PriceBook, textBuckets } from '../../core/price.js'
import type { MaybePromise } from '../../core/store.js'
import { total } from '../../core/usage.js'
import { isCredible } from '../../protocols/credible.js'
import { protocolNamed } from '../../protocols/index.js'
import { outputBound } from '../../protocols/output-bound.js'
import type { Protocol } from '../../protocols/protocol.js'
import { type CountTokens, estimateTokens, inputTokens } from '../../protocols/tokens.js'
import { worstWithTools } from '../../protocols/tool-uses.js'
import { mayHaveWorked, unbookedCost } from '../unbooked.js'
import type { Amounts } from './units.js'

/** Where the caller does not bound the answer, the answer counts afterwards only, and may lead into debt. At once when all is at hand. */
export function estimate(call: Call, prices: PriceBook | undefined, count = estimateTokens): MaybePromise<Amounts> {
  const native = protocolNamed(call.protocol)
  if (!(native instanceof Promise)) return estimateBy(call, prices, native, count)
  return native.then((native) => estimateBy(call, prices, native, count))
}

function estimateBy(call: Call, prices: PriceBook | undefined, native: Protocol | undefined, count: CountTokens): Amounts {
  const { protocol, body, target } = call
  const input = native ? inputTokens(native.lens, body, count) : 0
  const { asked = 0, answers } = outputBound(protocol, body)
  const output = asked * answers
  const price = prices?.price(target)
  const usd = price ? worstWithTools(price, { inputTokens: input, maxOutputTokens: output, buckets: textBuckets }, call) : 0
  return { requests: 1, tokens: input + output, usd: usd ?? 0 }
}

/** Of all attempts together. Where a vendor may have worked and told nothing, what was estimated stands. */
export function used(attempts: readonly Attempt[], estimated: Amounts, prices: PriceBook | undefined): Amounts {
  let [tokens, usd, unknown] = [0, 0, false]
  for (const attempt of attempts) {
    if (attempt.usage && isCredible(attempt.usage, attempt.protocol)) {
      tokens += total(attempt.usage)
      usd += attempt.cost ?? unbookedCost(attempt, prices) ?? 0
    } else if (mayHaveWorked(attempt)) unknown = true
    if (attempt.estimated && cameToNothing(attempt)) unknown = true
  }
  if (!unknown) return { requests: estimated.requests, tokens, usd }
  return { requests: estimated.requests, tokens: Math.max(tokens, estimated.tokens), usd: Math.max(usd, estimated.usd) }
}

/** The ledger knows of it what was asked for, and nothing of what was made of that. */
function cameToNothing({ outcome, firstTokenMs }: Attempt): boolean {
  return outcome !== 'ok' && firstTokenMs === undefined
}
