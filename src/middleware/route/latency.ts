import type { Attempt, Target } from '../../core/call.js'
import { type ErrorCode, errorStatus } from '../../core/errors.js'
import { Recent } from '../../core/recent.js'
import { targetKey } from '../../core/target.js'

/** Milliseconds in which what was seen loses all but 1/e of its weight. A slow target is tried again after a few of them. */
const memory = 60_000
/** A failure counts as an answer that took so long. */
const penalty = 30_000
const mostTargets = 1000

/**
 * How long targets take, as a peak EWMA: a rise counts at once, a fall only by and by, and calls under way count as many
 * times as there are. Streams, for which the first content counts, are apart from whole answers.
 *
 * Source: Finagle's PeakEwma, https://twitter.github.io/finagle/guide/Clients.html
 */
export class Latencies {
  readonly #answers = new Recent<string, PeakEwma>(mostTargets)
  readonly #streams = new Recent<string, PeakEwma>(mostTargets)
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  of({ provider, model }: Target, stream: boolean): PeakEwma {
    return this.#of(provider.name, model, stream)
  }

  /** @param attempt one that has ended, or a stream that has begun */
  observe({ provider, model, outcome, error, firstTokenMs, durationMs }: Attempt, stream: boolean): void {
    const seen = this.#of(provider, model, stream)
    const took = stream ? firstTokenMs : outcome === 'ok' ? durationMs : undefined
    if (outcome === 'error') {
      if (error && isTheTargets(error)) seen.observe(penalty)
    } else if (took !== undefined) seen.observe(took)
    // One that lost a hedge was at least as slow as that.
    else if (durationMs !== undefined && durationMs > seen.ms) seen.observe(durationMs)
  }

  #of(provider: string, model: string, stream: boolean): PeakEwma {
    const of = stream ? this.#streams : this.#answers
    return of.getOrInsertComputed(targetKey(provider, model), () => new PeakEwma(this.#now))
  }
}

/** Whether it tells of the target, and not of the request or of its sender. */
function isTheTargets(error: ErrorCode): boolean {
  const status = errorStatus[error]
  return status >= 500 || error === 'rate_limited' || error === 'authentication_failed' || error === 'missing_key'
}

class PeakEwma {
  /** Calls under way. */
  pending = 0
  readonly #now: () => number
  #ms = 0
  #at: number

  constructor(now: () => number) {
    this.#now = now
    this.#at = now()
  }

  /** Fades while nothing is seen, so that a target which nobody chooses gets another chance. */
  get ms(): number {
    return this.#ms * this.#fading(this.#now())
  }

  /** What the next call may have to wait. One that has answered nobody yet is tried by one call, not by all at once. */
  get load(): number {
    const { ms, pending } = this
    return ms === 0 && pending > 0 ? penalty * pending : ms * (pending + 1)
  }

  observe(ms: number): void {
    const now = this.#now()
    const fading = this.#fading(now)
    this.#ms = ms > this.#ms * fading ? ms : this.#ms * fading + ms * (1 - fading)
    this.#at = now
  }

  #fading(now: number): number {
    return Math.exp(-Math.max(0, now - this.#at) / memory)
  }
}

/** Two of the indexes, drawn without preference; the same one twice where there is but one. */
export function twoOf(indexes: readonly number[], random: () => number): readonly [number, number] {
  const first = Math.floor(random() * indexes.length)
  const step = 1 + Math.floor(random() * (indexes.length - 1))
  const second = (first + step) % indexes.length
  return [indexes[first] ?? 0, indexes[indexes.length === 1 ? first : second] ?? 0]
}
