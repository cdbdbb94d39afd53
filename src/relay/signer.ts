/** Signs policies, so that a client knows that what stands in its cache, or came over a proxy, is the relay's word. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { PolicyBundle, SignedBundle } from '../control/wire.js'

export class Signer {
  readonly #key: KeyObject
  /** Ed25519: 32 bytes in base64. */
  readonly publicKey: string

  /** @param file holds the private key (PKCS #8, PEM); made, readable by its owner alone, when it is not there */
  constructor(file: string) {
    if (!existsSync(file)) {
      const { privateKey } = generateKeyPairSync('ed25519')
      writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' })
    }
    this.#key = createPrivateKey(readFileSync(file))
    // A SubjectPublicKeyInfo of Ed25519 ends with the key itself: https://www.rfc-editor.org/rfc/rfc8410#section-4
    const info = createPublicKey(this.#key).export({ type: 'spki', format: 'der' })
    this.publicKey = info.subarray(-32).toString('base64')
  }

  sign(bundle: PolicyBundle): SignedBundle {
    const payload = JSON.stringify(bundle)
    return { payload, signature: sign(null, Buffer.from(payload), this.#key).toString('base64'), publicKey: this.publicKey }
  }
}
