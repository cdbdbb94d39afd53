/** Calls as they come, as server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html */
import { setTimeout as wait } from 'node:timers/promises'
import { LeashError } from '../../core/errors.js'
import { within } from '../../core/within.js'
import type { UsageLog, Where } from '../usage/usage.js'

export interface LiveCallsDeps {
  readonly usage: Pick<UsageLog, 'lines'>
  /** Aborted when the relay stops. */
  readonly stopping: AbortSignal
  /** @defaultValue one second */
  readonly lookMs?: number
  /** @defaultValue one minute */
  readonly holdsMs?: number
}

/** At once: each of them asks the database once in a second. */
const mostStreams = 64
const mostOfOne = 8

/** How far it is looked back for others, once the newest were told: nobody is to wait for a search of all that is kept. */
const backMs = 86_400_000

/** Of one event. What came beyond that in a second is in the list, and not told of here. */
const mostLines = 50

export class LiveCalls {
  readonly #deps: Required<LiveCallsDeps>
  readonly #open = new Map<string, number>()

  constructor({ lookMs = 1000, holdsMs = 60_000, ...deps }: LiveCallsDeps) {
    this.#deps = { lookMs, holdsMs, ...deps }
  }

  /**
   * First the newest, then those that come. It ends after a minute, so that who may not look any more sees no more: ask again.
   *
   * @param who looks
   * @throws LeashError `rate_limited`
   */
  events(where: Where, who: string, left: AbortSignal): ReadableStream<Uint8Array> {
    const own = this.#open.get(who) ?? 0
    const all = [...this.#open.values()].reduce((sum, one) => sum + one, 0)
    if (own >= mostOfOne || all >= mostStreams)
      throw new LeashError('rate_limited', 'Too many streams of calls are open. Ask for the list instead.', {
        retryAfterMs: 5000,
      })
    this.#open.set(who, own + 1)
    const ended = new AbortController()
    const over = within(this.#deps.holdsMs, ended.signal, left, this.#deps.stopping)
    over.addEventListener('abort', () => this.#leave(who), { once: true })
    if (over.aborted) this.#leave(who)
    const lines = this.#lines(where, over)
    const encoder = new TextEncoder()
    return new ReadableStream({
      async pull(controller) {
        try {
          const { done, value } = await lines.next()
          if (!done) return controller.enqueue(encoder.encode(value))
          controller.close()
        } catch (error) {
          controller.error(error)
        }
        ended.abort()
      },
      cancel: () => ended.abort(),
    })
  }

  /** Looked for in the database: another relay, or another process of this one, may have booked them. */
  async *#lines(where: Where, over: AbortSignal): AsyncGenerator<string> {
    const { usage, lookMs } = this.#deps
    let known: ReadonlySet<string> | undefined
    while (!over.aborted) {
      const { items } = await usage.lines({ where, limit: mostLines, ...(known && { from: Date.now() - backMs }) })
      const fresh = items.filter((line) => !known?.has(nameOf(line)))
      if (fresh.length > 0 || known === undefined) yield `event: calls\ndata: ${JSON.stringify(fresh)}\n\n`
      known = new Set(items.map(nameOf))
      await wait(lookMs, undefined, { signal: over, ref: false }).catch(() => {})
    }
  }

  #leave(who: string): void {
    const left = (this.#open.get(who) ?? 0) - 1
    if (left > 0) this.#open.set(who, left)
    else this.#open.delete(who)
  }
}

/** No tenant and no id has a NUL in it. */
const nameOf = ({ tenant = '', id }: { readonly tenant?: string; readonly id: string }) => `${tenant}\0${id}`
