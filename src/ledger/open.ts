/** The `ledger` option. */
import type { Lazy } from '../core/lazy.js'
import type { LedgerSink } from '../core/ledger.js'
import type { Prices } from '../core/price.js'
import type { CountTokens } from '../protocols/tokens.js'
import { Bookkeeper } from './accounts.js'
import { Ledger, type LedgerOptions } from './ledger.js'

export interface OpenLedger {
  readonly ledger: Ledger
  readonly accounts: Bookkeeper
}

/** Loaded with the first call: prices are most of it. */
export async function openLedger(
  options: LedgerOptions,
  prices: Prices,
  tokens: Lazy<CountTokens>,
  warn: (message: string) => boolean,
  relay?: LedgerSink,
): Promise<OpenLedger> {
  const sinks: LedgerSink[] = [options.sink, relay].filter((sink) => sink !== undefined)
  if (options.file !== undefined) sinks.push((await import('./file.js')).fileSink(options.file))
  const ledger = new Ledger(sinks, options, (message) => {
    // Lines that are missing are money that is missing: that must not pass because nobody listens.
    if (!warn(message)) console.warn(`leashllm: ${message}`)
  })
  const [book, countTokens] = await Promise.all([prices.book.get(), tokens.get()])
  return { ledger, accounts: new Bookkeeper({ prices: book, countTokens, add: ledger.add, warn }) }
}
