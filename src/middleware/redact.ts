/** Takes personal data and secrets out of a request before anybody sends it, and puts them back into the answer. */
import type { Emitter } from '../core/emitter.js'
import { LeashError } from '../core/errors.js'
import type { Middleware } from '../core/middleware.js'
import { type EntityType, loadDetector } from '../detect/index.js'
import { protocolAtHand } from '../protocols/index.js'
import { Guard } from './redact/guard.js'
import type { RedactOptions } from './redact/options.js'
import { Hasher } from './redact/replacement.js'
import { rulesOf } from './redact/rules.js'
import { Conversations } from './redact/vault.js'

/** Loads `re2js` where the options have patterns. */
export async function redact(options: RedactOptions, emitter: Emitter): Promise<Middleware> {
  const guard = await openGuard(options, emitter)
  const conversations = new Conversations(options.conversations ?? 1000)
  return (next) =>
    async function redact(call) {
      const protocol = protocolAtHand(call.protocol)
      if (!protocol) throw new LeashError('invalid_config', `The protocol "${call.protocol}" is unknown.`)
      const vault = conversations.vaultFor(call.options.tenant, call.options.conversation)
      try {
        const sent = await guard.out(call, protocol, vault)
        return guard.back(await next(sent), call, protocol, vault)
      } catch (error) {
        vault.clear()
        throw error
      }
    }
}

async function openGuard(options: RedactOptions, emitter: Emitter): Promise<Guard> {
  const { request, response } = rulesOf(options)
  const { allow, deny, patterns, context, minConfidence, ner } = options
  const looking = {
    ...(allow && { allow }),
    ...(deny && { deny }),
    ...(patterns && { patterns }),
    ...(context && { context }),
    ...(minConfidence !== undefined && { minConfidence }),
    ...(ner && { ner }),
  }
  const detectorFor = (types: Iterable<EntityType>) => loadDetector({ ...looking, types: [...types] })
  return new Guard(
    {
      modes: request,
      detector: await detectorFor(request.keys()),
      slow: ner !== undefined,
      hasher: options.hashKey ? new Hasher(options.hashKey) : undefined,
      descriptions: options.tools ?? false,
    },
    response.size > 0 ? { modes: response, detector: await detectorFor(response.keys()) } : undefined,
    options,
    emitter,
  )
}
