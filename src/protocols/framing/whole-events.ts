import { endsEvent, lastEventEnd } from './event-ends.js'
import { joined } from './joined.js'

const nothing = new Uint8Array(0)

/** Lets server-sent events pass whole: what was cut in the middle waits for the rest. Bytes that end with an event are the very same. */
export class WholeEvents {
  #held: Uint8Array = nothing

  push(bytes: Uint8Array): Uint8Array | undefined {
    if (this.#held.length === 0 && endsEvent(bytes, bytes.length)) return bytes
    const all = this.#held.length === 0 ? bytes : joined([this.#held, bytes])
    const end = lastEventEnd(all)
    this.#held = all.slice(end)
    return end === 0 ? undefined : all.subarray(0, end)
  }

  /** What waits now, which is no whole event. */
  take(): Uint8Array | undefined {
    const rest = this.#held
    this.#held = nothing
    return rest.length === 0 ? undefined : rest
  }

  get size(): number {
    return this.#held.length
  }
}
