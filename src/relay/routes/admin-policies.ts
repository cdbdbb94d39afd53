/** The policy of one tenant, and its versions. */
import { Hono } from 'hono'
import { LeashError } from '../../core/errors.js'
import type { JsonObject } from '../../core/json.js'
import { type AdminEnv, bodyOf } from './admin-env.js'
import type { RelayContext } from './context.js'

const at = '/:slug/policy'

/** Below `/tenants`. */
export function adminPolicies({ tenants, policies, audit }: RelayContext): Hono<AdminEnv> {
  const app = new Hono<AdminEnv>()
  const existing = async (slug: string) => {
    if (!(await tenants.get(slug))) throw new LeashError('not_found', 'There is no such tenant.')
    return slug
  }
  const note = (actor: string, action: string, tenant: string, detail: JsonObject) =>
    audit.append({ actor, action, tenant, target: tenant, detail })

  app.get(at, async (c) => c.json(await policies.inForce(await existing(c.req.param('slug')))))
  app.put(at, async (c) => {
    const slug = await existing(c.req.param('slug'))
    const dry = c.req.query('dry_run') !== undefined
    const set = await policies.set(slug, await bodyOf(c), c.get('actor'), dry)
    if (!dry) await note(c.get('actor'), 'policy.set', slug, { version: set.version })
    return c.json(set)
  })
  app.get(`${at}/history`, async (c) => {
    const slug = await existing(c.req.param('slug'))
    return c.json({ items: await policies.history(slug) })
  })
  app.post(`${at}/rollback`, async (c) => {
    const slug = await existing(c.req.param('slug'))
    const { version } = await bodyOf(c)
    if (typeof version !== 'number') throw new LeashError('invalid_request', 'Say which: `{ "version": 3 }`.')
    const set = await policies.rollback(slug, version, c.get('actor'))
    await note(c.get('actor'), 'policy.rollback', slug, { version: set.version, of: version })
    return c.json(set)
  })

  return app
}
