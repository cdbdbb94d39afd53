/** All that the first page of the dashboard shows, in one answer. */
import type { RelayContext } from './context.js'

const dayMs = 86_400_000

export async function overviewOf({ usage, tenants, gateway }: RelayContext) {
  const from = Date.now() - 30 * dayMs
  const [byDay, byModel, byTenant, total, all, leashes] = await Promise.all([
    usage.report({ by: ['day'], from }),
    usage.report({ by: ['provider', 'model'], from }),
    usage.report({ by: ['tenant'], from }),
    usage.report({ by: [], from }),
    tenants.count(),
    gateway.leashes(),
  ])
  const health = [...leashes].flatMap(([tenant, leash]) => leash.health().targets.map((target) => ({ tenant, ...target })))
  return { from, byDay, byModel, byTenant, total: total[0], tenants: all, health }
}
