import { hex } from '../../core/hex.js'
import type { EntityType } from '../../detect/index.js'

/** As receipts do. Nothing else keeps a part of what it was. */
const shown: Partial<Record<EntityType, number>> = { CREDIT_CARD: 4 }

/** Asterisks in the place of letters and digits, so that the form stays and the value does not. */
export function masked(value: string, type: EntityType): string {
  const kept = shown[type] ?? 0
  const end = kept > 0 ? tailOf(value, kept) : value.length
  return value.slice(0, end).replace(/[\p{L}\p{N}\p{M}]/gu, '*') + value.slice(end)
}

/** Where the last so many digits begin. */
function tailOf(value: string, digits: number): number {
  let at = value.length
  for (let left = digits; left > 0 && at > 0; at--) if (/\p{Nd}/u.test(value[at - 1] as string)) left--
  return at
}

/** Names values by a secret, so that nobody finds them by trying all there are. */
export class Hasher {
  readonly #key: Promise<CryptoKey>

  constructor(secret: string) {
    const bytes = new TextEncoder().encode(secret)
    this.#key = crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  }

  /** 64 bits in hexadecimal: two of a billion values are the same by chance once in forty times. */
  async hash(value: string): Promise<string> {
    const bytes = await crypto.subtle.sign('HMAC', await this.#key, new TextEncoder().encode(value))
    return hex(bytes.slice(0, 8))
  }
}
