/** Keys at vendors that a tenant has brought. Nobody is shown more than the end of one. */
import { Hono } from 'hono'
import { LeashError } from '../../core/errors.js'
import { takesKey } from '../vendors/vendor-options.js'
import { type AdminEnv, activeTenantOf, bodyOf } from './admin-env.js'
import type { RelayContext } from './context.js'
import { only, required } from './fields.js'

const all = '/:slug/vendor-keys'
const one = '/:slug/vendor-keys/:provider'

/** Below `/tenants`. */
export function adminVendorKeys(context: RelayContext): Hono<AdminEnv> {
  const { vendorKeys, settings, audit } = context
  const app = new Hono<AdminEnv>()

  app.get(all, async (c) => {
    const { slug } = await activeTenantOf(context, c.req.param('slug'))
    return c.json({ items: await vendorKeys.list(slug) })
  })
  app.put(one, async (c) => {
    const body = await bodyOf(c)
    only(body, ['key'])
    const key = required(body, 'key')
    const { slug: tenant } = await activeTenantOf(context, c.req.param('slug'))
    const provider = c.req.param('provider')
    if (!takesKey(settings.now.leash?.providers, provider))
      throw new LeashError('invalid_request', 'The relay has no provider of this name that takes a key.', { param: 'provider' })
    const actor = c.get('actor')
    const line = { actor, action: 'vendor_key.set', tenant, target: provider, detail: { last4: key.slice(-4) } }
    return c.json(await vendorKeys.set(tenant, provider, key, actor, (sql) => audit.append(line, sql)))
  })
  app.delete(one, async (c) => {
    const { slug: tenant, provider } = c.req.param()
    const line = { actor: c.get('actor'), action: 'vendor_key.delete', tenant, target: provider }
    await vendorKeys.delete(tenant, provider, (sql) => audit.append(line, sql))
    return c.body(null, 204)
  })

  return app
}
