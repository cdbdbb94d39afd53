/**
 * Secrets at rest, by AES-256-GCM: `v1.` and, in URL-safe base64, 12 random bytes, the text and a tag of 16 bytes. What a secret
 * is for is bound to it, so that one which was moved to another row of the database does not open there.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

const algorithm = 'aes-256-gcm'
const version = 'v1.'
const ivBytes = 12
const tagBytes = 16

/** Bytes of a key. */
export const keyBytes = 32

export function seal(key: Buffer, secret: Buffer, bound: readonly string[]): string {
  const iv = randomBytes(ivBytes)
  const cipher = createCipheriv(algorithm, key, iv, { authTagLength: tagBytes }).setAAD(boundTo(bound))
  const bytes = Buffer.concat([iv, cipher.update(secret), cipher.final(), cipher.getAuthTag()])
  return version + bytes.toString('base64url')
}

/** @returns undefined when it was sealed by another key or for something else, or was changed */
export function open(key: Buffer, sealed: string, bound: readonly string[]): Buffer | undefined {
  const bytes = Buffer.from(sealed.slice(version.length), 'base64url')
  if (!sealed.startsWith(version) || bytes.length < ivBytes + tagBytes) return undefined
  const decipher = createDecipheriv(algorithm, key, bytes.subarray(0, ivBytes), { authTagLength: tagBytes })
  decipher.setAAD(boundTo(bound)).setAuthTag(bytes.subarray(-tagBytes))
  try {
    return Buffer.concat([decipher.update(bytes.subarray(ivBytes, -tagBytes)), decipher.final()])
  } catch {
    return undefined
  }
}

/** In one way alone, whatever stands in it. */
const boundTo = (bound: readonly string[]) => Buffer.from(JSON.stringify(bound))
