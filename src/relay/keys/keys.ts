/** Virtual keys: what clients and callers show to the relay. A key itself is shown once and kept nowhere. */
import { createHmac, hash, timingSafeEqual } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { LeashError } from '../../core/errors.js'
import { Recent } from '../../core/recent.js'
import type { MaybePromise } from '../../core/store.js'
import { isFresh } from '../is-fresh.js'
import { type Page, pageOf, pageSize } from '../page.js'
import { fingerprintOf } from '../people/client-certificate.js'
import { type HeadersLike, Signatures } from '../people/request-signing.js'
import type { SharedCounts } from '../replicas/replicas.js'
import { equalTo, type Sql } from '../store/sql.js'
import { newId, newSecret, prefixOf, readKey, writeKey } from './format.js'
import { type Pepper, pepperOf } from './pepper.js'
import { check, holds, type KeyRecord, type KeyRow, type NewKey, recordOf, usualScopes, wrong } from './record.js'

export { type KeyRecord, type KeyScope, keyScopes, type NewKey } from './record.js'

export interface MadeKey {
  /** To be shown once. */
  readonly key: string
  /** Likewise; of a key whose requests have to be signed. */
  readonly signingSecret?: string
  readonly record: KeyRecord
}

export interface KeyQuery {
  readonly tenant?: string
  readonly user?: string
  readonly after?: string
  readonly limit?: number
}

export interface KeysOptions {
  readonly sql: Sql
  readonly pepper: Pepper
  readonly now?: () => number
  /** Told of each tenant whose keys have changed. */
  readonly told?: (tenant: string) => void
  /** Of the relays that nonces are good once for together. */
  readonly counts?: SharedCounts | undefined
  /** Told when the time of a key's use could not be written. */
  readonly onError?: (error: unknown) => void
}

interface RotateOptions {
  readonly overlapMs?: number
  readonly sql?: Sql
}

interface Verified {
  readonly record: KeyRecord
  /** When it was looked up. */
  readonly at: number
}

/** A key that another replica has revoked is taken for so long at most. */
const verifiedMs = 5000
const mostVerified = 10_000

/** The time of a key's last use is written so often at most. */
const usedMs = 60_000

const dayMs = 86_400_000

/** So many ids in a row that are taken are no accident. */
const mostTries = 5

export class Keys {
  readonly #sql: Sql
  readonly #pepper: string
  readonly #told: (tenant: string) => void
  readonly #now: () => number
  readonly #onError: (error: unknown) => void
  readonly #signatures: Signatures
  /** By the SHA-256 of the key, so that none lies about in memory. */
  readonly #verified = new LRUCache<string, Verified>({ max: mostVerified })
  readonly #used = new Recent<string, number>(mostVerified)
  readonly #writing = new Set<Promise<unknown>>()
  /** What was read before a key was revoked is not to be kept after it. */
  #changes = 0

  /** @throws LeashError `invalid_config` when there is no pepper to be had */
  static async open(options: KeysOptions): Promise<Keys> {
    return new Keys(options, await pepperOf(options.pepper))
  }

  private constructor({ sql, now = Date.now, told = () => {}, counts, onError = () => {} }: KeysOptions, pepper: string) {
    this.#sql = sql
    this.#pepper = pepper
    this.#now = now
    this.#told = told
    this.#onError = onError
    this.#signatures = new Signatures({ now, counts })
  }

  /**
   * @param sql of a transaction under way
   * @throws LeashError `not_found` when the tenant is not, or not active
   */
  async create(wanted: NewKey, sql: Sql = this.#sql): Promise<MadeKey> {
    check(wanted)
    if (wanted.expiresAt !== undefined && wanted.expiresAt <= this.#now())
      throw wrong('expiresAt', 'is in milliseconds since 1970 or a date, and lies ahead')
    return sql.transaction((sql) => this.#add(sql, wanted))
  }

  /**
   * Asks the database once in 5 seconds.
   *
   * @returns undefined when it is malformed, unknown, expired or revoked, or its tenant or its user is not active
   */
  verify(presented: string): MaybePromise<KeyRecord | undefined> {
    const name = nameOf(presented)
    const known = this.#verified.get(name)
    const now = this.#now()
    if (known && isFresh(known.at, now, verifiedMs)) return holds(known.record, now) ? this.#use(known.record, now) : undefined
    const parts = readKey(presented)
    return parts && this.#lookUp(parts.id, parts.secret, name)
  }

  /** Whether it was right of late, and nothing is known against it. Nobody is asked. */
  knows(presented: string): boolean {
    const known = this.#verified.get(nameOf(presented))
    return known !== undefined && holds(known.record, this.#now())
  }

  async get(id: string): Promise<KeyRecord | undefined> {
    const [row] = await this.#sql.all<KeyRow>('SELECT * FROM keys WHERE id = $1', [id])
    return row && recordOf(row)
  }

  /** @returns undefined when {@link verify} would not take it, whoever shows it */
  async holding(id: string): Promise<KeyRecord | undefined> {
    const row = await this.#active(id)
    return row && holds(recordOf(row), this.#now()) ? recordOf(row) : undefined
  }

  checkSigned(caller: Pick<KeyRecord, 'id'>, headers: HeadersLike): MaybePromise<void> {
    return this.#signatures.check(caller.id, this.#signingSecret(caller), headers)
  }

  async isActive(tenant: string, sql: Sql = this.#sql): Promise<boolean> {
    const rows = await sql.all(`SELECT slug FROM tenants WHERE slug = $1 AND status = 'active'`, [tenant])
    return rows.length > 0
  }

  /** By their ids. */
  async list({ tenant, user, after = '', limit }: KeyQuery = {}): Promise<Page<KeyRecord>> {
    const size = pageSize(limit)
    const { text, params } = equalTo({ tenant: tenant || undefined, user_id: user || undefined }, 3)
    const rows = await this.#sql.all<KeyRow>(`SELECT * FROM keys WHERE id > $1${text} ORDER BY id LIMIT $2`, [
      after,
      size + 1,
      ...params,
    ])
    return pageOf(rows.map(recordOf), size, ({ id }) => id)
  }

  /**
   * At once here, within 5 seconds in other replicas, and for good.
   *
   * @param sql of a transaction under way; {@link forget} the tenant's keys after its end
   * @throws LeashError `not_found`
   */
  async revoke(id: string, sql: Sql = this.#sql): Promise<KeyRecord> {
    const [row] = await sql.all<KeyRow>('UPDATE keys SET revoked_at = COALESCE(revoked_at, $2) WHERE id = $1 RETURNING *', [
      id,
      this.#now(),
    ])
    if (!row) throw noKey()
    this.#drop((record) => record.id === id)
    return recordOf(row)
  }

  /**
   * Makes a key that is the same in everything but its secret and its id. The old one goes on for a time.
   *
   * @param sql as for {@link revoke}
   * @throws LeashError `not_found`; `invalid_request` when the key no longer holds, or has been rotated before
   */
  async rotate(id: string, { overlapMs = dayMs, sql = this.#sql }: RotateOptions = {}): Promise<MadeKey> {
    if (!Number.isSafeInteger(overlapMs) || overlapMs < 0) throw wrong('overlapMs', 'is a whole number of milliseconds from 0 on')
    const made = await sql.transaction(async (sql) => {
      // Written before it is read: so that two who rotate the same key come one after the other.
      const [row] = await sql.all<KeyRow>('UPDATE keys SET name = name WHERE id = $1 RETURNING *', [id])
      if (!row) throw noKey()
      const old = recordOf(row)
      const now = this.#now()
      if (!holds(old, now)) throw wrong('id', 'is that of a key which is expired or revoked: make a new one', 409)
      if (old.rotatedTo !== undefined) throw wrong('id', 'is that of a key which was rotated already', 409)
      const made = await this.#add(sql, old)
      const until = Math.min(old.expiresAt ?? Number.MAX_SAFE_INTEGER, now + overlapMs)
      await sql.run('UPDATE keys SET rotated_to = $2, expires_at = $3 WHERE id = $1', [id, made.record.id, until])
      return made
    })
    this.#drop((record) => record.id === id)
    return made
  }

  /** Asks the database again for the keys of a tenant that has changed, or a user of it. */
  forget(tenant: string): void {
    this.heard(tenant)
    this.#told(tenant)
  }

  /** Another relay has forgotten them. @param tenant absent: any of them may have changed */
  heard(tenant?: string): void {
    this.#drop((record) => tenant === undefined || record.tenant === tenant)
  }

  /** Waits for what is being written. */
  async close(): Promise<void> {
    await Promise.all(this.#writing)
  }

  #drop(gone: (record: KeyRecord) => boolean): void {
    this.#changes++
    // It was right of late, until somebody asks: others at its address are not to keep it from being looked at.
    for (const [name, { record }] of [...this.#verified.entries()])
      if (gone(record)) this.#verified.set(name, { record, at: Number.NEGATIVE_INFINITY })
  }

  async #add(
    sql: Sql,
    { tenant, user, name = '', role, scopes = usualScopes(role), signed = false, certificate, expiresAt }: NewKey,
  ): Promise<MadeKey> {
    if (!(await this.isActive(tenant, sql)))
      throw new LeashError('not_found', 'A key needs a tenant that is active. Make the tenant first.', { param: 'tenant' })
    const secret = newSecret()
    for (let tries = 0; tries < mostTries; tries++) {
      const id = newId()
      const [row] = await sql.all<KeyRow>(
        `INSERT INTO keys (id, prefix, digest, tenant, user_id, name, scopes, role, signed, certificate, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING RETURNING *`,
        [
          id,
          prefixOf(id),
          this.#digest(secret).toString('base64url'),
          tenant,
          user ?? null,
          name,
          scopes.join(' '),
          role ?? null,
          signed ? 1 : 0,
          certificate === undefined ? null : (fingerprintOf(certificate) ?? ''),
          this.#now(),
          expiresAt ?? null,
        ],
      )
      if (row) {
        const record = recordOf(row)
        return { key: writeKey({ id, secret }), ...(signed && { signingSecret: this.#signingSecret(record) }), record }
      }
    }
    throw new LeashError('overloaded', 'No id was free for the key. Try again.', { retryable: true })
  }

  async #lookUp(id: string, secret: string, name: string): Promise<KeyRecord | undefined> {
    const changes = this.#changes
    const row = await this.#active(id)
    // Of an unknown key as much is counted as of a known one.
    const digest = this.#digest(secret)
    const same = timingSafeEqual(digest, row ? Buffer.from(row.digest, 'base64url') : Buffer.alloc(digest.length))
    const now = this.#now()
    if (!row || !same || !holds(recordOf(row), now)) {
      this.#verified.delete(name)
      return undefined
    }
    const record = recordOf(row)
    if (changes === this.#changes) this.#verified.set(name, { record, at: now })
    return this.#use(record, now)
  }

  /** Of a tenant and a user that are not out of use. */
  async #active(id: string): Promise<KeyRow | undefined> {
    const [row] = await this.#sql.all<KeyRow>(
      `SELECT keys.* FROM keys JOIN tenants ON tenants.slug = keys.tenant
       LEFT JOIN users ON users.tenant = keys.tenant AND users.id = keys.user_id
       WHERE keys.id = $1 AND tenants.status = 'active' AND COALESCE(users.status, 'active') = 'active'`,
      [id],
    )
    return row
  }

  /** It follows from the pepper and the id, and so is kept nowhere. */
  #signingSecret({ id }: Pick<KeyRecord, 'id'>): string {
    return createHmac('sha256', this.#pepper).update(`request signing ${id}`).digest('base64url')
  }

  #digest(secret: string): Buffer {
    return createHmac('sha256', this.#pepper).update(secret).digest()
  }

  #use(record: KeyRecord, now: number): KeyRecord {
    const { id, lastUsedAt = Number.NEGATIVE_INFINITY } = record
    if (now - Math.max(this.#used.get(id) ?? lastUsedAt, lastUsedAt) < usedMs) return record
    this.#used.set(id, now)
    const writing: Promise<unknown> = this.#sql
      .run('UPDATE keys SET last_used_at = $2 WHERE id = $1', [id, now])
      .catch(this.#onError)
      .finally(() => this.#writing.delete(writing))
    this.#writing.add(writing)
    return record
  }
}

const nameOf = (presented: string): string => hash('sha256', presented, 'base64url')

export const noKey = (): LeashError => new LeashError('not_found', 'There is no key of this id.')
