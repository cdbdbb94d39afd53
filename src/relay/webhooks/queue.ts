/** What is to be told and has not been yet, and what became of it: in the database, so that no restart loses any of it. */
import { randomBytes } from 'node:crypto'
import { LeashError } from '../../core/errors.js'
import type { JsonObject } from '../../core/json.js'
import { type Page, pageOf, pageSize, wrongCursor } from '../page.js'
import { prune } from '../store/prune.js'
import { equalTo, places, type Sql, type SqlValue } from '../store/sql.js'
import { storable } from '../store/text.js'
import type { EventType, Notice } from './events.js'

export const deliveryStatuses = ['pending', 'delivered', 'dead'] as const
export type DeliveryStatus = (typeof deliveryStatuses)[number]

export interface Delivery {
  /** The same with every try: whoever has seen it need not look again. */
  readonly id: string
  /** Of a webhook, or `mail`. */
  readonly endpoint: string
  readonly type: string
  readonly tenant: string
  readonly status: DeliveryStatus
  readonly attempts: number
  /** Milliseconds since 1970. */
  readonly createdAt: number
  /** Of the next try, while it is pending. */
  readonly nextAt: number
  readonly endedAt?: number
  /** What came of the last try. */
  readonly last: string
}

export interface Due extends Delivery {
  readonly body: string
}

type Handed = Pick<Due, 'id' | 'endpoint' | 'type' | 'tenant' | 'body'>

export interface DeliveriesQuery {
  readonly status?: DeliveryStatus
  readonly endpoint?: string
  readonly after?: string
  readonly limit?: number
}

export interface Take {
  readonly most: number
  /** Of one lane. @defaultValue most */
  readonly ofEach?: number
  /** Lanes that nothing is taken of. */
  readonly but?: readonly string[]
}

interface Row {
  readonly id: string
  readonly endpoint: string
  readonly type: string
  readonly tenant: string
  readonly body: string
  readonly status: DeliveryStatus
  readonly attempts: number
  readonly created_at: number
  readonly next_at: number
  readonly ended_at: number | null
  readonly last: string
}

/** How endpoints begin that are the callbacks of jobs. */
export const ofJobs = 'job '

/** After each try but the last: as Standard Webhooks has it, a day and more in all. */
const waitsMs = [5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 10 * 3600].map((seconds) => seconds * 1000)

export const mostAttempts = waitsMs.length + 1

/** A relay that has taken a delivery and said nothing for so long is gone, and another takes it. */
const takenMs = 60_000

/** Due deliveries that it is chosen from. */
const mostLooked = 1000

/** No receiver is waited for longer than that, whatever it asks. */
const mostAskedMs = 3_600_000

/** That something was told is remembered for so long. */
const markMs = 400 * 86_400_000

export interface QueueDeps {
  readonly sql: Sql
  /** Who is to be told. */
  readonly receivers: (notice: Notice, sql: Sql) => Promise<readonly string[]>
  readonly now: () => number
  /** From 0 to below 1. @defaultValue Math.random */
  readonly random?: () => number
}

export class WebhookQueue {
  readonly #deps: QueueDeps

  constructor(deps: QueueDeps) {
    this.#deps = deps
  }

  /**
   * @param sql of a transaction under way: it is told of if what it tells of came about
   * @returns how many are to be told
   */
  publish(notice: Notice, sql: Sql = this.#deps.sql): Promise<number> {
    return sql.transaction(async (sql) => {
      const now = this.#deps.now()
      const { type, tenant = '', once, data } = notice
      if (once !== undefined) {
        const mark = 'INSERT INTO webhook_marks (name, forget_at) VALUES ($1, $2) ON CONFLICT DO NOTHING'
        if ((await sql.run(mark, [once, now + markMs])) === 0) return 0
      }
      const receivers = await this.#deps.receivers(notice, sql)
      if (receivers.length === 0) return 0
      const body = bodyOf(type, now, data)
      const rows = receivers.map((endpoint): SqlValue[] => [idOf(), endpoint, type, tenant, body, 'pending', 0, now, now, ''])
      await sql.run(
        `INSERT INTO webhook_deliveries (id, endpoint, type, tenant, body, status, attempts, created_at, next_at, last)
         VALUES ${places(rows.length, 10)}`,
        rows.flat(),
      )
      return rows.length
    })
  }

  /** To one receiver, whatever it wants to be told of. */
  async send(endpoint: string, { type, tenant = '', data }: Notice, sql: Sql = this.#deps.sql): Promise<string> {
    const id = idOf()
    await this.hand({ id, endpoint, type, tenant, body: bodyOf(type, this.#deps.now(), data) }, sql)
    return id
  }

  /** As it is, under a name of its own. What has been handed over under that name before is passed over. */
  async hand({ id, endpoint, type, tenant, body }: Handed, sql: Sql): Promise<void> {
    const at = this.#deps.now()
    await sql.run(
      `INSERT INTO webhook_deliveries (id, endpoint, type, tenant, body, status, attempts, created_at, next_at, last)
       VALUES ${places(1, 10)} ON CONFLICT DO NOTHING`,
      [id, endpoint, type, tenant, body, 'pending', 0, at, at, ''],
    )
  }

  /** Those whose time has come, for this relay alone. Each counts as tried: what comes of it may never be known. */
  async take({ most, ofEach = most, but = [] }: Take): Promise<Due[]> {
    const { sql, now } = this.#deps
    const others = but.length === 0 ? '' : `AND ${laneInSql} NOT IN ${places(1, but.length, 5)}`
    const rows = await sql.all<Row>(
      `UPDATE webhook_deliveries SET next_at = $2, attempts = attempts + 1 WHERE status = 'pending' AND next_at <= $1 AND id IN
       (SELECT id FROM
         (SELECT id, next_at, ROW_NUMBER() OVER (PARTITION BY lane ORDER BY next_at) AS place FROM
           (SELECT id, next_at, ${laneInSql} AS lane FROM webhook_deliveries
            WHERE status = 'pending' AND next_at <= $1 ${others} ORDER BY next_at LIMIT ${mostLooked}) AS due) AS placed
        WHERE place <= $4 ORDER BY next_at LIMIT $3) RETURNING *`,
      [now(), now() + takenMs, most, ofEach, ...but],
    )
    return rows.map((row) => ({ ...deliveryOf(row), body: row.body }))
  }

  async delivered(id: string, last: string): Promise<void> {
    await this.#end(id, 'delivered', last)
  }

  /**
   * @param final whether it is of no use to try again
   * @param retryAfterMs what the receiver asks for
   * @returns whether it is given up
   */
  async failed({ id, attempts }: Delivery, last: string, final: boolean, retryAfterMs = 0): Promise<boolean> {
    const { sql, now, random = Math.random } = this.#deps
    const waitMs = waitsMs[attempts - 1]
    if (final || waitMs === undefined) {
      await this.#end(id, 'dead', last)
      return true
    }
    // Half of it by chance, so that not all of them come at once to a receiver that was away.
    const next = now() + Math.max(waitMs / 2 + (random() * waitMs) / 2, Math.min(retryAfterMs, mostAskedMs))
    await sql.run(`UPDATE webhook_deliveries SET next_at = $2, last = $3 WHERE id = $1 AND status = 'pending'`, [
      id,
      Math.ceil(next),
      clipped(last),
    ])
    return false
  }

  /** It was not tried. */
  async postponed({ id }: Delivery, last: string, waitMs: number): Promise<void> {
    const { sql, now } = this.#deps
    await sql.run(
      `UPDATE webhook_deliveries SET attempts = attempts - 1, next_at = $2, last = $3 WHERE id = $1 AND status = 'pending'`,
      [id, now() + waitMs, clipped(last)],
    )
  }

  /** The newest first. */
  async list({ status, endpoint, after, limit }: DeliveriesQuery): Promise<Page<Delivery>> {
    const size = pageSize(limit)
    const [at, id] = cursorOf(after)
    const { text, params } = equalTo({ endpoint, status }, 4)
    const rows = await this.#deps.sql.all<Row>(
      `SELECT * FROM webhook_deliveries WHERE (created_at, id) < ($1, $2)${text} ORDER BY created_at DESC, id DESC LIMIT $3`,
      [at, id, size + 1, ...params],
    )
    return pageOf(rows.map(deliveryOf), size, ({ createdAt, id }) => `${createdAt}.${id}`)
  }

  /** Begins anew with one that was given up. @throws LeashError `not_found` when there is none, or it was not given up */
  async retry(id: string): Promise<Delivery> {
    const [row] = await this.#deps.sql.all<Row>(
      `UPDATE webhook_deliveries SET status = 'pending', attempts = 0, next_at = $2, ended_at = NULL
       WHERE id = $1 AND status = 'dead' RETURNING *`,
      [id, this.#deps.now()],
    )
    if (!row) throw new LeashError('not_found', 'There is no such delivery that was given up.')
    return deliveryOf(row)
  }

  /** Forgets what ended before that time, in milliseconds since 1970. */
  async prune(endedBefore: number): Promise<void> {
    const { sql, now } = this.#deps
    await prune(sql, 'webhook_deliveries', ['id'], 'ended_at < $1', [endedBefore])
    await prune(sql, 'webhook_marks', ['name'], 'forget_at < $1', [now()])
  }

  async #end(id: string, status: DeliveryStatus, last: string): Promise<void> {
    await this.#deps.sql.run(
      `UPDATE webhook_deliveries SET status = $2, ended_at = $3, last = $4 WHERE id = $1 AND status = 'pending'`,
      [id, status, this.#deps.now(), clipped(last)],
    )
  }
}

/** What is not to hold up anything else: an endpoint, or all addresses that jobs of one tenant came with. */
export const laneOf = ({ endpoint, tenant }: Pick<Delivery, 'endpoint' | 'tenant'>): string =>
  endpoint.startsWith(ofJobs) ? `${ofJobs}${tenant}` : endpoint

const laneInSql = `CASE WHEN endpoint LIKE '${ofJobs}%' THEN '${ofJobs}' || tenant ELSE endpoint END`

const idOf = () => `msg_${randomBytes(16).toString('base64url')}`

const bodyOf = (type: EventType, at: number, data: JsonObject) =>
  JSON.stringify({ type, timestamp: new Date(at).toISOString(), data })

const clipped = (text: string) => storable(text.slice(0, 300))

function cursorOf(after: string | undefined): readonly [at: number, id: string] {
  if (after === undefined) return [Number.MAX_SAFE_INTEGER, '']
  const [, at, id] = /^(\d{1,16})\.([\w-]{1,200})$/.exec(after) ?? []
  if (at !== undefined && id !== undefined && Number.isSafeInteger(Number(at))) return [Number(at), id]
  throw wrongCursor()
}

function deliveryOf({ body: _, created_at: createdAt, next_at: nextAt, ended_at: endedAt, ...rest }: Row): Delivery {
  return { ...rest, createdAt, nextAt, ...(endedAt !== null && { endedAt }) }
}
