/** The options, as a schema: the same words in code and, later, in a file. */
import * as z from 'zod/mini'
import { LeashError } from '../core/errors.js'

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
  strict: z.optional(z.boolean()),
  maxAttempts: z.optional(z.int().check(z.minimum(1))),
  use: z.optional(z.array(z.union([fn, z.strictObject({ at: z.enum(['call', 'attempt']), middleware: fn })]))),
  fetch: z.optional(fn),
  maxBodyBytes: z.optional(z.int().check(z.minimum(1))),
})

/** @throws LeashError `invalid_config` that names each option at fault, and never shows a value: it may be a key */
export function checkOptions(options: unknown): void {
  const checked = optionsSchema.safeParse(options, { error: say })
  if (checked.success) return
  const faults = checked.error.issues.map((issue) =>
    issue.code === 'unrecognized_keys'
      ? `unknown option ${issue.keys.map((key) => `\`${[...issue.path, key].join('.')}\``).join(', ')} (known: ${known(issue.path)})`
      : `\`${issue.path.join('.') || 'options'}\`: ${issue.message}`,
  )
  throw new LeashError('invalid_config', `${faults.join('; ')}.`)
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
  }
  return Object.keys(shapes[path.join('.')] ?? {}).join(', ')
}
