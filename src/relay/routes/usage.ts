/** The collector, and reports for whoever has a key. */
import { Hono } from 'hono'
import { atOnce } from '../http/at-once.js'
import { jsonOf } from '../http/body.js'
import { callerOf, isAdministrator } from '../people/caller.js'
import { extentOf } from '../people/roles.js'
import type { RelayContext } from './context.js'
import { reported, reportQuery } from './report-query.js'

/** Of one batch of usage, unpacked, in bytes. */
const mostBytes = 16 * 1024 * 1024

export function usageRoutes({ keys, callers, usage }: RelayContext): Hono {
  const app = new Hono()
  const taking = atOnce(64, 'Too many batches at once. Send this one again.')

  app.post('/', async (c) => {
    const caller = await callerOf(keys, c.req.raw.headers, 'usage')
    return taking(async () => c.json(await usage.take(await jsonOf(c.req.raw, mostBytes), caller)))
  })

  app.get('/', async (c) => {
    const caller = await callerOf(callers, c.req.raw.headers, 'usage')
    const query = reportQuery(c.req.query())
    const own = caller.role !== undefined && !isAdministrator(caller) && extentOf(caller.role, 'usage:read') !== 'all'
    const where = { ...query.where, tenant: caller.tenant, ...(own && { user: caller.user ?? '' }) }
    return reported(c, usage, { ...query, where })
  })

  return app
}
