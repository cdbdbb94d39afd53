import type { Attempt, Call } from './call.js'
import { hidden } from './hidden.js'

/** For a layer around attempts: who failed is not told by the error, but the report knows. Each attempt is somebody's once. */
export class Claims {
  readonly #claimed = hidden<true>()

  claim(attempt: Attempt): void {
    this.#claimed.set(attempt, true)
  }

  /** The attempt of this call that has failed just now; undefined when it was not sent. */
  failed({ report, target, hedged }: Call): Attempt | undefined {
    const record = report.attempts.findLast(
      (attempt) =>
        attempt.outcome !== 'pending' &&
        attempt.provider === target.provider.name &&
        attempt.model === target.model &&
        attempt.hedged === hedged &&
        !this.#claimed.get(attempt),
    )
    if (record) this.claim(record)
    return record
  }
}
