/** For Prometheus: what the relay counts of itself and, where the leashes count, of each tenant's calls. */
import { Hono } from 'hono'
import { backlogOf } from '../metrics/backlog.js'
import { metricsBy } from '../metrics/by.js'
import { callerOf } from '../people/caller.js'
import type { RelayContext } from './context.js'

/** Of so many tenants, and keys with a policy of their own: those that called last. Prometheus keeps every series that it was ever told. */
const mostTenants = 100

export function metricsRoutes(context: RelayContext): Hono {
  const { keys, settings, metrics } = context
  const app = new Hono()
  app.get('/metrics', async (c) => {
    if ((settings.now.metrics ?? 'key') === 'key') await callerOf(keys, c.req.raw.headers, 'metrics')
    const text = await metrics.all(() => ownMetrics(context))
    return c.body(text, 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
  })
  return app
}

/** Of this process. */
export async function ownMetrics({ sql, settings, metrics, gateway, collector }: RelayContext): Promise<string> {
  const late = settings.now.clickhouse && (() => collector.clickHouse.outbox.lateBy())
  const own = metrics.text(await backlogOf({ sql, late }))
  if (!settings.now.leash?.metrics) return own
  const leashes = gateway.leashes().slice(-mostTenants)
  const texts = await Promise.all(
    leashes.map(async ([tenant, leash, key]) => {
      const text = await leash.metrics()
      return [tenant, key === undefined ? text : metricsBy('key', [[key, text]])] as const
    }),
  )
  return own + metricsBy('tenant', texts)
}
