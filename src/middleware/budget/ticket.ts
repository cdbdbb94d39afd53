import type { BudgetUnit } from '../../core/budget.js'
import type { Attempt, Call } from '../../core/call.js'
import { costOf, type PriceBook } from '../../core/price.js'
import { total } from '../../core/usage.js'

export type Amounts = Readonly<Record<BudgetUnit, number>>

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
    const { usage } = attempt
    const worked = mayHaveWorked(attempt)
    this.#settle({
      requests: 1,
      tokens: usage ? total(usage) : worked ? this.#amounts.tokens : 0,
      usd: this.#cost(attempt) ?? (worked ? this.#amounts.usd : 0),
    })
  }

  release(): void {
    this.#settle({ requests: 0, tokens: 0, usd: 0 })
  }

  /** As the ledger has booked it, and otherwise by what the vendor told. */
  #cost({ cost, usage, startedAt }: Attempt): number | undefined {
    if (cost != null) return cost
    const price = usage && this.#prices?.price(this.call.target, startedAt)
    return (price && usage && costOf(price, usage)) ?? undefined
  }

  #settle(actual: Amounts): void {
    if (!this.#open) return
    this.#open = false
    for (const { unit, settle } of this.#parts) settle(actual[unit])
    this.#onSettled()
  }
}

/** Where nobody has booked it. A refusal is not billed, nor a request that never arrived. */
function mayHaveWorked({ outcome, status }: Attempt): boolean {
  return outcome === 'error' ? status === 200 : true
}
