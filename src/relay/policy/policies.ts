/** Which policy holds for whom: versions that are only ever added, the newest of which is in force. */
import { LeashError } from '../../core/errors.js'
import { parseJson } from '../../core/json.js'
import { Recent } from '../../core/recent.js'
import type { MaybePromise } from '../../core/store.js'
import { checkPolicy, type Policy } from '../../policy.js'
import { checkParts } from '../config/parts.js'
import { isFresh } from '../is-fresh.js'
import { type Page, pageOf, pageSize } from '../page.js'
import { inParts, places, type Sql } from '../store/sql.js'
import { composed } from './key-policy.js'

export interface PolicyVersion {
  /** Whose: a tenant, or a key of it as {@link policyName} writes it. */
  readonly tenant: string
  /** 1 and up; 0 is the relay's own default, for tenants that have none. */
  readonly version: number
  /** Of the policy of the key, which is over the tenant's here. Absent: it has none. */
  readonly keyVersion?: number
  readonly policy: Policy
  /** Milliseconds since 1970. */
  readonly at: number
  /** Who wrote it. */
  readonly actor: string
}

type Also = (sql: Sql, set: PolicyVersion) => Promise<unknown>

interface Row {
  readonly tenant: string
  readonly version: number
  readonly policy: string
  readonly at: number
  readonly actor: string
}

export interface PoliciesDeps {
  readonly sql: Sql
  /** Of tenants that have none of their own. */
  readonly usual: Policy
  /** Told of each that is written, by its tenant or the name of its key. */
  readonly told?: (tenant: string) => void
  readonly now?: () => number
}

/** No tenant has a `/` in its name. @param key its id */
export const policyName = (tenant: string, key: string): string => `${tenant}/${key}`

const tenantOf = (name: string): string => name.split('/', 1)[0] ?? name

/** Told to clients, who hear of it when it is another. */
export const revisionOf = ({ version, keyVersion }: PolicyVersion): string =>
  keyVersion === undefined ? String(version) : `${version}.${keyVersion}`

/** Another relay may have written a policy: the database is asked again after so many milliseconds. */
export const lookMs = 1500

/** Tenants whose policy is at hand. */
const mostKnown = 10_000

/** Whose versions one statement asks for. */
const namesAtOnce = 512

/** A policy is small: what is larger is a mistake, and every client would load it. */
const mostCharacters = 256 * 1024

const versions = 'SELECT tenant, version, policy, at, actor FROM policies WHERE tenant = $1'

export class Policies {
  readonly #sql: Sql
  readonly #told: (tenant: string) => void
  readonly #now: () => number
  #usual: Policy
  #known = new Recent<string, { readonly found: PolicyVersion; readonly at: number }>(mostKnown)
  /** What was read before a policy was written is not to be kept after it. */
  #changes = 0
  readonly #waiting = new Map<string, Set<() => void>>()
  /** What came of a tenant's policy and that of a key, so that it stays the very same object. */
  readonly #composed = new Recent<
    string,
    { readonly base: PolicyVersion; readonly over: PolicyVersion; readonly both: PolicyVersion }
  >(mostKnown)

  /** @throws LeashError `invalid_config` when the default policy is none */
  constructor({ sql, usual, told = () => {}, now = Date.now }: PoliciesDeps) {
    this.#sql = sql
    this.#told = told
    this.#now = now
    this.#usual = checkPolicy(usual)
  }

  /** Puts another default in force, for everybody at once. @throws LeashError `invalid_config` */
  use(usual: Policy): void {
    this.#usual = checkPolicy(usual)
    this.heard()
  }

  /** Of whoever shows a key: what the tenant's says, and over it what the key's own says. At once when both are known. */
  inForceFor({ tenant, id }: { readonly tenant: string; readonly id: string }): MaybePromise<PolicyVersion> {
    const name = policyName(tenant, id)
    const [base, over] = [this.inForce(tenant), this.inForce(name)]
    if (!(base instanceof Promise || over instanceof Promise)) return this.#both(name, id, base, over)
    return Promise.all([base, over]).then(([base, over]) => this.#both(name, id, base, over))
  }

  /** @param tenant or the {@link policyName} of a key, whose default says nothing */
  inForce(tenant: string): MaybePromise<PolicyVersion> {
    const known = this.#known.get(tenant)
    return known && isFresh(known.at, this.#now(), lookMs) ? known.found : this.#read(tenant, known?.found)
  }

  /**
   * Of many at once: the database is asked for their versions together, and only for policies that are not at hand. What has
   * none of its own is not kept at hand, lest it take the place of who calls.
   */
  async inForceOf(names: Iterable<string>): Promise<ReadonlyMap<string, PolicyVersion>> {
    const found = new Map<string, PolicyVersion>()
    for (const some of inParts([...new Set(names)], namesAtOnce)) {
      const rows = await this.#sql.all<{ tenant: string; version: number }>(
        `SELECT tenant, MAX(version) AS version FROM policies WHERE tenant IN ${places(1, some.length)} GROUP BY tenant`,
        some,
      )
      const versions = new Map(rows.map(({ tenant, version }) => [tenant, version]))
      for (const name of some) {
        const version = versions.get(name)
        const known = this.#known.get(name)?.found
        if (version === undefined) found.set(name, this.#default(name))
        else found.set(name, known?.version === version ? known : await this.#read(name, known))
      }
    }
    return found
  }

  #both(name: string, id: string, base: PolicyVersion, over: PolicyVersion): PolicyVersion {
    if (over.version === 0) return base
    const known = this.#composed.get(name)
    if (known?.base === base && known.over === over) return known.both
    const at = Math.max(base.at, over.at)
    const both = { ...base, keyVersion: over.version, policy: composed(base.policy, over.policy, id), at }
    this.#composed.set(name, { base, over, both })
    return both
  }

  async #read(tenant: string, before: PolicyVersion | undefined): Promise<PolicyVersion> {
    const now = this.#now()
    const changes = this.#changes
    const [row] = await this.#sql.all<Row>(`${versions} ORDER BY version DESC LIMIT 1`, [tenant])
    // The very same object as before, for who remembers something of it.
    const same = (row?.version ?? 0) === before?.version ? before : undefined
    const found = same ?? (row ? versionOf(row) : this.#default(tenant))
    if (changes === this.#changes) this.#known.set(tenant, { found, at: now })
    return found
  }

  /**
   * @param dry says what is wrong with it, and leaves everything as it is
   * @param also what is written together with it, or not at all
   * @throws LeashError `invalid_config` that names what is wrong in it
   */
  async set(tenant: string, policy: unknown, actor: string, dry = false, also: Also = async () => {}): Promise<PolicyVersion> {
    const checked = checkPolicy(policy)
    // By it a key's rule stands beside its tenant's, and there is room for one.
    if (checked.access?.also || checked.shadow?.access?.also)
      throw new LeashError('invalid_config', 'The `access` of a policy has no `also`.')
    await checkParts(checked)
    const text = JSON.stringify(checked)
    if (text.length > mostCharacters)
      throw new LeashError('invalid_config', `The policy has ${text.length} characters; it may have ${mostCharacters}.`)
    const { version, at } = await this.inForce(tenant)
    // A client takes nothing that is older than what it has, whatever the clocks of two relays say.
    const next = { tenant, version: version + 1, policy: checked, at: Math.max(this.#now(), at), actor }
    if (dry) return next
    const added = await this.#sql.transaction(async (sql) => {
      const rows = await sql.run(
        'INSERT INTO policies (tenant, version, policy, at, actor) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING',
        [tenant, next.version, text, next.at, actor],
      )
      if (rows > 0) await also(sql, next)
      return rows
    })
    this.heard(tenant)
    if (added === 0)
      throw new LeashError('invalid_request', 'Somebody else has just changed this policy. Read it again.', { status: 409 })
    this.#told(tenant)
    return next
  }

  /** Somebody has written one, or may have: whoever waits for it looks. @param tenant or the name of a key; absent: of anybody */
  heard(tenant?: string): void {
    this.#changes++
    if (tenant === undefined) this.#known = new Recent(mostKnown)
    else this.#known.delete(tenant)
    const waiting = tenant === undefined ? [...this.#waiting.values()] : [this.#waiting.get(tenantOf(tenant)) ?? []]
    for (const all of waiting) for (const wake of [...all]) wake()
  }

  /** Newest first. @param after the version before which the page begins */
  async history(
    tenant: string,
    { after = Number.MAX_SAFE_INTEGER, limit }: { readonly after?: number; readonly limit?: number } = {},
  ): Promise<Page<PolicyVersion>> {
    const size = pageSize(limit)
    const rows = await this.#sql.all<Row>(`${versions} AND version < $2 ORDER BY version DESC LIMIT $3`, [
      tenant,
      after,
      size + 1,
    ])
    return pageOf(rows.map(versionOf), size, ({ version }) => String(version))
  }

  /** Puts an older version in force again, as a new one. @throws LeashError `not_found` */
  async rollback(tenant: string, version: number, actor: string, also?: Also): Promise<PolicyVersion> {
    return this.set(tenant, (await this.version(tenant, version)).policy, actor, false, also)
  }

  /** @param version 0 is the default @throws LeashError `not_found` */
  async version(tenant: string, version: number): Promise<PolicyVersion> {
    if (version === 0) return this.#default(tenant)
    const [row] = await this.#sql.all<Row>(`${versions} AND version = $2`, [tenant, version])
    if (row) return versionOf(row)
    throw new LeashError('not_found', `There is no version ${version} of this policy.`)
  }

  /** What holds for one holds for the other from its beginning. @param sql of a transaction under way */
  async handOn(from: string, to: string, sql: Sql): Promise<void> {
    const [row] = await sql.all<Row>(`${versions} ORDER BY version DESC LIMIT 1`, [from])
    if (!row || row.policy === '{}') return
    await sql.run('INSERT INTO policies (tenant, version, policy, at, actor) VALUES ($1, 1, $2, $3, $4)', [
      to,
      row.policy,
      row.at,
      row.actor,
    ])
  }

  #default(tenant: string): PolicyVersion {
    return { tenant, version: 0, policy: isOfKey(tenant) ? {} : this.#usual, at: 0, actor: 'default' }
  }

  /** Resolves when this relay has written another version, or the signal says that nobody waits any more. */
  changed(tenant: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(tenant) ?? new Set()
      this.#waiting.set(tenant, waiting)
      const done = () => {
        waiting.delete(done)
        if (waiting.size === 0) this.#waiting.delete(tenant)
        signal.removeEventListener('abort', done)
        resolve()
      }
      waiting.add(done)
      signal.addEventListener('abort', done)
      if (signal.aborted) done()
    })
  }
}

/** Of a key it says nothing: its tenant's holds. */
function isOfKey(name: string): boolean {
  return name.includes('/')
}

function versionOf({ policy, ...row }: Row): PolicyVersion {
  return { ...row, policy: checkPolicy(parseJson(policy)) }
}
