/** Who is told: addresses, each with a secret of its own. */
import { randomBytes } from 'node:crypto'
import { LeashError } from '../../core/errors.js'
import { parseJson } from '../../core/json.js'
import type { Sql } from '../store/sql.js'
import { fits } from '../store/text.js'
import { type EventType, eventTypes, type Notice } from './events.js'
import { secretOf } from './sign.js'

export interface WebhookEndpoint {
  readonly id: string
  readonly url: string
  readonly description: string
  /** Absent: all of them. */
  readonly events?: readonly EventType[]
  /** What concerns it alone. Absent: all tenants, and what concerns none. */
  readonly tenant?: string
  /** An address that answers 410 is told no more. */
  readonly enabled: boolean
  /** Milliseconds since 1970. */
  readonly createdAt: number
}

export interface EndpointChanges {
  readonly url?: string
  readonly description?: string
  readonly events?: readonly EventType[]
  readonly enabled?: boolean
}

export interface NewEndpoint extends EndpointChanges {
  readonly url: string
  readonly tenant?: string
}

export interface EndpointRow {
  readonly id: string
  readonly tenant: string
  readonly url: string
  readonly description: string
  readonly events: string
  readonly enabled: number
  readonly generation: number
  readonly rotated_at: number
  readonly created_at: number
}

export interface EndpointsDeps {
  readonly sql: Sql
  /** The secrets are made of it. */
  readonly pepper: string
  /** @throws LeashError `invalid_request` for an address that nobody may be told at */
  readonly check: (url: string) => URL
  readonly now: () => number
}

/** In all. Each event is written down once for each of them. */
const mostEndpoints = 100

const mostDescription = 200

/** So long after a secret was turned over the one before it signs as well. */
const overlapMs = 86_400_000

export class WebhookEndpoints {
  readonly #deps: EndpointsDeps

  constructor(deps: EndpointsDeps) {
    this.#deps = deps
  }

  /** The same in a transaction under way. */
  within(sql: Sql): WebhookEndpoints {
    return new WebhookEndpoints({ ...this.#deps, sql })
  }

  async list(): Promise<WebhookEndpoint[]> {
    return (await this.#rows(this.#deps.sql)).map(endpointOf)
  }

  /** @throws LeashError `not_found` */
  async get(id: string): Promise<WebhookEndpoint> {
    const [row] = await this.#deps.sql.all<EndpointRow>('SELECT * FROM webhook_endpoints WHERE id = $1', [id])
    if (!row) throw missing()
    return endpointOf(row)
  }

  /** @throws LeashError `invalid_request` */
  async create({ url, tenant = '', description = '', events, enabled = true }: NewEndpoint) {
    const { sql, pepper, now } = this.#deps
    const { href } = this.#check({ url, description })
    if ((await this.#rows(sql)).length >= mostEndpoints)
      throw new LeashError('invalid_request', `There are ${mostEndpoints} webhooks. Delete one first.`, { status: 409 })
    const id = randomBytes(12).toString('hex')
    const [row] = await sql.all<EndpointRow>(
      `INSERT INTO webhook_endpoints (id, tenant, url, description, events, enabled, generation, rotated_at, created_at)
       VALUES ($1, $2, $3, $4, $5, $6, 1, 0, $7) RETURNING *`,
      [id, tenant, href ?? url, description, JSON.stringify(events ?? []), enabled ? 1 : 0, now()],
    )
    if (!row) throw missing()
    return { endpoint: endpointOf(row), secret: secretOf(pepper, id, 1) }
  }

  /** @throws LeashError `invalid_request`, `not_found` */
  async update(id: string, changes: EndpointChanges): Promise<WebhookEndpoint> {
    const { description = null, events, enabled } = changes
    const { href = null } = this.#check(changes)
    const [row] = await this.#deps.sql.all<EndpointRow>(
      `UPDATE webhook_endpoints SET url = COALESCE($2, url), description = COALESCE($3, description),
         events = COALESCE($4, events), enabled = COALESCE($5, enabled) WHERE id = $1 RETURNING *`,
      [id, href, description, events ? JSON.stringify(events) : null, enabled === undefined ? null : Number(enabled)],
    )
    if (!row) throw missing()
    return endpointOf(row)
  }

  /** The secret before goes on to sign for a day. @throws LeashError `not_found` */
  async rotate(id: string): Promise<string> {
    const { sql, pepper, now } = this.#deps
    const [row] = await sql.all<EndpointRow>(
      'UPDATE webhook_endpoints SET generation = generation + 1, rotated_at = $2 WHERE id = $1 RETURNING *',
      [id, now()],
    )
    if (!row) throw missing()
    return secretOf(pepper, id, row.generation)
  }

  /** With what waits for it. @throws LeashError `not_found` */
  async delete(id: string): Promise<void> {
    await this.#deps.sql.transaction(async (sql) => {
      if ((await sql.run('DELETE FROM webhook_endpoints WHERE id = $1', [id])) === 0) throw missing()
      await sql.run('DELETE FROM webhook_deliveries WHERE endpoint = $1', [id])
    })
  }

  /** Who is to be told of it. */
  async of({ type, tenant }: Notice, sql: Sql): Promise<string[]> {
    const all = (await this.#rows(sql)).map(endpointOf)
    return all.filter((endpoint) => wants(endpoint, type, tenant)).map(({ id }) => id)
  }

  /** Where it goes, and what it is signed with, the newest first. Undefined: it is not there any more, or takes nothing. */
  async target(id: string): Promise<{ readonly url: string; readonly secrets: readonly string[] } | undefined> {
    const { sql, pepper, now } = this.#deps
    const [row] = await sql.all<EndpointRow>('SELECT * FROM webhook_endpoints WHERE id = $1 AND enabled = 1', [id])
    if (!row) return undefined
    const { url, generation, rotated_at: rotatedAt } = row
    const generations = now() < rotatedAt + overlapMs ? [generation, generation - 1] : [generation]
    return { url, secrets: generations.map((one) => secretOf(pepper, id, one)) }
  }

  #rows(sql: Sql): Promise<EndpointRow[]> {
    return sql.all<EndpointRow>('SELECT * FROM webhook_endpoints ORDER BY created_at, id')
  }

  #check({ url, description = '' }: EndpointChanges): { readonly href: string | undefined } {
    if (!fits(description, mostDescription))
      throw new LeashError('invalid_request', `The description has at most ${mostDescription} characters.`, {
        param: 'description',
      })
    return { href: url === undefined ? undefined : this.#deps.check(url).href }
  }
}

function wants({ enabled, events, tenant: own }: WebhookEndpoint, type: EventType, tenant: string | undefined): boolean {
  return enabled && (events?.includes(type) ?? true) && (own === undefined || own === tenant)
}

function endpointOf({ id, tenant, url, description, events, enabled, created_at: createdAt }: EndpointRow): WebhookEndpoint {
  const stored: unknown = parseJson(events)
  const wanted = Array.isArray(stored) ? stored : []
  return {
    id,
    url,
    description,
    // A newer relay may have written names that this one does not know: who asked for those alone asked for nothing else.
    ...(wanted.length > 0 && { events: eventTypes.filter((type) => wanted.includes(type)) }),
    ...(tenant !== '' && { tenant }),
    enabled: enabled === 1,
    createdAt,
  }
}

const missing = () => new LeashError('not_found', 'There is no such webhook.')
