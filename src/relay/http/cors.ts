/** Which sites' pages may ask the relay: https://fetch.spec.whatwg.org/#http-cors-protocol */
import type { IncomingMessage, ServerResponse } from 'node:http'

const methods = 'GET, POST, PUT, PATCH, DELETE'

/** All of an answer's headers: a vendor's SDK goes by them in a page too, and would else send again what was refused for good. */
const exposed = '*'

/** Seconds for which a browser need not ask again. */
const remembered = '600'

/**
 * Says in the answer's headers what a page of a site that is known may do. No cookie is ever asked for: who asks shows a key.
 *
 * @returns whether it was only asked what may be asked, and is answered with that
 */
export function crossSite(incoming: IncomingMessage, outgoing: ServerResponse, origins: readonly string[]): boolean {
  const { origin } = incoming.headers
  if (origins.length === 0 || origin === undefined) return false
  const known = origins.includes('*') ? '*' : origins.find((one) => one === origin)
  outgoing.setHeader('vary', 'origin')
  const isQuestion = incoming.method === 'OPTIONS' && incoming.headers['access-control-request-method'] !== undefined
  if (known !== undefined) {
    outgoing.setHeader('access-control-allow-origin', known)
    outgoing.setHeader('access-control-expose-headers', exposed)
    // By this a browser marks what comes from another site, and those are refused that nobody has asked in.
    delete incoming.headers['sec-fetch-site']
    if (isQuestion) {
      outgoing.setHeader('access-control-allow-methods', methods)
      outgoing.setHeader('access-control-allow-headers', incoming.headers['access-control-request-headers'] ?? '')
      outgoing.setHeader('access-control-max-age', remembered)
    }
  }
  return isQuestion
}
