/** One place that wants the lines: a queue of its own before it, so that a slow one holds up no other. */
import { atExit } from '../core/at-exit.js'
import { messageOf } from '../core/errors.js'
import type { LedgerLine, LedgerSink } from '../core/ledger.js'
import { formatUsd, type Nano } from '../core/money.js'

export type WarnOfSink = (message: string) => void

export class Outlet {
  readonly #sink: LedgerSink
  /** Lines that may wait, those under way included. */
  readonly #most: number
  readonly #warn: WarnOfSink
  #waiting: LedgerLine[] = []
  #underway = 0
  #lost = 0
  #lostCost: Nano = 0
  #firstLost = ''
  #writing: Promise<void> | undefined

  constructor(sink: LedgerSink, most: number, warn: WarnOfSink) {
    this.#sink = sink
    this.#most = most
    this.#warn = warn
  }

  /** What has waited longest is kept: a file then lacks the lines of one stretch of time, and not some here and there. */
  add(line: LedgerLine): void {
    if (this.#waiting.length + this.#underway >= this.#most) {
      this.#lose(line)
      return
    }
    this.#waiting.push(line)
    this.#writing ??= this.#write()
  }

  async flush(): Promise<void> {
    while (this.#writing) await this.#writing
  }

  #lose({ id, cost }: LedgerLine): void {
    this.#lostCost += cost ?? 0
    if (this.#lost++ > 0) return
    this.#firstLost = id
    this.#warn(
      `A sink of the ledger is ${this.#most} lines behind: from ${id} on it gets none until it has caught up. Make it faster, or raise \`ledger.queue\`.`,
    )
  }

  async #write(): Promise<void> {
    const forget = atExit({ end: () => this.flush(), cut: () => this.#cut() })
    // What comes in the same turn goes out together.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const lines = this.#waiting
      this.#waiting = []
      this.#underway = lines.length
      try {
        await this.#sink(lines)
      } catch (error) {
        this.#warn(`${lines.length} lines of the ledger were not taken: ${messageOf(error)}`)
      }
      this.#underway = 0
    }
    forget()
    if (this.#lost > 0) this.#tellLoss()
    this.#writing = undefined
  }

  /** The last turn of a process: what a sink begins now is all that it does. */
  #cut(): void {
    if (this.#waiting.length === 0) return
    try {
      void this.#sink(this.#waiting)?.catch(() => {})
    } catch {
      // There is nobody left to tell.
    }
  }

  #tellLoss(): void {
    this.#warn(
      `A sink of the ledger has caught up. It lacks ${this.#lost} lines of together $${formatUsd(this.#lostCost)}, the first of them ${this.#firstLost}.`,
    )
    this.#lost = this.#lostCost = 0
  }
}
