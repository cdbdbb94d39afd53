import { hash } from 'node:crypto'
import type { CallOptions } from '../../core/call.js'
import type { Identity } from '../../engine.js'
import type { Caller } from '../people/caller.js'

/** Whose a call is, whatever it says of itself. */
export function identityOf({ tenant, user, id }: Pick<Caller, 'tenant' | 'user' | 'id'>): Identity {
  return { tenant, key: id, ...(user !== undefined && { user }) }
}

/**
 * Names that a caller has chosen are its own. Another's conversation of the same name would bring back what was redacted there, and
 * a vendor, which knows us all by one key, would answer one tenant with what it has told another.
 */
export function namesOf({ tenant, user, id }: Pick<Caller, 'tenant' | 'user' | 'id'>, options: CallOptions): CallOptions {
  const { conversation, idempotencyKey } = options
  const own = (name: string) => hash('sha256', JSON.stringify([tenant, user ?? id, name]), 'base64url')
  return {
    ...options,
    ...(conversation !== undefined && { conversation: own(conversation) }),
    ...(idempotencyKey !== undefined && { idempotencyKey: own(idempotencyKey) }),
  }
}
