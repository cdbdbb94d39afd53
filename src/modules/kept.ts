/** What a stream said, kept for who reads it when it is over. */
import type { Framing } from '../protocols/framing/framing.js'
import { joined } from '../protocols/framing/joined.js'
import { type Item, readItem, splitEvents } from './event-list.js'

/** Bytes of one stream. */
const most = 4 * 1024 * 1024

export class Kept {
  readonly #pieces: Uint8Array[] = []
  #size = 0
  isCut = false

  add(bytes: Uint8Array): void {
    if (this.isCut) return
    this.#size += bytes.length
    if (this.#size > most) this.isCut = true
    else this.#pieces.push(bytes)
  }

  items(framing: Framing): Item[] {
    if (this.#pieces.length === 0) return []
    const { raws, rest } = splitEvents(joined(this.#pieces), framing)
    return [...raws, ...(rest.length > 0 ? [rest] : [])].map((raw) => readItem(raw, framing))
  }
}
