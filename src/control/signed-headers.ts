/** Signs a request to the relay, for a key that wants that: docs/relay/signing.md says what is signed. */
import { base64urlOf } from '../core/base64.js'
import { hex } from '../core/hex.js'
import { Hmac } from '../core/hmac.js'

export interface ToSign {
  readonly method: string
  /** With its query, as it is sent. */
  readonly path: string
  readonly body?: Uint8Array<ArrayBuffer> | string | undefined
}

const utf8 = new TextEncoder()

export async function signedHeaders(secret: string, { method, path, body = '' }: ToSign): Promise<Record<string, string>> {
  const [timestamp, nonce] = [String(Math.floor(Date.now() / 1000)), crypto.randomUUID()]
  const digest = hex(await crypto.subtle.digest('SHA-256', typeof body === 'string' ? utf8.encode(body) : body))
  const lines = ['v1', method, path, timestamp, nonce, digest].join('\n')
  return {
    'x-leash-timestamp': timestamp,
    'x-leash-nonce': nonce,
    'x-leash-digest': digest,
    'x-leash-signature': `v1=${base64urlOf(await new Hmac(secret).sign(lines))}`,
  }
}
