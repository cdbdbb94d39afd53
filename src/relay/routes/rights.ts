/**
 * Which right each route of the administration asks for. What is not in the table is for the relay's administrators alone, so
 * that a route that is new opens nothing to anybody by itself.
 */
import type { MiddlewareHandler } from 'hono'
import { matchedRoutes } from 'hono/route'
import { LeashError } from '../../core/errors.js'
import { type Caller, type Callers, callerOf, isAdministrator } from '../people/caller.js'
import { extentOf, type Right } from '../people/roles.js'
import type { AdminEnv, Reach } from './admin-env.js'

/** Below `/v1/admin`. `anyone`: every role, and nothing of the tenant is shown. */
export const rights: Readonly<Record<string, Right | 'anyone'>> = {
  'GET /me': 'anyone',
  'GET /tenants/:slug': 'tenant:read',
  'PATCH /tenants/:slug': 'tenant:write',
  'GET /tenants/:slug/policy': 'policy:read',
  'PUT /tenants/:slug/policy': 'policy:write',
  'GET /tenants/:slug/policy/history': 'policy:read',
  'POST /tenants/:slug/policy/rollback': 'policy:write',
  'GET /tenants/:slug/policies/diff': 'policy:read',
  'GET /keys/:id/policy': 'policy:read',
  'PUT /keys/:id/policy': 'policy:write',
  'GET /keys/:id/policy/history': 'policy:read',
  'POST /keys/:id/policy/rollback': 'policy:write',
  'GET /keys/:id/policies/diff': 'policy:read',
  'GET /tenants/:slug/users': 'users:read',
  'POST /tenants/:slug/users': 'users:write',
  'GET /tenants/:slug/users/:user': 'users:read',
  'PATCH /tenants/:slug/users/:user': 'users:write',
  'DELETE /tenants/:slug/users/:user': 'users:write',
  'PUT /tenants/:slug/users/:user/password': 'users:password',
  'GET /tenants/:slug/vendor-keys': 'vendor-keys:read',
  'PUT /tenants/:slug/vendor-keys/:provider': 'vendor-keys:write',
  'DELETE /tenants/:slug/vendor-keys/:provider': 'vendor-keys:write',
  'GET /keys': 'keys:read',
  'POST /keys': 'keys:write',
  'POST /keys/:id/revoke': 'keys:write',
  'POST /keys/:id/rotate': 'keys:write',
  'GET /clients': 'keys:read',
  'GET /overview': 'usage:read',
  'GET /usage': 'usage:read',
  'GET /tenants/:slug/statements': 'usage:read',
  'GET /tenants/:slug/statements/:month': 'usage:read',
  'GET /calls': 'usage:read',
  'GET /latency': 'usage:read',
  'GET /health': 'usage:read',
  'GET /audit': 'audit:read',
}

const base = '/v1/admin'

/** Lets nobody by who may not ask for this route, or asks for another tenant than his own. */
export function guard(callers: Callers): MiddlewareHandler<AdminEnv> {
  return async (c, next) => {
    const caller = await callerOf(callers, c.req.raw.headers)
    // Whoever answers: the first that is no middleware, such as this one. Patterns of other routes may match too.
    const found = matchedRoutes(c).find(({ method, path }) => method !== 'ALL' && path.startsWith(`${base}/`))
    const route = found?.path.slice(base.length) ?? ''
    const method = c.req.method === 'HEAD' ? 'GET' : c.req.method
    const asked = `${method} ${route}`
    const whose = { ...c.req.query(), ...named(route, c.req.path.slice(base.length)) }
    const reach = told(
      () => within(reachOf(caller, rights[asked]), whose),
      () => callers.outside?.(caller, asked),
    )
    c.set('caller', caller)
    c.set('actor', caller.id)
    c.set('tenant', caller.tenant)
    c.set('reach', reach)
    await next()
  }
}

function told<T>(look: () => T, refused: () => void): T {
  try {
    return look()
  } catch (error) {
    refused()
    throw error
  }
}

/** @throws LeashError `permission_denied` */
function reachOf(caller: Caller, right: Right | 'anyone' | undefined): Reach {
  if (isAdministrator(caller)) return {}
  const { role, tenant, user } = caller
  if (role === undefined) throw notAdministrative()
  if (right === 'anyone') return { tenant }
  const extent = right && extentOf(role, right)
  if (right === undefined) throw new LeashError('permission_denied', "This is for the relay's administrators.")
  if (extent === undefined)
    throw new LeashError('permission_denied', `This is not for the role \`${role}\`: it lacks \`${right}\`.`)
  if (extent === 'all') return { tenant }
  if (user === undefined)
    throw new LeashError('permission_denied', 'This key belongs to no user, so it has nothing of its own to show or change.')
  return { tenant, user }
}

/** What the address says of whom it asks about. */
function named(route: string, path: string): { readonly tenant?: string; readonly user?: string } {
  const given = path.split('/').map(decoded)
  const places = route.split('/')
  const at = (name: string) => given[places.indexOf(name)]
  return {
    ...(places.includes(':slug') && { tenant: at(':slug') ?? '' }),
    ...(places.includes(':user') && { user: at(':user') ?? '' }),
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw new LeashError('invalid_request', 'The address cannot be read.')
  }
}

/** @throws LeashError `permission_denied`, whether there is such a tenant or not */
export function within(reach: Reach, { tenant, user }: { readonly tenant?: string; readonly user?: string }): Reach {
  if (reach.tenant !== undefined && tenant !== undefined && tenant !== reach.tenant)
    throw new LeashError('permission_denied', 'This key may only be used for its own tenant.')
  if (reach.user !== undefined && user !== undefined && user !== reach.user)
    throw new LeashError('permission_denied', 'This key may only show and change what belongs to its own user.')
  return reach
}

export const notAdministrative = (): LeashError =>
  new LeashError('permission_denied', 'This key may not administer the relay: it lacks the scope `admin` or a role.')
