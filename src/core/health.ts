import type { KeyState } from './provider.js'

/** `open`: nothing is sent. `half-open`: a few calls try whether it answers again. */
export type BreakerState = 'closed' | 'open' | 'half-open'

/**
 * Why a breaker changed: failures in a row, the shares of failed, timed out and slow calls, how a trial went, its time
 * being up, another process that shares its store, or a person.
 */
export type BreakerReason = 'consecutive' | 'errors' | 'timeouts' | 'slow' | 'trial' | 'cooldown' | 'shared' | 'forced'

export interface BreakerChange {
  /** As `provider/model`. */
  readonly target: string
  readonly from: BreakerState
  readonly to: BreakerState
  readonly because: BreakerReason
  /** Milliseconds since 1970 at which an open one is tried again. */
  readonly until?: number
}

/** How a target has done of late. */
export interface TargetHealth {
  /** As `provider/model`; a provider alone, where all of it is held open or closed by hand. */
  readonly target: string
  readonly state: BreakerState
  /** Milliseconds since 1970 of the last change. */
  readonly since: number
  /** Calls in the window that were answered or failed. Retries are part of their call. */
  readonly calls: number
  readonly failures: number
  /** From 0 to 1. */
  readonly errorRate: number
  /** Milliseconds since 1970 at which it is tried again, when it is open. */
  readonly until?: number
  /** Milliseconds since 1970 until which it has asked to be left alone: calls that have another target pass it over. */
  readonly restsUntil?: number
  /** Held so by hand. */
  readonly forced?: 'open' | 'closed'
}

/** What asking a provider for a sign of life has found. */
export interface Probe {
  readonly ok: boolean
  /** When it was sent, in milliseconds since 1970. */
  readonly at: number
  readonly latencyMs: number
  /** Absent when there was no answer. */
  readonly status?: number
  /** What went wrong, and what to see to. */
  readonly error?: string
}

/** Whether a provider could take a call now. */
export interface ProviderHealth {
  readonly name: string
  readonly ready: boolean
  /** What to do before it is, as an instruction. */
  readonly missing?: string
  /** The last one, where providers are probed. */
  readonly probe?: Probe
  /** Where it has several keys. */
  readonly keys?: readonly KeyState[]
}

export interface Health {
  /** Those that have been called, or are held by hand. */
  readonly targets: readonly TargetHealth[]
  /** Those that were given options or a key. */
  readonly providers: readonly ProviderHealth[]
}
