/** The options, as a schema: the same words in code and, later, in a file. */
import * as z from 'zod/mini'
import { errorStatus, LeashError } from '../core/errors.js'

const ms = z.int().check(z.minimum(1), z.maximum(2 ** 31 - 1))
const fn = z.custom<(...args: never[]) => unknown>((value) => typeof value === 'function', 'expected a function')

export const timeoutsSchema = z.strictObject({
  attemptMs: z.optional(ms),
  firstTokenMs: z.optional(ms),
  idleMs: z.optional(ms),
  deadlineMs: z.optional(ms),
})

export const retrySchema = z.strictObject({
  attempts: z.optional(z.int().check(z.minimum(1), z.maximum(100))),
  backoff: z.optional(fn),
  retryAfterCapMs: z.optional(z.int().check(z.minimum(0))),
  when: z.optional(fn),
  tokens: z.optional(z.int().check(z.minimum(0))),
})

const models = z.array(z.string().check(z.minLength(1)))

export const fallbackSchema = z.strictObject({
  models: z.optional(z.record(z.string().check(z.regex(/^[^*]*\*?$/)), models)),
  default: z.optional(models),
  on: z.optional(z.union([fn, z.array(z.enum(Object.keys(errorStatus)))])),
  refusals: z.optional(z.boolean()),
  maxCostUsd: z.optional(z.number().check(z.minimum(0))),
})

const share = z.number().check(z.minimum(0), z.maximum(1))
const count = z.int().check(z.minimum(1))

export const circuitBreakerSchema = z.strictObject({
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

export const ledgerSchema = z.strictObject({
  keep: z.optional(z.int().check(z.minimum(1), z.maximum(1_000_000))),
  file: z.optional(z.string().check(z.minLength(1))),
  sink: z.optional(fn),
})

export const optionsSchema = z.strictObject({
  providers: z.optional(
    z.record(
      z.string(),
      z.custom<object>((value) => typeof value === 'object' && value !== null, 'expected a provider or its options'),
    ),
  ),
  routes: z.optional(z.record(z.string(), z.string())),
  retry: z.optional(z.union([z.literal(false), retrySchema])),
  timeouts: z.optional(timeoutsSchema),
  fallback: z.optional(z.union([models, fallbackSchema])),
  circuitBreaker: z.optional(z.union([z.literal(false), circuitBreakerSchema])),
  ledger: z.optional(z.union([z.boolean(), ledgerSchema])),
  prices: z.optional(
    z.custom<object>((value) => typeof value === 'object' && value !== null, 'expected prices by provider/model'),
  ),
  strict: z.optional(z.boolean()),
  maxAttempts: z.optional(z.int().check(z.minimum(1))),
  use: z.optional(z.array(z.union([fn, z.strictObject({ at: z.enum(['call', 'attempt']), middleware: fn })]))),
  fetch: z.optional(fn),
  maxBodyBytes: z.optional(z.int().check(z.minimum(1))),
})

export function isOption(name: string): boolean {
  return Object.hasOwn(optionsSchema.def.shape, name)
}

/** @throws LeashError `invalid_config` that names each option at fault, and never shows a value: it may be a key */
export function checkOptions(options: unknown): void {
  const checked = optionsSchema.safeParse(options, { error: say })
  if (checked.success) return
  const faults = checked.error.issues
    .flatMap(innermost)
    .map((issue) =>
      issue.code === 'unrecognized_keys'
        ? `unknown option ${issue.keys.map((key) => `\`${[...issue.path, key].join('.')}\``).join(', ')} (known: ${known(issue.path)})`
        : `\`${issue.path.join('.') || 'options'}\`: ${issue.message}`,
    )
  throw new LeashError('invalid_config', `${faults.join('; ')}.`)
}

/** Of several forms, the one that was meant: the one whose fault lies deeper. */
function innermost(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  const forms = issue.code === 'invalid_union' ? issue.errors : []
  const meant = forms.find(([first]) => first !== undefined && (first.path.length > 0 || first.code === 'unrecognized_keys'))
  return meant?.flatMap((inner) => innermost({ ...inner, path: [...issue.path, ...inner.path] })) ?? [issue]
}

/** `zod/mini` carries no texts of its own. */
function say(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${issue.expected}`
    case 'too_small':
      return `must be at least ${issue.minimum}`
    case 'too_big':
      return `must be at most ${issue.maximum}`
    case 'invalid_value':
      return `must be ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}`
    default:
      return 'has a form that is not taken here'
  }
}

function known(path: readonly PropertyKey[]): string {
  const shapes: Record<string, object> = {
    '': optionsSchema.def.shape,
    timeouts: timeoutsSchema.def.shape,
    retry: retrySchema.def.shape,
    ledger: ledgerSchema.def.shape,
    fallback: fallbackSchema.def.shape,
    circuitBreaker: circuitBreakerSchema.def.shape,
  }
  return Object.keys(shapes[path.join('.')] ?? {}).join(', ')
}
