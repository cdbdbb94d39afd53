/**
 * What tenants used, hour by hour, as meter events of a billing system: https://docs.stripe.com/api/billing/meter-event. What has
 * been exported of an hour is in the database, so that what comes late is exported as what it adds, and nothing twice.
 */
import { asObject, parseJson } from '../../core/json.js'
import { inputTotal, outputTotal } from '../../core/usage.js'
import type { Tenant, Tenants } from '../people/tenants.js'
import { prune } from '../store/prune.js'
import type { Sql } from '../store/sql.js'
import type { WebhookQueue } from '../webhooks/queue.js'
import { hourMs, hourName } from './parts.js'
import { reportOf } from './report.js'
import type { UsageRow } from './usage.js'

export const billedUnits = ['nanoUsd', 'tokens', 'calls'] as const
export type BilledUnit = (typeof billedUnits)[number]

const usualUnit: BilledUnit = 'nanoUsd'

export interface BillingOptions {
  /** Of the meter. */
  readonly eventName: string
  /** What is counted. @defaultValue 'nanoUsd': US dollars times a thousand million, which no rounding changes */
  readonly unit?: BilledUnit
  /** Where each event is sent: `https:`, or an address that `webhooks.allow` allows. */
  readonly url?: string
  /** Sent there as a bearer token. */
  readonly key?: string
  /** As what it is sent: Stripe's first API takes forms. @defaultValue 'json' */
  readonly format?: 'json' | 'form'
  /** Each event is added to it as one line of JSON, in place of being sent. */
  readonly file?: string
  /** In the metadata of a tenant, who it is to the billing system. Tenants without it are not billed. @defaultValue 'stripe_customer_id' */
  readonly customer?: string
}

export interface MeterEvent {
  readonly event_name: string
  /** Seconds since 1970, of the beginning of the hour. */
  readonly timestamp: number
  /** The same event has the same one: count it once. */
  readonly identifier: string
  readonly payload: { readonly stripe_customer_id: string; readonly value: string }
}

export interface BillingDeps {
  readonly sql: Sql
  readonly tenants: Tenants
  readonly queue: WebhookQueue
  readonly options: () => BillingOptions | undefined
  readonly now: () => number
}

/** The name in a tenant's metadata under which it stands who is billed. */
export const customerIn = ({ customer = 'stripe_customer_id' }: Partial<BillingOptions> = {}): string => customer

/** Meter events stand under this name in the place of a webhook's. */
export const billingEndpoint = 'billing'

/** An hour is exported when it has been over for so long: most calls of it have come by then. */
const graceMs = 300_000

/** What comes later than that is on the statement, and not exported any more. */
const lateMs = 72 * hourMs

/** An export that was switched off for a shorter time than that goes on as if it had not been. */
const offMs = 900_000

/** What was exported of an hour is remembered for so long. */
const keepMs = 30 * 24 * hourMs

export class Billing {
  readonly #deps: BillingDeps

  constructor(deps: BillingDeps) {
    this.#deps = deps
  }

  /** @returns how many events there are to send */
  async look(): Promise<number> {
    const options = this.#deps.options()
    const now = this.#deps.now()
    if (!options) {
      await this.#ended(now)
      return 0
    }
    const { unit = usualUnit } = options
    const { since, looked } = await this.#going(now, unit)
    // What came in while no relay ran is no later than that.
    const first = Math.max(since, Math.min(looked, now) - lateMs)
    let made = 0
    for await (const tenant of this.#billed(options, first)) {
      const hours = await reportOf(this.#deps.sql, { by: ['hour'], from: first, to: now, where: { tenant: tenant.slug } })
      const exported = await this.#exported(tenant, first, unit)
      for (const row of hours) {
        const hour = Date.parse(`${row.of.hour}:00:00Z`)
        if (hour + hourMs + graceMs > now || amountOf(row, unit) <= (exported.get(hour) ?? 0)) continue
        if (await this.#export(tenant, hour, options)) made++
      }
    }
    const { sql } = this.#deps
    await sql.run(`UPDATE billing_hours SET exported = $1 WHERE tenant = '' AND unit = $2`, [now, unit])
    await prune(sql, 'billing_hours', ['tenant', 'hour', 'unit'], `tenant <> '' AND hour < $1`, [now - keepMs])
    return made
  }

  /** The hour in which this export was switched on, before which nothing is billed, and when it was looked at last: that is in `exported`. */
  #going(now: number, unit: BilledUnit): Promise<{ readonly since: number; readonly looked: number }> {
    return this.#deps.sql.transaction(async (sql) => {
      await this.#ended(now, unit, sql)
      const going = await sql.all<{ hour: number; exported: number }>(
        `SELECT hour, exported FROM billing_hours WHERE tenant = '' AND unit = $1 ORDER BY hour DESC LIMIT 1`,
        [unit],
      )
      if (going[0]) return { since: going[0].hour, looked: going[0].exported }
      const since = now - (now % hourMs)
      await sql.run(
        `INSERT INTO billing_hours (tenant, hour, unit, exported, events) VALUES ('', $1, $2, $3, 0) ON CONFLICT DO NOTHING`,
        [since, unit, now],
      )
      return { since, looked: now }
    })
  }

  /**
   * An export that nobody has looked at for a while although there are relays is off. One relay may know of it, and another not
   * yet; and when none has run, it is none the less on.
   *
   * @param but goes on, however long nobody has looked at it
   */
  async #ended(now: number, but = '', sql: Sql = this.#deps.sql): Promise<void> {
    await sql.run(`DELETE FROM billing_hours WHERE tenant = '' AND unit <> $1 AND exported < $2`, [but, now - offMs])
  }

  /** Also those that were deleted since: what they have used stays on the books. */
  async *#billed(options: BillingOptions, since: number): AsyncGenerator<Tenant & { readonly customer: string }> {
    const customer = customerIn(options)
    for (const query of [{}, { status: 'deleted' }] as const)
      for (let after: string | undefined = ''; after !== undefined; ) {
        const page = await this.#deps.tenants.list({ ...query, after, limit: 1000 })
        for (const tenant of page.items) {
          const id = tenant.metadata[customer]
          if (id !== undefined && (tenant.status !== 'deleted' || tenant.updatedAt >= since)) yield { ...tenant, customer: id }
        }
        after = page.next
      }
  }

  /** Most hours have nothing new, and nobody waits for those. */
  async #exported({ slug }: Tenant, from: number, unit: BilledUnit): Promise<ReadonlyMap<number, number>> {
    const rows = await this.#deps.sql.all<{ hour: number; exported: number }>(
      'SELECT hour, exported FROM billing_hours WHERE tenant = $1 AND hour >= $2 AND unit = $3',
      [slug, from - (from % hourMs), unit],
    )
    return new Map(rows.map(({ hour, exported }) => [hour, exported]))
  }

  /** What the hour has beyond what was exported of it. */
  #export({ slug, customer }: Tenant & { readonly customer: string }, hour: number, options: BillingOptions): Promise<boolean> {
    const { eventName, unit = usualUnit } = options
    const { sql, queue } = this.#deps
    const key = [slug, hour, unit]
    return sql.transaction(async (sql) => {
      await sql.run(
        'INSERT INTO billing_hours (tenant, hour, unit, exported, events) VALUES ($1, $2, $3, 0, 0) ON CONFLICT DO NOTHING',
        key,
      )
      // Written before it is read: no other relay exports the same meanwhile.
      const [row] = await sql.all<{ exported: number; events: number }>(
        'UPDATE billing_hours SET events = events + 1 WHERE tenant = $1 AND hour = $2 AND unit = $3 RETURNING exported, events',
        key,
      )
      const [used] = await reportOf(sql, { from: hour, to: hour + hourMs, where: { tenant: slug } })
      const value = (used ? amountOf(used, unit) : 0) - (row?.exported ?? 0)
      if (!row || value <= 0) {
        await sql.run('UPDATE billing_hours SET events = events - 1 WHERE tenant = $1 AND hour = $2 AND unit = $3', key)
        return false
      }
      await sql.run('UPDATE billing_hours SET exported = exported + $4 WHERE tenant = $1 AND hour = $2 AND unit = $3', [
        ...key,
        value,
      ])
      const event: MeterEvent = {
        event_name: eventName,
        timestamp: hour / 1000,
        identifier: `leash-${slug}-${hourName(hour)}-${unit}-${row.events}`,
        payload: { stripe_customer_id: customer, value: String(value) },
      }
      await queue.hand(
        { id: event.identifier, endpoint: billingEndpoint, type: 'billing.meter', tenant: slug, body: JSON.stringify(event) },
        sql,
      )
      return true
    })
  }
}

function amountOf({ nano, usage, calls }: UsageRow, unit: BilledUnit): number {
  if (unit === 'nanoUsd') return nano
  return unit === 'tokens' ? inputTotal(usage) + outputTotal(usage) : calls
}

/** As a form: `payload[value]=…`. */
export function formOf(body: string): string {
  const { payload, ...rest } = asObject(parseJson(body))
  const members = [
    ...Object.entries(rest),
    ...Object.entries(asObject(payload)).map(([name, value]) => [`payload[${name}]`, value] as const),
  ]
  return new URLSearchParams(members.map(([name, value]) => [name, String(value)])).toString()
}
