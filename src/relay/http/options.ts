/** What can be said of the relay's server. */
import * as z from '../../core/shape.js'
import { rangeShape } from '../ip-ranges.js'
import { type TenantFrom, tenantFromShape } from '../people/tenant-of.js'

/** Files in PEM. They are read again with the configuration. */
export interface TlsOptions {
  readonly cert: string
  readonly key: string
  /** The authority of clients' certificates. Whoever shows none of it is refused in the handshake. */
  readonly clientCa?: string
}

/** Texts and pictures may be large. */
export const usualBodyBytes = 32 * 1024 * 1024

export interface LimitOptions {
  /** Of a request's body. @defaultValue 33554432 (32 MiB) for calls, less for everything else */
  readonly bodyBytes?: number
  /** Of all headers of a request. @defaultValue 32768 */
  readonly headerBytes?: number
  /** Milliseconds in which the headers of a request must be there. @defaultValue 20000 */
  readonly headersMs?: number
  /** Milliseconds in which a whole request must be there. @defaultValue 300000 */
  readonly requestMs?: number
}

/** A bucket that holds `burst` requests and is filled by `perSecond`. */
export interface Rate {
  readonly perSecond: number
  /** @defaultValue what comes in a second, and at least 1 */
  readonly burst?: number
}

/** Each process counts for itself. */
export interface ThrottleOptions {
  /** Of all requests together. @defaultValue no limit */
  readonly all?: Rate
  /** Of those from one address. @defaultValue no limit */
  readonly address?: Rate
  /** Of wrong keys from one address. @defaultValue one per second, and 60 at once */
  readonly wrongKeys?: Rate | false
}

export interface CorsOptions {
  /** Sites whose pages may ask the relay, such as `https://app.example.com`; `*` is every site. @defaultValue none */
  readonly origins: readonly string[]
}

export interface ServerOptions {
  /** @defaultValue HTTP without TLS */
  readonly tls?: TlsOptions
  readonly limits?: LimitOptions
  readonly throttle?: ThrottleOptions
  /** Addresses or ranges, such as `10.0.0.0/8`, of proxies whose `X-Forwarded-For` is believed. @defaultValue none */
  readonly trustedProxies?: readonly string[]
  /** Where a request names its tenant, beside its key: the two have to agree, unless the key is an administrator's. @defaultValue nowhere */
  readonly tenantFrom?: TenantFrom
  readonly cors?: CorsOptions
  /** Who may read `/metrics`: whoever has a key with the scope `metrics`, or everybody. @defaultValue 'key' */
  readonly metrics?: 'open' | 'key'
}

const text = z.string().check(z.minLength(1))
const count = z.int().check(z.minimum(1))
const ms = z.int().check(z.minimum(1), z.maximum(2 ** 31 - 1))
const rate = z.strictObject({
  perSecond: z.number().check((value: number) => (value > 0 ? undefined : 'must be above 0')),
  burst: z.optional(count),
})

const origin = text.check((value: string) =>
  value === '*' || URL.parse(value)?.origin === value ? undefined : 'must be like https://app.example.com, or *',
)

export const serverShapes = {
  tls: z.optional(z.strictObject({ cert: text, key: text, clientCa: z.optional(text) })),
  limits: z.optional(
    z.strictObject({
      bodyBytes: z.optional(count),
      headerBytes: z.optional(z.int().check(z.minimum(1024), z.maximum(1024 * 1024))),
      headersMs: z.optional(ms),
      requestMs: z.optional(ms),
    }),
  ),
  throttle: z.optional(
    z.strictObject({
      all: z.optional(rate),
      address: z.optional(rate),
      wrongKeys: z.optional(z.union([z.literal(false), rate])),
    }),
  ),
  trustedProxies: z.optional(z.array(rangeShape)),
  tenantFrom: z.optional(tenantFromShape),
  cors: z.optional(z.strictObject({ origins: z.array(origin) })),
  metrics: z.optional(z.enum(['open', 'key'])),
}
