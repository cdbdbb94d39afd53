/** What clients ask the relay for: their policy, and slices of quota. src/control/wire.ts says what is said. */
import { hash } from 'node:crypto'
import { Hono } from 'hono'
import type { PolicyBundle } from '../../control/wire.js'
import { within } from '../../core/within.js'
import { jsonOf } from '../http/body.js'
import type { KeyRecord } from '../keys/keys.js'
import { callerOf, keyIn, unknownKey } from '../people/caller.js'
import { budgetsOf } from '../policy/budgets.js'
import { lookMs, type PolicyVersion, revisionOf } from '../policy/policies.js'
import { mostBytes, type RelayContext } from './context.js'

/** Seconds that a client may ask to be kept waiting for a change. */
const longestWait = 30

export function controlRoutes({ keys, clients, policies, signer, leases, stopping, stale }: RelayContext): Hono {
  const app = new Hono()

  app.get('/policy', async (c) => {
    const caller = await callerOf(keys, c.req.raw.headers, 'control')
    clients.seen(caller, c.req.header('x-leash-client'), c.req.header('x-leash-revision'))
    const known = c.req.header('if-none-match')
    const wait = Math.min(Number(c.req.query('wait') ?? 0) || 0, longestWait)
    const left = within(Math.ceil(Math.max(0, wait) * 1000), c.req.raw.signal, stopping)
    const now = async () => bundleOf(await policies.inForceFor(caller), caller, stale)
    let bundle = await now()
    // What this relay writes it knows at once, what another writes when it looks.
    while (wait > 0 && known === etagOf(bundle) && !left.aborted) {
      await policies.changed(caller.tenant, within(lookMs, left))
      // Whose key was taken back meanwhile is told so, and no policy any more.
      if (!(await keys.verify(keyIn(c.req.raw.headers) ?? ''))) throw unknownKey()
      bundle = await now()
    }
    const etag = etagOf(bundle)
    c.header('etag', etag)
    c.header('cache-control', 'private, no-cache')
    if (known === etag) return c.body(null, 304)
    return c.json(signer.sign(bundle))
  })

  app.post('/leases', async (c) => {
    const caller = await callerOf(keys, c.req.raw.headers, 'control')
    const { policy } = await policies.inForceFor(caller)
    const lent = await leases.lend(caller, budgetsOf(policy), await jsonOf(c.req.raw, mostBytes))
    return lent.ok ? c.json(lent.lease) : c.json(lent.refusal, 402)
  })

  app.post('/leases/settle', async (c) => {
    const caller = await callerOf(keys, c.req.raw.headers, 'control')
    await leases.settle(caller, await jsonOf(c.req.raw, mostBytes))
    return c.body(null, 204)
  })

  return app
}

/** Of all that stands in it: the relay's own defaults change without a version. */
const etagOf = (bundle: PolicyBundle): string => `"${hash('sha256', JSON.stringify(bundle), 'base64url')}"`

function bundleOf(inForce: PolicyVersion, caller: KeyRecord, stale: RelayContext['stale']): PolicyBundle {
  const { id, tenant, user } = caller
  return {
    revision: revisionOf(inForce),
    issuedAt: inForce.at,
    tenant,
    key: id,
    ...(user !== undefined && { user }),
    ...stale,
    policy: { ...inForce.policy },
  }
}
