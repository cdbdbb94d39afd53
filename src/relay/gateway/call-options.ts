/** What a caller over HTTP may say of one call: no more than its policy allows, and never who it is. */
import type { CallOptions } from '../../core/call.js'
import { LeashError } from '../../core/errors.js'
import { asObject } from '../../core/json.js'
import * as z from '../../core/shape.js'
import type { LeashOptions } from '../../open-leash.js'

const text = z.string().check((value: string) => (value.length > 200 ? 'must have up to 200 characters' : undefined))
const usd = z.custom(isAmount, 'an amount in US dollars')
const few = (most: number) => (value: object) => (Object.keys(value).length > most ? `must have up to ${most} items` : undefined)

const shape = z.strictObject({
  tags: z.optional(z.record(text, text).check(few(32))),
  user: z.optional(text),
  conversation: z.optional(text),
  strict: z.optional(z.boolean()),
  deadlineMs: z.optional(z.int().check(z.minimum(1), z.maximum(86_400_000))),
  maxAttempts: z.optional(z.int().check(z.minimum(1), z.maximum(100))),
  fallback: z.optional(z.union([z.literal(false), z.array(text).check(few(16))])),
  prefer: z.optional(z.enum(['cost', 'latency', 'quality'])),
  maxCostUsd: z.optional(usd),
  budgetUsd: z.optional(usd),
  stopAtUsd: z.optional(usd),
  idempotencyKey: z.optional(text),
  cache: z.optional(
    z.union([
      z.literal(false),
      z.literal('refresh'),
      z.strictObject({ ttlMs: z.int().check(z.minimum(1), z.maximum(31_536_000_000)) }),
    ]),
  ),
})

function isAmount(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 && value <= 1_000_000
}

/** The names that stand in docs/relay/gateway.md. */
export const callOptionNames: readonly string[] = Object.keys(shape.members)

/**
 * @param given the member `leash` of a request
 * @param inForce what the tenant's leash is made with: its limits can be made narrower, and no wider
 * @throws LeashError `invalid_request`
 */
export function callOptionsOf(given: unknown, inForce: LeashOptions): CallOptions {
  if (given === undefined) return {}
  const [fault] = shape.faults(given, ['leash'])
  if (fault) throw new LeashError('invalid_request', `${z.told(fault)}.`, { param: fault.path.join('.') })
  const { strict, maxAttempts, maxCostUsd, deadlineMs, ...rest } = asObject(given) as CallOptions
  return {
    ...rest,
    ...(strict === true && { strict }),
    ...least('maxAttempts', maxAttempts, inForce.maxAttempts),
    ...least('maxCostUsd', maxCostUsd, inForce.maxCostUsd),
    ...least('deadlineMs', deadlineMs, inForce.timeouts?.deadlineMs),
  }
}

function least<N extends string>(name: N, own: number | undefined, theirs: number | undefined): { readonly [K in N]?: number } {
  if (own === undefined) return {}
  return { [name]: Math.min(own, theirs ?? own) } as { readonly [K in N]?: number }
}
