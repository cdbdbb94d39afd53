import type { Identity } from '../../engine.js'
import type { KeyRecord } from '../keys.js'

/** Whose a call is, whatever it says of itself. */
export function identityOf({ tenant, user, id }: Pick<KeyRecord, 'tenant' | 'user' | 'id'>): Identity {
  return { tenant, key: id, ...(user !== undefined && { user }) }
}
