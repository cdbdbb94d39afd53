/** People: who belongs to which tenant, and what each may do there. */
import { LeashError } from '../../core/errors.js'
import { newId } from '../keys/format.js'
import { type Page, pageOf, pageSize } from '../page.js'
import type { Also, Sql } from '../store/sql.js'
import { isStorable } from '../store/text.js'
import { type Begin, hashOf, markOf, matches } from './password.js'
import { checkUser, emailOf, type NewUser, type User, type UserChanges, type UserRow, userOf } from './record.js'

export interface UserQuery {
  readonly after?: string
  readonly limit?: number
}

export interface SignedInUser extends User {
  /** Of the password that he has signed in by. */
  readonly mark: string
}

export interface UsersDeps {
  readonly sql: Sql
  readonly now?: () => number
}

export class Users {
  readonly #sql: Sql
  readonly #now: () => number

  constructor({ sql, now = Date.now }: UsersDeps) {
    this.#sql = sql
    this.#now = now
  }

  /** @throws LeashError `invalid_request`, with status 409 when the id or the address is taken */
  async create({ tenant, id = newId(), email: written, name = written, role = 'member' }: NewUser): Promise<User> {
    const email = emailOf(written)
    checkUser({ id, email, name, role })
    const [row] = await this.#sql.all<UserRow>(
      `INSERT INTO users (tenant, id, email, name, role, status, created_at, updated_at)
       VALUES ($1, $2, $3, $4, $5, 'active', $6, $6) ON CONFLICT DO NOTHING RETURNING *`,
      [tenant, id, email, name, role, this.#now()],
    )
    if (row) return userOf(row)
    throw new LeashError('invalid_request', 'The tenant has a user of this id or e-mail address. Choose another.', {
      status: 409,
    })
  }

  /** @returns undefined also for one that is deleted */
  async get(tenant: string, id: string): Promise<User | undefined> {
    const [row] = await this.#sql.all<UserRow>(`SELECT * FROM users WHERE tenant = $1 AND id = $2 AND status <> 'deleted'`, [
      tenant,
      id,
    ])
    return row && userOf(row)
  }

  /** Whether he is known and may not come in: suspended, or deleted. An address in another case is nobody else. */
  async isOut(tenant: string, id: string): Promise<boolean> {
    const rows = await this.#sql.all(`SELECT id FROM users WHERE tenant = $1 AND LOWER(id) = $2 AND status <> 'active'`, [
      tenant,
      emailOf(id),
    ])
    return rows.length > 0
  }

  /** By their ids. @param id of one alone */
  async list(tenant: string, { after = '', limit }: UserQuery = {}, id = ''): Promise<Page<User>> {
    const size = pageSize(limit)
    const rows = await this.#sql.all<UserRow>(
      `SELECT * FROM users WHERE tenant = $1 AND id > $2 AND (id = $3 OR $3 = '') AND status <> 'deleted' ORDER BY id LIMIT $4`,
      [tenant, after, id, size + 1],
    )
    return pageOf(rows.map(userOf), size, ({ id }) => id)
  }

  /** @throws LeashError `not_found`; `invalid_request`, with status 409 when the address is taken */
  async update(tenant: string, id: string, changes: UserChanges): Promise<User> {
    const email = changes.email === undefined ? undefined : emailOf(changes.email)
    checkUser({ ...changes, ...(email !== undefined && { email }) })
    return this.#sql.transaction(async (sql) => {
      if (email !== undefined) {
        const [other] = await sql.all('SELECT id FROM users WHERE tenant = $1 AND email = $2 AND id <> $3', [tenant, email, id])
        if (other)
          throw new LeashError('invalid_request', 'Another user has this e-mail address.', { status: 409, param: 'email' })
      }
      const { name = null, role = null, status = null } = changes
      const [row] = await sql.all<UserRow>(
        `UPDATE users SET email = COALESCE($3, email), name = COALESCE($4, name), role = COALESCE($5, role),
           status = COALESCE($6, status), updated_at = $7
         WHERE tenant = $1 AND id = $2 AND status <> 'deleted' RETURNING *`,
        [tenant, id, email ?? null, name, role, status, this.#now()],
      )
      if (!row) throw missing()
      return userOf(row)
    })
  }

  /** For good: his keys stop, his id stays taken, what he used stays on the books, and all else of him is gone. @throws LeashError `not_found` */
  async delete(tenant: string, id: string): Promise<void> {
    const changed = await this.#sql.run(
      `UPDATE users SET status = 'deleted', email = 'deleted ' || id, name = '', password = NULL, updated_at = $3
       WHERE tenant = $1 AND id = $2 AND status <> 'deleted'`,
      [tenant, id, this.#now()],
    )
    if (changed === 0) throw missing()
  }

  /** @throws LeashError `not_found`; `invalid_request` when it is too short */
  async setPassword(tenant: string, id: string, password: string, also: Also = async () => {}): Promise<void> {
    // It takes its time, in which no transaction is to be open.
    const hash = await hashOf(password)
    await this.#sql.transaction(async (sql) => {
      const changed = await sql.run(
        `UPDATE users SET password = $3, updated_at = $4 WHERE tenant = $1 AND id = $2 AND status <> 'deleted'`,
        [tenant, id, hash, this.#now()],
      )
      if (changed === 0) throw missing()
      await also(sql)
    })
  }

  /**
   * It takes as long for somebody unknown as for a wrong password.
   *
   * @param begin told of a password that is looked at, before it is
   * @returns undefined when they may not sign in by these
   * @throws LeashError `rate_limited` when too many are looked at
   */
  async signIn(tenant: string, email: string, password: string, begin?: Begin): Promise<SignedInUser | undefined> {
    if (!isStorable(tenant) || !isStorable(email)) return undefined
    const [row] = await this.#sql.all<UserRow>(
      `SELECT users.* FROM users JOIN tenants ON tenants.slug = users.tenant
       WHERE users.tenant = $1 AND users.email = $2 AND users.status = 'active' AND tenants.status = 'active'`,
      [tenant, emailOf(email)],
    )
    const right = await matches(password, row?.password ?? undefined, begin)
    return row && right ? { ...userOf(row), mark: markOf(row.password ?? '') } : undefined
  }

  /** @returns undefined for one who may not come in any more, or has another password by now */
  async holding(tenant: string, id: string, mark: string): Promise<User | undefined> {
    const [row] = await this.#sql.all<UserRow>(
      `SELECT users.* FROM users JOIN tenants ON tenants.slug = users.tenant
       WHERE users.tenant = $1 AND users.id = $2 AND users.status = 'active' AND tenants.status = 'active'`,
      [tenant, id],
    )
    return row && markOf(row.password ?? '') === mark ? userOf(row) : undefined
  }
}

function missing(): LeashError {
  return new LeashError('not_found', 'The tenant has no user of this id.')
}
