/** What clients ask the relay for: their policy, and slices of quota. src/control/wire.ts says what is said. */
import { Hono } from 'hono'
import type { PolicyBundle } from '../../control/wire.js'
import { jsonOf } from '../body.js'
import { callerOf } from '../caller.js'
import type { KeyRecord } from '../keys.js'
import type { PolicyVersion } from '../policies.js'
import { mostBytes, type RelayContext } from './context.js'

/** Seconds that a client may ask to be kept waiting for a change. */
const longestWait = 30

export function controlRoutes({ keys, policies, signer, leases, stopping, stale }: RelayContext): Hono {
  const app = new Hono()

  app.get('/policy', async (c) => {
    const caller = await callerOf(keys, c.req.raw.headers, 'control')
    const known = c.req.header('if-none-match')
    let inForce = await policies.inForce(caller.tenant)
    const wait = Math.min(Number(c.req.query('wait') ?? 0) || 0, longestWait)
    if (known === etagOf(inForce, caller) && wait > 0) {
      const signal = AbortSignal.any([c.req.raw.signal, stopping, AbortSignal.timeout(wait * 1000)])
      await policies.changed(caller.tenant, signal)
      inForce = await policies.inForce(caller.tenant)
    }
    const etag = etagOf(inForce, caller)
    c.header('etag', etag)
    c.header('cache-control', 'private, no-cache')
    if (known === etag) return c.body(null, 304)
    return c.json(signer.sign(bundleOf(inForce, caller, stale)))
  })

  app.post('/leases', async (c) => {
    const caller = await callerOf(keys, c.req.raw.headers, 'control')
    const { policy } = await policies.inForce(caller.tenant)
    const lent = await leases.lend(caller, policy.budgets ?? [], await jsonOf(c.req.raw, mostBytes))
    return lent.ok ? c.json(lent.lease) : c.json(lent.refusal, 402)
  })

  app.post('/leases/settle', async (c) => {
    const caller = await callerOf(keys, c.req.raw.headers, 'control')
    await leases.settle(caller, await jsonOf(c.req.raw, mostBytes))
    return c.body(null, 204)
  })

  return app
}

/** A key's own user stands in its bundle. */
const etagOf = ({ version }: PolicyVersion, { id }: KeyRecord): string => `"${id}.${version}"`

function bundleOf({ version, policy, at }: PolicyVersion, caller: KeyRecord, stale: RelayContext['stale']): PolicyBundle {
  const { id, tenant, user } = caller
  return {
    revision: String(version),
    issuedAt: at,
    tenant,
    key: id,
    ...(user !== undefined && { user }),
    ...stale,
    policy: { ...policy },
  }
}
