import { checkAddress } from '../../core/address.js'
import type { BudgetEvent } from '../../core/budget.js'
import { hex } from '../../core/hex.js'
import { Hmac } from '../../core/hmac.js'
import { sleep } from '../../core/signals.js'
import type { BudgetWebhook } from './options.js'

/** Events that wait while the receiver is slow. */
const mostWaiting = 1000

/** Before the second try; each further one waits four times as long. */
const firstDelayMs = 1000

export interface WebhookDeps {
  readonly warn: (message: string) => void
  readonly now: () => number
  /** @defaultValue 1000 */
  readonly delayMs?: number
}

/**
 * Sends events to one address, in order, each signed. The address stands in the options and nothing else: it is not taken from
 * a call, and a redirect is not followed.
 */
export class Webhook {
  readonly #options: BudgetWebhook
  readonly #deps: WebhookDeps
  readonly #closing = new AbortController()
  readonly #waiting: BudgetEvent[] = []
  #sending: Promise<void> | undefined

  constructor(options: BudgetWebhook, deps: WebhookDeps) {
    // Whoever can read what is sent could tell what a company spends.
    checkAddress(options.url, 'budgetWebhook.url')
    this.#options = options
    this.#deps = deps
  }

  send(event: BudgetEvent): void {
    if (this.#closing.signal.aborted || this.#waiting.length >= mostWaiting) {
      this.#deps.warn('An event was not sent to the budgets’ webhook: too many wait, or the leash is closed.')
      return
    }
    this.#waiting.push(event)
    this.#sending ??= this.#drain()
  }

  /** What waits is tried once more, without delay. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#sending
  }

  async #drain(): Promise<void> {
    for (let event = this.#waiting.shift(); event; event = this.#waiting.shift()) await this.#deliver(event)
    this.#sending = undefined
  }

  async #deliver(event: BudgetEvent): Promise<void> {
    const { attempts = 4 } = this.#options
    const at = this.#deps.now()
    const body = JSON.stringify({ id: crypto.randomUUID(), type: 'budget', at, event })
    let why = ''
    for (let attempt = 1; attempt <= attempts; attempt++) {
      try {
        const { status } = await this.#post(body)
        if (status >= 200 && status < 300) return
        why = `it answered ${status}`
      } catch (error) {
        why = error instanceof Error ? error.name : 'it could not be reached'
      }
      if (this.#closing.signal.aborted) break
      if (attempt < attempts) await this.#pause((this.#deps.delayMs ?? firstDelayMs) * 4 ** (attempt - 1))
    }
    this.#deps.warn(`An event was not taken by the budgets’ webhook: ${why}.`)
  }

  async #post(body: string): Promise<Response> {
    const { url, secret, timeoutMs = 10_000 } = this.#options
    const seconds = Math.floor(this.#deps.now() / 1000)
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-leash-timestamp': String(seconds),
        'x-leash-signature': `sha256=${hex(await new Hmac(secret).sign(`${seconds}.${body}`))}`,
      },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    })
    await response.body?.cancel()
    return response
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, this.#closing.signal).catch(() => {})
  }
}
