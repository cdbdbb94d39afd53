import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { checked, faultShape, mockShape } from '../checked.js'
import { deliver, type Fate } from './deliver.js'
import { type Fault, Script } from './faults.js'
import { makeSeal } from './ids.js'
import { Memory } from './memory.js'
import { respond } from './respond.js'
import type { MockProtocol, World } from './vendor.js'

export interface MockOptions {
  /** @defaultValue any that is free */
  readonly port?: number
  /** @defaultValue '127.0.0.1' */
  readonly host?: string
  /** Words in one piece of a stream. @defaultValue 1 */
  readonly wordsPerChunk?: number
  /** Another seed gives other ids, arguments and signatures; signatures of another seed are refused. */
  readonly seed?: string | number
  /** Speak these only; the addresses of the others are not found. @defaultValue all */
  readonly protocols?: readonly MockProtocol[]
}

/** A request as it came in, and what became of it. */
export interface RecordedRequest extends Fate {
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  /** Parsed; undefined when there was none or it was no JSON. */
  readonly body: unknown
  readonly text: string
  readonly protocol: MockProtocol | undefined
  readonly model: string | undefined
  readonly stream: boolean
}

export interface MockUpstream {
  /** `http://127.0.0.1:4711`, without a slash at the end. */
  readonly url: string
  readonly port: number
  readonly requests: RecordedRequest[]
  /** Faults for the requests to come. */
  script(...faults: Fault[]): void
  /** Forgets requests, faults and all that the vendors remember. */
  reset(): void
  /** Destroys every connection and stops every delay. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Starts a server on which every vendor's SDK finds its vendor. */
export async function startMock(options: MockOptions = {}): Promise<MockUpstream> {
  const { port = 0, host = '127.0.0.1', wordsPerChunk = 1, protocols } = checked(options, mockShape, 'startMock')
  const seed = String(options.seed ?? 'leash')
  const world: World = { seed, wordsPerChunk: Math.max(1, wordsPerChunk), memory: new Memory(), seal: makeSeal(seed) }
  const script = new Script()
  const requests: RecordedRequest[] = []
  const closing = new AbortController()
  const server = createServer((request, response) => {
    serve(request, response).catch((error) => response.destroy(error instanceof Error ? error : undefined))
  })

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const left = new AbortController()
    const stop = () => left.abort()
    closing.signal.addEventListener('abort', stop, { once: true })
    response.once('close', () => {
      closing.signal.removeEventListener('abort', stop)
      left.abort()
    })
    const text = await textOf(request)
    const handled = respond(request, text, world, protocols)
    requests.push(handled.record)
    const fault = script.next(handled.record)
    await deliver(response, handled.reply(fault), fault, handled.record, left.signal)
  }

  await listen(server, port, host)
  const address = server.address() as AddressInfo
  const close = () => {
    closing.abort()
    server.closeAllConnections()
    return new Promise<void>((resolve) => server.close(() => resolve()))
  }
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    port: address.port,
    requests,
    script: (...faults) => script.add(faults.map((fault) => checked(fault, faultShape, 'script'))),
    reset() {
      requests.length = 0
      script.clear()
      world.memory.clear()
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}
