/**
 * What the keys of tenants are wrapped by. `LEASH_RELAY_MASTER_KEY` holds it, or a file in the relay's folder: 32 bytes in base64
 * or hexadecimal. Of several, with commas or lines between, the first is in use, and the others only open what was wrapped before.
 */
import { createHash, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { LeashError } from '../../core/errors.js'
import { makeOnce } from '../files.js'
import { keyBytes, open, seal } from './envelope.js'

export type MasterKeySource = { readonly file: string } | { readonly secret: string }

interface MasterKey {
  /** Tells it from others, and nothing of it. */
  readonly id: string
  readonly bytes: Buffer
}

export interface Wrapped {
  readonly wrapped: string
  readonly master: string
}

export class MasterKeys {
  readonly #keys: readonly [MasterKey, ...MasterKey[]]

  /** @throws LeashError `invalid_config` */
  static async open(source: MasterKeySource): Promise<MasterKeys> {
    return new MasterKeys('secret' in source ? source.secret : await fromFile(source.file))
  }

  private constructor(text: string) {
    const [first, ...rest] = text
      .split(/[\s,]+/)
      .filter((part) => part !== '')
      .map(masterKeyOf)
    if (!first) throw wrong()
    this.#keys = [first, ...rest]
  }

  /** Of the one in use. */
  get id(): string {
    return this.#keys[0].id
  }

  wrap(key: Buffer, bound: readonly string[]): Wrapped {
    const [{ id, bytes }] = this.#keys
    return { wrapped: seal(bytes, key, bound), master: id }
  }

  /** @throws LeashError `overloaded` when it is none of these that wrapped it */
  unwrap({ wrapped, master }: Wrapped, bound: readonly string[]): Buffer {
    const found = this.#keys.find(({ id }) => id === master)
    const key = found && open(found.bytes, wrapped, bound)
    if (key) return key
    throw new LeashError(
      'overloaded',
      "The tenant's vendor keys cannot be opened: the master key is another. Give the relay the one before, behind a comma.",
    )
  }
}

function masterKeyOf(text: string): MasterKey {
  const isHex = /^[\da-f]{64}$/i.test(text)
  if (!isHex && !/^[\w+/-]{43}=?$/.test(text)) throw wrong()
  const bytes = Buffer.from(text, isHex ? 'hex' : 'base64').subarray(0, keyBytes)
  return { id: createHash('sha256').update('leashllm master key').update(bytes).digest('hex').slice(0, 16), bytes }
}

const wrong = () =>
  new LeashError(
    'invalid_config',
    'The master key of the relay is 32 bytes in base64 or hexadecimal. Make one: openssl rand -base64 32.',
  )

async function fromFile(file: string): Promise<string> {
  try {
    makeOnce(file, () => `${randomBytes(keyBytes).toString('base64')}\n`)
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new LeashError('invalid_config', `The master key of the relay cannot be read from ${file}.`, { cause })
  }
}
