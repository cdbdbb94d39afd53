import type { BudgetEvent } from './budget.js'
import type { Attempt, Chosen, Move, Report } from './call.js'
import type { ExperimentState } from './experiment.js'
import type { BreakerChange, Probe } from './health.js'
import type { SloState } from './slo.js'

export interface PolicyEvent {
  readonly callId: string
  /** The layer that acted. */
  readonly guard: string
  /** `annotate` and `flag` changed nothing. `fail`: the guard itself broke, before it had looked. */
  readonly action: 'redact' | 'annotate' | 'flag' | 'block' | 'fail'
  readonly direction: 'request' | 'response'
  /** How many, by type. Never what. */
  readonly found: Readonly<Record<string, number>>
}

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
  /** A stream that had died goes on. From here on, what is told of one that was `restarted` takes the place of what was. */
  resume: Required<Move> & { readonly callId: string }
  /** A target is given up, tried again, or trusted again. */
  breaker: BreakerChange
  /** A budget is spent in part, has refused a call, or is spent unusually fast. */
  budget: BudgetEvent
  /** A provider was asked for a sign of life. */
  probe: Probe & { readonly provider: string }
  /** A guard has acted on a call. */
  policy: PolicyEvent
  /** A provider has spent the errors that its objective allows it in a window. */
  slo: SloState
  /** An answer to a similar question was compared with one to the question itself. Both numbers are cosines. */
  similar: { readonly callId: string; readonly similarity: number; readonly likeness: number; readonly agrees: boolean }
  /** What no caller is told of: what went wrong beside the calls (a file of prices, a sink of the ledger), and what a middleware or a store said when a call over HTTP failed by it. */
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
