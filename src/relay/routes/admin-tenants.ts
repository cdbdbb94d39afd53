import { Hono } from 'hono'
import { LeashError } from '../../core/errors.js'
import { type AdminEnv, bodyOf, limitOf, notOneself, type Reach } from './admin-env.js'
import type { RelayContext } from './context.js'
import { metadataOf, oneOf, only, required, text } from './fields.js'

export function adminTenants({ keys, tenants, audit }: RelayContext): Hono<AdminEnv> {
  const app = new Hono<AdminEnv>()

  app.get('/', async (c) => c.json(await tenants.list({ ...limitOf(c), ...after(c.req.query('after')) })))
  app.post('/', async (c) => {
    const created = await tenants.create(newTenant(await bodyOf(c)))
    await audit.append({ actor: c.get('actor'), action: 'tenant.create', tenant: created.slug, target: created.slug })
    return c.json(created, 201)
  })
  app.get('/:slug', async (c) => {
    const tenant = await tenants.get(c.req.param('slug'))
    if (!tenant) throw new LeashError('not_found', 'There is no such tenant.')
    return c.json(tenant)
  })
  app.patch('/:slug', async (c) => {
    const changes = changesOf(await bodyOf(c), c.get('reach'))
    if (changes.status === 'suspended') notOneself(c.req.param('slug'), c.get('tenant'))
    const updated = await tenants.update(c.req.param('slug'), changes)
    keys.forget(updated.slug)
    const { slug, status, plan } = updated
    await audit.append({ actor: c.get('actor'), action: 'tenant.update', tenant: slug, target: slug, detail: { status, plan } })
    return c.json(updated)
  })
  app.delete('/:slug', async (c) => {
    notOneself(c.req.param('slug'), c.get('tenant'))
    const slug = c.req.param('slug')
    await tenants.delete(slug)
    keys.forget(slug)
    await audit.append({ actor: c.get('actor'), action: 'tenant.delete', tenant: slug, target: slug })
    return c.body(null, 204)
  })

  return app
}

const after = (cursor: string | undefined) => (cursor === undefined ? {} : { after: cursor })

type Body = Readonly<Record<string, unknown>>

function newTenant(body: Body) {
  only(body, ['slug', 'name', 'plan', 'metadata'])
  return { slug: required(body, 'slug'), ...text(body, 'name'), ...text(body, 'plan'), ...metadataOf(body) }
}

/** What a tenant has booked, and whether it is served, is not its own to say. */
function changesOf(body: Body, reach: Reach) {
  only(body, reach.tenant === undefined ? ['name', 'plan', 'status', 'metadata'] : ['name', 'metadata'])
  return { ...text(body, 'name'), ...text(body, 'plan'), ...oneOf(body, 'status', ['active', 'suspended']), ...metadataOf(body) }
}
