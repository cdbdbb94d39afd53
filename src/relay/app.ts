/** Every route but the calls to models, which do not pass here: they are many, and a router costs each of them. */
import { type Context, Hono } from 'hono'
import { LeashError } from '../core/errors.js'
import { tokenProtocol } from '../protocols/count-tokens.js'
import { protocolNamed } from '../protocols/index.js'
import { modelListFor } from '../protocols/model-list.js'
import { failureResponse } from './http/failure.js'
import { adminRoutes } from './routes/admin.js'
import { authRoutes } from './routes/auth.js'
import type { RelayContext } from './routes/context.js'
import { controlRoutes } from './routes/control.js'
import { dashboardRoutes } from './routes/dashboard.js'
import { gatewayRoutes } from './routes/gateway.js'
import { gatewayJobRoutes } from './routes/gateway-jobs.js'
import { gatewayModelRoutes } from './routes/gateway-models.js'
import { gatewayRawRoutes } from './routes/gateway-raw.js'
import { healthRoutes } from './routes/health.js'
import { metricsRoutes } from './routes/metrics.js'
import { openapiRoutes } from './routes/openapi.js'
import { providerSignInRoutes } from './routes/provider-sign-in.js'
import { traceRoutes } from './routes/traces.js'
import { usageRoutes } from './routes/usage.js'

export function createApp(context: RelayContext, warn: (message: string) => void): Hono {
  // A slash at the end is one that somebody's base URL had.
  const app = new Hono({ strict: false })
  app.use(async (c, next) => {
    await next()
    c.header('x-content-type-options', 'nosniff')
    c.header('referrer-policy', 'no-referrer')
  })
  app.route('/', healthRoutes(context))
  app.route('/', metricsRoutes(context))
  app.route('/', dashboardRoutes())
  app.route('/', openapiRoutes())
  app.route('/', gatewayModelRoutes(context))
  app.route('/v1/gateway', gatewayRoutes(context))
  app.route('/v1/gateway/jobs', gatewayJobRoutes(context))
  app.route('/v1/control', controlRoutes(context))
  app.route('/v1/usage', usageRoutes(context))
  app.route('/v1/traces', traceRoutes(context, warn))
  app.route('/v1/admin', adminRoutes(context))
  app.route('/api/auth', authRoutes(context))
  app.route('/api/auth/provider', providerSignInRoutes(context))
  app.route('/', gatewayRawRoutes(context))
  const failed = async (error: Error, { req: { path, raw } }: Context) => {
    const spoken = tokenProtocol(path) ?? modelListFor(path, raw.headers).protocol ?? ''
    return failureResponse(error, warn, await protocolNamed(spoken))
  }
  app.notFound((c) => failed(new LeashError('not_found', notServed(c.req.method, c.req.path)), c))
  app.onError(failed)
  return app
}

const notServed = (method: string, path: string) =>
  `Nothing is served at ${method} ${path.slice(0, 200)}. All routes are listed at /docs. Other requests to a vendor's own API begin with /v1/{provider}/.`
