/** Who the relay serves: teams or customers that see nothing of each other. */
import { LeashError } from '../../core/errors.js'
import { type Page, pageOf, pageSize } from '../page.js'
import type { Sql } from '../store/sql.js'
import { fits } from '../store/text.js'
import { wrongIn } from '../wrong.js'
import { type GivenStatus, isGiven, type Status } from './status.js'

export interface Tenant {
  /** Its name in keys, budgets and the ledger, which never changes. Fit to be a label of a domain. */
  readonly slug: string
  /** For people. */
  readonly name: string
  readonly plan: string
  readonly status: Status
  readonly metadata: Readonly<Record<string, string>>
  /** Milliseconds since 1970. */
  readonly createdAt: number
  readonly updatedAt: number
}

export interface NewTenant {
  /** Up to 63 lower-case letters, digits and inner hyphens. */
  readonly slug: string
  /** @defaultValue the slug */
  readonly name?: string
  /** @defaultValue 'default' */
  readonly plan?: string
  /** Up to 32 values of up to 512 characters. */
  readonly metadata?: Readonly<Record<string, string>>
}

export interface TenantChanges extends Partial<Omit<NewTenant, 'slug'>> {
  readonly status?: GivenStatus
}

export interface TenantQuery {
  /** @defaultValue all but the deleted */
  readonly status?: Status
  readonly plan?: string
  /** What stands somewhere in the slug or the name, in whichever case. */
  readonly search?: string
  readonly after?: string
  readonly limit?: number
}

export interface TenantsDeps {
  readonly sql: Sql
  readonly now?: () => number
}

interface Row {
  readonly slug: string
  readonly name: string
  readonly plan: string
  readonly status: Status
  readonly metadata: string
  readonly created_at: number
  readonly updated_at: number
}

const mostMetadata = 32
const mostCharacters = 512

const wrong = wrongIn('a tenant')

export class Tenants {
  readonly #sql: Sql
  readonly #now: () => number

  constructor({ sql, now = Date.now }: TenantsDeps) {
    this.#sql = sql
    this.#now = now
  }

  /** @throws LeashError `invalid_request` when a member is malformed, with status 409 when the slug is taken */
  async create({ slug, name = slug, plan = 'default', metadata = {} }: NewTenant): Promise<Tenant> {
    if (!/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(slug))
      throw wrong('slug', 'has up to 63 lower-case letters, digits and hyphens, and begins and ends with no hyphen')
    check({ name, plan, metadata })
    const now = this.#now()
    const [row] = await this.#sql.all<Row>(
      `INSERT INTO tenants (slug, name, plan, status, metadata, created_at, updated_at)
       VALUES ($1, $2, $3, 'active', $4, $5, $5) ON CONFLICT DO NOTHING RETURNING *`,
      [slug, name, plan, JSON.stringify(metadata), now],
    )
    if (!row)
      throw new LeashError('invalid_request', `The slug ${slug} is taken. Choose another.`, { status: 409, param: 'slug' })
    return tenantOf(row)
  }

  /** Also one that is deleted. */
  async get(slug: string): Promise<Tenant | undefined> {
    const [row] = await this.#sql.all<Row>('SELECT * FROM tenants WHERE slug = $1', [slug])
    return row && tenantOf(row)
  }

  /** By their slugs. */
  async list({ status, plan, search = '', after = '', limit }: TenantQuery = {}): Promise<Page<Tenant>> {
    const size = pageSize(limit)
    const pattern = `%${search.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`
    const rows = await this.#sql.all<Row>(
      `SELECT * FROM tenants WHERE slug > $1 AND (status = $2 OR ($2 = '' AND status <> 'deleted')) AND (plan = $3 OR $3 = '')
       AND (slug LIKE $5 ESCAPE '\\' OR LOWER(name) LIKE $5 ESCAPE '\\') ORDER BY slug LIMIT $4`,
      [after, status ?? '', plan ?? '', size + 1, pattern],
    )
    return pageOf(rows.map(tenantOf), size, ({ slug }) => slug)
  }

  /** @throws LeashError `not_found` when there is none, or it is deleted */
  async update(slug: string, changes: TenantChanges): Promise<Tenant> {
    check(changes)
    const { name = null, plan = null, status = null, metadata } = changes
    const [row] = await this.#sql.all<Row>(
      `UPDATE tenants SET name = COALESCE($2, name), plan = COALESCE($3, plan), status = COALESCE($4, status),
         metadata = COALESCE($5, metadata), updated_at = $6
       WHERE slug = $1 AND status <> 'deleted' RETURNING *`,
      [slug, name, plan, status, metadata ? JSON.stringify(metadata) : null, this.#now()],
    )
    if (!row) throw missing(slug)
    return tenantOf(row)
  }

  /** What it used stays on the books, and its slug stays taken. */
  async delete(slug: string): Promise<void> {
    const changed = await this.#sql.run(
      `UPDATE tenants SET status = 'deleted', updated_at = $2 WHERE slug = $1 AND status <> 'deleted'`,
      [slug, this.#now()],
    )
    if (changed === 0) throw missing(slug)
  }
}

function check({ name, plan, status, metadata }: TenantChanges): void {
  for (const [member, value] of Object.entries({ name, plan }))
    if (value !== undefined && !isText(value)) throw wrong(member, `has 1 to ${mostCharacters} characters`)
  if (!isGiven(status)) throw wrong('status', 'is `active` or `suspended`')
  const entries = Object.entries(metadata ?? {})
  if (entries.length > mostMetadata || !entries.every((entry) => entry.every(isText)))
    throw wrong('metadata', `has up to ${mostMetadata} names and values of 1 to ${mostCharacters} characters`)
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && fits(value, mostCharacters)
}

function missing(slug: string): LeashError {
  return new LeashError('not_found', `There is no tenant ${JSON.stringify(slug.slice(0, 100))}.`)
}

function tenantOf({ metadata, created_at: createdAt, updated_at: updatedAt, ...rest }: Row): Tenant {
  return { ...rest, metadata: JSON.parse(metadata), createdAt, updatedAt }
}
