/** What can be said of what the relay tells of by itself. */
import * as z from '../../core/shape.js'
import { rangeShape } from '../ip-ranges.js'
import type { AnomalyOptions } from '../usage/anomaly.js'
import { type BillingOptions, billedUnits } from '../usage/billing.js'
import { eventTypes } from './events.js'
import type { MailOptions } from './mail.js'

export interface WebhookOptions {
  /** Addresses and ranges of your own network that webhooks may be at, such as `10.0.0.0/8`. @defaultValue none */
  readonly allow?: readonly string[]
}

export interface ReportOptions {
  readonly webhooks?: WebhookOptions
  /** Tells events by mail as well. Needs the package `nodemailer`. @defaultValue no mail */
  readonly mail?: MailOptions
  /** When spending is odd. `false`: never. @defaultValue above what is usual by six deviations, and by a dollar an hour */
  readonly anomaly?: AnomalyOptions | false
  readonly retention?: RetentionOptions
  /** Exports what tenants used to a billing system. @defaultValue nothing is exported */
  readonly billing?: BillingOptions
}

/** Days that things are kept for. */
export interface RetentionOptions {
  /** Lines of the ledger: at least as long as a client keeps what it could not send. @defaultValue 90 */
  readonly lines?: number
  /** Sums, of which reports and statements are made: from the end of their month on. @defaultValue 1095 (three years) */
  readonly hours?: number
  /** Entries of the audit trail. @defaultValue for ever */
  readonly audit?: number
  /** What was told, or was given up. @defaultValue 30 */
  readonly deliveries?: number
}

const text = z.string().check(z.minLength(1))

const positive = z.number().check((value: number) => (value > 0 ? undefined : 'must be above 0'))
const days = z.int().check(z.minimum(1), z.maximum(36_500))

const smtp = text.check((value: string) =>
  /^smtps?:$/.test(URL.parse(value)?.protocol ?? '') ? undefined : 'must be like smtps://user:password@mail.example.com',
)

export const reportShapes = {
  webhooks: z.optional(z.strictObject({ allow: z.optional(z.array(rangeShape)) })),
  mail: z.optional(
    z.strictObject({
      url: smtp,
      from: text,
      to: z.array(text).check(z.minLength(1)),
      events: z.optional(z.array(z.enum(eventTypes))),
    }),
  ),
  anomaly: z.optional(
    z.union([z.literal(false), z.strictObject({ deviations: z.optional(positive), leastUsd: z.optional(positive) })]),
  ),
  retention: z.optional(
    z.strictObject({
      lines: z.optional(days),
      hours: z.optional(days),
      audit: z.optional(days),
      deliveries: z.optional(days),
    }),
  ),
  billing: z.optional(
    z
      .strictObject({
        eventName: text,
        unit: z.optional(z.enum(billedUnits)),
        url: z.optional(text.check((value: string) => (URL.canParse(value) ? undefined : 'must be an address'))),
        key: z.optional(text),
        format: z.optional(z.enum(['json', 'form'])),
        file: z.optional(text),
        customer: z.optional(text),
      })
      .check(({ url, file }: BillingOptions) =>
        (url === undefined) === (file === undefined) ? 'has either `url` or `file`' : undefined,
      ),
  ),
}
