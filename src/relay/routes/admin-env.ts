/** What the routes of the administration have in common. */
import type { Context } from 'hono'
import { LeashError } from '../../core/errors.js'
import { isObject } from '../../core/json.js'
import { jsonOf } from '../http/body.js'
import { type Caller, isAdministrator } from '../people/caller.js'
import { mayGrant, type Role } from '../people/roles.js'
import type { Tenant } from '../people/tenants.js'
import { mostBytes, type RelayContext } from './context.js'
import { queryIn } from './fields.js'

/** Whose things a caller may see and change: those of everybody, of a tenant, or of one user. */
export interface Reach {
  readonly tenant?: string
  readonly user?: string
}

/** Who asks: the id of his key, and whose it is. */
export type AdminEnv = { Variables: { caller: Caller; actor: string; tenant: string; reach: Reach } }

/** @throws LeashError `invalid_request` for what is no object: an empty file is not to be taken for an empty policy */
export async function bodyOf(c: Context<AdminEnv>): Promise<Record<string, unknown>> {
  const body = await jsonOf(c.req.raw, mostBytes)
  if (isObject(body)) return body
  throw new LeashError('invalid_request', 'The body is an object, such as `{}`.')
}

/** Also one that is deleted, for its books. @throws LeashError `not_found` */
export async function tenantOf({ tenants }: Pick<RelayContext, 'tenants'>, slug: string): Promise<Tenant> {
  const tenant = await tenants.get(slug)
  if (tenant) return tenant
  throw noTenant()
}

/** @throws LeashError `not_found` */
export async function activeTenantOf(context: Pick<RelayContext, 'tenants'>, slug: string): Promise<Tenant> {
  const tenant = await tenantOf(context, slug)
  if (tenant.status === 'active') return tenant
  throw noTenant()
}

const noTenant = () => new LeashError('not_found', 'There is no such tenant.')

/** Whether it is only to be said what would come of it. By either name: who writes the wrong one means no change. */
export function isDry(c: Context<AdminEnv>): boolean {
  const asked = c.req.query('dry_run') ?? c.req.query('dryRun')
  return asked !== undefined && asked !== '0' && asked !== 'false'
}

/** @throws LeashError `invalid_request` */
export function limitOf(c: Context<AdminEnv>): { limit?: number } {
  const given = c.req.query('limit')
  if (given === undefined) return {}
  const limit = Number(given)
  if (Number.isInteger(limit) && limit > 0) return { limit: Math.min(limit, 1000) }
  throw new LeashError('invalid_request', '`limit` is a whole number from 1 on.', { param: 'limit' })
}

/** The page of a list that is asked for, and by what it is filtered. @throws LeashError `invalid_request` */
export function pageOf<N extends string>(
  c: Context<AdminEnv>,
  ...filters: readonly N[]
): { readonly limit?: number } & { readonly [name in N | 'after']?: string } {
  const { limit: _, ...filtered } = queryIn(c.req.query(), ['limit', 'after', ...filters])
  return { ...filtered, ...limitOf(c) }
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
