import { Hono } from 'hono'
import { LeashError } from '../../core/errors.js'
import type { Members } from '../../core/json.js'
import { audited } from '../audit/audited.js'
import { isAdministrator } from '../people/caller.js'
import { givenStatuses, statuses } from '../people/status.js'
import { type TenantChanges, Tenants } from '../people/tenants.js'
import { customerIn } from '../usage/billing.js'
import { type AdminEnv, bodyOf, notOneself, pageOf, type Reach, tenantOf } from './admin-env.js'
import type { RelayContext } from './context.js'
import { metadataOf, oneOf, only, required, text } from './fields.js'
import { momentOf } from './report-query.js'

export function adminTenants(context: RelayContext): Hono<AdminEnv> {
  const { keys, tenants, usage, settings } = context
  const app = new Hono<AdminEnv>()

  /** Who pays for a tenant is not its own to say either. */
  const checkCustomer = async (slug: string, { metadata }: TenantChanges) => {
    const name = customerIn(settings.now.billing)
    if (metadata && metadata[name] !== (await tenantOf(context, slug)).metadata[name])
      throw new LeashError(
        'permission_denied',
        `Only the relay's administrators change \`metadata.${name}\`: it says who is billed.`,
      )
  }

  app.get('/', async (c) => {
    const { status, usedSince: _, ...page } = pageOf(c, 'plan', 'status', 'search', 'usedSince')
    const { usedSince: from } = momentOf(c.req.query(), 'usedSince')
    const found = await tenants.list({ ...page, ...oneOf({ status }, 'status', statuses) })
    if (from === undefined) return c.json(found)
    const rows = await usage.report({ by: ['tenant'], from, tenants: found.items.map(({ slug }) => slug) })
    const used = new Map(rows.map((row) => [row.of.tenant, row]))
    return c.json({ ...found, items: found.items.map((tenant) => ({ ...tenant, usage: used.get(tenant.slug) })) })
  })
  app.post('/', async (c) => {
    const wanted = newTenant(await bodyOf(c))
    const created = await audited(
      context,
      (sql) => new Tenants({ sql }).create(wanted),
      ({ slug }) => ({ actor: c.get('actor'), action: 'tenant.create', tenant: slug, target: slug }),
    )
    return c.json(created, 201)
  })
  app.get('/:slug', async (c) => c.json(await tenantOf(context, c.req.param('slug'))))
  app.patch('/:slug', async (c) => {
    const changes = changesOf(await bodyOf(c), c.get('reach'))
    if (changes.status === 'suspended') notOneself(c.req.param('slug'), c.get('tenant'))
    const slug = c.req.param('slug')
    if (!isAdministrator(c.get('caller'))) await checkCustomer(slug, changes)
    const updated = await audited(
      context,
      (sql) => new Tenants({ sql }).update(slug, changes),
      ({ status, plan }) => ({
        actor: c.get('actor'),
        action: 'tenant.update',
        tenant: slug,
        target: slug,
        detail: { status, plan },
      }),
    )
    keys.forget(slug)
    return c.json(updated)
  })
  app.delete('/:slug', async (c) => {
    notOneself(c.req.param('slug'), c.get('tenant'))
    const slug = c.req.param('slug')
    await audited(
      context,
      (sql) => new Tenants({ sql }).delete(slug),
      () => ({ actor: c.get('actor'), action: 'tenant.delete', tenant: slug, target: slug }),
    )
    keys.forget(slug)
    return c.body(null, 204)
  })

  return app
}

function newTenant(body: Members) {
  only(body, ['slug', 'name', 'plan', 'metadata'])
  return { slug: required(body, 'slug'), ...text(body, 'name'), ...text(body, 'plan'), ...metadataOf(body) }
}

/** What a tenant has booked, and whether it is served, is not its own to say. */
function changesOf(body: Members, reach: Reach) {
  only(body, reach.tenant === undefined ? ['name', 'plan', 'status', 'metadata'] : ['name', 'metadata'])
  return { ...text(body, 'name'), ...text(body, 'plan'), ...oneOf(body, 'status', givenStatuses), ...metadataOf(body) }
}
