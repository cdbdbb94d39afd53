import type { Attempt, Call, Result } from '../../core/call.js'
import type { Emitter } from '../../core/emitter.js'
import { atEnd, type Ending } from '../../core/ending.js'
import { isLeashError } from '../../core/errors.js'
import type { Lazy } from '../../core/lazy.js'
import type { Next } from '../../core/middleware.js'
import type { PriceBook } from '../../core/price.js'
import { Recent } from '../../core/recent.js'
import { isAt } from '../attempt-at.js'
import { spentUsd } from './cost.js'
import type { Experiment } from './experiment.js'
import { Latencies } from './latency.js'

/** A call that counts for an experiment. */
export interface Subject {
  readonly experiment: Experiment
  /** The index of the target that it was dealt. */
  readonly variant: number
}

interface LearnDeps {
  readonly emitter: Emitter
  readonly prices?: Lazy<PriceBook> | undefined
  readonly now: () => number
}

/** Calls for which a score may still come. */
const mostAwaited = 10_000

/** Sends calls to the targets that were chosen for them, and keeps what is learnt from how it went. */
export class Learner {
  readonly latencies: Latencies
  readonly #deps: LearnDeps
  readonly #awaited = new Recent<string, Subject>(mostAwaited)

  constructor(deps: LearnDeps) {
    this.#deps = deps
    this.latencies = new Latencies(deps.now)
  }

  async send(call: Call, next: Next, subject: Subject | undefined): Promise<Result> {
    const { report, target, stream } = call
    const waiting = this.latencies.of(target, stream)
    const earlier = report.attempts.length
    const began = this.#deps.now()
    waiting.pending++
    if (subject) this.#awaited.set(call.id, subject)
    try {
      const result = await next(call)
      const latencyMs = this.#deps.now() - began
      this.#observe(report.attempts.slice(earlier), stream)
      return atEnd(result, (ending) => {
        waiting.pending--
        if (result.stream && result.attempt && isLeashError(ending)) this.#observe([result.attempt], stream)
        // Who fell back to another target was not answered by this one.
        if (isLeashError(ending) || (result.attempt && !isAt(result.attempt, target))) this.#measure(subject, { failed: true })
        else this.#measure(subject, { failed: false, latencyMs, ...this.#costOf(report.attempts.slice(earlier), ending) })
      })
    } catch (error) {
      waiting.pending--
      this.#observe(report.attempts.slice(earlier), stream)
      const aborted = isLeashError(error) && error.code === 'aborted'
      if (!aborted) this.#measure(subject, { failed: true })
      throw error
    }
  }

  /** @returns false when the call was in no experiment, or is too long ago */
  score(callId: string, value: number): boolean {
    const subject = this.#awaited.get(callId)
    if (subject?.experiment.score(subject.variant, value)) this.#decided(subject.experiment)
    return subject !== undefined
  }

  #observe(attempts: readonly Attempt[], stream: boolean): void {
    for (const attempt of attempts) this.latencies.observe(attempt, stream)
  }

  /** Whoever leaves an answer before its end has not paid for all of it. */
  #costOf(attempts: readonly Attempt[], ending: Ending): { readonly costUsd?: number } {
    const costUsd = ending === 'cancelled' ? undefined : spentUsd(attempts, this.#deps.prices?.value)
    return costUsd === undefined ? {} : { costUsd }
  }

  #measure(subject: Subject | undefined, outcome: Parameters<Experiment['add']>[1]): void {
    if (subject?.experiment.add(subject.variant, outcome)) this.#decided(subject.experiment)
  }

  #decided(experiment: Experiment): void {
    const { emitter } = this.#deps
    if (emitter.heard('experiment')) emitter.emit('experiment', experiment.state())
  }
}
