/** The options, as a schema: the same words in code and, later, in a file. */
import { errorStatus, LeashError } from '../core/errors.js'
import { concurrencySchema, paceSchema, rateLimitSchema } from './limits.js'
import { routesSchema } from './routes.js'
import * as z from './shape.js'

const ms = z.int().check(z.minimum(1), z.maximum(2 ** 31 - 1))
const fn = z.custom((value) => typeof value === 'function', 'expected a function')

const timeoutsSchema = z.strictObject({
  attemptMs: z.optional(ms),
  firstTokenMs: z.optional(ms),
  idleMs: z.optional(ms),
  deadlineMs: z.optional(ms),
})

const retrySchema = z.strictObject({
  attempts: z.optional(z.int().check(z.minimum(1), z.maximum(100))),
  backoff: z.optional(fn),
  retryAfterCapMs: z.optional(z.int().check(z.minimum(0))),
  when: z.optional(fn),
  tokens: z.optional(z.int().check(z.minimum(0))),
})

const models = z.array(z.string().check(z.minLength(1)))

const fallbackSchema = z.strictObject({
  models: z.optional(z.record(z.string().check(z.regex(/^[^*]*\*?$/)), models)),
  default: z.optional(models),
  on: z.optional(z.union([fn, z.array(z.enum(Object.keys(errorStatus)))])),
  refusals: z.optional(z.boolean()),
})

const share = z.number().check(z.minimum(0), z.maximum(1))
const count = z.int().check(z.minimum(1))

const circuitBreakerSchema = z.strictObject({
  consecutive: z.optional(count),
  errorRate: z.optional(share),
  timeoutRate: z.optional(share),
  slowMs: z.optional(ms),
  slowRate: z.optional(share),
  minimumCalls: z.optional(count),
  windowMs: z.optional(ms),
  cooldownMs: z.optional(ms),
  retryAfterCapMs: z.optional(z.int().check(z.minimum(0))),
  trials: z.optional(count),
  counts: z.optional(fn),
  whenAllOpen: z.optional(z.enum(['fail', 'least-bad'])),
})

const hedgeSchema = z.strictObject({
  delayMs: z.optional(z.union([ms, z.literal('p95')])),
  maxShare: z.optional(share),
  to: z.optional(z.string().check(z.minLength(1))),
  repeatable: z.optional(fn),
})

const coalesceSchema = z.strictObject({
  maxBufferBytes: z.optional(z.int().check(z.minimum(1))),
})

const healthSchema = z.strictObject({
  intervalMs: z.optional(ms),
  timeoutMs: z.optional(ms),
  providers: z.optional(z.record(z.string(), z.strictObject({ path: z.optional(z.string()), intervalMs: z.optional(ms) }))),
})

const ledgerSchema = z.strictObject({
  keep: z.optional(z.int().check(z.minimum(1), z.maximum(1_000_000))),
  file: z.optional(z.string().check(z.minLength(1))),
  sink: z.optional(fn),
})

const mirrorSchema = z.strictObject({
  to: z.string().check(z.minLength(1)),
  share: z.optional(share),
  when: z.optional(fn),
  maxInFlight: z.optional(count),
  onResult: z.optional(fn),
})

const optionsSchema = z.strictObject({
  providers: z.optional(
    z.record(
      z.string(),
      z.custom((value) => typeof value === 'object' && value !== null, 'expected a provider or its options'),
    ),
  ),
  routes: z.optional(routesSchema),
  retry: z.optional(z.union([z.literal(false), retrySchema])),
  timeouts: z.optional(timeoutsSchema),
  fallback: z.optional(z.union([models, fallbackSchema])),
  circuitBreaker: z.optional(z.union([z.literal(false), circuitBreakerSchema])),
  rateLimit: z.optional(rateLimitSchema),
  concurrency: z.optional(concurrencySchema),
  pace: z.optional(paceSchema),
  hedge: z.optional(z.union([z.boolean(), hedgeSchema])),
  coalesce: z.optional(z.union([z.boolean(), coalesceSchema])),
  ledger: z.optional(z.union([z.boolean(), ledgerSchema])),
  prices: z.optional(z.custom((value) => typeof value === 'object' && value !== null, 'expected prices by provider/model')),
  health: z.optional(z.union([z.boolean(), healthSchema])),
  store: z.optional(z.custom((value) => typeof value === 'object' && value !== null && 'get' in value, 'expected a store')),
  mirror: z.optional(mirrorSchema),
  maxCostUsd: z.optional(z.number().check(z.minimum(0))),
  strict: z.optional(z.boolean()),
  maxAttempts: z.optional(z.int().check(z.minimum(1))),
  use: z.optional(z.array(z.union([fn, z.strictObject({ at: z.enum(['call', 'attempt']), middleware: fn })]))),
  fetch: z.optional(fn),
  maxBodyBytes: z.optional(z.int().check(z.minimum(1))),
})

export function isOption(name: string): boolean {
  return Object.hasOwn(optionsSchema.members, name)
}

/** @throws LeashError `invalid_config` that names each option at fault, and never shows a value: it may be a key */
export function checkOptions(options: unknown): void {
  const faults = optionsSchema.faults(options, [])
  if (faults.length === 0) return
  const said = faults.map(({ path, message, unknown }) => (unknown ? message : `\`${path.join('.') || 'options'}\`: ${message}`))
  throw new LeashError('invalid_config', `${said.join('; ')}.`)
}
