/** The wire endpoints of OpenAI, Anthropic and Gemini in Express, and in whatever else serves by `node:http`. */
import type { ServerResponse } from 'node:http'
import type { CallOptions } from '../core/call.js'
import { LeashError } from '../core/errors.js'
import { addressOf, type NodeRequest, requestOf, send } from '../node-http.js'
import type { Leash } from '../open-leash.js'
import { isModelPath } from '../recognise.js'

export type { CallOptions } from '../core/call.js'
export type { NodeRequest } from '../node-http.js'

export interface EndpointOptions<Req extends NodeRequest = NodeRequest> {
  /**
   * What the leash is to know of this call: its tenant, user, tags, budget … Asked before the body is read. A `LeashError` that it
   * throws is told to the caller in the caller's protocol; anything else is the host's to answer.
   */
  readonly call?: (request: Req) => CallOptions | Promise<CallOptions>
  /** The largest request body, in bytes. @defaultValue the leash's own `maxBodyBytes` */
  readonly maxBodyBytes?: number
  /** Milliseconds without an event after which a comment is sent, so that no proxy takes the stream for dead. @defaultValue none are sent */
  readonly keepAliveMs?: number
}

/** As Express and Connect call it. Without `next`, what is not served here gets a 404. */
export type Endpoints<Req extends NodeRequest = NodeRequest> = (
  request: Req,
  response: ServerResponse,
  next?: (error?: unknown) => void,
) => Promise<void>

/**
 * Serves calls to models, and leaves every other request to the next handler.
 *
 * @example
 * app.use('/llm', endpoints(leash, { call: (request: Request) => ({ tenant: tenantOf(request) }) }))
 */
export function endpoints<Req extends NodeRequest = NodeRequest>(
  leash: Pick<Leash, 'handle'>,
  { call, maxBodyBytes, keepAliveMs, ...unknown }: EndpointOptions<Req> = {},
): Endpoints<Req> {
  for (const name in unknown) throw strange(name)
  positive('maxBodyBytes', maxBodyBytes)
  positive('keepAliveMs', keepAliveMs, 2 ** 31 - 1)
  return async function serve(incoming, outgoing, next) {
    const url = addressOf(incoming)
    if (!url || incoming.method !== 'POST' || !isModelPath(url.pathname)) {
      if (next) next()
      else outgoing.writeHead(404).end()
      return
    }
    // Who has left while other handlers were at work is told of by no event any more.
    if (outgoing.destroyed) return
    const left = new AbortController()
    const leave = () => left.abort()
    outgoing.once('close', leave)
    try {
      const response = await leash.handle(requestOf(incoming, url, left.signal), {
        ...(call && { leash: () => call(incoming) }),
        ...(maxBodyBytes !== undefined && { maxBodyBytes }),
      })
      await send(response, outgoing, keepAliveMs === undefined ? {} : { keepAliveMs })
    } catch (error) {
      if (left.signal.aborted || incoming.errored) return
      if (next) next(error)
      else outgoing.writeHead(500).end()
    } finally {
      outgoing.off('close', leave)
      // What is left of a body that was refused must be off the connection before the next request can be read from it.
      incoming.resume()
    }
  }
}

function positive(name: string, value: number | undefined, most = Number.MAX_SAFE_INTEGER): void {
  if (value === undefined || (Number.isInteger(value) && value > 0 && value <= most)) return
  throw new LeashError('invalid_config', `\`${name}\` must be a whole number from 1 to ${most}.`)
}

/** With a mistyped `call`, everybody would be let in. */
function strange(name: string): LeashError {
  return new LeashError('invalid_config', `unknown option \`${name}\` (known: call, maxBodyBytes, keepAliveMs).`)
}
