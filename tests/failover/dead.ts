/** Upstreams that are dead, each in its own way, and count who comes. */
import { createServer, type Socket } from 'node:net'

export interface Dead {
  readonly url: string
  /** Connections that were made to it. */
  readonly connections: number
  close(): Promise<void>
}

/** What becomes of a connection. */
export const deaths = {
  'closes every connection': (socket) => socket.end(),
  'resets every connection': (socket) => socket.resetAndDestroy(),
  'breaks off in the headers': (socket) => socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-le')),
  'is silent': () => {},
} satisfies Record<string, (socket: Socket) => void>

export async function startDead(die: (socket: Socket) => void): Promise<Dead> {
  let connections = 0
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    connections++
    open.add(socket)
    // Whoever waits for an answer may reset it.
    socket.on('error', () => {})
    socket.once('close', () => open.delete(socket))
    die(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('The server has no port.')
  return {
    url: `http://127.0.0.1:${address.port}`,
    get connections() {
      return connections
    },
    close() {
      for (const socket of open) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
