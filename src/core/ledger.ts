/** What the ledger keeps of each attempt. Lines are only ever added; every total is a fold over them. */
import type { Attempt, Call } from './call.js'
import type { ErrorCode } from './errors.js'
import type { Nano } from './money.js'
import type { Shares } from './price.js'
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
  /** Codes by which the option `shadow` would have refused the call. */
  readonly shadow?: readonly ErrorCode[]
  /** Made beside another attempt that was late. */
  readonly hedged?: true
  /** Nobody was asked: an answer that had been kept was given again. `attempt`, `usage` and `cost` are 0. */
  readonly cached?: true
  /** Nobody was asked again: the answer is that of an identical call. `attempt`, `usage` and `cost` are 0. */
  readonly coalesced?: true
  /** Nano-dollars that this answer had cost. Null: the price is unknown. */
  readonly saved?: Nano | null
  readonly usage: Usage
  /** How often the vendor has searched the web for the answer, where it tells that and charges for each search. */
  readonly searches?: number
  /** How often the vendor has searched the caller's files for it. */
  readonly fileSearches?: number
  /** Of the tokens in `usage` those that have a price of their own there: of pictures, and of sound in a cache. */
  readonly apart?: Shares
  /** It had to be made in a region, and its vendor charges for that. */
  readonly regional?: true
  readonly basis: Basis
  /** How the vendor says that it served the call, in its own word. Absent: it did not say. */
  readonly serviceTier?: string
  /** Nano-dollars. Null: the price is unknown, which is not the same as free. */
  readonly cost: Nano | null
  /** Of the price that `cost` was counted by; `vendor` where the vendor itself has told what it charged. */
  readonly priceVersion?: string
}

/** Who gave an answer that is given again, and what it cost then. */
export interface Reused extends Pick<Attempt, 'provider' | 'model' | 'protocol' | 'cost'> {
  readonly status: number
}

/** How often a vendor has run tools of its own for an answer: each use has a price. */
export interface ToolUses {
  /** Of the web. */
  readonly searches?: number | undefined
  /** Of the caller's files. */
  readonly fileSearches?: number | undefined
}

/** Whoever books the attempts. In memory: an attempt does not wait for it. */
export interface Accounts {
  /**
   * An attempt that was sent has ended. Writes its cost into the record, and its line into the ledger.
   *
   * @param said how many characters of the answer have come, all that an estimate can go by; none, where what is told is of all of it
   * @param seen what the vendor did meanwhile, where it has told no usage
   */
  book(call: Call, attempt: Attempt, said: (told?: Usage) => number, seen?: ToolUses): void
  /** An answer was given again: writes a line of zeros, and what the answer had cost. */
  reuse(call: Call, answer: Reused, how?: 'cached' | 'coalesced'): void
}

/** Takes lines as they come, in order: a file, a queue, a table. A failure is told once and costs no call. */
export type LedgerSink = (lines: readonly LedgerLine[]) => void | Promise<void>
