/** What can be said of what the relay tells of by itself. */
import * as z from '../config/shape.js'
import type { MailOptions } from './mail.js'
import { rangesOf } from './reachable.js'
import { eventTypes } from './webhook-events.js'

export interface WebhookOptions {
  /** Addresses and ranges of your own network that webhooks may be at, such as `10.0.0.0/8`. @defaultValue none */
  readonly allow?: readonly string[]
}

export interface ReportOptions {
  readonly webhooks?: WebhookOptions
  /** Tells events by mail as well. Needs the package `nodemailer`. @defaultValue no mail */
  readonly mail?: MailOptions
}

const text = z.string().check(z.minLength(1))

const range = text.check((value: string) => {
  try {
    rangesOf([value], 'webhooks.allow')
    return undefined
  } catch {
    return 'must be an address or a range, such as 10.0.0.0/8'
  }
})

const smtp = text.check((value: string) =>
  /^smtps?:$/.test(URL.parse(value)?.protocol ?? '') ? undefined : 'must be like smtps://user:password@mail.example.com',
)

export const reportShapes = {
  webhooks: z.optional(z.strictObject({ allow: z.optional(z.array(range)) })),
  mail: z.optional(
    z.strictObject({
      url: smtp,
      from: text,
      to: z.array(text).check(z.minLength(1)),
      events: z.optional(z.array(z.enum(eventTypes))),
    }),
  ),
}
