/** Asks the relay for slices of quota, and tells it what has become of them. */
import { base64urlOf } from '../core/base64.js'
import { isLeashError, LeashError } from '../core/errors.js'
import { asNumber, asObject, asString, parseJson } from '../core/json.js'
import { Backoff } from './backoff.js'
import { type Connection, isAway, isRefused } from './connection.js'
import type { Claim } from './slices.js'
import type { Lease, LeaseRefusal, LeaseRequest, LeaseSettlement } from './wire.js'

export type Lent =
  | { readonly kind: 'lent'; readonly lease: Lease /** Milliseconds since 1970. */; readonly until: number }
  | { readonly kind: 'refused'; readonly refusal: LeaseRefusal }
  /** The relay holds nobody to it. */
  | { readonly kind: 'free' }
  /** It lends nothing, for a reason other than that nothing is left. */
  | { readonly kind: 'away'; readonly error: LeashError }

/** A call waits for it that may also go on without, or a leash that is being closed. */
const timeoutMs = 2000

/** A call waits for it that fails without. */
const patienceMs = 10_000

/** Of one settlement. */
const mostClaims = 500

/** Leases that were asked for and whose answer was lost. */
const mostLost = 10_000

export class Lender {
  readonly #connection: Pick<Connection, 'post'>
  readonly #whenAway: () => 'open' | 'closed'
  readonly #backoff = new Backoff()
  /** Nobody knows whether they were lent. */
  readonly #lost = new Set<string>()

  /** @param whenAway what becomes of calls when nothing is lent */
  constructor(connection: Pick<Connection, 'post'>, whenAway: () => 'open' | 'closed' = () => 'open') {
    this.#connection = connection
    this.#whenAway = whenAway
  }

  /** Whether the relay is to be left in peace for the time being. */
  get away(): boolean {
    return this.#backoff.waiting
  }

  get lost(): number {
    return this.#lost.size
  }

  /** @throws LeashError when the relay does not take the key */
  async lend(scope: string, least: number, wanted: number): Promise<Lent> {
    if (this.away) return { kind: 'away', error: away() }
    const request = { id: base64urlOf(crypto.getRandomValues(new Uint8Array(16))), scope, least, wanted }
    try {
      const lent = await this.#ask(request).catch((error) => {
        // Another answer may be there for the asking. What took too long would take as long again.
        if (isLeashError(error) && error.code === 'network_error') return this.#ask(request)
        throw error
      })
      this.#backoff.succeeded()
      return lent
    } catch (error) {
      if (!isLeashError(error)) throw error
      this.#lose(request.id, error)
      if (isRefused(error)) throw error
      if (!isAway(error))
        return { kind: 'away', error: new LeashError('overloaded', `Nothing is lent. ${error.detail}`, { cause: error }) }
      this.#backoff.failed(error)
      return { kind: 'away', error: away(error) }
    }
  }

  /** @returns those that the relay has taken, in order */
  async settle<T extends { readonly claim: Claim }>(all: readonly T[]): Promise<T[]> {
    const taken: T[] = []
    const lost = [...this.#lost].map((id) => ({ id, spent: 0 }))
    if (all.length + lost.length === 0) return taken
    try {
      for (let at = 0; at < all.length + lost.length; at += mostClaims) {
        const some = all.slice(at, at + mostClaims)
        const ids = lost.slice(Math.max(0, at - all.length), Math.max(0, at + mostClaims - all.length))
        const leases = [...some.map(({ claim }) => claim), ...ids]
        await this.#connection.post('/v1/control/leases/settle', { leases } satisfies LeaseSettlement, { timeoutMs })
        taken.push(...some)
        for (const { id } of ids) this.#lost.delete(id)
      }
      this.#backoff.succeeded()
    } catch (error) {
      this.#backoff.failed(error)
    }
    return taken
  }

  async #ask(request: LeaseRequest): Promise<Lent> {
    // Before it is sent: the relay counts from later.
    const at = Date.now()
    const { status, text } = await this.#connection.post('/v1/control/leases', request, {
      takes: [402, 404],
      timeoutMs: this.#whenAway() === 'closed' ? patienceMs : timeoutMs,
    })
    const answer = asObject(parseJson(text))
    // Whoever else stands in the relay's place must not set a budget free.
    if (status === 404 && asObject(answer.error).code === 'not_found') return { kind: 'free' }
    const [taken, limit] = [whole(answer.taken), whole(answer.limit)]
    if (status === 402) return { kind: 'refused', refusal: { taken: taken ?? 0, limit: limit ?? 0 } }
    const [id, amount, ttlMs] = [asString(answer.id), whole(answer.amount), asNumber(answer.ttlMs)]
    if (id === undefined || amount === undefined || ttlMs === undefined || taken === undefined || limit === undefined)
      throw new LeashError('upstream_malformed', 'The relay answered with no lease. Is it of the same version as this client?')
    return { kind: 'lent', lease: { id, scope: request.scope, amount, ttlMs, taken, limit }, until: at + ttlMs }
  }

  /** It may have been lent: then it is to be given back. */
  #lose(id: string, { status }: LeashError): void {
    if (status >= 400 && status < 500) return
    if (this.#lost.size < mostLost) this.#lost.add(id)
  }
}

function away(cause?: LeashError): LeashError {
  return new LeashError(
    'overloaded',
    'The relay lends nothing now, and what it had lent is used up. Check that it can be reached.',
    {
      cause,
      retryable: true,
    },
  )
}

function whole(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}
