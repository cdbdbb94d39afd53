/** Keys that belong to a client's certificate: whoever has come by such a key alone can do nothing with it. */
import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { LeashError } from '../../core/errors.js'
import type { HeadersLike } from './request-signing.js'
import { same } from './same.js'

/** Where the relay notes for itself which certificate the connection has. Nobody else writes it. */
const shownCertificate = 'x-leash-client-certificate'

/** A connection has one for all of its requests; empty: none. */
const known = new WeakMap<object, string>()

/** @returns undefined for what is no SHA-256 of a certificate, as `openssl x509 -noout -fingerprint -sha256` writes it or without colons */
export function fingerprintOf(text: string): string | undefined {
  const digits = text.replaceAll(':', '').toLowerCase()
  return /^[0-9a-f]{64}$/.test(digits) ? digits : undefined
}

/** Notes what the door alone knows, in place of whatever somebody has written there. */
export function noteCertificate({ headers, socket }: IncomingMessage): void {
  delete headers[shownCertificate]
  if (!isTls(socket)) return
  const shown = known.get(socket) ?? shownOn(socket)
  known.set(socket, shown)
  if (shown !== '') headers[shownCertificate] = shown
}

/** @throws LeashError `authentication_failed` when the connection has another certificate than the key's, or none */
export function checkCertificate(certificate: string, headers: HeadersLike): void {
  if (same(certificate, headers.get(shownCertificate) ?? '')) return
  throw new LeashError('authentication_failed', 'This key works only with the certificate of its client.')
}

const isTls = (socket: object): socket is TLSSocket => 'getPeerCertificate' in socket

/** One that no authority of ours has signed is none. */
function shownOn(socket: TLSSocket): string {
  if (!socket.authorized) return ''
  const { fingerprint256 = '' } = socket.getPeerCertificate()
  return fingerprintOf(fingerprint256) ?? ''
}
