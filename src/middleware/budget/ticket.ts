import type { BudgetUnit } from '../../core/budget.js'
import type { Attempt, Call } from '../../core/call.js'
import { costOf, type PriceBook, serviceTierOf } from '../../core/price.js'
import { total, type Usage } from '../../core/usage.js'
import { askedTier } from '../../protocols/asked-tier.js'
import { costWith } from '../../protocols/cost-with.js'
import { isCredible } from '../../protocols/credible.js'
import { isAnsweredLater } from '../../protocols/effects.js'
import type { Amounts } from '../rate-limit/units.js'
import { mayHaveWorked } from '../unbooked.js'

/** Something that was set aside in one unit. */
export interface Part {
  readonly unit: BudgetUnit
  settle(actual: number): void
}

/** What was set aside for one attempt. It is settled once, however often that is tried. */
export class Ticket {
  /** As it may be sent: the answer may be bounded to what is left. */
  readonly call: Call
  readonly #amounts: Amounts
  readonly #parts: readonly Part[]
  readonly #prices: PriceBook | undefined
  readonly #onSettled: () => void
  #open = true

  constructor(call: Call, amounts: Amounts, parts: readonly Part[], prices: PriceBook | undefined, onSettled: () => void) {
    this.call = call
    this.#amounts = amounts
    this.#parts = parts
    this.#prices = prices
    this.#onSettled = onSettled
  }

  /** @param attempt what became of it; none, when nothing was sent */
  settle(attempt: Attempt | undefined): void {
    if (!attempt) {
      this.release()
      return
    }
    // It goes on without its caller, and nobody will tell what comes of it.
    if (attempt.estimated && isAnsweredLater(this.call.protocol, this.call.body)) {
      this.#settle({ ...this.#amounts, requests: 1 })
      return
    }
    const usage = isWhole(attempt) && attempt.usage && isCredible(attempt.usage, attempt.protocol) ? attempt.usage : undefined
    const worked = mayHaveWorked(attempt)
    this.#settle({
      requests: 1,
      tokens: usage ? total(usage) : worked ? this.#amounts.tokens : 0,
      usd: this.#cost(attempt, usage) ?? (worked ? this.#amounts.usd : 0),
    })
  }

  release(): void {
    this.#settle({ requests: 0, tokens: 0, usd: 0 })
  }

  /** As the ledger has booked it, and otherwise by what the vendor told. */
  #cost({ cost, serviceTier, startedAt }: Attempt, usage: Usage | undefined): number | undefined {
    if (cost != null) return cost
    const price = usage && this.#prices?.price(this.call.target, startedAt)
    if (!price) return undefined
    // A tier without a price counts as the standard one, and a tool without one as nothing: the tokens were not free.
    const tier = serviceTierOf(serviceTier ?? askedTier(this.call)) ?? 'standard'
    return costWith(price, usage, tier) ?? costWith(price, usage, 'standard') ?? costOf(price, usage) ?? undefined
  }

  #settle(actual: Amounts): void {
    if (!this.#open) return
    this.#open = false
    for (const { unit, settle } of this.#parts) settle(actual[unit])
    this.#onSettled()
  }
}

/** What the vendor told of an answer that was cut is a part of it, unless whoever booked it has made an estimate of that. */
function isWhole({ cost, outcome }: Attempt): boolean {
  return cost !== undefined || outcome === 'ok'
}
