/** The administration: tenants, their keys and policies, what they used, and who changed what. */
import { type Context, Hono } from 'hono'
import { LeashError } from '../../core/errors.js'
import { asObject, type JsonObject } from '../../core/json.js'
import { jsonOf } from '../body.js'
import { callerOf } from '../caller.js'
import { csvOf } from '../usage-csv.js'
import { adminKeys, notOneself } from './admin-keys.js'
import { mostBytes, type RelayContext } from './context.js'
import { metadataOf, oneOf, only, required, text } from './fields.js'
import { liveRoutes } from './live.js'
import { overviewOf } from './overview.js'
import { reportQuery } from './report-query.js'

/** Who the administrator is that asks. */
export type AdminEnv = { Variables: { actor: string; tenant: string } }

export function adminRoutes(context: RelayContext): Hono<AdminEnv> {
  const { keys, tenants, policies, usage, audit } = context
  const app = new Hono<AdminEnv>()
  app.use(async (c, next) => {
    const { id, tenant } = await callerOf(keys, c.req.raw.headers, 'admin')
    c.set('actor', id)
    c.set('tenant', tenant)
    await next()
  })
  const body = async (c: Context<AdminEnv>) => asObject(await jsonOf(c.req.raw, mostBytes))
  const note = (c: Context<AdminEnv>, action: string, tenant: string, detail: JsonObject = {}) =>
    audit.append({ actor: c.get('actor'), action, tenant, target: tenant, detail })
  const existing = async (slug: string) => {
    const tenant = await tenants.get(slug)
    if (!tenant) throw new LeashError('not_found', 'There is no such tenant.')
    return tenant
  }

  app.get('/overview', async (c) => c.json(await overviewOf(context)))

  app.get('/tenants', async (c) => c.json(await tenants.list(pageOf(c))))
  app.post('/tenants', async (c) => {
    const created = await tenants.create(newTenant(await body(c)))
    await note(c, 'tenant.create', created.slug)
    return c.json(created, 201)
  })
  app.get('/tenants/:slug', async (c) => c.json(await existing(c.req.param('slug'))))
  app.patch('/tenants/:slug', async (c) => {
    const changes = changesOf(await body(c))
    if (changes.status === 'suspended') notOneself(c.req.param('slug'), c.get('tenant'))
    const updated = await tenants.update(c.req.param('slug'), changes)
    keys.forget(updated.slug)
    await note(c, 'tenant.update', updated.slug, { status: updated.status, plan: updated.plan })
    return c.json(updated)
  })
  app.delete('/tenants/:slug', async (c) => {
    notOneself(c.req.param('slug'), c.get('tenant'))
    await tenants.delete(c.req.param('slug'))
    keys.forget(c.req.param('slug'))
    await note(c, 'tenant.delete', c.req.param('slug'))
    return c.body(null, 204)
  })

  app.get('/tenants/:slug/policy', async (c) => c.json(await policies.inForce((await existing(c.req.param('slug'))).slug)))
  app.put('/tenants/:slug/policy', async (c) => {
    const { slug } = await existing(c.req.param('slug'))
    const dry = c.req.query('dry_run') !== undefined
    const set = await policies.set(slug, await body(c), c.get('actor'), dry)
    if (!dry) await note(c, 'policy.set', slug, { version: set.version })
    return c.json(set)
  })
  app.get('/tenants/:slug/policy/history', async (c) => {
    const { slug } = await existing(c.req.param('slug'))
    return c.json({ items: await policies.history(slug) })
  })
  app.post('/tenants/:slug/policy/rollback', async (c) => {
    const { slug } = await existing(c.req.param('slug'))
    const { version } = await body(c)
    if (typeof version !== 'number') throw new LeashError('invalid_request', 'Say which: `{ "version": 3 }`.')
    const set = await policies.rollback(slug, version, c.get('actor'))
    await note(c, 'policy.rollback', slug, { version: set.version, of: version })
    return c.json(set)
  })

  app.route('/keys', adminKeys(context))
  app.route('/', liveRoutes(context))

  app.get('/usage', async (c) => {
    const query = reportQuery(c.req.query())
    const rows = await usage.report(query)
    if (c.req.query('format') !== 'csv') return c.json({ rows })
    return c.body(csvOf(rows, query.by), 200, { 'content-type': 'text/csv; charset=utf-8' })
  })

  app.get('/audit', async (c) => {
    const { actor, action, tenant, target, before } = c.req.query()
    const filters = { actor, action, tenant, target }
    const given = Object.entries(filters).filter(([, value]) => value !== undefined)
    return c.json(await audit.list({ ...Object.fromEntries(given), ...limitOf(c), ...(before && { before: Number(before) }) }))
  })
  app.get('/audit/verify', async (c) => c.json(await audit.verify()))

  return app
}

function pageOf(c: Context<AdminEnv>): { after?: string; limit?: number } {
  const after = c.req.query('after')
  return { ...(after !== undefined && { after }), ...limitOf(c) }
}

function limitOf(c: Context<AdminEnv>): { limit?: number } {
  const limit = Number(c.req.query('limit') ?? Number.NaN)
  return Number.isInteger(limit) && limit > 0 ? { limit: Math.min(limit, 1000) } : {}
}

type Body = Readonly<Record<string, unknown>>

function newTenant(body: Body) {
  only(body, ['slug', 'name', 'plan', 'metadata'])
  return { slug: required(body, 'slug'), ...text(body, 'name'), ...text(body, 'plan'), ...metadataOf(body) }
}

function changesOf(body: Body) {
  only(body, ['name', 'plan', 'status', 'metadata'])
  return { ...text(body, 'name'), ...text(body, 'plan'), ...oneOf(body, 'status', ['active', 'suspended']), ...metadataOf(body) }
}
