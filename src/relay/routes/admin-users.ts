/** The people of a tenant. */
import { Hono } from 'hono'
import { LeashError } from '../../core/errors.js'
import type { Members } from '../../core/json.js'
import { audited } from '../audit/audited.js'
import { roles } from '../people/roles.js'
import { givenStatuses } from '../people/status.js'
import { Users } from '../people/users.js'
import { type AdminEnv, activeTenantOf, bodyOf, mayGive, notOneself, pageOf, tenantOf } from './admin-env.js'
import type { RelayContext } from './context.js'
import { oneOf, only, required, text } from './fields.js'

const all = '/:slug/users'
const one = '/:slug/users/:user'

/** Below `/tenants`. */
export function adminUsers(context: RelayContext): Hono<AdminEnv> {
  const { users, keys, audit } = context
  const app = new Hono<AdminEnv>()
  const existing = async (slug: string, id: string) => {
    const user = await users.get(slug, id)
    if (!user) throw new LeashError('not_found', 'The tenant has no user of this id.')
    return user
  }

  app.get(all, async (c) => {
    const { slug } = await tenantOf(context, c.req.param('slug'))
    return c.json(await users.list(slug, pageOf(c), c.get('reach').user))
  })
  app.post(all, async (c) => {
    const tenant = c.req.param('slug')
    const wanted = newUser(await bodyOf(c))
    mayGive(c.get('caller'), wanted.role ?? 'member')
    await activeTenantOf(context, tenant)
    const user = await audited(
      context,
      (sql) => new Users({ sql }).create({ ...wanted, tenant }),
      ({ id, role }) => ({ actor: c.get('actor'), action: 'user.create', tenant, target: id, detail: { role } }),
    )
    return c.json(user, 201)
  })
  app.get(one, async (c) => c.json(await existing(c.req.param('slug'), c.req.param('user'))))
  app.patch(one, async (c) => {
    const { slug, user: id } = c.req.param()
    const changes = changesOf(await bodyOf(c))
    const before = await existing(slug, id)
    mayGive(c.get('caller'), before.role, changes.role)
    if (changes.status === 'suspended' || changes.role !== undefined) notOneself(nameOf(slug, id), own(c.get('caller')))
    const user = await audited(
      context,
      (sql) => new Users({ sql }).update(slug, id, changes),
      ({ role, status }) => ({
        actor: c.get('actor'),
        action: 'user.update',
        tenant: slug,
        target: id,
        detail: { role, status },
      }),
    )
    keys.forget(slug)
    return c.json(user)
  })
  app.delete(one, async (c) => {
    const { slug, user: id } = c.req.param()
    mayGive(c.get('caller'), (await existing(slug, id)).role)
    notOneself(nameOf(slug, id), own(c.get('caller')))
    await audited(
      context,
      (sql) => new Users({ sql }).delete(slug, id),
      () => ({ actor: c.get('actor'), action: 'user.delete', tenant: slug, target: id }),
    )
    keys.forget(slug)
    return c.body(null, 204)
  })
  app.put(`${one}/password`, async (c) => {
    const { slug, user: id } = c.req.param()
    const body = await bodyOf(c)
    only(body, ['password'])
    const password = required(body, 'password')
    const { role } = await existing(slug, id)
    // A key that is said to be of somebody higher, and has a lower role, is not him.
    const isSelf = nameOf(slug, id) === own(c.get('caller')) && role === c.get('caller').role
    if (!isSelf) mayGive(c.get('caller'), role)
    const line = { actor: c.get('actor'), action: 'user.password', tenant: slug, target: id }
    await users.setPassword(slug, id, password, (sql) => audit.append(line, sql))
    return c.body(null, 204)
  })

  return app
}

/** No tenant has a blank in its name. */
const nameOf = (tenant: string, id: string) => `${tenant} ${id}`
const own = ({ tenant, user = '' }: { readonly tenant: string; readonly user?: string }) => nameOf(tenant, user)

function newUser(body: Members) {
  only(body, ['id', 'email', 'name', 'role'])
  return { email: required(body, 'email'), ...text(body, 'id'), ...text(body, 'name'), ...oneOf(body, 'role', roles) }
}

function changesOf(body: Members) {
  only(body, ['email', 'name', 'role', 'status'])
  return {
    ...text(body, 'email'),
    ...text(body, 'name'),
    ...oneOf(body, 'role', roles),
    ...oneOf(body, 'status', givenStatuses),
  }
}
