import { hex } from '../../core/hex.js'
import { Hmac } from '../../core/hmac.js'
import type { EntityType } from '../../detect/index.js'

/** As a card is written. In base64, or in words, its last digits are not the last, and all behind them would stay. */
const asDigits = /^(?:[^\p{L}\p{Nd}]*\p{Nd}){12}\P{L}*$/u
const lastFour = /(?:\p{Nd}\P{Nd}*){4}$/u

/** Asterisks in the place of letters and digits, so that the form stays and the value does not. Of a card, four digits stay, as on receipts. */
export function masked(value: string, type: EntityType): string {
  const end = type === 'CREDIT_CARD' && asDigits.test(value) ? value.search(lastFour) : value.length
  return value.slice(0, end).replace(/[\p{L}\p{N}\p{M}]/gu, '*') + value.slice(end)
}

/** Names values by a secret, so that nobody finds them by trying all there are. */
export class Hasher {
  readonly #hmac: Hmac

  constructor(secret: string) {
    this.#hmac = new Hmac(secret)
  }

  /** 64 bits in hexadecimal: two of a billion values are the same by chance once in forty times. */
  async hash(value: string): Promise<string> {
    return hex((await this.#hmac.sign(value)).slice(0, 8))
  }
}
