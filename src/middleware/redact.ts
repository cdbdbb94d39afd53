/** Takes personal data and secrets out of a request before anybody sends it, and puts them back into the answer. */
import type { Call } from '../core/call.js'
import type { Emitter } from '../core/emitter.js'
import { isLeashError, LeashError } from '../core/errors.js'
import type { Middleware } from '../core/middleware.js'
import { untilStopped } from '../core/until-stopped.js'
import { protocolAtHand } from '../protocols/index.js'
import type { Tell } from './redact/guard.js'
import { openRedaction } from './redact/open.js'
import type { RedactOptions } from './redact/options.js'

/** Loads `re2js` where the options have patterns. */
export async function redact(options: RedactOptions, emitter: Emitter): Promise<Middleware> {
  const redaction = await openRedaction(options)
  const tellOf =
    ({ id }: Call): Tell =>
    (action, direction, found) => {
      if (emitter.heard('policy')) emitter.emit('policy', { callId: id, guard: 'redact', action, direction, found })
    }
  return (next) =>
    async function redact(call) {
      const protocol = protocolAtHand(call.protocol)
      if (!protocol) throw new LeashError('invalid_config', `The protocol "${call.protocol}" is unknown.`)
      const tell = tellOf(call)
      const way = redaction.way(call, protocol, tell)
      try {
        const out = way.out()
        // A recogniser may never answer.
        const searched = options.ner ? untilStopped(out, call) : out
        const sent = await searched.catch((error: unknown) => unsearched(error, call, options, tell))
        return way.back(await next(sent))
      } catch (error) {
        way.drop()
        throw error
      }
    }
}

/** The error's own words are not passed on: they may quote the text. */
function unsearched(error: unknown, call: Call, { onError }: RedactOptions, tell: Tell): Call {
  if (isLeashError(error)) throw error
  tell('fail', 'request', {})
  if (onError === 'open') return call
  const name = error instanceof Error ? error.name : typeof error
  throw new LeashError('policy_blocked', `The request could not be searched for personal data (${name}), and was not sent.`)
}
