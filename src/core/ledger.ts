/** What the ledger keeps of each attempt. Lines are only ever added; every total is a fold over them. */
import type { Attempt, Call } from './call.js'
import type { ErrorCode } from './errors.js'
import type { Nano } from './money.js'
import type { Usage } from './usage.js'

/** How far a line can be trusted: the vendor told all of it, or part of it is our estimate. */
export type Basis = 'complete' | 'estimated'

export interface LedgerLine {
  /** The same line delivered twice has the same one: count it once. */
  readonly id: string
  readonly callId: string
  /** Its place among the attempts of the call, from 1. */
  readonly attempt: number
  /** When it began, in milliseconds since 1970. */
  readonly at: number
  readonly durationMs: number
  readonly tenant?: string
  readonly user?: string
  /** The key of the caller, by its id or name. */
  readonly key?: string
  readonly tags?: Readonly<Record<string, string>>
  readonly provider: string
  readonly model: string
  readonly protocol: string
  readonly outcome: 'ok' | 'error' | 'cancelled'
  readonly status?: number
  readonly error?: ErrorCode
  readonly usage: Usage
  readonly basis: Basis
  /** Nano-dollars. Null: the price is unknown, which is not the same as free. */
  readonly cost: Nano | null
  /** Of the price that `cost` was counted by. */
  readonly priceVersion?: string
}

/** What became of a request, beside its record: all that an estimate can go by. */
export interface Heard {
  /** It may have reached the vendor. */
  readonly sent: boolean
  /** Characters of the answer that came. */
  readonly characters: number
}

/** Whoever books the attempts. In memory: an attempt does not wait for it. */
export interface Accounts {
  /** The attempt has ended. Writes its cost into the record, and its line into the ledger. */
  book(call: Call, attempt: Attempt, heard: Heard): void
}

/** Takes lines as they come, in order: a file, a queue, a table. A failure is told once and costs no call. */
export type LedgerSink = (lines: readonly LedgerLine[]) => void | Promise<void>
