/** Brings what is in the outbox to ClickHouse, many lines at a time: it wants few inserts, and large ones. */
import { Backoff } from '../../control/backoff.js'
import { isLeashError } from '../../core/errors.js'
import type { LedgerLine } from '../../core/ledger.js'
import { rounds } from '../rounds.js'
import type { Sql } from '../store/sql.js'
import { insertInto } from './insert.js'
import type { ClickHouseOptions } from './options.js'
import { Outbox, type OutboxDeps } from './outbox.js'

export interface ClickHouseFeedDeps extends OutboxDeps {
  /** As they are now: they may change while the relay runs. Without them nothing is kept for it. */
  readonly options: () => ClickHouseOptions | undefined
  readonly warn: (message: string) => void
}

/** ClickHouse advises against more than about one insert per second. */
const everyMs = 1000

/** Of one insert: up to about 13 MB. */
const parcelsAtOnce = 200

export class ClickHouseFeed {
  readonly outbox: Outbox
  readonly #deps: ClickHouseFeedDeps
  readonly #backoff = new Backoff()
  readonly #closing = new AbortController()
  #stop: (() => Promise<void>) | undefined
  #warned = false

  constructor(deps: ClickHouseFeedDeps) {
    this.#deps = deps
    this.outbox = new Outbox(deps)
  }

  start(): void {
    const work = async () => this.#backoff.waiting || (await this.round())
    this.#stop = rounds({ name: 'The feed of ClickHouse', everyMs, work, warn: this.#deps.warn })
  }

  /** @param sql of the transaction in which they are taken */
  readonly keep = async (lines: readonly LedgerLine[], sql: Sql): Promise<void> => {
    if (this.#deps.options()) await this.outbox.add(lines, sql)
  }

  /** Brings all that there is, as long as it is taken. */
  async round(): Promise<void> {
    const options = this.#deps.options()
    if (!options) return
    for (let more = true; more && !this.#closing.signal.aborted; ) more = await this.#bring(options)
  }

  /** What is under way is given up, and comes again with the next start. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#stop?.()
  }

  /** @returns whether there may be more */
  async #bring(options: ClickHouseOptions): Promise<boolean> {
    const parcels = await this.outbox.claim(parcelsAtOnce)
    if (parcels.length === 0) return false
    try {
      await insertInto(
        options,
        parcels.flatMap(({ lines }) => lines),
        this.#closing.signal,
      )
    } catch (error) {
      await this.outbox.release(parcels)
      this.#failed(error)
      return false
    }
    await this.outbox.delivered(parcels)
    this.#backoff.succeeded()
    this.#warned = false
    return parcels.length === parcelsAtOnce
  }

  #failed(error: unknown): void {
    if (this.#closing.signal.aborted) return
    this.#backoff.failed()
    if (!this.#warned) this.#deps.warn(`Usage waits for ClickHouse. ${said(error)}`)
    this.#warned = true
  }
}

const said = (error: unknown) => (isLeashError(error) ? error.detail : String(error))
