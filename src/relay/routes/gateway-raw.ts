/** Vendors' own APIs, below `/v1/{provider}/`: what is no call to a model comes here. */
import { Hono } from 'hono'
import { LeashError } from '../../core/errors.js'
import { accessTo } from '../../middleware/access.js'
import { isTokenQuestion } from '../../protocols/count-tokens.js'
import { protocolsAt } from '../../protocols/index.js'
import { type ListedModel, modelListFor } from '../../protocols/model-list.js'
import { countTokens } from '../gateway/count.js'
import { forward } from '../gateway/forward.js'
import { identityOf } from '../gateway/identity.js'
import { modelsOf } from '../gateway/models.js'
import { plainPath } from '../gateway/raw-path.js'
import { bytesOf, jsonOf } from '../http/body.js'
import { callerOf } from '../people/caller.js'
import type { RelayContext } from './context.js'
import { mostBytes } from './gateway-env.js'

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']

export function gatewayRawRoutes(context: RelayContext): Hono {
  const { callers, gateway } = context
  const app = new Hono()

  app.all('/v1/:provider/*', async (c, next) => {
    const { raw: request } = c.req
    const { pathname, searchParams } = new URL(request.url)
    const raw = gateway.rawAt(pathname)
    if (!raw) return next()
    const caller = await callerOf(callers, request.headers, 'call')
    const serving = await gateway.serving(caller)
    const { access = {}, rateLimit = [], fetch: transport = fetch } = serving.options
    const provider = serving.provider(raw.provider)
    if (!provider) throw new LeashError('not_found', `The relay has no key for the provider "${raw.provider}".`)
    const path = plainPath(raw.path)
    const most = mostBytes(context)
    const { method, signal, headers } = request
    if (!methods.includes(method)) throw new LeashError('invalid_request', `Send one of ${methods.join(', ')}.`, { status: 405 })
    if (method === 'POST' && protocolsAt(path).length > 0)
      throw new LeashError('invalid_request', 'Write the path of a call to a model without escapes.')
    if (!accessTo({ ...access, models: {} })({ provider, model: '' }))
      throw new LeashError('model_not_allowed', `The policy does not let you ask "${provider.name}".`)
    if (!access.raw?.includes(provider.name)) {
      if (method === 'POST' && isTokenQuestion(path))
        return c.json(await countTokens({ serving, caller, path, headers, body: await jsonOf(request, most), provider, signal }))
      if (method === 'GET' && /^(?:\/v1\w*)?\/models$/.test(path))
        return c.json(modelListFor(path, headers).all(namesAt(provider.name, await modelsOf(serving))))
      throw new LeashError(
        'permission_denied',
        `This is no call to a model. Ask your administrator for \`access: { raw: ['${provider.name}'] }\` in the policy.`,
      )
    }
    const { admit } = await import('../gateway/raw-limits.js')
    await admit(rateLimit, { provider, identity: identityOf(caller), signal })
    const body = method === 'GET' ? undefined : await bytesOf(request, most)
    return forward({ provider, method, path, query: searchParams, headers, signal, ...(body && { body }) }, transport)
  })

  return app
}

/** As the vendor itself calls them. */
function namesAt(provider: string, models: readonly ListedModel[]): ListedModel[] {
  return models.flatMap((model) => (model.owner === provider ? [{ ...model, id: model.id.slice(provider.length + 1) }] : []))
}
