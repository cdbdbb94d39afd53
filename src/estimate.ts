/** `leash.estimate()`: a call's target and price, before anybody pays it. */
import type { CallOptions, Estimate } from './core/call.js'
import { LeashError } from './core/errors.js'
import { isObject, type JsonObject } from './core/json.js'
import type { Engine } from './engine.js'
import { knownProtocol } from './protocols/index.js'

export interface EstimateOptions extends Omit<CallOptions, 'dryRun'> {
  /** How the request reads. @defaultValue 'openai-chat' */
  readonly protocol?: string
}

export async function estimate(
  engine: Engine,
  body: { readonly model: string },
  { protocol: name = 'openai-chat', ...options }: EstimateOptions,
): Promise<Estimate> {
  const protocol = await knownProtocol(name)
  if (!isObject(body) || typeof body.model !== 'string')
    throw new LeashError('invalid_request', 'Pass the request as an object that names its `model`.')
  const { report, result } = engine.run({
    protocol,
    model: body.model,
    stream: false,
    body: body as JsonObject,
    headers: {},
    options: { ...options, dryRun: true },
  })
  await result
  if (report.estimate) return report.estimate
  throw new LeashError('policy_blocked', 'A middleware answered this call by itself: nobody would be asked.')
}
