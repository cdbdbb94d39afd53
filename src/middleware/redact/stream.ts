/**
 * The way back of a stream: whole events are taken out of its bytes, and those with nothing to change go on as they came. An event
 * whose text may be the beginning of a placeholder waits, and all behind it, until that is decided; so none has to be made up.
 */
import type { TextSlot } from '../../core/edited-pieces.js'
import { parseExact } from '../../core/exact-json.js'
import { isObject, type JsonObject } from '../../core/json.js'
import { endOfEvent } from '../../protocols/framing/end-of-event.js'
import type { Framing, Unframer } from '../../protocols/framing/framing.js'
import { joined } from '../../protocols/framing/joined.js'
import type { Lens, WireEvent } from '../../protocols/protocol.js'
import { ownerOf, type Strands } from '../../protocols/strands.js'
import { type Alike, alikeTo, onlyData } from './alike.js'
import { mayConcern } from './bytes.js'
import { type Decide, Strand } from './strand.js'

export interface StreamContext {
  readonly lens: Lens
  readonly framing: Framing
  readonly strands: Strands
  readonly decide: Decide
  /** Each event is read, also one in which no placeholder can be. */
  readonly thorough: boolean
  readonly lookBehind: number
}

/** More events than this never wait for others: a text that they overtake is taken as it is. */
const mostWaiting = 256

interface Waiting {
  readonly raw: Uint8Array
  readonly wire?: WireEvent
  readonly event?: JsonObject
  readonly alike?: Alike
  readonly slots: readonly TextSlot[]
}

/** A text that goes on. */
interface Grown {
  readonly name: string
  readonly slot: TextSlot
}

/** What events that follow each other have in common: but for the text of one strand they are the same. */
interface Common {
  readonly alike: Alike
  readonly strand: string
}

/** After so many events that are like none before, no more is looked for what they have in common. */
const mostUnlike = 4
/** Stands for a text. No escape, and nothing that ends a line. */
const sample = 'x'

const beginsObject = /^\s*\{/

export class StreamEditor {
  readonly #context: StreamContext
  readonly #strands = new Map<string, Strand>()
  #queue: Waiting[] = []
  /** Of an event that is not here in full. */
  #rest: Uint8Array | undefined
  /** Given whole events alone. */
  #frames: Unframer | undefined
  #wire: WireEvent | undefined
  #common: Common | undefined
  /** How often something was in common, and no event came that had it. */
  #unlike = 0

  constructor(context: StreamContext) {
    this.#context = context
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
      const raw = start === 0 && end === all.length ? all : all.subarray(start, end)
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
    const text = this.#common?.alike.textIn(raw)
    if (this.#common && text !== undefined) {
      this.#unlike = 0
      if (text === '') {
        this.#wait({ raw, slots: [] })
        return
      }
      const slot: TextSlot = { text, out: '', isOpen: false }
      this.#grow([{ name: this.#common.strand, slot }])
      this.#wait({ raw, alike: this.#common.alike, slots: [slot] })
      return
    }
    const { wire, event } = this.#parsed(raw)
    if (wire && event) this.#edit(raw, wire, event)
    else {
      // A comment says nothing of the answer; `[DONE]` does.
      if (wire) this.#close('')
      this.#queue.push({ raw, slots: [] })
    }
  }

  #parsed(raw: Uint8Array): { readonly wire?: WireEvent | undefined; readonly event?: JsonObject } {
    const wire = this.#unframed(raw)
    // `[DONE]` is none, and to throw costs as much as to parse twenty events.
    const event = wire && beginsObject.test(wire.data) ? parseExact(wire.data) : undefined
    return isObject(event) ? { wire, event: event as JsonObject } : { wire }
  }

  #unframed(raw: Uint8Array): WireEvent | undefined {
    const { framing } = this.#context
    const data = framing.end ? undefined : onlyData(raw)
    if (data !== undefined) return { data }
    this.#frames ??= framing.unframer((wire) => {
      this.#wire ??= wire
    })
    this.#wire = undefined
    this.#frames.push(raw)
    return this.#wire
  }

  #edit(raw: Uint8Array, wire: WireEvent, event: JsonObject): void {
    const { lens, strands, decide } = this.#context
    const slots: TextSlot[] = []
    const grown: Grown[] = []
    lens.replaceEvent(event, (text, kind, path = '') => {
      const slot = { text, out: '', isOpen: false }
      slots.push(slot)
      const name = text === '' ? undefined : strands.of(event, path, kind)
      if (name !== undefined) grown.push({ name, slot })
      else if (text !== '') new Strand(decide).finish(slot, strands.repeats?.(event))
      return text
    })
    this.#grow(grown)
    const closed = strands.closed(event)
    if (closed === undefined && slots.length === 1) this.#common = this.#inCommon(raw, grown) ?? this.#common
    this.#wait({ raw, wire, event, slots }, closed)
  }

  #grow(grown: readonly Grown[]): void {
    this.#overtaken(grown)
    for (const { name, slot } of grown) this.#strand(name).take(slot)
  }

  /** @param closed the beginning of the names of strands that end with this event */
  #wait(waiting: Waiting, closed?: string): void {
    this.#queue.push(waiting)
    if (closed !== undefined) this.#close(closed)
    else if (this.#queue.length > mostWaiting && this.#queue.filter((one) => !isHeld(one)).length > mostWaiting)
      for (const strand of this.#strands.values()) strand.close()
  }

  /** What the event has in common with those that may follow, seen by reading one of them. */
  #inCommon(raw: Uint8Array, [grown]: readonly Grown[]): Common | undefined {
    const { lens, framing, strands } = this.#context
    if (!grown || framing.end || this.#unlike >= mostUnlike) return undefined
    this.#unlike++
    const alike = alikeTo(raw, grown.slot.text)
    if (!alike) return undefined
    const like: Uint8Array[] = []
    alike.write(sample, like)
    const other = this.#parsed(joined(like)).event
    if (!other) return undefined
    const read: string[] = []
    lens.replaceEvent(other, (text, kind, path = '') => {
      read.push(text, strands.of(other, path, kind) ?? '')
      return text
    })
    return read.length === 2 && read[0] === sample && read[1] === grown.name ? { alike, strand: grown.name } : undefined
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
  #overtaken(growing: readonly Grown[]): void {
    const [first] = growing
    if (first && growing.length === 1 && this.#strands.size === 1 && this.#strands.has(first.name)) return
    const { strands } = this.#context
    for (const [name, strand] of this.#strands) {
      if (growing.some((it) => it.name === name) || (strands.interleaves?.(name) && !strand.endsObject)) continue
      if (growing.some((it) => ownerOf(it.name) === ownerOf(name))) strand.close()
    }
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
      if (isHeld(waiting)) break
      this.#write(waiting, out)
      count++
    }
    if (count > 0) this.#queue = count === this.#queue.length ? [] : this.#queue.slice(count)
  }

  #write({ raw, wire, event, alike, slots }: Waiting, out: Uint8Array[]): void {
    if (areSame(slots)) out.push(raw)
    else if (alike) alike.write(slots[0]?.out ?? '', out)
    else if (event && wire) {
      const { lens, framing } = this.#context
      let at = 0
      const changed = lens.replaceEvent(event, (text) => slots[at++]?.out ?? text)
      out.push(framing.frame({ ...wire, data: JSON.stringify(changed) }))
    }
  }
}

function isHeld({ slots }: Waiting): boolean {
  for (const { isOpen } of slots) if (isOpen) return true
  return false
}

function areSame(slots: readonly TextSlot[]): boolean {
  for (const { text, out } of slots) if (text !== out) return false
  return true
}
