/** What a relay's configuration says of jobs. */
import * as z from '../../core/shape.js'

export interface JobsOptions {
  /** Jobs of one tenant that run at once. @defaultValue 4 */
  readonly perTenant?: number
  /** Jobs that this relay runs at once. @defaultValue 32 */
  readonly atOnce?: number
  /** Jobs of one tenant that may wait. @defaultValue 1000 */
  readonly queued?: number
  /** Milliseconds for which a job and its answer are kept, where its submitter says nothing. @defaultValue 86400000 (a day) */
  readonly ttlMs?: number
}

const count = z.int().check(z.minimum(1), z.maximum(100_000))

/** A week. */
export const longestTtlMs = 604_800_000

export const jobsShape = z.strictObject({
  perTenant: z.optional(count),
  atOnce: z.optional(count),
  queued: z.optional(count),
  ttlMs: z.optional(z.int().check(z.minimum(1000), z.maximum(longestTtlMs))),
})
