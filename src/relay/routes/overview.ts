/** All that the first page of the dashboard shows, in one answer: of all tenants together, or of one. */
import { namedBy } from '../usage/statements.js'
import type { ReportQuery } from '../usage/usage.js'
import { clientsIn } from './admin-clients.js'
import type { Reach } from './admin-env.js'
import type { RelayContext } from './context.js'

const dayMs = 86_400_000

/** One more than the page shows: so it knows that there are others. */
const top = 9

/** Without a tenant it is by tenant, otherwise by key. */
export async function overviewOf(context: RelayContext, reach: Reach) {
  const { usage, keys, gateway } = context
  const from = Date.now() - 30 * dayMs
  const whose = reach.tenant === undefined ? 'tenant' : 'key'
  const parts: readonly ReportQuery[] = [
    { by: ['day'] },
    { by: ['provider', 'model'], top },
    { by: ['provider'], top },
    { by: [whose], top },
    {},
  ]
  const [[byDay, byModel, byProvider, byWhom = [], [total] = []], clients] = await Promise.all([
    usage.reports(parts.map((part) => ({ ...part, from, where: { ...reach } }))),
    clientsIn(context, reach),
  ])
  const seen = gateway.leashes().filter(([tenant]) => reach.tenant === undefined || tenant === reach.tenant)
  const health = seen.flatMap(([tenant, leash]) => leash.health().targets.map((target) => ({ tenant, ...target })))
  const named = whose === 'key' ? await namedBy(keys, byWhom) : byWhom
  return { from, byDay, byModel, byProvider, byWhom: named, total, clients, health }
}
