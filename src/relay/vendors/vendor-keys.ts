/**
 * Keys at vendors that a tenant has brought. Each tenant's are sealed by a data key of its own, and that by the master key, so that
 * another master key means one small row of each tenant to be written anew.
 */
import { randomBytes } from 'node:crypto'
import { LeashError } from '../../core/errors.js'
import { Lazy } from '../../core/lazy.js'
import { Recent } from '../../core/recent.js'
import type { MaybePromise } from '../../core/store.js'
import { isFresh } from '../is-fresh.js'
import { lookMs } from '../policy/policies.js'
import type { Also, Sql } from '../store/sql.js'
import { keyBytes, open, seal } from './envelope.js'
import { type MasterKeySource, MasterKeys, type Wrapped } from './master-key.js'

/** What anybody is shown of one. */
export interface VendorKey {
  readonly provider: string
  /** The last characters of it. */
  readonly last4: string
  /** Who brought it: the id of a key. */
  readonly actor: string
  /** Milliseconds since 1970. */
  readonly updatedAt: number
}

/** Keys by the names of providers. It stays the very same object until they change. */
export type KeysByProvider = Readonly<Record<string, string>>

export interface VendorKeysDeps {
  readonly sql: Sql
  /** Read, or made, when the first key is to be sealed or opened. */
  readonly master: MasterKeySource
  readonly now?: () => number
}

interface Row {
  readonly provider: string
  readonly sealed: string
  readonly last4: string
  readonly actor: string
  readonly updated_at: number
}

interface Known {
  readonly found: KeysByProvider
  /** Of the rows that they were opened from. */
  readonly stamp: string
  /** When they were read. */
  readonly at: number
}

const none: KeysByProvider = {}

/** Tenants whose keys are at hand. */
const mostKnown = 10_000

/** A key shorter than that would be half shown by its end. */
const leastCharacters = 16
const mostCharacters = 4096

export class VendorKeys {
  readonly #sql: Sql
  readonly #now: () => number
  readonly #masters: Lazy<MasterKeys>
  /** What is given can be wrong; what is made when it is needed cannot. */
  readonly #isGiven: boolean
  readonly #known = new Recent<string, Known>(mostKnown)
  /** What was read before a key was changed is not to be kept after it. */
  #changes = 0

  constructor({ sql, master, now = Date.now }: VendorKeysDeps) {
    this.#sql = sql
    this.#now = now
    this.#masters = new Lazy(() => MasterKeys.open(master))
    this.#isGiven = 'secret' in master
  }

  async list(tenant: string): Promise<VendorKey[]> {
    const rows = await this.#rows(tenant)
    return rows.map(({ provider, last4, actor, updated_at: updatedAt }) => ({ provider, last4, actor, updatedAt }))
  }

  /** In the place of one that was there. @throws LeashError `invalid_request` */
  async set(tenant: string, provider: string, key: string, actor: string, also: Also = async () => {}): Promise<VendorKey> {
    if (!/^[\x21-\x7e]+$/.test(key) || key.length < leastCharacters || key.length > mostCharacters)
      throw new LeashError(
        'invalid_request',
        `The \`key\` of a vendor has ${leastCharacters} characters or more, and no blank.`,
        {
          param: 'key',
        },
      )
    const masters = await this.#masters.get()
    const last4 = key.slice(-4)
    const now = this.#now()
    await this.#sql.transaction(async (sql) => {
      const sealed = seal(await this.#dataKey(sql, masters, tenant), Buffer.from(key), boundTo(tenant, provider))
      await sql.run(
        `INSERT INTO vendor_keys (tenant, provider, sealed, last4, actor, updated_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (tenant, provider) DO UPDATE SET sealed = $3, last4 = $4, actor = $5, updated_at = $6`,
        [tenant, provider, sealed, last4, actor, now],
      )
      await also(sql)
    })
    this.#forget(tenant)
    return { provider, last4, actor, updatedAt: now }
  }

  /** @throws LeashError `not_found` */
  async delete(tenant: string, provider: string, also: Also = async () => {}): Promise<void> {
    await this.#sql.transaction(async (sql) => {
      const changed = await sql.run('DELETE FROM vendor_keys WHERE tenant = $1 AND provider = $2', [tenant, provider])
      if (changed === 0) throw new LeashError('not_found', 'The tenant has no key of its own for this provider.')
      await also(sql)
    })
    this.#forget(tenant)
  }

  /** What its calls are made with. What another relay has changed is seen when this one looks. @throws LeashError `overloaded` when they cannot be opened */
  of(tenant: string): MaybePromise<KeysByProvider> {
    const known = this.#known.get(tenant)
    return known && isFresh(known.at, this.#now(), lookMs) ? known.found : this.#look(tenant, known)
  }

  /** Wraps what an earlier master key has wrapped by the one in use. @returns how many tenants' keys that were */
  async rewrap(): Promise<number> {
    const [{ some } = { some: 0 }] = await this.#sql.all<{ some: number }>('SELECT COUNT(*) AS some FROM data_keys')
    if (Number(some) === 0 && !this.#isGiven) return 0
    const masters = await this.#masters.get()
    const rows = await this.#sql.all<Wrapped & { readonly tenant: string }>('SELECT * FROM data_keys WHERE master <> $1', [
      masters.id,
    ])
    let count = 0
    for (const { tenant, ...row } of rows) {
      const next = masters.wrap(masters.unwrap(row, dataKeyOf(tenant)), dataKeyOf(tenant))
      count += await this.#sql.run('UPDATE data_keys SET wrapped = $2, master = $3 WHERE tenant = $1 AND master = $4', [
        tenant,
        next.wrapped,
        next.master,
        row.master,
      ])
    }
    return count
  }

  #rows(tenant: string): Promise<Row[]> {
    return this.#sql.all<Row>('SELECT * FROM vendor_keys WHERE tenant = $1 ORDER BY provider', [tenant])
  }

  #forget(tenant: string): void {
    this.#changes++
    this.#known.delete(tenant)
  }

  async #look(tenant: string, known: Known | undefined): Promise<KeysByProvider> {
    const changes = this.#changes
    const rows = await this.#rows(tenant)
    const stamp = rows.map(({ provider, sealed }) => `${provider} ${sealed}`).join('\n')
    const found = known?.stamp === stamp ? known.found : rows.length === 0 ? none : await this.#open(tenant, rows)
    if (changes === this.#changes) this.#known.set(tenant, { found, stamp, at: this.#now() })
    return found
  }

  async #open(tenant: string, rows: readonly Row[]): Promise<KeysByProvider> {
    const key = await this.#dataKey(this.#sql, await this.#masters.get(), tenant)
    return Object.fromEntries(
      rows.map(({ provider, sealed }) => {
        const opened = open(key, sealed, boundTo(tenant, provider))
        if (opened) return [provider, opened.toString()]
        throw new LeashError('overloaded', `The tenant's key for "${provider}" cannot be opened. Set it again.`)
      }),
    )
  }

  async #dataKey(sql: Sql, masters: MasterKeys, tenant: string): Promise<Buffer> {
    const fresh = masters.wrap(randomBytes(keyBytes), dataKeyOf(tenant))
    // Of two who come first at the same moment, both go by the one that is there in the end.
    await sql.run('INSERT INTO data_keys (tenant, wrapped, master) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING', [
      tenant,
      fresh.wrapped,
      fresh.master,
    ])
    const [row] = await sql.all<Wrapped>('SELECT wrapped, master FROM data_keys WHERE tenant = $1', [tenant])
    return masters.unwrap(row ?? fresh, dataKeyOf(tenant))
  }
}

const dataKeyOf = (tenant: string): readonly string[] => ['data key', tenant]
const boundTo = (tenant: string, provider: string): readonly string[] => ['vendor key', tenant, provider]
