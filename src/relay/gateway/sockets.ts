/** Web sockets at `/v1/gateway/ws`: who may open one, how many, and how they end. */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebSocket, WebSocketServer } from 'ws'
import { LeashError } from '../../core/errors.js'
import { Lazy } from '../../core/lazy.js'
import { addressOf } from '../../node-http.js'
import { headersOf } from '../http/asked.js'
import { failureOf, refuse } from '../http/failure.js'
import type { Gate } from '../http/gate.js'
import type { Upgrade } from '../http/plain-again.js'
import { type Caller, type Callers, callerOf, isAdministrator, keyIn } from '../people/caller.js'
import type { Gateway } from './gateway.js'
import { closing, Session } from './session.js'

export interface SocketsDeps {
  readonly callers: Callers
  readonly gateway: Gateway
  readonly gate: Pick<Gate, 'enter'>
  /** Sites whose pages may open one, beside the relay's own. */
  readonly origins: () => readonly string[]
  readonly warn: (message: string) => void
  readonly options?: SocketsOptions
}

export interface SocketsOptions {
  /** @defaultValue 5 minutes */
  readonly idleMs?: number
  /** One that has not answered a ping when the next is due is gone. @defaultValue 30 seconds */
  readonly pingMs?: number
  /** Of a message, in bytes. @defaultValue 1 MiB */
  readonly mostBytes?: number
  /** Of one tenant at a time. @defaultValue 200 */
  readonly mostPerTenant?: number
  /** What is being answered when the relay stops may take so long. @defaultValue 20 seconds */
  readonly closeMs?: number
}

const path = '/v1/gateway/ws'
const plainProtocol = 'leash'
/** A page cannot send headers with a web socket, and so the key comes as one of the protocols. */
const keyProtocol = 'leash.key.'

export class Sockets {
  readonly #deps: SocketsDeps
  readonly #options: Required<SocketsOptions>
  readonly #open = new Map<WebSocket, { readonly session: Session; readonly tenant: string; alive: boolean }>()
  readonly #server: Lazy<WebSocketServer>
  #pings: NodeJS.Timeout | undefined
  #closing = false

  constructor(deps: SocketsDeps) {
    this.#deps = deps
    const usual = { idleMs: 300_000, pingMs: 30_000, mostBytes: 1024 * 1024, mostPerTenant: 200, closeMs: 20_000 }
    this.#options = { ...usual, ...deps.options }
    this.#server = new Lazy(() => openServer(this.#options.mostBytes))
  }

  /** For the server's `upgrade`. Whatever cannot be a web socket is answered as HTTP. */
  upgrade({ incoming, outgoing, socket, head }: Upgrade): void {
    takeKey(incoming)
    socket.on('error', () => socket.destroy())
    // Nothing else is read from it, and nobody counts it any more: whoever does not hang up is hung up on.
    outgoing.shouldKeepAlive = false
    outgoing.once('finish', () => socket.end(() => socket.destroy()))
    if (!this.#deps.gate.enter(incoming, outgoing)) return
    this.#enter(incoming, socket, head).catch((error: unknown) =>
      refuse(outgoing, failureOf(error, 'A web socket could not be opened', this.#deps.warn)),
    )
  }

  /** Each is told that the relay goes away, when its answer has ended. */
  async close(): Promise<void> {
    this.#closing = true
    clearInterval(this.#pings)
    const open = [...this.#open]
    if (open.length === 0) return
    const gone = open.map(([socket]) => new Promise((resolve) => socket.once('close', resolve)))
    const late = setTimeout(() => {
      for (const [socket] of open) socket.terminate()
    }, this.#options.closeMs)
    await Promise.all([...gone, ...open.map(([, { session }]) => session.close())])
    clearTimeout(late)
  }

  async #enter(incoming: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    if (addressOf(incoming)?.pathname !== path) throw new LeashError('not_found', `Web sockets are served at ${path}.`)
    if (this.#closing) throw new LeashError('overloaded', 'The relay is stopping.', { retryAfterMs: 1000 })
    checkOrigin(incoming, this.#deps.origins())
    const headers = headersOf(incoming)
    const caller = await callerOf(this.#deps.callers, headers, 'call')
    const taken = [...this.#open.values()].filter(({ tenant }) => tenant === caller.tenant).length
    if (taken >= this.#options.mostPerTenant)
      throw new LeashError('rate_limited', `${taken} web sockets are open already.`, { retryAfterMs: 10_000 })
    const server = await this.#server.get()
    if (socket.destroyed) return
    // It answers by itself whoever cannot speak its protocol.
    server.handleUpgrade(incoming, socket, head, (opened) => this.#opened(opened, caller, keyIn(headers) ?? ''))
  }

  #opened(socket: WebSocket, caller: Caller, key: string): void {
    const { callers, gateway, warn } = this.#deps
    const session = new Session({
      socket,
      warn,
      idleMs: this.#options.idleMs,
      serving: (caller) => gateway.serving(caller),
      booked: () => gateway.booked(),
      caller: async () => {
        const now = await callers.verify(key)
        if (!now) throw new LeashError('authentication_failed', 'This key has expired or was revoked.')
        // Its signature was looked at when it was opened. What it may do, and for whom, may be another by now.
        const everywhere = isAdministrator(now)
        const isServed = now.tenant === caller.tenant || (everywhere && (await callers.isActive(caller.tenant)))
        if (isServed && (everywhere || now.scopes.includes('call'))) return { ...now, tenant: caller.tenant }
        throw new LeashError('permission_denied', 'This key may not make calls any more.')
      },
    })
    const entry = { session, tenant: caller.tenant, alive: true }
    this.#open.set(socket, entry)
    socket.on('pong', () => {
      entry.alive = true
    })
    socket.once('close', () => this.#open.delete(socket))
    if (this.#closing) socket.close(closing.goingAway)
    this.#pings ??= setInterval(() => this.#ping(), this.#options.pingMs).unref()
  }

  #ping(): void {
    for (const [socket, entry] of this.#open) {
      if (!entry.alive) socket.terminate()
      entry.alive = false
      if (socket.readyState === socket.OPEN) socket.ping()
    }
  }
}

async function openServer(maxPayload: number): Promise<WebSocketServer> {
  const { WebSocketServer } = await import('ws')
  return new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload,
    // Packed, a few bytes may hold gigabytes, and one tenant's text could be told by the size of another's.
    perMessageDeflate: false,
    // A page is refused its socket when none of its protocols is chosen. The key is not repeated where it need not be.
    handleProtocols: (offered) => (offered.has(plainProtocol) ? plainProtocol : ([...offered][0] ?? false)),
  })
}

/** Browsers let every page open web sockets anywhere, and say which page it was. @throws LeashError `permission_denied` */
function checkOrigin({ headers }: IncomingMessage, known: readonly string[]): void {
  const { origin, host } = headers
  if (origin === undefined || known.includes('*') || known.includes(origin)) return
  if (URL.canParse(origin) && new URL(origin).host === host) return
  throw new LeashError('permission_denied', 'Pages of this site may not ask the relay. Name it in `cors.origins`.')
}

/** To where everybody looks for it, those too who count wrong ones. */
function takeKey({ headers }: IncomingMessage): void {
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((one) => one.trim())
  const key = offered.find((one) => one.startsWith(keyProtocol))?.slice(keyProtocol.length)
  if (key) headers.authorization ??= `Bearer ${key}`
}
