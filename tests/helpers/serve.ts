/** A fetch-style handler on a real socket. */
import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream as NodeReadableStream } from 'node:stream/web'
import { heldBy } from '../../src/core/held-by.js'
import { listen } from './listen.js'

export interface Served {
  readonly url: string
  close(): Promise<void>
}

export async function serve(handle: (request: Request) => Promise<Response>): Promise<Served> {
  const server = createServer(async (incoming, outgoing) => {
    const left = new AbortController()
    outgoing.once('close', () => left.abort())
    const chunks: Buffer[] = []
    try {
      for await (const chunk of incoming) chunks.push(chunk)
    } catch {
      // The caller left before it had said what it wants.
      return
    }
    const { method = 'GET', url = '/', headers } = incoming
    const request = new Request(`http://127.0.0.1${url}`, {
      method,
      headers: Object.entries(headers).flatMap(([name, value]) =>
        typeof value === 'string' ? [[name, value] as [string, string]] : [],
      ),
      signal: left.signal,
      ...(method !== 'GET' && { body: Buffer.concat(chunks) }),
    })
    const response = await handle(heldBy(incoming, request))
    outgoing.writeHead(response.status, Object.fromEntries(response.headers))
    if (response.body)
      await pipeline(Readable.fromWeb(response.body as NodeReadableStream), outgoing).catch(() => outgoing.destroy())
    else outgoing.end()
  })
  const listening = await listen(server)
  return { url: listening.url, close: async () => listening[Symbol.asyncDispose]() }
}
