/** Who there is, and what proves it. */

import { join } from 'node:path'
import { messageOf } from '../../core/errors.js'
import { readEnv } from '../../providers/env.js'
import type { Audit } from '../audit/audit.js'
import { Decisions } from '../audit/decisions.js'
import type { Keys } from '../keys/keys.js'
import { Clients } from '../policy/clients.js'
import { Signer } from '../policy/signer.js'
import type { Replicas } from '../replicas/replicas.js'
import type { Sql } from '../store/sql.js'
import { VendorKeys } from '../vendors/vendor-keys.js'
import { Attempts } from './attempts.js'
import { type Identified, openIdentities } from './identities.js'
import type { OidcOptions } from './oidc-options.js'
import { Tenants } from './tenants.js'
import { Users } from './users.js'

export interface People extends Identified {
  readonly tenants: Tenants
  readonly users: Users
  readonly signer: Signer
  readonly vendorKeys: VendorKeys
  readonly clients: Clients
  readonly attempts: Attempts
}

export interface PeopleDeps {
  readonly sql: Sql
  readonly keys: Keys
  /** The relay's own. */
  readonly folder: string
  readonly oidc: OidcOptions | undefined
  readonly audit: Audit
  readonly replicas: Pick<Replicas, 'counts'>
  readonly warn: (message: string) => void
}

/** @throws LeashError `invalid_config` */
export function openPeople({ sql, keys, folder, oidc, audit, replicas, warn }: PeopleDeps): People {
  const tenants = new Tenants({ sql })
  const users = new Users({ sql })
  const signer = new Signer(join(folder, 'signing-key.pem'))
  const secret = readEnv('LEASH_RELAY_MASTER_KEY')
  const vendorKeys = new VendorKeys({ sql, master: secret === undefined ? { file: join(folder, 'master-key') } : { secret } })
  const clients = new Clients({ sql, warn })
  const decisions = new Decisions({ audit, warn })
  const { counts } = replicas
  const identities = openIdentities({ tenants, users, signer, keys, oidc, decisions, counts, warn })
  return { tenants, users, signer, vendorKeys, clients, attempts: new Attempts(counts), ...identities }
}

/** A relay that has lost its master key still serves those who have brought no key. */
export async function rewrapKeys(vendorKeys: VendorKeys, audit: Audit, warn: (message: string) => void): Promise<void> {
  try {
    const tenants = await vendorKeys.rewrap()
    if (tenants > 0) await audit.append({ actor: 'relay', action: 'vendor_key.rewrap', detail: { tenants } })
  } catch (error) {
    warn(messageOf(error))
  }
}
