/** Watches each call from its begin to its end, for whoever tells of it: spans, metrics. */
import type { Call, Result } from '../../core/call.js'
import type { Emitter } from '../../core/emitter.js'
import { atEnd, type Ending, overheard } from '../../core/ending.js'
import { isLeashError, LeashError } from '../../core/errors.js'
import { hidden } from '../../core/hidden.js'
import type { Middleware, Next } from '../../core/middleware.js'

/** What a call came to. Its report is complete. */
export interface Seen {
  /** What failed, or that it was left. */
  readonly ending: Ending
  readonly durationMs: number
  /** Of a stream, until its first content. */
  readonly firstChunkMs: number | undefined
}

/** One call under way, as one observer sees it. */
export interface Watch {
  /** What the call does, it does within: for an observer that has a context of its own. */
  within?(work: () => Promise<Result>): Promise<Result>
  /** There is an answer, or the begin of a stream. */
  answered?(result: Result): void
  /** A piece of a stream has been read, so many milliseconds after the one before it. */
  piece?(bytes: Uint8Array, ms: number): void
  end(seen: Seen): void
}

export interface Observer {
  /** @returns undefined where it does not want to know */
  begin(call: Call): Watch | undefined
}

export function observe(observers: readonly Observer[], emitter: Emitter): Middleware {
  const underway = hidden<Observation | undefined>()
  // Outermost of the layers as this one is, the report is completed outside of it.
  emitter.on('result', (report) => {
    const observation = underway.get(report)
    if (!observation) return
    underway.set(report, undefined)
    observation.end()
  })
  return (next) =>
    function observe(call) {
      const watches: Watch[] = []
      for (const observer of observers) {
        const watch = observer.begin(call)
        if (watch) watches.push(watch)
      }
      if (watches.length === 0) return next(call)
      const observation = new Observation(watches)
      underway.set(call.report, observation)
      return observation.run(call, next)
    }
}

class Observation {
  readonly #watches: readonly Watch[]
  readonly #began = performance.now()
  #ending: Ending
  #firstChunkMs: number | undefined

  constructor(watches: readonly Watch[]) {
    this.#watches = watches
  }

  async run(call: Call, next: Next): Promise<Result> {
    try {
      return this.#hear(await this.#within(() => next(call)))
    } catch (error) {
      this.#ending = isLeashError(error)
        ? error
        : new LeashError('invalid_config', 'A middleware or a store threw.', { cause: error })
      throw error
    }
  }

  #within(work: () => Promise<Result>): Promise<Result> {
    let within = work
    for (const watch of this.#watches) {
      if (!watch.within) continue
      const inner = within
      within = () => watch.within?.(inner) ?? inner()
    }
    return within()
  }

  #hear(result: Result): Result {
    if (result.stream) this.#firstChunkMs = performance.now() - this.#began
    for (const watch of this.#watches) watch.answered?.(result)
    if (!result.stream) return result
    const ended = atEnd(result, (ending) => {
      this.#ending = ending
    })
    const listeners = this.#watches.filter((watch) => watch.piece)
    if (listeners.length === 0) return ended
    let before: number | undefined
    return overheard(ended, (bytes) => {
      const now = performance.now()
      for (const watch of listeners) watch.piece?.(bytes, before === undefined ? 0 : now - before)
      before = now
    })
  }

  end(): void {
    const durationMs = performance.now() - this.#began
    const seen: Seen = { ending: this.#ending, durationMs, firstChunkMs: this.#firstChunkMs }
    for (const watch of this.#watches) watch.end(seen)
  }
}
