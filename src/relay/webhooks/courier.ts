/** Brings what is in the queue to its receivers: many at a time, and a few of each, so that one who is slow holds up nobody else. */
import { isLeashError, messageOf } from '../../core/errors.js'
import { type Due, laneOf, mostAttempts, type WebhookQueue } from './queue.js'

/** What came of a try. */
export type Outcome =
  | { readonly ok: true; readonly last: string }
  /** `final`: it is of no use to try again. */
  | { readonly ok: false; readonly last: string; readonly final?: boolean; readonly retryAfterMs?: number }
  /** Nobody was asked: it is no try, and comes again after that time. */
  | { readonly ok: false; readonly last: string; readonly waitMs: number }

/** Lest what brings the relay down comes for ever. */
const cutOff: Outcome = { ok: false, last: 'The relay ended amid its last attempt.', final: true }

export type Sender = (due: Due, signal: AbortSignal) => Promise<Outcome>

export interface CourierDeps {
  readonly queue: WebhookQueue
  /** By what stands in the place of a webhook. */
  readonly senders: Readonly<Record<string, Sender>>
  /** For webhooks. */
  readonly usual: Sender
  readonly warn: (message: string) => void
}

const atOnce = 64
const ofEach = 4

/** What other relays have published, and what is to be tried again, is looked for so often. */
const lookMs = 5000

export class Courier {
  readonly #deps: CourierDeps
  readonly #closing = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #working: Promise<void> | undefined
  /** What is under way, by its lane: of that no more is taken until all of it is over. */
  readonly #underway = new Map<string, Set<Promise<void>>>()
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
      // It may have come at the very end.
      if (this.#again) this.wake()
    })
  }

  /** What is under way is given up, and is tried again by whoever comes next. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#closing.abort()
    await this.idle()
  }

  /** Waits for what is under way: nothing is due afterwards. */
  async idle(): Promise<void> {
    while (this.#working || this.#underway.size > 0)
      await Promise.all([this.#working, ...[...this.#underway.values()].flatMap((some) => [...some])])
  }

  async #work(): Promise<void> {
    try {
      while (this.#again && !this.#closing.signal.aborted) {
        this.#again = false
        const most = atOnce - [...this.#underway.values()].reduce((sum, some) => sum + some.size, 0)
        if (most === 0) return
        const due = await this.#deps.queue.take({ most, ofEach, but: [...this.#underway.keys()] })
        for (const one of due) this.#begin(one)
      }
    } catch (error) {
      this.#failed(error)
    }
  }

  #begin(due: Due): void {
    const lane = laneOf(due)
    const some = this.#underway.get(lane) ?? new Set()
    this.#underway.set(lane, some)
    const bringing = this.#bring(due)
      .catch((error: unknown) => this.#failed(error))
      .finally(() => {
        some.delete(bringing)
        if (some.size > 0) return
        this.#underway.delete(lane)
        this.wake()
      })
    some.add(bringing)
  }

  #failed(error: unknown): void {
    this.#deps.warn(`Webhooks cannot be sent: ${messageOf(error)}`)
  }

  async #bring(due: Due): Promise<void> {
    const { queue, warn } = this.#deps
    const outcome = due.attempts > mostAttempts ? cutOff : await this.#try(due)
    if (this.#closing.signal.aborted && !outcome.ok) return
    if (outcome.ok) return queue.delivered(due.id, outcome.last)
    if ('waitMs' in outcome) return queue.postponed(due, outcome.last, outcome.waitMs)
    const dead = await queue.failed(due, outcome.last, outcome.final ?? false, outcome.retryAfterMs)
    if (dead) warn(`${due.id} (${due.type}) was not taken by ${due.endpoint}, and is given up: ${outcome.last}`)
  }

  #try(due: Due): Promise<Outcome> {
    const { senders, usual } = this.#deps
    const send = (Object.hasOwn(senders, due.endpoint) ? senders[due.endpoint] : undefined) ?? usual
    return send(due, this.#closing.signal).catch((error: unknown) => ({
      ok: false,
      last: isLeashError(error) ? error.detail : 'It could not be sent.',
      // An address that may not be asked is none tomorrow either.
      final: isLeashError(error) && error.code === 'invalid_request',
    }))
  }
}
