/** What every request has to pass before anybody looks at what it asks for: bounds of size and number, and sites that may ask. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { BlockList } from 'node:net'
import { LeashError } from '../../core/errors.js'
import { addressOf } from '../../node-http.js'
import { rangesOf } from '../ip-ranges.js'
import type { RelayMetrics } from '../metrics/relay.js'
import { keyIn } from '../people/caller.js'
import { note, type TenantFrom } from '../people/tenant-of.js'
import { headersOf } from './asked.js'
import { clientAddress, countedAs } from './client-address.js'
import { crossSite } from './cors.js'
import { named, refuse } from './failure.js'
import { type ServerOptions, usualBodyBytes } from './options.js'
import { TokenBuckets } from './token-buckets.js'

export interface GateDeps {
  /** Whether a key was right of late, or it is a token, which nobody guesses and which costs little to look at. */
  readonly knows: (key: string) => boolean
  readonly metrics: RelayMetrics
  /** Whether a path is of a vendor's own API. */
  readonly isRaw: (path: string) => boolean
}

const usualWrongKeys = { perSecond: 1, burst: 60 }
const everybody = ''

interface Held {
  readonly all: TokenBuckets | undefined
  readonly address: TokenBuckets | undefined
  readonly wrongKeys: TokenBuckets | undefined
  readonly trusted: BlockList | undefined
  readonly origins: readonly string[]
  readonly tenantFrom: TenantFrom | undefined
  readonly bodyBytes: number
}

export class Gate {
  readonly #deps: GateDeps
  #held: Held

  constructor(deps: GateDeps, options: ServerOptions) {
    this.#deps = deps
    this.#held = heldTo(options)
  }

  /** What was counted so far is forgotten. */
  use(options: ServerOptions): void {
    this.#held = heldTo(options)
  }

  /** As far as it says how large its body is. */
  fits(incoming: IncomingMessage): boolean {
    return tooLarge(incoming, this.#held.bodyBytes) === undefined
  }

  /** @returns whether it may come in; else it is answered */
  enter(incoming: IncomingMessage, outgoing: ServerResponse): boolean {
    const held = this.#held
    const address = clientAddress(incoming, held.trusted)
    const from = countedAs(address)
    note(incoming, held.tenantFrom, held.trusted)
    const { metrics, isRaw } = this.#deps
    metrics.begin(incoming, outgoing, isRaw)
    if (crossSite(incoming, outgoing, held.origins)) {
      outgoing.writeHead(204).end()
      return false
    }
    const shown = shownBy(incoming)
    // Whoever looks whether the relay runs would else take one that has much to do for dead, and end it.
    const counted = incoming.url !== '/health'
    const refusal = (counted ? this.#refusal(held, from, shown, incoming) : undefined) ?? tooLarge(incoming, held.bodyBytes)
    if (refusal) {
      metrics.refused(refusal.code)
      refuse(outgoing, named(refusal))
      // What is left of its body must be off the connection before the next request can be read from it.
      incoming.resume()
      return false
    }
    const { wrongKeys } = held
    if (shown !== undefined && wrongKeys) {
      outgoing.once('finish', () => {
        // A vendor that refuses the relay's own key says so in the same way to who has shown a right one.
        if (outgoing.statusCode === 401 && !this.#isRight(shown, incoming)) wrongKeys.take(from)
      })
    }
    return true
  }

  /** Who shows a key that was right of late comes in, whatever others at his address have tried. */
  #refusal(held: Held, from: string, shown: string | undefined, incoming: IncomingMessage): LeashError | undefined {
    const wait = held.all?.take(everybody) || held.address?.take(from) || 0
    if (wait > 0) return tooMany('The relay has too many requests. Send this one again later.', wait)
    const pause = shown === undefined ? 0 : (held.wrongKeys?.wait(from) ?? 0)
    if (pause === 0 || shown === undefined || this.#isRight(shown, incoming)) return undefined
    return tooMany('Too many wrong keys came from this address. Wait, and come with a right one.', pause)
  }

  /** Whoever comes back from a provider is known by none: what he shows beside it nobody looks at. */
  #isRight(shown: string, incoming: IncomingMessage): boolean {
    return this.#deps.knows(shown) && !signsIn(incoming, 'provider/')
  }
}

/** A key; nothing that anybody knows for a password, which is in the body; undefined for who shows nothing. */
function shownBy(incoming: IncomingMessage): string | undefined {
  return keyIn(headersOf(incoming)) ?? (signsIn(incoming) ? '' : undefined)
}

/** By the path as the router will read it, however it is written. */
function signsIn(incoming: IncomingMessage, where = ''): boolean {
  const { pathname = '' } = addressOf(incoming) ?? {}
  try {
    return decodeURIComponent(pathname).startsWith(`/api/auth/${where}`)
  } catch {
    return false
  }
}

function heldTo({ throttle = {}, trustedProxies = [], tenantFrom, cors, limits }: ServerOptions): Held {
  const { all, address, wrongKeys = usualWrongKeys } = throttle
  return {
    all: all && new TokenBuckets(all),
    address: address && new TokenBuckets(address),
    wrongKeys: wrongKeys ? new TokenBuckets(wrongKeys) : undefined,
    trusted: trustedProxies.length > 0 ? rangesOf(trustedProxies) : undefined,
    origins: cors?.origins ?? [],
    tenantFrom,
    bodyBytes: limits?.bodyBytes ?? usualBodyBytes,
  }
}

function tooLarge({ headers }: IncomingMessage, most: number): LeashError | undefined {
  if (!(Number(headers['content-length'] ?? 0) > most)) return undefined
  return new LeashError('request_too_large', `The body is larger than ${most} bytes. Send less at once.`)
}

function tooMany(message: string, retryAfterMs: number): LeashError {
  return new LeashError('rate_limited', message, { retryAfterMs })
}
