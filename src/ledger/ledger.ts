/** The lines of the newest attempts, in memory, and whoever else wants them. */
import type { LedgerLine, LedgerSink } from '../core/ledger.js'
import { fold, type UsageQuery, type UsageRow } from './fold.js'

export interface LedgerOptions {
  /** How many lines stay in memory, the newest. @defaultValue 10000 */
  readonly keep?: number
  /** A file of JSON lines that every line is added to. Needs a file system. */
  readonly file?: string
  /** Takes the lines as they come, a few at once when they come fast. */
  readonly sink?: LedgerSink
}

export type WarnOfSink = (message: string) => void

export class Ledger {
  readonly #keep: number
  readonly #sinks: readonly LedgerSink[]
  readonly #warn: WarnOfSink
  #lines: LedgerLine[] = []
  #waiting: LedgerLine[] = []
  #writing: Promise<void> | undefined

  constructor(sinks: readonly LedgerSink[], { keep = 10_000 }: LedgerOptions, warn: WarnOfSink) {
    this.#sinks = sinks
    this.#keep = keep
    this.#warn = warn
  }

  readonly add = (line: LedgerLine): void => {
    this.#lines.push(line)
    // Cut now and then, so that a line costs no copy of all.
    if (this.#lines.length >= 2 * this.#keep) this.#lines = this.#lines.slice(-this.#keep)
    if (this.#sinks.length === 0) return
    this.#waiting.push(line)
    this.#writing ??= this.#write()
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
    while (this.#writing) await this.#writing
  }

  async #write(): Promise<void> {
    // What comes in the same turn goes out together.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const lines = this.#waiting
      this.#waiting = []
      for (const sink of this.#sinks) {
        try {
          await sink(lines)
        } catch (error) {
          this.#warn(
            `${lines.length} lines of the ledger were not taken: ${error instanceof Error ? error.message : 'unknown reason'}`,
          )
        }
      }
    }
    this.#writing = undefined
  }
}
