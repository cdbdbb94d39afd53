/** How things stand with the tenant that asks: its targets, its limits, what it has used. */
import { Hono } from 'hono'
import { LeashError } from '../../core/errors.js'
import { metricsOf, monthOf } from '../gateway/metrics.js'
import { callerOf } from '../people/caller.js'
import { revisionOf } from '../policy/policies.js'
import { standingOf } from '../quota/standing.js'
import type { RelayContext } from './context.js'
import { openedFor } from './gateway-env.js'
import { toTenant } from './provider-health.js'

export function gatewayStandingRoutes(context: RelayContext): Hono {
  const { callers, policies, sql, usage } = context
  const app = new Hono()

  app.get('/health', async (c) => {
    const { targets, providers } = (await openedFor(context, c.req.raw.headers)).serving.leash.health()
    return c.json({ targets, providers: providers.map(toTenant) })
  })
  app.get('/status', async (c) => {
    const { caller, serving } = await openedFor(context, c.req.raw.headers)
    const { id, tenant, user, scopes, role } = caller
    const inForce = await policies.inForceFor(caller)
    return c.json({
      tenant,
      caller: { id, scopes, ...(user !== undefined && { user }), ...(role && { role }) },
      policy: { version: inForce.version, revision: revisionOf(inForce) },
      providers: serving.configured(),
      budgets: await standingOf(sql, inForce.policy.budgets ?? [], { tenant, key: id, ...(user !== undefined && { user }) }),
    })
  })
  /** Whoever asks for a web socket in earnest does not come here. */
  app.get('/ws', async (c) => {
    await callerOf(callers, c.req.raw.headers, 'call')
    throw new LeashError('invalid_request', 'Open a web socket at this address.', {
      status: 426,
      headers: { upgrade: 'websocket' },
    })
  })
  app.get('/metrics', async (c) => {
    const { tenant } = await callerOf(callers, c.req.raw.headers, 'call')
    const rows = await usage.report({ by: ['provider', 'model'], where: { tenant }, from: monthOf(Date.now()) })
    return c.body(metricsOf(tenant, rows), 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
  })

  return app
}
