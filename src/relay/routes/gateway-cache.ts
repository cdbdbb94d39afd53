/** The cache of the tenant that asks: how it does, emptied, and filled ahead of time. */
import { Hono } from 'hono'
import { isLeashError, LeashError } from '../../core/errors.js'
import { asObject } from '../../core/json.js'
import type { Serving } from '../gateway/gateway.js'
import { answerOf, Failed } from '../gateway/run.js'
import { jsonOf } from '../http/body.js'
import type { RelayContext } from './context.js'
import { only } from './fields.js'
import { mostBytes, openedFor } from './gateway-env.js'

/** Of calls that are made ahead of time, in one request. */
const mostWarmed = 50

export function gatewayCacheRoutes(context: RelayContext): Hono {
  const { audit } = context
  const app = new Hono()

  app.get('/', async (c) => {
    const { serving } = await openedFor(context, c.req.raw.headers)
    return c.json(hasCache(serving) ? { enabled: true, ...(await statsOf(serving)) } : { enabled: false })
  })
  app.delete('/', async (c) => {
    const { caller, serving } = await openedFor(context, c.req.raw.headers, 'admin')
    const cleared = await withCache(serving).leash.cache.clear({ tenant: caller.tenant })
    await audit.append({ actor: caller.id, action: 'cache.clear', tenant: caller.tenant, target: caller.tenant })
    return c.json({ cleared })
  })
  app.post('/', async (c) => {
    const { caller, serving } = await openedFor(context, c.req.raw.headers, 'admin')
    const body = asObject(await jsonOf(c.req.raw, mostBytes(context)))
    only(body, ['requests'])
    const { requests } = body
    if (!Array.isArray(requests) || requests.length === 0 || requests.length > mostWarmed)
      throw new LeashError('invalid_request', `\`requests\` is a list of up to ${mostWarmed} requests.`, { param: 'requests' })
    const call = (request: unknown) => () => answerOf({ caller, serving, request, stream: false, signal: c.req.raw.signal })
    const { made, errors } = await withCache(serving).leash.cache.warm(requests.map(call))
    const codes = errors.map((error) =>
      error instanceof Failed ? error.error.code : isLeashError(error) ? error.code : 'unknown',
    )
    await audit.append({
      actor: caller.id,
      action: 'cache.warm',
      tenant: caller.tenant,
      target: caller.tenant,
      detail: { made },
    })
    return c.json({ made, failed: codes.length, errors: codes })
  })

  return app
}

const hasCache = ({ options: { cache, semanticCache } }: Serving) => Boolean(cache || semanticCache)

function withCache(serving: Serving): Serving {
  if (hasCache(serving)) return serving
  throw new LeashError('invalid_request', 'There is no cache. Let the policy of this tenant say `cache: true`.', { status: 409 })
}

/** How much a store holds that others share says something of them. */
async function statsOf({ leash, options }: Serving) {
  const { entries, bytes, ...own } = await leash.cache.stats()
  return options.store ? own : { ...own, entries, bytes }
}
