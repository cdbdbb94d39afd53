/** A vendor's server that notes what reaches it, on a real socket: for tests of the bytes that a provider sends. */
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { Provider, WireRequest } from '../../src/core/provider.js'
import { send } from '../../src/core/transport.js'
import { listen } from '../helpers/listen.js'

export interface Received {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Upstream extends AsyncDisposable {
  readonly url: string
  readonly received: readonly Received[]
}

export async function upstream(
  answer: (request: Received) => { status?: number; body: unknown } = () => ({ body: {} }),
): Promise<Upstream> {
  const received: Received[] = []
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk)
    const { method = '', url = '', headers } = incoming
    const request = { method, path: url, headers, body: Buffer.concat(chunks).toString() }
    received.push(request)
    const { status = 200, body } = answer(request)
    outgoing.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  return { ...(await listen(server)), received }
}

/** A request as the engine hands it to a provider. */
export function wire(over: Partial<WireRequest> & Pick<WireRequest, 'protocol' | 'model'>): WireRequest {
  return { stream: false, body: { model: over.model }, headers: {}, ...over }
}

/** What the provider's server reads. */
export async function sent(provider: Provider, request: WireRequest, server: Upstream): Promise<Received> {
  const response = await send(fetch, await provider.prepare(request))
  await response.arrayBuffer()
  const last = server.received.at(-1)
  if (!last) throw new Error('Nothing was received.')
  return last
}

/** No variable at all, whatever the machine that runs the tests has set. */
export const bare = {}
