/** A way to a server on which nothing comes through any more, and nobody is told so: what is left of one after a failover. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export interface Way {
  /** As the server's own, by this way. */
  readonly url: string
  /** Connections that are open stay so, and carry nothing any more. New ones do. */
  fallSilent(): void
}

export async function wayTo(server: string): Promise<Way> {
  const url = new URL(server)
  const [host, port] = [url.hostname, Number(url.port)]
  const open = new Set<{ readonly ends: readonly Socket[]; silent: boolean }>()
  const proxy = createServer((near) => {
    const far = connect(port, host)
    const way = { ends: [near, far], silent: false }
    open.add(way)
    const carry = (from: Socket, to: Socket) =>
      from
        .on('data', (bytes) => way.silent || to.write(bytes))
        .on('error', () => {})
        .on('close', () => way.silent || to.destroy())
    carry(near, far)
    carry(far, near)
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  url.port = String((proxy.address() as AddressInfo).port)
  onTestFinished(() => {
    proxy.close()
    for (const { ends } of open) for (const end of ends) end.destroy()
  })
  return {
    url: url.href,
    fallSilent() {
      for (const way of open) way.silent = true
    },
  }
}
