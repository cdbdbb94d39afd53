/** The options of the layers that bound what calls use. */
import { count, whole, word } from '../core/common-shapes.js'
import * as z from '../core/shape.js'

const waitMs = whole.check(z.maximum(2 ** 31 - 1))
const positive = z.number().check((value: number) => (value > 0 ? undefined : 'must be above 0'))
const names = z.union([word, z.array(word)])
const subject = word.check((value: string) =>
  /^(?:tenant|user|key|provider|model|tag:.+)$/.test(value) ? undefined : 'must be tenant, user, key, provider, model or tag:…',
)

/** What limits and budgets have in common. */
const bound = {
  name: z.optional(word),
  limit: z
    .strictObject({ requests: z.optional(count), tokens: z.optional(count), usd: z.optional(positive) })
    .check((value: object) => (Object.keys(value).length > 0 ? undefined : 'must have `requests`, `tokens` or `usd`')),
  by: z.optional(z.union([subject, z.array(subject)])),
  shared: z.optional(z.boolean()),
  when: z.optional(z.strictObject({ models: z.optional(names), tenants: z.optional(names), providers: z.optional(names) })),
}

const limit = z.strictObject({
  ...bound,
  per: z.union([z.enum(['second', 'minute', 'hour', 'day']), count]),
  algorithm: z.optional(z.enum(['token-bucket', 'fixed-window', 'sliding-window'])),
  waitMs: z.optional(waitMs),
})

function named(limits: readonly { readonly name?: string }[]): string | undefined {
  const given = limits.flatMap(({ name }) => name ?? [])
  return new Set(given).size === given.length ? undefined : 'must give each limit a `name` of its own'
}

export const rateLimitSchema = z.array(limit).check(named)

const budget = z.strictObject({
  ...bound,
  per: z.enum(['call', 'minute', 'hour', 'day', 'week', 'month', 'total']),
  action: z.optional(z.union([z.enum(['block', 'warn', 'cap']), z.strictObject({ downgrade: word })])),
  thresholds: z.optional(z.array(positive)),
  unpriced: z.optional(z.enum(['block', 'warn'])),
})

export const budgetsSchema = z.array(budget).check(named)

export const budgetWebhookSchema = z.strictObject({
  url: z.string().check(z.regex(/^https?:/)),
  secret: z.string().check(z.minLength(16)),
  attempts: z.optional(count),
  timeoutMs: z.optional(waitMs),
})

export const concurrencySchema = z
  .strictObject({
    total: z.optional(count),
    tenant: z.optional(count),
    provider: z.optional(z.union([count, z.record(z.string(), count)])),
    queue: z.optional(z.strictObject({ max: z.optional(whole), waitMs: z.optional(waitMs) })),
  })
  .check((value: object) =>
    ['total', 'tenant', 'provider'].some((name) => name in value) ? undefined : 'must have `total`, `tenant` or `provider`',
  )

export const paceSchema = z.union([z.boolean(), z.strictObject({ waitMs: z.optional(waitMs) })])
