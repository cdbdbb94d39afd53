import { LeashError } from './errors.js'
import { formatUsd, mostNano, type Nano } from './money.js'

/** What every store asks of a budget's numbers. */
export function checkNano(...amounts: readonly Nano[]): void {
  if (amounts.every((amount) => Number.isSafeInteger(amount) && amount >= 0)) return
  throw new LeashError(
    'invalid_config',
    `An amount of money must be a whole number of nano-dollars from 0 to ${mostNano} (${formatUsd(mostNano)} US dollars).`,
  )
}
