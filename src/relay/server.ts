/** One port for all: calls to models go straight to the engine, everything else to the routes. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { LeashError } from '../core/errors.js'
import type { Asked } from '../handler.js'
import { addressOf, requestOf, send, write } from '../node-http.js'
import { isModelPath } from '../recognise.js'
import type { Answered } from '../respond.js'
import { answerOf } from './app.js'
import { askedBy } from './asked.js'

export interface ServerOptions {
  /** Without the platform's `Request` and `Response`, which cost more than a call does otherwise. */
  readonly calls: (asked: Asked) => Promise<Answered>
  readonly others: (request: Request) => Promise<Response>
  readonly warn: (message: string) => void
}

/** Of the headers of a request, and for the time in which they have to be there. */
const mostHeaderBytes = 32 * 1024
const headersMs = 20_000

/** A comment goes out on a stream that is silent for so long, lest a proxy takes it for dead. */
const keepAliveMs = 15_000

/** What is left of requests after so long is cut off when the relay stops. */
const closeMs = 30_000

export interface RelayServer {
  /** @returns the port, which matters where 0 was asked for. @throws LeashError `invalid_config` */
  listen(host: string, port: number): Promise<number>
  /** Takes no more connections. Streams go on to their end, for a time. */
  close(): Promise<void>
}

export function createRelayServer({ calls, others, warn }: ServerOptions): RelayServer {
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
      if (incoming.method === 'POST' && isModelPath(url.pathname)) {
        const { status, headers, body } = await calls(askedBy(incoming, url.pathname, left.signal))
        const sent = typeof body === 'string' ? body : body[Symbol.asyncIterator]()
        await write({ status, headers, body: sent }, outgoing, keepAliveMs)
      } else await send(await others(requestOf(incoming, url, left.signal)), outgoing, keepAliveMs)
    } catch (error) {
      await send(answerOf(error, warn), outgoing)
    } finally {
      outgoing.off('close', leave)
      // What is left of a body that was refused must be off the connection before the next request can be read from it.
      incoming.resume()
    }
  }
  const server = createServer(
    { maxHeaderSize: mostHeaderBytes, headersTimeout: headersMs, keepAliveTimeout: 65_000 },
    (incoming, outgoing) => void answer(incoming, outgoing).catch(() => outgoing.destroy()),
  )
  const silent = silentSockets(server)
  return {
    listen: (host, port) => listening(server, host, port),
    close: () => closed(server, silent),
  }
}

function listening(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const message = `The relay cannot listen at ${host}:${port}: ${cause.message}. Choose another \`port\`.`
      reject(new LeashError('invalid_config', message, { cause }))
    })
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port))
  })
}

/** Browsers open connections ahead of use. Node takes one on which nothing was asked yet for a busy one. */
function silentSockets(server: Server): ReadonlySet<Socket> {
  const silent = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    silent.add(socket)
    socket.once('close', () => silent.delete(socket))
  })
  server.on('request', ({ socket }: IncomingMessage) => silent.delete(socket))
  return silent
}

function closed(server: Server, silent: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    const late = setTimeout(() => server.closeAllConnections(), closeMs)
    server.close(() => {
      clearTimeout(late)
      resolve()
    })
    server.closeIdleConnections()
    for (const socket of silent) socket.destroy()
  })
}
