/** What vendors' SDKs ask for beside calls: which models there are, and how many tokens a request has. */
import { Hono } from 'hono'
import { LeashError } from '../../core/errors.js'
import { isTokenQuestion } from '../../protocols/count-tokens.js'
import { modelListFor } from '../../protocols/model-list.js'
import { percentDecoded } from '../../protocols/percent.js'
import { countTokens } from '../gateway/count.js'
import { modelsOf } from '../gateway/models.js'
import { jsonOf } from '../http/body.js'
import { callerOf } from '../people/caller.js'
import type { RelayContext } from './context.js'
import { mostBytes } from './gateway-env.js'

const questions = ['/v1/messages/count_tokens', '/v1/responses/input_tokens', '/v1/models/*', '/v1beta/models/*']

export function gatewayModelRoutes(context: RelayContext): Hono {
  const { callers, gateway } = context
  const app = new Hono()

  app.on('GET', ['/v1/models', '/v1beta/models'], async (c) => {
    const caller = await callerOf(callers, c.req.raw.headers, 'call')
    return c.json(modelListFor(c.req.path, c.req.raw.headers).all(await modelsOf(await gateway.serving(caller))))
  })

  app.on('GET', ['/v1/models/*', '/v1beta/models/*'], async (c) => {
    const caller = await callerOf(callers, c.req.raw.headers, 'call')
    const wanted = percentDecoded(c.req.path.slice(c.req.path.indexOf('/models/') + '/models/'.length))
    const model = (await modelsOf(await gateway.serving(caller))).find(({ id }) => id === wanted || id.endsWith(`/${wanted}`))
    if (!model) throw new LeashError('not_found', 'No such model is known, or this key may not call it.')
    return c.json(modelListFor(c.req.path, c.req.raw.headers).one(model))
  })

  app.on('POST', questions, async (c, next) => {
    if (!isTokenQuestion(c.req.path)) return next()
    const caller = await callerOf(callers, c.req.raw.headers, 'call')
    const serving = await gateway.serving(caller)
    const body = await jsonOf(c.req.raw, mostBytes(context))
    return c.json(
      await countTokens({ serving, caller, path: c.req.path, headers: c.req.raw.headers, body, signal: c.req.raw.signal }),
    )
  })

  return app
}
