/** So that the first call can be made before anybody has read how tenants are made. */
import { isLeashError } from '../core/errors.js'
import type { Audit } from './audit/audit.js'
import type { Keys } from './keys/keys.js'
import { Tenants } from './people/tenants.js'
import type { Sql } from './store/sql.js'

export interface FirstKeys {
  readonly admin: string
  readonly call: string
}

/** The tenant that is there from the first start on. Later it may be out of use. */
const firstTenant = 'default'
const usedTenant = `SELECT slug FROM tenants WHERE status = 'active' ORDER BY slug <> $1, created_at LIMIT 1`

/** Revoked ones are among them: whoever has gone over to an identity provider is made none. */
const anyAdministrator = `SELECT id FROM keys WHERE scopes LIKE '%admin%' LIMIT 1`

/**
 * Makes the first tenant and two keys, once, however many relays of one database are started. Who has lost the administrator's key
 * comes in again so, when he takes it out of the database.
 */
export async function firstStart(sql: Sql, keys: Keys, audit: Audit): Promise<FirstKeys | undefined> {
  if ((await sql.all(anyAdministrator)).length > 0) return undefined
  return sql.transaction(async (sql) => {
    // Whoever comes second waits here until the first is done.
    await new Tenants({ sql }).create({ slug: firstTenant, name: 'Default' }).catch(unlessTaken)
    if ((await sql.all(anyAdministrator)).length > 0) return undefined
    const [used] = await sql.all<{ slug: string }>(usedTenant, [firstTenant])
    const { slug: tenant } = used ?? (await new Tenants({ sql }).create({ slug: `${firstTenant}-${Date.now()}` }))
    const admin = await keys.create({ tenant, name: 'first administrator', scopes: ['admin'] }, sql)
    const call = await keys.create({ tenant, name: 'first key' }, sql)
    await audit.append({ actor: 'relay', action: 'relay.first_start', tenant }, sql)
    return { admin: admin.key, call: call.key }
  })
}

function unlessTaken(error: unknown): void {
  if (!isLeashError(error) || error.status !== 409) throw error
}
