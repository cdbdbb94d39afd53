/** A streamed answer that is here in full: its texts in one piece each, however they were cut. */
import { parseExact } from '../core/exact-json.js'
import { isObject, type JsonObject } from '../core/json.js'
import { endOfEvent } from '../protocols/framing/end-of-event.js'
import type { Framing } from '../protocols/framing/framing.js'
import type { Lens, Protocol, WireEvent } from '../protocols/protocol.js'
import { strandsOf } from '../protocols/strands.js'
import type { Replace } from './actions.js'
import type { Text } from './module.js'

/** One event of a stream, with the bytes that it came in. */
export interface Item {
  readonly raw: Uint8Array
  readonly wire?: WireEvent
  /** Absent where it holds no object: a comment, `[DONE]`. */
  readonly event?: JsonObject
  /** `event` is not what `raw` says any more. */
  readonly changed?: true
}

export function readItem(raw: Uint8Array, framing: Framing): Item {
  const wires: WireEvent[] = []
  framing.unframer((wire) => wires.push(wire)).push(raw)
  const [wire] = wires
  if (!wire) return { raw }
  const event = parseExact(wire.data)
  return { raw, wire, ...(isObject(event) && { event: event as JsonObject }) }
}

export function bytesOf({ raw, wire, event, changed }: Item, framing: Framing): Uint8Array {
  return changed && wire ? framing.frame({ ...wire, data: JSON.stringify(event) }) : raw
}

/** The whole events at the beginning of these bytes, and what is left. */
export function splitEvents(bytes: Uint8Array, framing: Framing): { readonly raws: Uint8Array[]; readonly rest: Uint8Array } {
  const raws: Uint8Array[] = []
  let start = 0
  for (let end = endOfEvent(framing, bytes, 0); end >= 0; end = endOfEvent(framing, bytes, start)) {
    raws.push(bytes.subarray(start, end))
    start = end
  }
  return { raws, rest: bytes.subarray(start) }
}

interface Row {
  readonly text: Text
  /** Of those that make up one text, the first: it is given the whole, and the others nothing. */
  readonly isFirst: boolean
}

export class EventList {
  readonly #events: readonly (JsonObject | undefined)[]
  readonly #lens: Lens
  /** Which text each slot of the events belongs to, in their order. */
  readonly #rows: Row[] = []

  constructor(events: readonly (JsonObject | undefined)[], { lens, name }: Protocol) {
    this.#events = events
    this.#lens = lens
    const strands = strandsOf(name)
    const growing = new Map<string, { text: string; readonly kind: Text['kind'] }>()
    for (const event of events) {
      if (!event) continue
      lens.replaceEvent(event, (text, kind, path = '') => {
        const strand = text === '' ? undefined : strands.of(event, path, kind)
        const known = strand === undefined ? undefined : growing.get(strand)
        if (known) known.text += text
        const row = known ?? { text, kind }
        if (strand !== undefined && !known) growing.set(strand, row)
        this.#rows.push({ text: row, isFirst: !known })
        return text
      })
    }
  }

  /** Each once: some vendors tell at the end of a text once more what they have streamed. */
  texts(): Text[] {
    const all = new Map<string, Text>()
    for (const { text, isFirst } of this.#rows)
      if (isFirst && text.text !== '') all.set(`${text.kind} ${text.text}`, { text: text.text, kind: text.kind })
    return [...all.values()]
  }

  /** @returns the events, those with nothing to change the very same */
  replaced(replace: Replace): (JsonObject | undefined)[] {
    const put = this.#rows.map(({ text, isFirst }) => {
      const changed = replace(text.text, text.kind)
      return changed === text.text ? undefined : isFirst ? changed : ''
    })
    let at = 0
    return this.#events.map((event) => event && this.#lens.replaceEvent(event, (text) => put[at++] ?? text))
  }
}
