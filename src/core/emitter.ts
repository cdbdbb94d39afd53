import type { Attempt, Chosen, Move, Report } from './call.js'
import type { ExperimentState } from './experiment.js'
import type { BreakerChange, Probe } from './health.js'

export interface LeashEvents {
  /** An attempt has ended. */
  attempt: Attempt & { readonly callId: string }
  /** A call has ended; for a stream, when its last byte was read or it was left. */
  result: Report
  /** The next try is about to wait. */
  retry: { readonly callId: string; readonly attempt: number; readonly delayMs: number; readonly error: string }
  /** A target of a route has been chosen. */
  route: Chosen & { readonly callId: string }
  /** An experiment has found its winner. */
  experiment: ExperimentState
  /** The call goes on at another target. */
  fallback: Move & { readonly callId: string }
  /** A target is given up, tried again, or trusted again. */
  breaker: BreakerChange
  /** A provider was asked for a sign of life. */
  probe: Probe & { readonly provider: string }
  /** Something beside the calls went wrong, and was gone around: a file of prices, a sink of the ledger. */
  warning: { readonly message: string }
}

/** Listeners by event. Nothing is paid, not even the event's object, when nobody listens: ask {@link Emitter.heard} first. */
export class Emitter {
  readonly #listeners: { [E in keyof LeashEvents]?: Set<(event: LeashEvents[E]) => void> } = {}

  /** @returns a function that stops listening */
  on<E extends keyof LeashEvents>(name: E, listener: (event: LeashEvents[E]) => void): () => void {
    const set: Set<(event: LeashEvents[E]) => void> = (this.#listeners[name] ??= new Set() as never)
    set.add(listener)
    return () => {
      set.delete(listener)
    }
  }

  heard(name: keyof LeashEvents): boolean {
    return (this.#listeners[name]?.size ?? 0) > 0
  }

  /** A listener that throws must not harm the call it hears of: its error surfaces as an uncaught one, on its own. */
  emit<E extends keyof LeashEvents>(name: E, event: LeashEvents[E]): void {
    for (const listener of this.#listeners[name] ?? []) {
      try {
        listener(event)
      } catch (error) {
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }
}
