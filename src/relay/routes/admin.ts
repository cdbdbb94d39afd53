/** The administration: tenants, their keys and policies, what they used, and who changed what. */
import { Hono } from 'hono'
import { isAdministrator } from '../people/caller.js'
import { rightsOf } from '../people/roles.js'
import { adminAudit } from './admin-audit.js'
import { adminBackup } from './admin-backup.js'
import { adminClients } from './admin-clients.js'
import { adminConfig } from './admin-config.js'
import type { AdminEnv } from './admin-env.js'
import { adminKeys } from './admin-keys.js'
import { keyPolicies, tenantPolicies } from './admin-policies.js'
import { adminStatements } from './admin-statements.js'
import { adminTenants } from './admin-tenants.js'
import { adminUsers } from './admin-users.js'
import { adminVendorKeys } from './admin-vendor-keys.js'
import { adminWebhooks } from './admin-webhooks.js'
import type { RelayContext } from './context.js'
import { queryIn } from './fields.js'
import { liveRoutes } from './live.js'
import { overviewOf } from './overview.js'
import { reported, reportQuery } from './report-query.js'
import { guard } from './rights.js'

export function adminRoutes(context: RelayContext): Hono<AdminEnv> {
  const { callers, usage } = context
  const app = new Hono<AdminEnv>()
  app.use(guard(callers))
  app.get('/me', (c) => {
    const { id, tenant, user, role, scopes } = c.get('caller')
    const rights = role === undefined ? {} : rightsOf(role)
    return c.json({ id, tenant, user, role, scopes, rights, administrator: isAdministrator(c.get('caller')) })
  })
  app.get('/overview', async (c) =>
    c.json(await overviewOf(context, { ...queryIn(c.req.query(), ['tenant']), ...c.get('reach') })),
  )

  app.route('/clients', adminClients(context))
  app.route('/tenants', adminTenants(context))
  app.route('/tenants', tenantPolicies(context))
  app.route('/keys', keyPolicies(context))
  app.route('/tenants', adminUsers(context))
  app.route('/tenants', adminVendorKeys(context))
  app.route('/tenants', adminStatements(context))
  app.route('/keys', adminKeys(context))
  app.route('/config', adminConfig(context))
  app.route('/backup', adminBackup(context))
  app.route('/webhooks', adminWebhooks(context))
  app.route('/audit', adminAudit(context))
  app.route('/', liveRoutes(context))

  app.get('/usage', async (c) => {
    const query = reportQuery(c.req.query())
    return reported(c, usage, { ...query, where: { ...query.where, ...c.get('reach') } })
  })

  return app
}
