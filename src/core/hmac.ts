/** HMAC-SHA256 of texts, by one secret. */
export class Hmac {
  readonly #key: Promise<CryptoKey>

  constructor(secret: string) {
    this.#key = crypto.subtle.importKey('raw', utf8.encode(secret), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  }

  async sign(text: string): Promise<ArrayBuffer> {
    return crypto.subtle.sign('HMAC', await this.#key, utf8.encode(text))
  }
}

const utf8 = new TextEncoder()
