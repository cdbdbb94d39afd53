/** Brings what is in the queue to its receivers, a few at a time. */
import { isLeashError } from '../core/errors.js'
import type { Mailer } from './mail.js'
import type { SafeFetch } from './safe-fetch.js'
import type { WebhookEndpoints } from './webhook-endpoints.js'
import type { Due, WebhookQueue } from './webhook-queue.js'
import { signedHeaders } from './webhook-sign.js'

/** Where deliveries go, and how one is told that it is to have no more. */
interface Targets extends Pick<WebhookEndpoints, 'target'> {
  update(id: string, changes: { readonly enabled: false }): Promise<unknown>
}

export interface CourierDeps {
  readonly queue: WebhookQueue
  readonly endpoints: Targets
  readonly fetch: () => SafeFetch
  readonly mail: () => Mailer | undefined
  readonly warn: (message: string) => void
  readonly now: () => number
}

/** What is sent by mail stands under this name in the place of a webhook's. */
export const mailEndpoint = 'mail'

const atOnce = 8

/** What other relays have published, and what is to be tried again, is looked for so often. */
const lookMs = 5000

type Outcome =
  | { readonly ok: true; readonly last: string }
  | { readonly ok: false; readonly last: string; readonly final?: boolean; readonly retryAfterMs?: number }

export class Courier {
  readonly #deps: CourierDeps
  readonly #closing = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #working: Promise<void> | undefined
  #again = false

  constructor(deps: CourierDeps) {
    this.#deps = deps
  }

  start(): void {
    this.#timer = setInterval(() => this.wake(), lookMs)
    this.#timer.unref()
    this.wake()
  }

  /** Something may have come. */
  wake(): void {
    if (this.#closing.signal.aborted) return
    this.#again = true
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined
    })
  }

  /** What is under way is given up, and is tried again by whoever comes next. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#closing.abort()
    await this.#working
  }

  /** Waits for what is under way: nothing is due afterwards. */
  async idle(): Promise<void> {
    await this.#working
  }

  async #work(): Promise<void> {
    try {
      while (this.#again && !this.#closing.signal.aborted) {
        this.#again = false
        const due = await this.#deps.queue.take(atOnce)
        await Promise.all(due.map((one) => this.#bring(one)))
        if (due.length === atOnce) this.#again = true
      }
    } catch (error) {
      this.#deps.warn(`Webhooks cannot be sent: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  async #bring(due: Due): Promise<void> {
    const { queue, warn } = this.#deps
    const outcome = await (due.endpoint === mailEndpoint ? this.#mail(due) : this.#post(due)).catch(
      (error: unknown): Outcome => ({
        ok: false,
        last: isLeashError(error) ? error.detail : 'It could not be sent.',
        // An address that may not be asked is none tomorrow either.
        final: isLeashError(error) && error.code === 'invalid_request',
      }),
    )
    if (this.#closing.signal.aborted && !outcome.ok) return
    if (outcome.ok) return queue.delivered(due.id, outcome.last)
    await queue.failed(due, outcome.last, outcome.final ?? false, outcome.retryAfterMs)
    if (outcome.final) warn(`An event (${due.type}) is not told to ${due.endpoint}: ${outcome.last}`)
  }

  async #post({ id, endpoint, body }: Due): Promise<Outcome> {
    const { endpoints, fetch, now } = this.#deps
    const target = await endpoints.target(endpoint)
    if (!target) return { ok: false, last: 'The webhook is switched off.', final: true }
    const { status, headers } = await fetch().send(target.url, {
      headers: {
        'content-type': 'application/json',
        'content-length': String(Buffer.byteLength(body)),
        'user-agent': 'leashllm-webhook',
        ...signedHeaders(target.secrets, id, now(), body),
      },
      body,
      signal: this.#closing.signal,
    })
    const last = `It answered ${status}.`
    if (status >= 200 && status < 300) return { ok: true, last }
    if (status === 410) {
      await endpoints.update(endpoint, { enabled: false })
      return { ok: false, last: 'It answered 410, and is told no more.', final: true }
    }
    const seconds = Number(headers.get('retry-after') ?? Number.NaN)
    return { ok: false, last, ...(seconds > 0 && { retryAfterMs: seconds * 1000 }) }
  }

  async #mail({ id, type, tenant, body }: Due): Promise<Outcome> {
    const mailer = this.#deps.mail()
    if (!mailer) return { ok: false, last: 'No mail is configured any more.', final: true }
    return { ok: true, last: await mailer.send({ id, type, tenant, body }) }
  }
}
