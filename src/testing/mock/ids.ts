import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

const base62 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
export const hex = '0123456789abcdef'

/** The next id of an answer: each one differs, and the same request always gets the same ones. */
export type Ids = (prefix: string, length: number, alphabet?: string) => string

export function makeIds(seed: string, salt: string): Ids {
  let count = 0
  return (prefix, length, alphabet = base62) => {
    const bytes = createHash('shake256', { outputLength: length }).update(`${seed}\0${salt}\0${count++}`).digest()
    return prefix + Array.from(bytes, (byte) => alphabet[byte % alphabet.length]).join('')
  }
}

export function uuid(ids: Ids): string {
  const id = ids('', 30, hex)
  return `${id.slice(0, 8)}-${id.slice(8, 12)}-4${id.slice(12, 15)}-8${id.slice(15, 18)}-${id.slice(18, 30)}`
}

export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

/** A number in [0, bound), always the same for the same text. */
export function numberOf(text: string, bound: number): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0) % bound
}

/** Opaque state that a vendor hands out and wants back byte for byte: thinking signatures and their kin. */
export interface Seal {
  sign(purpose: string, content: string, nonce?: string): string
  holds(token: unknown, purpose: string, content: string): boolean
}

const nonceBytes = 16

export function makeSeal(seed: string): Seal {
  const seal = (purpose: string, content: string, nonce: Buffer) =>
    Buffer.concat([nonce, createHmac('sha384', seed).update(`${purpose}\0${content}\0`).update(nonce).digest()])
  return {
    sign: (purpose, content, nonce = '') =>
      seal(purpose, content, createHash('sha256').update(nonce).digest().subarray(0, nonceBytes)).toString('base64'),
    holds(token, purpose, content) {
      if (typeof token !== 'string') return false
      const given = Buffer.from(token, 'base64')
      const wanted = seal(purpose, content, given.subarray(0, nonceBytes))
      // Decoding forgives stray characters; a vendor that compares bytes does not.
      return given.length === wanted.length && timingSafeEqual(given, wanted) && given.toString('base64') === token
    },
  }
}
