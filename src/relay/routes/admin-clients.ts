/** Clients in processes, and whether they hold to the policy that is in force. */
import { Hono } from 'hono'
import { revisionOf } from '../policy/policies.js'
import { type AdminEnv, pageOf, type Reach } from './admin-env.js'
import type { RelayContext } from './context.js'

export function adminClients(context: RelayContext): Hono<AdminEnv> {
  const app = new Hono<AdminEnv>()
  app.get('/', async (c) => {
    const { items, next } = await context.clients.list({ ...pageOf(c, 'tenant', 'user'), ...c.get('reach') })
    return c.json({ items: await Promise.all(items.map((client) => withPolicy(context, client))), ...(next && { next }) })
  })
  return app
}

/** As many as stand on the first page of them. */
export async function clientsIn(
  context: RelayContext,
  reach: Reach,
): Promise<{ readonly count: number; readonly behind: number }> {
  const { items } = await context.clients.list({ ...reach, limit: 1000 })
  const told = await Promise.all(items.map((client) => withPolicy(context, client)))
  return { count: told.length, behind: told.filter(({ current }) => !current).length }
}

async function withPolicy<C extends { readonly tenant: string; readonly key: string; readonly revision: string }>(
  { policies }: RelayContext,
  client: C,
) {
  const inForce = revisionOf(await policies.inForceFor({ tenant: client.tenant, id: client.key }))
  return { ...client, inForce, current: client.revision === inForce }
}
