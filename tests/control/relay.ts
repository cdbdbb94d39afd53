/** A relay in memory, over a real socket: it keeps to src/control/wire.ts, and fails as it is told. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import type { Lease, LeaseRequest, LeaseSettlement, PolicyBundle, SignedBundle, UsageBatch } from '../../src/control/wire.js'
import type { LedgerLine } from '../../src/core/ledger.js'

/**
 * `down`: the connection breaks before anything is done. `lost`: it breaks afterwards, so that only the answer is lost.
 * `hang`: no answer ever comes. A number: a status.
 */
export type Failure = 'down' | 'lost' | 'hang' | { readonly status: number; readonly headers?: Record<string, string> }

export interface Asked {
  readonly method: string
  /** With the query. */
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: unknown
}

interface Lent {
  readonly scope: string
  readonly amount: number
  spent: number | undefined
  beyond: number
}

export const key = 'vk_test_0123456789abcdef'

export class FakeRelay {
  readonly asked: Asked[] = []
  /** Which requests fail, and how. */
  fail: (asked: Asked) => Failure | undefined = () => undefined
  readonly lines = new Map<string, LedgerLine>()
  /** Lines that came, with those that had come before. */
  linesCome = 0
  readonly limits = new Map<string, number>()
  readonly leases = new Map<string, Lent>()
  ttlMs = 60_000
  /** Of {@link fetch}. */
  latencyMs = 0
  /** Of what is left, a lease takes so much at most. */
  share = 0.25
  /** Most of `settled + lent` that was ever seen, by scope. */
  readonly most = new Map<string, number>()
  bundle: PolicyBundle = {
    revision: '1',
    issuedAt: 1000,
    tenant: 'red',
    key: 'k1',
    staleMs: 60_000,
    whenStale: 'open',
    policy: {},
  }
  /** Changes what is about to be sent. */
  forge: (signed: SignedBundle) => unknown = (signed) => signed
  readonly #keys: CryptoKeyPair
  readonly publicKey: string
  readonly #waiting = new Set<() => void>()
  readonly #server = createServer((incoming, outgoing) => void this.#handle(incoming, outgoing))
  #port = 0

  private constructor(keys: CryptoKeyPair, publicKey: string) {
    this.#keys = keys
    this.publicKey = publicKey
  }

  static async start(): Promise<FakeRelay> {
    const keys = (await crypto.subtle.generateKey({ name: 'Ed25519' }, true, ['sign', 'verify'])) as CryptoKeyPair
    const raw = await crypto.subtle.exportKey('raw', keys.publicKey)
    const relay = new FakeRelay(keys, Buffer.from(raw).toString('base64'))
    await relay.listen()
    return relay
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  /** Again, at the address that it had. */
  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve))
    this.#port = (this.#server.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  publish(change: Partial<PolicyBundle>): void {
    const { revision, issuedAt } = this.bundle
    this.bundle = { ...this.bundle, revision: String(Number(revision) + 1), issuedAt: issuedAt + 1, ...change }
    this.wake()
  }

  /** Answers those who wait for a change, whether there is one or not. */
  wake(): void {
    for (const wake of this.#waiting) wake()
  }

  /** How many clients wait for a change. */
  get polls(): number {
    return this.#waiting.size
  }

  count(path: string): number {
    return this.asked.filter((asked) => asked.path.startsWith(path)).length
  }

  async sign(bundle: PolicyBundle = this.bundle): Promise<SignedBundle> {
    const payload = JSON.stringify(bundle)
    const signature = await crypto.subtle.sign({ name: 'Ed25519' }, this.#keys.privateKey, Buffer.from(payload))
    return { payload, signature: Buffer.from(signature).toString('base64'), publicKey: this.publicKey }
  }

  taken(scope: string): number {
    return [...this.leases.values()]
      .filter((lent) => lent.scope === scope)
      .reduce((sum, { amount, spent = amount, beyond }) => sum + spent + beyond, 0)
  }

  lent(): Lent[] {
    return [...this.leases.values()]
  }

  async #handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = '', url: path = '', headers } = incoming
    const bytes = await buffer(incoming).catch(() => Buffer.alloc(0))
    const text = headers['content-encoding'] === 'gzip' ? gunzipSync(bytes).toString() : bytes.toString()
    const { asked, failure } = this.#ask({ method, path, headers, body: text ? JSON.parse(text) : undefined })
    if (failure === 'hang') return
    if (failure === 'down') return void outgoing.destroy()
    if (typeof failure === 'object') return void outgoing.writeHead(failure.status, failure.headers).end()
    if (headers.authorization !== `Bearer ${key}`) return void outgoing.writeHead(401).end()
    const answer = await this.#answer(asked, outgoing)
    if (failure === 'lost') outgoing.destroy()
    else outgoing.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers }).end(answer.text)
  }

  /** The same without a socket, for tests in which time is made up. */
  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const path = String(input).slice(this.url.length)
    const body = typeof init?.body === 'string' ? JSON.parse(init.body) : undefined
    const { asked, failure } = this.#ask({ method: init?.method ?? 'GET', path, headers: {}, body })
    if (this.latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, this.latencyMs))
    if (failure === 'down') throw new TypeError('fetch failed')
    if (failure === 'hang')
      return new Promise((_, reject) => init?.signal?.addEventListener('abort', () => reject(init.signal?.reason)))
    if (typeof failure === 'object') return new Response(null, failure)
    const { text = null, ...rest } = await this.#answer(asked)
    if (failure === 'lost') throw new TypeError('fetch failed')
    return new Response(text, rest)
  }

  #ask(asked: Asked): { readonly asked: Asked; readonly failure: Failure | undefined } {
    this.asked.push(asked)
    return { asked, failure: this.fail(asked) }
  }

  async #answer(
    asked: Asked,
    outgoing?: ServerResponse,
  ): Promise<{ status: number; text?: string; headers?: Record<string, string> }> {
    const { pathname, searchParams } = new URL(asked.path, this.url)
    switch (`${asked.method} ${pathname}`) {
      case 'GET /v1/control/policy': {
        const known = asked.headers['if-none-match']
        if (known === this.#etag && searchParams.has('wait')) await this.#change(outgoing)
        const headers = { etag: this.#etag }
        if (known === this.#etag) return { status: 304, headers }
        return { status: 200, headers, text: JSON.stringify(this.forge(await this.sign())) }
      }
      case 'POST /v1/control/leases':
        return this.#lend(asked.body as LeaseRequest)
      case 'POST /v1/control/leases/settle':
        for (const settled of (asked.body as LeaseSettlement).leases) this.#settle(settled)
        return { status: 204 }
      case 'POST /v1/usage': {
        const { lines } = asked.body as UsageBatch
        const before = this.lines.size
        for (const line of lines) this.lines.set(line.id, line)
        this.linesCome += lines.length
        const taken = this.lines.size - before
        return { status: 200, text: JSON.stringify({ taken, known: lines.length - taken }) }
      }
      default:
        return { status: 404, text: JSON.stringify({ error: { code: 'not_found' } }) }
    }
  }

  get #etag(): string {
    return `"${this.bundle.revision}"`
  }

  async #change(outgoing: ServerResponse | undefined): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = () => {
        this.#waiting.delete(wake)
        resolve()
      }
      this.#waiting.add(wake)
      outgoing?.once('close', wake)
    })
  }

  #lend({ id = '', scope, least, wanted }: LeaseRequest): { status: number; text: string } {
    const limit = this.limits.get(scope)
    if (limit === undefined) return { status: 404, text: JSON.stringify({ error: { code: 'not_found' } }) }
    const known = this.leases.get(id)
    const left = limit - this.taken(scope)
    if (known?.spent !== undefined || (!known && left < least))
      return { status: 402, text: JSON.stringify({ taken: this.taken(scope), limit }) }
    const amount = known?.amount ?? Math.min(left, wanted, Math.max(least, Math.floor(left * this.share)))
    if (!known) this.leases.set(id, { scope, amount, spent: undefined, beyond: 0 })
    const taken = this.taken(scope)
    this.most.set(scope, Math.max(this.most.get(scope) ?? 0, taken))
    const lease: Lease = { id, scope, amount, ttlMs: this.ttlMs, taken, limit }
    return { status: 200, text: JSON.stringify(lease) }
  }

  #settle({ id, spent, beyond = 0 }: LeaseSettlement['leases'][number]): void {
    const lent = this.leases.get(id)
    if (!lent) {
      this.leases.set(id, { scope: '', amount: 0, spent: 0, beyond: 0 })
      return
    }
    if (spent > lent.amount) throw new Error(`${spent} spent of a lease of ${lent.amount}`)
    lent.spent = Math.min(lent.spent ?? spent, spent)
    lent.beyond = Math.max(lent.beyond, beyond)
  }
}
