/** What the vendor, the relays and the clients agree on. */

/** Nano-dollars for a token. */
export const inputPrice = 150
export const outputPrice = 600

/** The same as an option: US dollars for a million tokens. */
export const prices = { 'openai/gpt-4o-mini': { input: inputPrice / 1000, output: outputPrice / 1000 } }

export interface VendorTold {
  /** Answers that were given to their end. */
  served: number
  nano: number
  refused: number
  broken: number
  stalled: number
}

export interface RelayGiven {
  readonly vendor: number
  readonly folder: string
  readonly port?: number
  readonly database?: string
  readonly redis?: string
  readonly policy?: object
  readonly staleMs?: number
  readonly whenStale?: 'open' | 'closed'
}

export interface RelayReady {
  readonly url: string
  readonly key: string
  readonly admin: string
}

export interface ClientGiven {
  readonly vendor: number
  readonly relay: { readonly url: string; readonly key: string; readonly folder: string }
  readonly calls: number
  readonly seed: number
  /** Milliseconds from one call to the next. Absent: all at once. */
  readonly everyMs?: number
  /** How calls are made: each in turn is made one of these ways. */
  readonly ways?: readonly ('in process' | 'by relay')[]
  /** What the vendor does with them, in turn. */
  readonly plans?: readonly string[]
}

/** How calls ended, by what came of them: `ok`, `left`, or the code of an error. */
export type ClientTold = Record<string, number>
