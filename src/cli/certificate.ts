/** The certificate that a key is to belong to: its file, or its fingerprint. */
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { LeashError } from '../core/errors.js'
import { fingerprintOf } from '../relay/people/client-certificate.js'

/** @returns its SHA-256. @throws LeashError `invalid_config` for what is neither */
export function certificateOf(typed: string): string {
  const fingerprint = fingerprintOf(typed)
  if (fingerprint !== undefined) return fingerprint
  try {
    // Of a chain, the first is the client's own.
    return new X509Certificate(readFileSync(typed)).fingerprint256
  } catch (cause) {
    throw new LeashError('invalid_config', `${typed} is no file with a certificate, and no SHA-256 fingerprint of one.`, {
      cause,
    })
  }
}
