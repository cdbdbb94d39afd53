/** All that the first page of the dashboard shows, in one answer. */
import type { Dimension } from '../usage/usage.js'
import { clientsIn } from './admin-clients.js'
import type { Reach } from './admin-env.js'
import type { RelayContext } from './context.js'

const dayMs = 86_400_000

const parts: readonly (readonly Dimension[])[] = [['day'], ['provider', 'model'], ['provider'], ['tenant'], []]

export async function overviewOf(context: RelayContext, reach: Reach) {
  const { usage, tenants, gateway } = context
  const from = Date.now() - 30 * dayMs
  const where = { ...reach }
  const [[byDay, byModel, byProvider, byTenant, [total] = []], all, clients] = await Promise.all([
    usage.reports(parts.map((by) => ({ by, from, where }))),
    reach.tenant === undefined ? tenants.count() : 1,
    clientsIn(context, reach),
  ])
  const seen = gateway.leashes().filter(([tenant]) => reach.tenant === undefined || tenant === reach.tenant)
  const health = seen.flatMap(([tenant, leash]) => leash.health().targets.map((target) => ({ tenant, ...target })))
  return { from, byDay, byModel, byProvider, byTenant, total, tenants: all, clients, health }
}
