/** What the relay tells of by itself: to webhooks and by mail, of what was done, what was spent, and what is odd. */
import { messageOf } from '../../core/errors.js'
import type { Audit } from '../audit/audit.js'
import { Callbacks, noticeOf as noticeOfJob } from '../jobs/callback.js'
import type { Job, JobStatus } from '../jobs/record.js'
import type { Tenants } from '../people/tenants.js'
import type { Policies } from '../policy/policies.js'
import type { Leases } from '../quota/leases.js'
import { rounds } from '../rounds.js'
import type { Sql } from '../store/sql.js'
import { AnomalyWatch } from '../usage/anomaly.js'
import { Billing, billingEndpoint } from '../usage/billing.js'
import { BudgetWatch } from '../usage/budget-watch.js'
import type { UsageLog } from '../usage/usage.js'
import { Courier } from './courier.js'
import { WebhookEndpoints } from './endpoints.js'
import { type Notice, noticeOf } from './events.js'
import { type Mailer, openMailer, usualMail } from './mail.js'
import { WebhookQueue } from './queue.js'
import type { ReportOptions } from './report-options.js'
import { type SafeFetch, safeFetch } from './safe-fetch.js'
import { billingSender, mailSender, webhookSender } from './senders.js'

export interface ReportingDeps {
  readonly sql: Sql
  readonly audit: Audit
  readonly leases: Leases
  readonly policies: Policies
  readonly tenants: Tenants
  readonly usage: UsageLog
  readonly pepper: string
  /** As they are now: they may change while the relay runs. */
  readonly options: () => ReportOptions
  readonly warn: (message: string) => void
  readonly now?: () => number
}

const watchMs = 10_000
const anomalyMs = 60_000
const billingMs = 300_000

/** What is sent by mail stands under this name in the place of a webhook's. */
const mailEndpoint = 'mail'

export class Reporting {
  readonly endpoints: WebhookEndpoints
  readonly queue: WebhookQueue
  readonly callbacks: Callbacks
  readonly #deps: Required<ReportingDeps>
  readonly #courier: Courier
  readonly #watch: BudgetWatch
  readonly #anomalies: AnomalyWatch
  readonly #billing: Billing
  #stops: (() => Promise<void>)[] = []
  #fetch: { readonly of: ReportOptions['webhooks']; readonly fetch: SafeFetch } | undefined
  #mail: { readonly of: ReportOptions['mail']; readonly mailer: Mailer } | undefined

  constructor({ now = Date.now, ...rest }: ReportingDeps) {
    const deps = { ...rest, now }
    const { sql, pepper, policies, tenants, usage, options, warn } = deps
    this.#deps = deps
    const fetch = () => this.#safeFetch()
    const publish = (notice: Notice) => this.publish(notice)
    this.endpoints = new WebhookEndpoints({ sql, pepper, now, check: (url) => fetch().check(url) })
    this.queue = new WebhookQueue({ sql, now, receivers: (notice, sql) => this.#receivers(notice, sql) })
    this.callbacks = new Callbacks({ sql, pepper })
    const targets = {
      target: (id: string) => (this.callbacks.owns(id) ? this.callbacks.target(id) : this.endpoints.target(id)),
      update: async (id: string, changes: { readonly enabled: false }) =>
        this.callbacks.owns(id) || this.endpoints.update(id, changes),
    }
    this.#courier = new Courier({
      queue: this.queue,
      usual: webhookSender({ endpoints: targets, fetch, now }),
      senders: {
        [mailEndpoint]: mailSender(() => this.#mailer()),
        [billingEndpoint]: billingSender(() => options().billing, fetch),
      },
      warn,
    })
    this.#watch = new BudgetWatch({ sql, policies, now, publish })
    this.#anomalies = new AnomalyWatch({ usage, now, publish, options: () => options().anomaly ?? {} })
    this.#billing = new Billing({ sql, tenants, queue: this.queue, now, options: () => options().billing })
  }

  start(): void {
    const { audit, leases, warn } = this.#deps
    audit.onAppend(async (entry, sql) => {
      const notice = noticeOf(entry)
      if (notice && (await this.queue.publish(notice, sql)) > 0) this.wake()
    })
    leases.onRefused((refused) => {
      this.#watch.refused(refused).catch((error: unknown) => warn(`An exhausted budget was not told: ${String(error)}`))
    })
    this.#courier.start()
    // The first alert would be a late moment to learn it.
    this.#mailer()
      ?.ready()
      .catch((error: unknown) => warn(`Mail cannot be sent: ${messageOf(error)}`))
    this.#stops = [
      rounds({ name: 'The watch over budgets', everyMs: watchMs, work: () => this.#watch.look(), warn }),
      rounds({ name: 'The watch over spending', everyMs: anomalyMs, work: () => this.#anomalies.look(), warn }),
      rounds({ name: 'The export for billing', everyMs: billingMs, work: () => this.#bill(), warn }),
    ]
  }

  /** @throws LeashError `invalid_request` for an address that nobody may be told at */
  check(url: string): URL {
    return this.#safeFetch().check(url)
  }

  /** @param sql of the transaction in which it ends: it is told of if that comes about */
  async jobEnded(job: Job, status: JobStatus, code: string | undefined, sql: Sql): Promise<void> {
    if (job.callback === undefined) return
    await this.queue.send(this.callbacks.nameOf(job), noticeOfJob(job, status, code), sql)
    this.wake()
  }

  async publish(notice: Notice): Promise<void> {
    if ((await this.queue.publish(notice)) > 0) this.wake()
  }

  /** Something is to be sent. */
  wake(): void {
    // What was published within a transaction is seen by others when that is over.
    setTimeout(() => this.#courier.wake(), wakeMs).unref()
  }

  /** Looks at once at what it looks at from time to time, and sends what is due. */
  async round(): Promise<void> {
    await this.#watch.look()
    await this.#anomalies.look()
    await this.#billing.look()
    this.#courier.wake()
    await this.#courier.idle()
  }

  async close(): Promise<void> {
    await Promise.all(this.#stops.map((stop) => stop()))
    await this.#courier.close()
    this.#mail?.mailer.close()
  }

  async #bill(): Promise<void> {
    if ((await this.#billing.look()) > 0) this.wake()
  }

  async #receivers(notice: Notice, sql: Sql): Promise<string[]> {
    const { mail } = this.#deps.options()
    const hooks = await this.endpoints.of(notice, sql)
    return mail && (mail.events ?? usualMail).includes(notice.type) ? [...hooks, mailEndpoint] : hooks
  }

  #safeFetch(): SafeFetch {
    const { webhooks } = this.#deps.options()
    if (!this.#fetch || this.#fetch.of !== webhooks) this.#fetch = { of: webhooks, fetch: safeFetch(webhooks) }
    return this.#fetch.fetch
  }

  #mailer(): Mailer | undefined {
    const { mail } = this.#deps.options()
    if (this.#mail && this.#mail.of !== mail) {
      this.#mail.mailer.close()
      this.#mail = undefined
    }
    if (mail) this.#mail ??= { of: mail, mailer: openMailer(mail) }
    return this.#mail?.mailer
  }
}

const wakeMs = 20
