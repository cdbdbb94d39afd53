/** For Prometheus: what the relay counts of itself and, where the leashes count, of each tenant's calls. */
import { Hono } from 'hono'
import { callerOf } from '../caller.js'
import { metricsByTenant } from '../tenant-metrics.js'
import type { RelayContext } from './context.js'

export function metricsRoutes({ keys, settings, metrics, gateway }: RelayContext): Hono {
  const app = new Hono()
  app.get('/metrics', async (c) => {
    const { metrics: to = 'key', leash } = settings.now
    if (to === 'key') await callerOf(keys, c.req.raw.headers, 'metrics')
    const own = metrics.text()
    const counted = leash?.metrics ? await texts() : new Map<string, string>()
    return c.body(own + metricsByTenant(counted), 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
  })

  async function texts(): Promise<Map<string, string>> {
    const leashes = [...(await gateway.leashes())]
    return new Map(await Promise.all(leashes.map(async ([tenant, leash]) => [tenant, await leash.metrics()] as const)))
  }
  return app
}
