/** Which policy holds for whom: versions that are only ever added, the newest of which is in force. */
import { LeashError } from '../core/errors.js'
import { parseJson } from '../core/json.js'
import { Recent } from '../core/recent.js'
import { checkPolicy, type Policy } from '../policy.js'
import type { Sql } from './store/sql.js'

export interface PolicyVersion {
  readonly tenant: string
  /** 1 and up; 0 is the relay's own default, for tenants that have none. */
  readonly version: number
  readonly policy: Policy
  /** Milliseconds since 1970. */
  readonly at: number
  /** Who wrote it. */
  readonly actor: string
}

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
  readonly now?: () => number
}

/** Another relay may have written a policy: the database is asked again after so many milliseconds. */
export const lookMs = 5000

/** Tenants whose policy is at hand. */
const mostKnown = 10_000

/** A policy is small: what is larger is a mistake, and every client would load it. */
const mostCharacters = 256 * 1024

export class Policies {
  readonly #sql: Sql
  readonly #now: () => number
  #usual: Policy
  #known = new Recent<string, { readonly found: PolicyVersion; readonly until: number }>(mostKnown)
  /** What was read before a policy was written is not to be kept after it. */
  #changes = 0
  readonly #waiting = new Map<string, Set<() => void>>()

  /** @throws LeashError `invalid_config` when the default policy is none */
  constructor({ sql, usual, now = Date.now }: PoliciesDeps) {
    this.#sql = sql
    this.#now = now
    this.#usual = checkPolicy(usual)
  }

  /** Puts another default in force, for everybody at once. @throws LeashError `invalid_config` */
  use(usual: Policy): void {
    this.#usual = checkPolicy(usual)
    this.#changes++
    this.#known = new Recent(mostKnown)
    for (const waiting of [...this.#waiting.values()]) for (const wake of [...waiting]) wake()
  }

  async inForce(tenant: string): Promise<PolicyVersion> {
    const known = this.#known.get(tenant)
    const now = this.#now()
    if (known && known.until > now) return known.found
    const changes = this.#changes
    const [row] = await this.#sql.all<Row>(
      'SELECT tenant, version, policy, at, actor FROM policies WHERE tenant = $1 ORDER BY version DESC LIMIT 1',
      [tenant],
    )
    // The very same object as before, for who remembers something of it.
    const same = known && (row?.version ?? 0) === known.found.version ? known.found : undefined
    const found = same ?? (row ? versionOf(row) : { tenant, version: 0, policy: this.#usual, at: 0, actor: 'default' })
    if (changes === this.#changes) this.#known.set(tenant, { found, until: now + lookMs })
    return found
  }

  /**
   * @param dry says what is wrong with it, and leaves everything as it is
   * @throws LeashError `invalid_config` that names what is wrong in it
   */
  async set(tenant: string, policy: unknown, actor: string, dry = false): Promise<PolicyVersion> {
    const checked = checkPolicy(policy)
    const text = JSON.stringify(checked)
    if (text.length > mostCharacters)
      throw new LeashError('invalid_config', `The policy has ${text.length} characters; it may have ${mostCharacters}.`)
    const { version, at } = await this.inForce(tenant)
    // A client takes nothing that is older than what it has, whatever the clocks of two relays say.
    const next = { tenant, version: version + 1, policy: checked, at: Math.max(this.#now(), at), actor }
    if (dry) return next
    const added = await this.#sql.run(
      'INSERT INTO policies (tenant, version, policy, at, actor) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING',
      [tenant, next.version, text, next.at, actor],
    )
    this.#changes++
    this.#known.delete(tenant)
    if (added === 0)
      throw new LeashError('invalid_request', 'Somebody else has just changed this policy. Read it again.', { status: 409 })
    for (const wake of this.#waiting.get(tenant) ?? []) wake()
    return next
  }

  /** Newest first. */
  async history(tenant: string, limit = 100): Promise<PolicyVersion[]> {
    const rows = await this.#sql.all<Row>(
      'SELECT tenant, version, policy, at, actor FROM policies WHERE tenant = $1 ORDER BY version DESC LIMIT $2',
      [tenant, limit],
    )
    return rows.map(versionOf)
  }

  /** Puts an older version in force again, as a new one. @throws LeashError `not_found` */
  async rollback(tenant: string, version: number, actor: string): Promise<PolicyVersion> {
    const [row] = await this.#sql.all<Row>(
      'SELECT tenant, version, policy, at, actor FROM policies WHERE tenant = $1 AND version = $2',
      [tenant, version],
    )
    if (!row) throw new LeashError('not_found', `The tenant has no version ${version} of its policy.`)
    return this.set(tenant, versionOf(row).policy, actor)
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

function versionOf({ policy, ...row }: Row): PolicyVersion {
  return { ...row, policy: checkPolicy(parseJson(policy)) }
}
