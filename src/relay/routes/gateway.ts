/** The relay's own words for calls, for whoever wants to know what each of them came to. */
import { type Context, Hono } from 'hono'
import type { Report } from '../../core/call.js'
import { isLeashError, LeashError } from '../../core/errors.js'
import { asObject } from '../../core/json.js'
import { jsonOf } from '../body.js'
import { type Caller, callerOf } from '../caller.js'
import { metricsOf, monthOf } from '../gateway/metrics.js'
import { type Asked, answerOf, errorBody, Failed, run } from '../gateway/run.js'
import { eventsOf, streamOf } from '../gateway/stream.js'
import type { Serving } from '../gateway.js'
import { revisionOf } from '../policies.js'
import type { RelayContext } from './context.js'
import { only } from './fields.js'

/** Of one request: texts and pictures may be large. */
const mostBytes = 32 * 1024 * 1024

/** Of calls that are made ahead of time, in one request. */
const mostWarmed = 50

export function gatewayRoutes(context: RelayContext): Hono {
  const { callers, gateway, usage, policies } = context
  const app = new Hono()

  const opened = async ({ req }: Context, scope: 'call' | 'admin' = 'call'): Promise<{ caller: Caller; serving: Serving }> => {
    const caller = await callerOf(callers, req.raw.headers, scope)
    return { caller, serving: await gateway.serving(caller) }
  }
  const asked = async (c: Context, stream: boolean): Promise<Asked> => {
    const { raw } = c.req
    return { ...(await opened(c)), request: await jsonOf(raw, mostBytes), stream, signal: raw.signal }
  }

  app.post('/chat', async (c) => {
    const { body, report } = await answerOf(await asked(c, false))
    return Response.json({ ...body, leash: report })
  })

  app.post('/stream', async (c) => {
    const stop = new AbortController()
    const signal = AbortSignal.any([c.req.raw.signal, stop.signal])
    const pieces = await streamOf(await run({ ...(await asked(c, true)), options: { costs: true }, signal }))
    return c.body(eventsOf(pieces, stop), 200, { 'content-type': 'text/event-stream; charset=utf-8' })
  })

  app.post('/dry-run', async (c) => {
    const { report, result } = await run({ ...(await asked(c, false)), options: { dryRun: true } })
    await result
    const { estimate, ...leash } = report
    return Response.json({ estimate: estimate ?? null, leash })
  })

  app.get('/cache', async (c) => {
    const { serving } = await opened(c)
    return c.json(hasCache(serving) ? { enabled: true, ...(await statsOf(serving)) } : { enabled: false })
  })
  app.delete('/cache', async (c) => {
    const { caller, serving } = await opened(c, 'admin')
    const cleared = await withCache(serving).leash.cache.clear({ tenant: caller.tenant })
    await context.audit.append({ actor: caller.id, action: 'cache.clear', tenant: caller.tenant, target: caller.tenant })
    return c.json({ cleared })
  })
  app.post('/cache', async (c) => {
    const { caller, serving } = await opened(c, 'admin')
    const body = asObject(await jsonOf(c.req.raw, mostBytes))
    only(body, ['requests'])
    const { requests } = body
    if (!Array.isArray(requests) || requests.length === 0 || requests.length > mostWarmed)
      throw new LeashError('invalid_request', `\`requests\` is a list of up to ${mostWarmed} requests.`, { param: 'requests' })
    const call = (request: unknown) => () => answerOf({ caller, serving, request, stream: false, signal: c.req.raw.signal })
    const { made, errors } = await withCache(serving).leash.cache.warm(requests.map(call))
    const codes = errors.map((error) =>
      error instanceof Failed ? error.error.code : isLeashError(error) ? error.code : 'unknown',
    )
    await context.audit.append({
      actor: caller.id,
      action: 'cache.warm',
      tenant: caller.tenant,
      target: caller.tenant,
      detail: { made },
    })
    return c.json({ made, failed: codes.length, errors: codes })
  })

  app.get('/health', async (c) => {
    const { targets, providers } = (await opened(c)).serving.leash.health()
    // What the relay's own keys are called is none of a tenant's business.
    return c.json({ targets, providers: providers.map(({ name, ready, probe }) => ({ name, ready, ...(probe && { probe }) })) })
  })
  app.get('/status', async (c) => {
    const { caller, serving } = await opened(c)
    const { id, tenant, user, scopes, role } = caller
    const inForce = await policies.inForceFor(caller)
    return c.json({
      tenant,
      caller: { id, scopes, ...(user !== undefined && { user }), ...(role && { role }) },
      policy: { version: inForce.version, revision: revisionOf(inForce) },
      providers: serving.configured(),
      budgets: await serving.leash.budgets({ tenant, key: id, ...(user !== undefined && { user }) }),
    })
  })
  app.get('/metrics', async (c) => {
    const { tenant } = await callerOf(callers, c.req.raw.headers, 'call')
    const rows = await usage.report({ by: ['provider', 'model'], where: { tenant }, from: monthOf(Date.now()) })
    return c.body(metricsOf(tenant, rows), 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
  })

  app.onError((error) => {
    if (error instanceof Failed) return failed(error)
    throw error
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

function failed({ error, report }: { readonly error: LeashError; readonly report: Report }): Response {
  const { status, retryAfterMs } = error
  const headers = retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) }
  return Response.json({ error: errorBody(error), leash: report }, { status, headers })
}
