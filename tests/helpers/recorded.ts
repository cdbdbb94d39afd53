/** A server that answers every POST with the same bytes, and keeps the bytes that it was sent. */
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { listen } from './listen.js'

export interface Recording {
  readonly file: string
  readonly request: { readonly url: string; readonly body?: Readonly<Record<string, unknown>> | null }
  readonly response: {
    readonly status: number
    readonly headers: Readonly<Record<string, string>>
    readonly body?: unknown
    readonly sse?: string
  }
}

export function recordings(protocol: string): Recording[] {
  const folder = fileURLToPath(new URL(`../fixtures/${protocol}`, import.meta.url))
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => ({ ...JSON.parse(readFileSync(join(folder, file), 'utf8')), file }))
}

/** The body as it is put on the wire. */
export const wireBody = ({ response: { sse, body } }: Recording): string =>
  sse ?? (typeof body === 'string' ? body : JSON.stringify(body))

/** What a request is, down to its bytes: the line, the headers in their order and as they are spelt, the body. */
export interface Sent {
  readonly line: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Buffer
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** Bytes in one piece of a chunked body; absent, the body is one piece with its length. */
  readonly pieces?: number
}

export interface RecordedServer extends AsyncDisposable {
  readonly url: string
  readonly sent: Sent[]
}

export async function serveRecorded(answer: Answer): Promise<RecordedServer> {
  const sent: Sent[] = []
  const server = createServer(async (request, response) => {
    const { method = '', url = '', rawHeaders } = request
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const headers = rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [[name, rawHeaders[at + 1] ?? ''] as const] : []))
    sent.push({ line: `${method} ${url}`, headers, body: Buffer.concat(chunks) })
    const { 'content-length': _, 'transfer-encoding': __, connection: ___, ...kept } = answer.headers
    response.writeHead(answer.status, kept)
    const { body, pieces = body.length } = answer
    for (let at = 0; at < body.length; at += pieces) response.write(body.subarray(at, at + pieces))
    response.end()
  })
  return { ...(await listen(server)), sent }
}
