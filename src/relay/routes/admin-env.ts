/** What the routes of the administration have in common. */
import type { Context } from 'hono'
import { LeashError } from '../../core/errors.js'
import { asObject } from '../../core/json.js'
import { jsonOf } from '../http/body.js'
import { type Caller, isAdministrator } from '../people/caller.js'
import { mayGrant, type Role } from '../people/roles.js'
import { mostBytes } from './context.js'

/** Whose things a caller may see and change: those of everybody, of a tenant, or of one user. */
export interface Reach {
  readonly tenant?: string
  readonly user?: string
}

/** Who asks: the id of his key, and whose it is. */
export type AdminEnv = { Variables: { caller: Caller; actor: string; tenant: string; reach: Reach } }

export async function bodyOf(c: Context<AdminEnv>): Promise<Record<string, unknown>> {
  return asObject(await jsonOf(c.req.raw, mostBytes))
}

export function limitOf(c: Context<AdminEnv>): { limit?: number } {
  const limit = Number(c.req.query('limit') ?? Number.NaN)
  return Number.isInteger(limit) && limit > 0 ? { limit: Math.min(limit, 1000) } : {}
}

/** So that there is always an administrator left. @throws LeashError 409 */
export function notOneself(acted: string, own: string): void {
  if (acted !== own) return
  throw new LeashError('invalid_request', 'That would lock you out. Do it with the key of another administrator.', {
    status: 409,
  })
}

/** Nobody gives what he has not, or changes who has more than he. @throws LeashError `permission_denied` */
export function mayGive(caller: Caller, ...given: readonly (Role | undefined)[]): void {
  if (isAdministrator(caller)) return
  const { role } = caller
  if (given.every((one) => one === undefined || (role !== undefined && mayGrant(role, one)))) return
  throw new LeashError('permission_denied', 'You cannot give a role, or change somebody of a role, that is above your own.')
}
