/** One port for all: calls to models go straight to the engine, everything else to the routes. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { addressOf, requestOf, send } from '../node-http.js'
import { isModelPath } from '../recognise.js'
import { answerOf } from './app.js'

export interface ServerOptions {
  readonly calls: (request: Request) => Promise<Response>
  readonly others: (request: Request) => Promise<Response>
  readonly warn: (message: string) => void
}

/** Of the headers of a request, and for the time in which they have to be there. */
const mostHeaderBytes = 32 * 1024
const headersMs = 20_000

/** A comment goes out on a stream that is silent for so long, lest a proxy takes it for dead. */
const keepAliveMs = 15_000

export function createRelayServer({ calls, others, warn }: ServerOptions): Server {
  const answer = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const url = addressOf(incoming)
    if (!url) {
      outgoing.writeHead(400).end()
      return
    }
    const left = new AbortController()
    const leave = () => left.abort()
    outgoing.once('close', leave)
    try {
      const serve = incoming.method === 'POST' && isModelPath(url.pathname) ? calls : others
      const response = await serve(requestOf(incoming, url, left.signal)).catch((error) => answerOf(error, warn))
      await send(response, outgoing, keepAliveMs)
    } finally {
      outgoing.off('close', leave)
      // What is left of a body that was refused must be off the connection before the next request can be read from it.
      incoming.resume()
    }
  }
  return createServer(
    { maxHeaderSize: mostHeaderBytes, headersTimeout: headersMs, keepAliveTimeout: 65_000 },
    (incoming, outgoing) => void answer(incoming, outgoing).catch(() => outgoing.destroy()),
  )
}
