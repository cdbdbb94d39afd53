/** The lines of the newest attempts, in memory, and whoever else wants them. */
import type { LedgerLine, LedgerSink } from '../core/ledger.js'
import { fold, type UsageQuery, type UsageRow } from './fold.js'
import { Outlet, type WarnOfSink } from './outlet.js'

export interface LedgerOptions {
  /** How many of the newest lines are kept in memory. @defaultValue 10000 */
  readonly keep?: number | undefined
  /** A file to which every line is appended as JSON. Needs a file system. */
  readonly file?: string | undefined
  /** Called with new lines, several at once if there are many. */
  readonly sink?: LedgerSink | undefined
  /** Most lines that may wait for the file, and for the sink. When it is full, new lines are dropped for it, and a warning says how many. @defaultValue 100000 */
  readonly queue?: number | undefined
}

export class Ledger {
  readonly #keep: number
  readonly #outlets: readonly Outlet[]
  #lines: LedgerLine[] = []

  constructor(sinks: readonly LedgerSink[], { keep = 10_000, queue = 100_000 }: LedgerOptions, warn: WarnOfSink) {
    this.#outlets = sinks.map((sink) => new Outlet(sink, queue, warn))
    this.#keep = keep
  }

  readonly add = (line: LedgerLine): void => {
    this.#lines.push(line)
    // Cut now and then, so that a line costs no copy of all.
    if (this.#lines.length >= 2 * this.#keep) this.#lines = this.#lines.slice(-this.#keep)
    for (const outlet of this.#outlets) outlet.add(line)
  }

  /** From the oldest to the newest. */
  lines(): readonly LedgerLine[] {
    return this.#lines.slice(-this.#keep)
  }

  /** Totals of what is in memory. */
  usage(query?: UsageQuery): UsageRow[] {
    return fold(this.lines(), query)
  }

  /** Waits until every line is where it belongs. */
  async flush(): Promise<void> {
    await Promise.all(this.#outlets.map((outlet) => outlet.flush()))
  }
}
