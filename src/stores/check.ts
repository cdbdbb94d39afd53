/** What both stores ask of a budget's numbers. */
import { LeashError } from '../core/errors.js'
import { formatUsd, mostNano, type Nano } from '../core/money.js'

export function checkNano(...amounts: readonly Nano[]): void {
  if (amounts.every((amount) => Number.isSafeInteger(amount) && amount >= 0)) return
  throw new LeashError(
    'invalid_config',
    `An amount of money must be a whole number of nano-dollars from 0 to ${mostNano} (${formatUsd(mostNano)} US dollars).`,
  )
}

/** For so long after its window has ended, or it has expired, is what a budget knows of it still there. */
export const afterwardsMs = 24 * 3600 * 1000
