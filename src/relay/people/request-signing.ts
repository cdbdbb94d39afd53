/**
 * Requests that are signed, for keys that ask for it: whoever has only overheard the key can do nothing with it. Signed is what
 * is asked for, when, by a nonce that is good once, and the SHA-256 of the body.
 */
import { createHash, createHmac } from 'node:crypto'
import { LeashError } from '../../core/errors.js'
import { heldBy } from '../../core/held-by.js'
import type { MaybePromise } from '../../core/store.js'
import type { Asked } from '../../handler.js'
import type { SharedCounts } from '../replicas/replicas.js'
import { Once } from './once.js'
import { same } from './same.js'
import { requestLine } from './tenant-of.js'

/** Of a request, however it came. */
export interface HeadersLike {
  get(name: string): string | null | undefined
}

/** How far the clock of whoever signs may be off. */
const offMs = 5 * 60_000

/** What is signed: `v1`, the method, the path with its query, the timestamp, the nonce and the digest, a line each. */
export function signatureOf(secret: string, parts: readonly string[]): string {
  return createHmac('sha256', secret)
    .update(['v1', ...parts].join('\n'))
    .digest('base64url')
}

export interface SignaturesOptions {
  readonly now?: () => number
  readonly most?: number
  /** Of the relays that a nonce is good once for together. @defaultValue this process alone */
  readonly counts?: SharedCounts | undefined
}

export class Signatures {
  readonly #now: () => number
  readonly #nonces: Once

  constructor({ now = Date.now, most, counts }: SignaturesOptions = {}) {
    this.#now = now
    this.#nonces = new Once({
      what: 'nonce',
      keptMs: 2 * offMs,
      full: 'Too many signed requests. Send this one again in some minutes.',
      now,
      counts,
      ...(most !== undefined && { most }),
    })
  }

  /** @throws LeashError `authentication_failed` when it is not signed, or not so; `rate_limited` */
  check(key: string, secret: string, headers: HeadersLike): MaybePromise<void> {
    const [signature, timestamp, nonce, digest] = names.map((name) => headers.get(name) ?? '')
    const [method = '', path = ''] = (headers.get(requestLine) ?? '').split(' ', 2)
    const at = Number(timestamp) * 1000
    if (!signature || !nonce || !digest || !timestamp || method === '') throw refused(unsigned)
    if (!(Math.abs(this.#now() - at) <= offMs)) throw refused('The signature is of another time than now. Set the clock.')
    if (!/^[\w-]{16,64}$/.test(nonce)) throw refused('The nonce of a signature has 16 to 64 letters, digits, `_` and `-`.')
    if (!same(signature, `v1=${signatureOf(secret, [method, path, timestamp, nonce, digest])}`)) throw refused(wrong)
    const first = this.#nonces.take(`${key} ${nonce}`)
    if (first instanceof Promise) return first.then(checkFirst)
    checkFirst(first)
  }
}

const unsigned =
  'This key wants every request signed. A client signs by its `signingSecret`, or LEASH_RELAY_SIGNING_SECRET; others by the headers `x-leash-signature` and its like.'
const wrong = 'The signature is wrong. Sign what is sent, as it is sent, by the `signingSecret` that was shown with the key.'

const names = ['x-leash-signature', 'x-leash-timestamp', 'x-leash-nonce', 'x-leash-digest'] as const

/** The digest that a request claims for its body; undefined when it is not signed. */
export function claimedDigest(headers: HeadersLike): string | undefined {
  return headers.get('x-leash-signature') ? (headers.get('x-leash-digest') ?? '') : undefined
}

/** The same, whose body fails at its end when it is not what was signed. */
export function checkedAsked(asked: Asked): Asked {
  const digest = claimedDigest(asked.headers)
  if (digest === undefined) return asked
  return {
    ...asked,
    async text(limit) {
      const text = await asked.text(limit)
      if (!same(createHash('sha256').update(text).digest('hex'), digest)) throw changed()
      return text
    },
  }
}

export function checkedRequest(request: Request): Request {
  const digest = claimedDigest(request.headers)
  if (digest === undefined) return request
  if (!request.body) {
    if (!same(createHash('sha256').digest('hex'), digest)) throw changed()
    return request
  }
  const hash = createHash('sha256')
  const body = request.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        hash.update(chunk)
        controller.enqueue(chunk)
      },
      flush() {
        if (!same(hash.digest('hex'), digest)) throw changed()
      },
    }),
  )
  const init: RequestInit & { readonly duplex: 'half' } = { body, duplex: 'half' }
  return heldBy(request, new Request(request, init))
}

const refused = (message: string) => new LeashError('authentication_failed', message)
const checkFirst = (first: boolean) => {
  if (!first) throw refused('The nonce of the signature was used before.')
}
const changed = () => refused('The body is not what was signed.')
