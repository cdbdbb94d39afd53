/** What a call says for itself: a word that is mistyped, or no number where one is meant, would lift a limit in silence. */
import type { CallOptions, SlowStream, Timeouts } from '../core/call.js'
import { amount, count, whole } from '../core/common-shapes.js'
import { isObject } from '../core/json.js'
import * as z from '../core/shape.js'

type Members<T> = { readonly [name in keyof T]-?: z.Shape }

const isNumber = (value: unknown): value is number => typeof value === 'number' && !Number.isNaN(value)
const number = z.custom(isNumber, 'a number')
const ms = z.custom((value) => isNumber(value) && value >= 0, 'a number of milliseconds, 0 or more')
/** A program without types may have numbers for its customers, or nobody at all. */
const isName = (value: unknown) => value == null || ['string', 'number', 'boolean'].includes(typeof value)
const who = z.custom(isName, 'a string')
const isModel = (value: unknown) => typeof value === 'string' && value !== ''
const flag = z.optional(z.boolean())

const slowStream: Members<SlowStream> = { tokensPerSecond: z.optional(number), windowMs: z.optional(ms), hold: flag }

const timeouts: Members<Timeouts> = {
  attemptMs: z.optional(ms),
  firstTokenMs: z.optional(ms),
  idleMs: z.optional(ms),
  slowStream: z.optional(z.union([z.literal(false), z.strictObject(slowStream)])),
}

const members: Members<CallOptions> = {
  tags: z.custom((value) => isObject(value) && Object.values(value).every(isName), 'an object of strings'),
  tenant: who,
  user: who,
  conversation: who,
  key: who,
  priority: z.enum(['high', 'normal', 'low']),
  strict: flag,
  // Of somebody's time nothing may be left, or less.
  deadlineMs: number,
  maxRetries: whole,
  maxAttempts: count,
  fallback: z.custom(
    (value) => value === false || (Array.isArray(value) && value.every(isModel)),
    'a list of models, such as ["openai/gpt-5"], or `false`',
  ),
  prefer: z.enum(['cost', 'latency', 'quality']),
  maxCostUsd: amount,
  budgetUsd: amount,
  stopAtUsd: amount,
  costs: flag,
  dryRun: flag,
  timeouts: z.strictObject(timeouts),
  idempotencyKey: z.string(),
  hedge: flag,
  coalesce: flag,
  resume: flag,
  cache: z.custom(
    (value) => value === false || value === 'refresh' || (isObject(value) && Number.isFinite(value.ttlMs)),
    "`false`, `'refresh'` or `{ ttlMs }`, in milliseconds",
  ),
}

/** Knows all names, and wants none of them. */
const shape = z.strictObject(Object.fromEntries(Object.entries(members).map(([name, member]) => [name, z.optional(member)])))

/** One at a time: of all there are, a call has few. @throws LeashError `invalid_config` that names the option at fault */
export function checkCall(name: string, value: unknown): void {
  if (value === undefined) return
  const known = Object.hasOwn(members, name)
  z.refuse(known ? members[name as keyof CallOptions].faults(value, ['leash', name]) : shape.faults({ [name]: value }, ['leash']))
}
