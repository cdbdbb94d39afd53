import type { Identity } from '../../engine.js'
import type { Caller } from '../caller.js'

/** Whose a call is, whatever it says of itself. */
export function identityOf({ tenant, user, id }: Pick<Caller, 'tenant' | 'user' | 'id'>): Identity {
  return { tenant, key: id, ...(user !== undefined && { user }) }
}
