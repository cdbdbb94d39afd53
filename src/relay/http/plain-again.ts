/**
 * Some clients ask with every request whether the server would rather speak HTTP/2 (Java's own does). As soon as a server takes
 * web sockets, Node before 22.21 and 24.9 hands it those requests too, off the parser and with their body still to come. Later ones ask
 * `shouldUpgradeCallback` first: https://nodejs.org/api/http.html#httpcreateserveroptions-requestlistener
 */
import { type IncomingMessage, type Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/** A request to go on in another protocol, on a connection that is free. */
export interface Upgrade {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  readonly socket: Duplex
  /** What has come behind the request. */
  readonly head: Buffer
}

const offered = /^(?:upgrade|http2-settings)$/i

export const wantsWebSocket = ({ headers }: IncomingMessage): boolean => headers.upgrade?.toLowerCase() === 'websocket'

/** What is answered by hand; undefined when something that was asked before on the connection is being answered still. */
export function answerOn(incoming: IncomingMessage, socket: Duplex): ServerResponse | undefined {
  const outgoing = new ServerResponse(incoming)
  try {
    outgoing.assignSocket(socket as Parameters<ServerResponse['assignSocket']>[0])
    return outgoing
  } catch {
    return undefined
  }
}

/** Lets the server read the request once more, without the question, which nobody has to answer: RFC 9110, section 7.8. */
export function readPlain(
  server: Server,
  { method, url, httpVersion, rawHeaders }: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  const lines = [`${method} ${url} HTTP/${httpVersion}`]
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = rawHeaders.slice(at, at + 2)
    if (/^connection$/i.test(name)) lines.push(...keptOf(value))
    else if (!offered.test(name)) lines.push(`${name}: ${value}`)
  }
  // As they came: Node reads headers as Latin-1.
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]))
  server.emit('setSecureContext' in server ? 'secureConnection' : 'connection', socket)
}

function keptOf(connection: string): string[] {
  const kept = connection.split(',').filter((option) => !offered.test(option.trim()))
  return kept.length > 0 ? [`Connection: ${kept.join(',')}`] : []
}
