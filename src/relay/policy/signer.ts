/** Signs policies, so that a client knows that what stands in its cache, or came over a proxy, is the relay's word. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, hkdfSync, type KeyObject, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { PolicyBundle, SignedBundle } from '../../control/wire.js'
import { LeashError } from '../../core/errors.js'
import { makeOnce } from '../files.js'

/** An Ed25519 key in PKCS #8, as far as its 32 bytes: https://www.rfc-editor.org/rfc/rfc8410#section-7 */
const beforeSeed = Buffer.from('302e020100300506032b657004220420', 'hex')

function keyIn(file: string): KeyObject {
  let cause: unknown
  try {
    const key = createPrivateKey(readFileSync(file))
    if (key.asymmetricKeyType === 'ed25519') return key
  } catch (error) {
    cause = error
  }
  const message = `${file} has no Ed25519 key in PEM to sign policies by, or cannot be read. Bring it back from a backup.`
  throw new LeashError('invalid_config', message, { cause })
}

export class Signer {
  readonly #key: KeyObject
  /** Ed25519: 32 bytes in base64. */
  readonly publicKey: string

  /**
   * @param file holds the private key (PKCS #8, PEM); made, readable by its owner alone, when it is not there
   * @throws LeashError `invalid_config` when it holds something else
   */
  constructor(file: string) {
    makeOnce(file, () => generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }))
    this.#key = keyIn(file)
    // A SubjectPublicKeyInfo of Ed25519 ends with the key itself: https://www.rfc-editor.org/rfc/rfc8410#section-4
    const info = createPublicKey(this.#key).export({ type: 'spki', format: 'der' })
    this.publicKey = info.subarray(-32).toString('base64')
  }

  sign(bundle: PolicyBundle): SignedBundle {
    const payload = JSON.stringify(bundle)
    return { payload, signature: sign(null, Buffer.from(payload), this.#key).toString('base64'), publicKey: this.publicKey }
  }

  /** Another key, which is the same in every relay that has this one: what is signed for one purpose is no good for another. */
  keyFor(purpose: string): KeyObject {
    return createPrivateKey({ key: Buffer.concat([beforeSeed, this.secretFor(purpose)]), format: 'der', type: 'pkcs8' })
  }

  /** The same, as 32 bytes that are nobody else's. */
  secretFor(purpose: string): Buffer {
    const { d = '' } = this.#key.export({ format: 'jwk' })
    return Buffer.from(hkdfSync('sha256', Buffer.from(d, 'base64url'), '', `leashllm ${purpose}`, 32))
  }
}
