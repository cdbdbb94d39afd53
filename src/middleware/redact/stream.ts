/**
 * The way back of a stream: whole events are taken out of its bytes, and those with nothing to change go on as they came. An event
 * whose text may be the beginning of a placeholder waits, and all behind it, until that is decided; so none has to be made up.
 */
import { isObject, type JsonObject, parseJson } from '../../core/json.js'
import { endOfEvent } from '../../protocols/framing/end-of-event.js'
import type { Framing, Unframer } from '../../protocols/framing/framing.js'
import { joined } from '../../protocols/framing/joined.js'
import type { Lens, WireEvent } from '../../protocols/protocol.js'
import type { Strands } from '../../protocols/strands.js'
import { mayConcern } from './bytes.js'
import { type Decide, type Slot, Strand } from './strand.js'

export interface StreamContext {
  readonly lens: Lens
  readonly framing: Framing
  readonly strands: Strands
  readonly decide: Decide
  /** Each event is read, also one in which no placeholder can be. */
  readonly thorough: boolean
  readonly lookBehind: number
}

/** More events than this are never held back: a text that others overtake is taken as it is. */
const mostWaiting = 256

interface Waiting {
  readonly raw: Uint8Array
  readonly wire?: WireEvent
  readonly event?: JsonObject
  readonly slots: readonly Slot[]
}

export class StreamEditor {
  readonly #context: StreamContext
  readonly #strands = new Map<string, Strand>()
  #queue: Waiting[] = []
  /** Of an event that is not here in full. */
  #rest: Uint8Array | undefined
  /** Given whole events alone. */
  readonly #frames: Unframer
  #wire: WireEvent | undefined

  constructor(context: StreamContext) {
    this.#context = context
    this.#frames = context.framing.unframer((wire) => {
      this.#wire ??= wire
    })
  }

  /** @returns the bytes that can go on, if any: the same array where nothing was changed or held back */
  push(bytes: Uint8Array): Uint8Array | undefined {
    const { thorough, framing } = this.#context
    const all = this.#rest ? joined([this.#rest, bytes]) : bytes
    this.#rest = undefined
    const out: Uint8Array[] = []
    let start = 0
    let passed = 0
    for (let end = endOfEvent(framing, all, 0); end >= 0; end = endOfEvent(framing, all, start)) {
      const raw = all.subarray(start, end)
      start = end
      if (this.#queue.length === 0 && !thorough && !mayConcern(raw)) continue
      if (passed < end - raw.length) out.push(all.subarray(passed, end - raw.length))
      passed = end
      this.#read(raw)
      this.#release(out)
    }
    if (passed < start) out.push(all.subarray(passed, start))
    if (start < all.length) this.#rest = start === 0 ? all : all.subarray(start)
    return out.length === 0 ? undefined : joined(out)
  }

  /** The stream is over, in whatever way. @returns what was held back */
  end(): Uint8Array | undefined {
    const out: Uint8Array[] = []
    this.#close('')
    this.#release(out)
    if (this.#rest) out.push(this.#rest)
    this.#rest = undefined
    return out.length === 0 ? undefined : joined(out)
  }

  #read(raw: Uint8Array): void {
    this.#wire = undefined
    this.#frames.push(raw)
    const wire = this.#wire as WireEvent | undefined
    const event = wire && parseJson(wire.data)
    if (wire && isObject(event)) this.#edit(raw, wire, event as JsonObject)
    else {
      // A comment says nothing of the answer; `[DONE]` does.
      if (wire) this.#close('')
      this.#queue.push({ raw, slots: [] })
    }
  }

  #edit(raw: Uint8Array, wire: WireEvent, event: JsonObject): void {
    const { lens, strands, decide } = this.#context
    const slots: Slot[] = []
    const grown: { readonly name: string; readonly slot: Slot }[] = []
    lens.replaceEvent(event, (text, kind, path = '') => {
      const slot = { text, out: '', open: false }
      slots.push(slot)
      const name = text === '' ? undefined : strands.of(event, path, kind)
      if (name !== undefined) grown.push({ name, slot })
      else if (text !== '') new Strand(decide).finish(slot, strands.repeats?.(event))
      return text
    })
    this.#overtaken(grown.map(({ name }) => name))
    for (const { name, slot } of grown) this.#strand(name).take(slot)
    this.#queue.push({ raw, wire, event, slots })
    const closed = strands.closed(event)
    if (closed !== undefined) this.#close(closed)
    else if (this.#queue.length > mostWaiting) this.#close('')
  }

  #strand(name: string): Strand {
    const { decide, lookBehind } = this.#context
    let strand = this.#strands.get(name)
    if (!strand) {
      strand = new Strand(decide, lookBehind)
      this.#strands.set(name, strand)
    }
    return strand
  }

  /** Of what belongs together, the text that grows is the last one: another is complete. */
  #overtaken(growing: readonly string[]): void {
    const owners = new Set(growing.map(ownerOf))
    for (const [name, strand] of this.#strands) if (!growing.includes(name) && owners.has(ownerOf(name))) strand.close()
  }

  #close(beginning: string): void {
    for (const [name, strand] of this.#strands) {
      if (!name.startsWith(beginning)) continue
      strand.close()
      this.#strands.delete(name)
    }
  }

  /** Lets go of all events in front of the first one that waits. */
  #release(out: Uint8Array[]): void {
    let count = 0
    for (const waiting of this.#queue) {
      if (waiting.slots.some(({ open }) => open)) break
      out.push(this.#written(waiting))
      count++
    }
    if (count > 0) this.#queue = this.#queue.slice(count)
  }

  #written({ raw, wire, event, slots }: Waiting): Uint8Array {
    if (!event || !wire || slots.every(({ text, out }) => text === out)) return raw
    const { lens, framing } = this.#context
    let at = 0
    const changed = lens.replaceEvent(event, (text) => slots[at++]?.out ?? text)
    return framing.frame({ ...wire, data: JSON.stringify(changed) })
  }
}

const ownerOf = (strand: string): string => strand.slice(0, strand.indexOf('.'))
