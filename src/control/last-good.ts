/** The last good policy, in a file. */
import { asNumber, asObject, parseJson } from '../core/json.js'
import type { SignedBundle } from './wire.js'

export interface LastGood {
  readonly signed: unknown
  /** Milliseconds since 1970 at which the relay last stood by it. */
  readonly heardAt: number
}

export class LastGoodFile {
  readonly #path: string

  constructor(folder: string) {
    this.#path = `${folder}/policy.json`
  }

  /** @returns undefined when there is none, or none that can be read */
  async load(): Promise<LastGood | undefined> {
    const { readFile } = await import('node:fs/promises')
    const text = await readFile(this.#path, 'utf8').catch(() => '')
    const { signed, heardAt } = asObject(parseJson(text))
    const at = asNumber(heardAt)
    // A clock that has been set back since must not make it young for ever.
    return at === undefined ? undefined : { signed, heardAt: Math.min(at, Date.now()) }
  }

  /** Whole or not at all. Another process of the same key may do the same. */
  async save(signed: SignedBundle, heardAt: number): Promise<void> {
    const { writeFileSync, renameSync } = await import('node:fs')
    const draft = `${this.#path}.${crypto.randomUUID()}`
    // Without a pause: of each program that ends in one, a draft would be left.
    writeFileSync(draft, JSON.stringify({ heardAt, signed }), { mode: 0o600 })
    renameSync(draft, this.#path)
  }
}
