/** The options, as a schema: the same words in code and, later, in a file. */
import { amount, count, fn, share, whole, word } from '../core/common-shapes.js'
import { errorStatus } from '../core/errors.js'
import * as z from '../core/shape.js'
import { budgetsSchema, budgetWebhookSchema, concurrencySchema, paceSchema, rateLimitSchema } from './limits.js'
import { routesSchema } from './routes.js'

const ms = count.check(z.maximum(2 ** 31 - 1))

/** @param member what tells it from other objects */
function object(expected: string, member?: string): z.Shape {
  return z.custom((value) => typeof value === 'object' && value !== null && (member === undefined || member in value), expected)
}

const given = object('an object')

const timeouts = {
  attemptMs: z.optional(ms),
  firstTokenMs: z.optional(ms),
  idleMs: z.optional(ms),
  slowStream: z.optional(
    z.union([
      z.literal(false),
      z.strictObject({
        tokensPerSecond: amount,
        windowMs: z.optional(ms),
        hold: z.optional(z.boolean()),
      }),
    ]),
  ),
}

const timeoutsSchema = z.strictObject({
  ...timeouts,
  deadlineMs: z.optional(ms),
  providers: z.optional(z.record(z.string(), z.strictObject(timeouts))),
})

const retryPolicy = { attempts: z.optional(count.check(z.maximum(100))), backoff: z.optional(fn) }

const retrySchema = z.strictObject({
  ...retryPolicy,
  on: z.optional(z.record(z.enum(Object.keys(errorStatus)), z.strictObject(retryPolicy))),
  retryAfterCapMs: z.optional(whole),
  when: z.optional(fn),
  tokens: z.optional(whole),
})

const models = z.array(word)
const name = z.string().check(z.regex(/^[^*]*\*?$/))

const fallbackSchema = z.strictObject({
  models: z.optional(z.record(name, models)),
  default: z.optional(models),
  on: z.optional(z.union([fn, z.array(z.enum(Object.keys(errorStatus)))])),
  refusals: z.optional(z.boolean()),
})

const circuitBreakerSchema = z.strictObject({
  consecutive: z.optional(count),
  errorRate: z.optional(share),
  timeoutRate: z.optional(share),
  slowMs: z.optional(ms),
  slowRate: z.optional(share),
  minimumCalls: z.optional(count),
  windowMs: z.optional(ms),
  cooldownMs: z.optional(ms),
  retryAfterCapMs: z.optional(whole),
  trials: z.optional(count),
  counts: z.optional(fn),
  whenAllOpen: z.optional(z.enum(['fail', 'least-bad'])),
})

const hedgeSchema = z.strictObject({
  delayMs: z.optional(z.union([ms, z.literal('p95')])),
  maxShare: z.optional(share),
  to: z.optional(word),
  repeatable: z.optional(fn),
})

const cacheSchema = z.strictObject({
  ttlMs: z.optional(amount),
  models: z.optional(z.record(name, z.union([z.literal(false), amount]))),
  staleMs: z.optional(amount),
  refusals: z.optional(z.boolean()),
  ignore: z.optional(models),
  family: z.optional(z.record(name, z.string())),
  replay: z.optional(z.enum(['at-once', 'paced'])),
  maxEntries: z.optional(count),
  maxBytes: z.optional(count),
  maxAnswerBytes: z.optional(count),
})

const semanticCacheSchema = z.strictObject({
  embed: z.union([word, object('an embedder', 'embed')]),
  threshold: z.optional(share),
  compare: z.optional(z.enum(['last-user', 'conversation'])),
  ttlMs: z.optional(amount),
  models: z.optional(z.record(name, z.union([z.literal(false), amount]))),
  ignore: z.optional(models),
  refusals: z.optional(z.boolean()),
  maxAnswerBytes: z.optional(count),
  sample: z.optional(share),
  agreement: z.optional(share),
  maxEntries: z.optional(count),
  maxBytes: z.optional(count),
  index: z.optional(object('an index', 'nearest')),
})

const coalesceSchema = z.strictObject({
  maxBufferBytes: z.optional(count),
})

const resumeSchema = z.strictObject({
  restart: z.optional(z.boolean()),
  times: z.optional(count),
  maxBufferBytes: z.optional(count),
})

const healthSchema = z.strictObject({
  intervalMs: z.optional(ms),
  timeoutMs: z.optional(ms),
  providers: z.optional(z.record(z.string(), z.strictObject({ path: z.optional(z.string()), intervalMs: z.optional(ms) }))),
})

const ledgerSchema = z.strictObject({
  keep: z.optional(count.check(z.maximum(1_000_000))),
  file: z.optional(word),
  sink: z.optional(fn),
  queue: z.optional(count.check(z.maximum(10_000_000))),
})

const mirrorSchema = z.strictObject({
  to: word,
  share: z.optional(share),
  when: z.optional(fn),
  maxInFlight: z.optional(count),
  onResult: z.optional(fn),
})

const redactMode = z.enum(['reversible', 'mask', 'hash', 'drop', 'block', 'annotate'])
const answerMode = z.union([z.literal(false), z.enum(['mask', 'drop', 'block', 'annotate'])])
const anyMode = z.union([z.literal(false), redactMode])
const byDirection = z.strictObject({ request: z.optional(anyMode), response: z.optional(answerMode) })
const strings = z.array(z.string())

const redactSchema = z.strictObject({
  entities: z.optional(z.union([strings, z.record(z.string(), z.union([anyMode, byDirection]))])),
  mode: z.optional(redactMode),
  response: z.optional(answerMode),
  hashKey: z.optional(z.string().check(z.minLength(16))),
  tools: z.optional(z.boolean()),
  media: z.optional(z.enum(['pass', 'flag', 'block'])),
  onError: z.optional(z.enum(['closed', 'open'])),
  conversations: z.optional(whole),
  allow: z.optional(z.array(z.union([z.string(), z.strictObject({ pattern: z.string(), flags: z.optional(z.string()) })]))),
  deny: z.optional(strings),
  patterns: z.optional(
    z.array(
      z.strictObject({
        name: z.string(),
        pattern: z.string(),
        flags: z.optional(z.string()),
        confidence: z.optional(share),
        context: z.optional(strings),
        maxLength: z.optional(count),
      }),
    ),
  ),
  context: z.optional(z.record(z.string(), strings)),
  minConfidence: z.optional(share),
  ner: z.optional(fn),
})

const telemetrySchema = z.strictObject({
  tracerProvider: z.optional(given),
  meterProvider: z.optional(given),
  content: z.optional(z.boolean()),
  propagate: z.optional(z.union([z.boolean(), strings])),
  conventions: z.optional(z.enum(['published', 'newest'])),
})

const below1 = share.check((value: number) => (value < 1 ? undefined : 'must be below 1'))

const sloSchema = z.strictObject({
  availability: z.optional(below1),
  latencyMs: z.optional(ms),
  latencyShare: z.optional(below1),
  minimumAttempts: z.optional(count),
})

const names = z.strictObject({ allow: z.optional(models), deny: z.optional(models) })

const accessRules = { models: z.optional(names), providers: z.optional(names), raw: z.optional(models) }
const accessSchema = z.strictObject({ ...accessRules, also: z.optional(z.strictObject(accessRules)) })

const relaySchema = z.strictObject({
  url: z.optional(z.string()),
  key: z.optional(z.string()),
  signingSecret: z.optional(z.string()),
  publicKey: z.optional(z.string()),
  folder: z.optional(z.union([z.literal(false), z.string()])),
  fetch: z.optional(fn),
})

/** Neither who asks, nor how the connection is kept. */
const headerName =
  /^(?!(authorization|cookie|host|connection|te|trailer|upgrade|expect|keep-alive|(x-)?api-key|x-goog-api-key|x-amz-.*|proxy-.*|sec-.*|content-(type|length|encoding)|(transfer|accept)-encoding)$)[\w-]+$/i

const modulesSchema = z.array(
  z.custom(
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      ('settings' in value || 'use' in value || ('file' in value && 'integrity' in value)),
    'a module: what defineModule() gives, or a `file` with its `integrity`, or what to `use`',
  ),
)

export const optionsSchema = z.strictObject({
  access: z.optional(accessSchema),
  providers: z.optional(z.record(z.string(), object('a provider or its options'))),
  headers: z.optional(z.record(z.string().check(z.regex(headerName)), z.string().check(z.regex(/^[\x20-\x7e]{0,2000}$/)))),
  routes: z.optional(routesSchema),
  relay: z.optional(z.union([z.literal(false), relaySchema])),
  retry: z.optional(z.union([z.literal(false), retrySchema])),
  timeouts: z.optional(timeoutsSchema),
  fallback: z.optional(z.union([models, fallbackSchema])),
  circuitBreaker: z.optional(z.union([z.literal(false), circuitBreakerSchema])),
  rateLimit: z.optional(rateLimitSchema),
  budgets: z.optional(budgetsSchema),
  budgetWebhook: z.optional(budgetWebhookSchema),
  concurrency: z.optional(concurrencySchema),
  pace: z.optional(paceSchema),
  shadow: z.optional(
    z.strictObject({
      access: z.optional(accessSchema),
      budgets: z.optional(budgetsSchema),
      rateLimit: z.optional(rateLimitSchema),
      concurrency: z.optional(concurrencySchema),
      modules: z.optional(modulesSchema),
    }),
  ),
  hedge: z.optional(z.union([z.boolean(), hedgeSchema])),
  cache: z.optional(z.union([z.boolean(), cacheSchema])),
  semanticCache: z.optional(semanticCacheSchema),
  coalesce: z.optional(z.union([z.boolean(), coalesceSchema])),
  resume: z.optional(z.union([z.boolean(), resumeSchema])),
  ledger: z.optional(z.union([z.boolean(), ledgerSchema])),
  prices: z.optional(object('prices by provider/model')),
  tokens: z.optional(z.union([z.literal('exact'), fn])),
  health: z.optional(z.union([z.boolean(), healthSchema])),
  store: z.optional(object('a store', 'get')),
  telemetry: z.optional(z.union([z.boolean(), telemetrySchema])),
  metrics: z.optional(z.union([z.boolean(), z.strictObject({ registry: given })])),
  slo: z.optional(z.record(z.string(), sloSchema)),
  redact: z.optional(z.union([z.boolean(), redactSchema])),
  modules: z.optional(modulesSchema),
  mirror: z.optional(mirrorSchema),
  maxCostUsd: z.optional(amount),
  strict: z.optional(z.boolean()),
  maxAttempts: z.optional(count),
  use: z.optional(z.array(z.union([fn, z.strictObject({ at: z.enum(['call', 'attempt']), middleware: fn })]))),
  fetch: z.optional(fn),
  maxBodyBytes: z.optional(count),
})

/** Whether it is the name of one, or is meant to be: one letter is wrong, missing or too many. */
export function isOption(name: string): boolean {
  return Object.keys(optionsSchema.members).some((known) => {
    let at = 0
    while (at < name.length && name[at] === known[at]) at++
    return [known.slice(at), known.slice(at + 1)].includes(name.slice(at + 1)) || known.slice(at + 1) === name.slice(at)
  })
}

/** @throws LeashError `invalid_config` that names each option at fault, and never shows a value: it may be a key */
export function checkOptions(options: unknown): void {
  z.refuse(optionsSchema.faults(options, []))
}
