/** One port for all: calls to models go straight to the engine, everything else to the routes. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Answered } from '../../answered.js'
import { LeashError } from '../../core/errors.js'
import type { Asked } from '../../handler.js'
import { addressOf, pathOf, requestOf, send, write } from '../../node-http.js'
import { isModelPath } from '../../recognise.js'
import { checkedAsked, checkedRequest } from '../people/request-signing.js'
import { askedBy } from './asked.js'
import { compressedAnswer } from './compressed.js'
import { failureResponse } from './failure.js'
import type { Gate } from './gate.js'
import { createListener, renewCertificate } from './listener.js'
import type { LimitOptions, TlsOptions } from './options.js'
import { answerOn, readPlain, type Upgrade, wantsWebSocket } from './plain-again.js'

export interface ServerOptions {
  /** Without the platform's `Request` and `Response`, which cost more than a call does otherwise. */
  readonly calls: (asked: Asked) => Promise<Answered>
  readonly others: (request: Request) => Promise<Response>
  /** Requests to go on as a web socket. */
  readonly sockets: (upgrade: Upgrade) => void
  /** What answers wait for: until that which they have cost is written down. */
  readonly booked: () => Promise<void> | undefined
  readonly warn: (message: string) => void
  readonly gate: Gate
  readonly tls?: TlsOptions | undefined
  readonly limits?: LimitOptions | undefined
}

/** A comment goes out on a stream that is silent for so long, lest a proxy takes it for dead. */
const keepAliveMs = 15_000

/** What is left of requests after so long is cut off when the relay stops. */
const closeMs = 30_000

/** Node lets go of idle connections once, when a server is closed. Those that become idle later are looked for so often. */
const idleMs = 50

export interface RelayServer {
  /** @returns the port, which matters where 0 was asked for. @throws LeashError `invalid_config` */
  listen(host: string, port: number): Promise<number>
  /** Takes the certificate that there is now. @throws LeashError `invalid_config`, and the old one stays */
  renew(tls: TlsOptions): void
  /** Takes no more connections. Streams go on to their end, for a time. */
  close(): Promise<void>
}

export function createRelayServer({ calls, others, sockets, booked, warn, gate, tls, limits }: ServerOptions): RelayServer {
  const writing = { keepAliveMs, before: booked }
  const other = async (incoming: IncomingMessage, signal: AbortSignal) => {
    const url = addressOf(incoming)
    if (!url) throw new LeashError('invalid_request', 'The address cannot be read.')
    // The platform makes no request of it.
    if (incoming.method === 'TRACE') throw new LeashError('invalid_request', 'Nothing is served by TRACE.', { status: 405 })
    return others(checkedRequest(requestOf(incoming, url, signal)))
  }
  const answer = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    if (!gate.enter(incoming, outgoing)) return
    const left = new AbortController()
    const leave = () => left.abort()
    outgoing.once('close', leave)
    try {
      const path = incoming.method === 'POST' ? pathOf(incoming) : undefined
      if (path !== undefined && isModelPath(path)) {
        const answered = await calls(checkedAsked(askedBy(incoming, path, left.signal)))
        const packing = compressedAnswer(answered, incoming.headers['accept-encoding'])
        const { status, headers, body } = packing ? await packing : answered
        const sent = typeof body === 'string' || body instanceof Uint8Array ? body : body[Symbol.asyncIterator]()
        await write({ status, headers, body: sent }, outgoing, writing)
      } else await send(await other(incoming, left.signal), outgoing, writing)
    } catch (error) {
      await send(failureResponse(error, warn), outgoing)
    } finally {
      outgoing.off('close', leave)
      // What is left of a body that was refused must be off the connection before the next request can be read from it.
      incoming.resume()
    }
  }
  const server = createListener((incoming, outgoing) => void answer(incoming, outgoing).catch(() => outgoing.destroy()), {
    tls,
    limits,
  })
  // Who asks whether it may send its body, and may not, is told so by the answer alone.
  server.on('checkContinue', (incoming, outgoing) => {
    if (gate.fits(incoming)) outgoing.writeContinue()
    server.emit('request', incoming, outgoing)
  })
  server.on('upgrade', (incoming, socket, head) => {
    const outgoing = answerOn(incoming, socket)
    if (!outgoing) return socket.destroy()
    if (wantsWebSocket(incoming)) return sockets({ incoming, outgoing, socket, head })
    outgoing.detachSocket(socket as Socket)
    readPlain(server, incoming, socket, head)
  })
  const silent = silentSockets(server)
  return {
    listen: (host, port) => listening(server, host, port),
    renew: (tls) => renewCertificate(server, tls),
    close: () => closed(server, silent),
  }
}

function listening(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const message = `The relay cannot listen at ${host}:${port}: ${cause.message}. Choose another \`port\`, or a \`host\` of this machine.`
      reject(new LeashError('invalid_config', message, { cause }))
    })
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port))
  })
}

/** Browsers open connections ahead of use. Node takes one on which nothing was asked yet for a busy one. */
function silentSockets(server: Server): ReadonlyMap<string, Socket> {
  const silent = new Map<string, Socket>()
  // By its other end: that of a request over TLS is not the socket which the server was told of.
  const end = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress} ${remotePort}`
  const known = new WeakSet<Socket>()
  server.on('connection', (socket: Socket) => {
    // It comes again with each request that is read once more.
    if (known.has(socket)) return
    known.add(socket)
    const name = end(socket)
    silent.set(name, socket)
    socket.once('close', () => silent.delete(name))
  })
  const speaks = ({ socket }: IncomingMessage) => {
    if (silent.size > 0) silent.delete(end(socket))
  }
  server.on('request', speaks).on('upgrade', speaks)
  return silent
}

function closed(server: Server, silent: ReadonlyMap<string, Socket>): Promise<void> {
  return new Promise((resolve) => {
    const late = setTimeout(() => server.closeAllConnections(), closeMs)
    const idle = setInterval(() => server.closeIdleConnections(), idleMs)
    server.close(() => {
      clearTimeout(late)
      clearInterval(idle)
      resolve()
    })
    server.closeIdleConnections()
    // Whoever is answered from now on is to come again elsewhere.
    server.prependListener('request', (_, outgoing) => {
      outgoing.shouldKeepAlive = false
    })
    for (const socket of silent.values()) socket.destroy()
  })
}
