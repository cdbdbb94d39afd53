/** The relay's own words for calls, for whoever wants to know what each of them came to. */
import { type Context, Hono } from 'hono'
import type { Report } from '../../core/call.js'
import { type Asked, answerOf, Failed, run, toldOf } from '../gateway/run.js'
import { eventsOf, streamOf } from '../gateway/stream.js'
import { jsonOf } from '../http/body.js'
import { failureHeaders, named } from '../http/failure.js'
import type { RelayContext } from './context.js'
import { gatewayCacheRoutes } from './gateway-cache.js'
import { mostBytes, openedFor } from './gateway-env.js'
import { gatewayStandingRoutes } from './gateway-standing.js'

export function gatewayRoutes(context: RelayContext): Hono {
  const app = new Hono()

  const asked = async (c: Context, stream: boolean): Promise<Asked> => {
    const { raw } = c.req
    return {
      ...(await openedFor(context, raw.headers)),
      request: await jsonOf(raw, mostBytes(context)),
      stream,
      signal: raw.signal,
    }
  }

  app.post('/chat', async (c) => {
    const { body, report } = await answerOf(await asked(c, false))
    return Response.json({ ...body, leash: report }, { headers: nameOf(report) })
  })

  app.post('/stream', async (c) => {
    const stop = new AbortController()
    const signal = AbortSignal.any([c.req.raw.signal, stop.signal])
    const ran = await run({ ...(await asked(c, true)), options: { costs: true }, signal })
    const pieces = await streamOf(ran)
    const type = { 'content-type': 'text/event-stream; charset=utf-8' }
    return c.body(eventsOf(pieces, stop), 200, { ...type, ...nameOf(ran.report) })
  })

  app.post('/dry-run', async (c) => {
    const { report, result } = await run({ ...(await asked(c, false)), options: { dryRun: true } })
    await result
    const { estimate, ...leash } = report
    return Response.json({ estimate: estimate ?? null, leash }, { headers: nameOf(report) })
  })

  app.route('/cache', gatewayCacheRoutes(context))
  app.route('/', gatewayStandingRoutes(context))
  app.onError((error) => {
    if (!(error instanceof Failed)) throw error
    const { error: cause, report } = error
    return Response.json(
      { error: toldOf(cause), leash: report },
      { status: cause.status, headers: failureHeaders(named(cause, report.id)) },
    )
  })
  return app
}

/** As elsewhere: of a stream that breaks off, it is all that there is of the report. */
const nameOf = ({ id }: Pick<Report, 'id'>) => ({ 'x-leash-id': id })
