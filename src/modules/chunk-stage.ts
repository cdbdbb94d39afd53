/**
 * One module on the way of a stream. An event whose text is not settled waits, and all behind it; so none has to be made up, and
 * those with nothing to change go on as they came.
 */
import type { Protocol } from '../protocols/protocol.js'
import { ownerOf, strandsOf } from '../protocols/strands.js'
import type { Item } from './event-list.js'
import type { Module } from './module.js'
import { type Look, Strand, type StrandSlot } from './strand.js'

/** More events than this never wait for others: a text that they overtake is taken as it is. */
const mostWaiting = 256

interface Waiting {
  readonly item: Item
  readonly slots: readonly StrandSlot[]
}

export class ChunkStage {
  readonly #protocol: Protocol
  readonly #look: Look
  readonly #holdBackOf: NonNullable<Module['holdBackOf']>
  readonly #strands = new Map<string, Strand>()
  #queue: Waiting[] = []

  constructor(protocol: Protocol, look: Look, { holdBack, holdBackOf }: Pick<Module, 'holdBack' | 'holdBackOf'>) {
    this.#protocol = protocol
    this.#look = look
    this.#holdBackOf = holdBackOf ?? (() => holdBack)
  }

  /** @returns those that can go on */
  async push(item: Item): Promise<Item[]> {
    // A comment says nothing of the answer; `[DONE]` does.
    if (!item.event && item.wire) await this.#close('')
    const slots = item.event ? await this.#read(item.event) : []
    this.#queue.push({ item, slots })
    const closed = item.event && strandsOf(this.#protocol.name).closed(item.event)
    if (closed !== undefined) await this.#close(closed)
    else if (this.#queue.length > mostWaiting && this.#queue.filter((one) => !isHeld(one)).length > mostWaiting)
      for (const strand of this.#strands.values()) await strand.close()
    return this.#released()
  }

  /** The stream is over, in whatever way. */
  async end(): Promise<Item[]> {
    await this.#close('')
    return this.#released()
  }

  async #read(event: NonNullable<Item['event']>): Promise<StrandSlot[]> {
    const { lens, name } = this.#protocol
    const strands = strandsOf(name)
    const slots: { readonly slot: StrandSlot; readonly strand: string | undefined }[] = []
    lens.replaceEvent(event, (text, kind, path = '') => {
      const strand = text === '' ? undefined : strands.of(event, path, kind)
      slots.push({ slot: { text, kind, out: '', isOpen: false }, strand })
      return text
    })
    await this.#overtaken(slots.flatMap(({ strand }) => strand ?? []))
    for (const { slot, strand } of slots) {
      if (slot.text === '') continue
      if (strand === undefined) await new Strand(this.#look, this.#holdBackOf, slot.kind).finish(slot)
      else await this.#strand(strand, slot).take(slot)
    }
    return slots.map(({ slot }) => slot)
  }

  #strand(name: string, { kind }: StrandSlot): Strand {
    let strand = this.#strands.get(name)
    if (!strand) {
      strand = new Strand(this.#look, this.#holdBackOf, kind)
      this.#strands.set(name, strand)
    }
    return strand
  }

  /** Of what belongs together, the text that grows is the last one: another is complete. */
  async #overtaken(growing: readonly string[]): Promise<void> {
    const owners = new Set(growing.map(ownerOf))
    for (const [name, strand] of this.#strands) if (!growing.includes(name) && owners.has(ownerOf(name))) await strand.close()
  }

  async #close(beginning: string): Promise<void> {
    for (const [name, strand] of this.#strands) {
      if (!name.startsWith(beginning)) continue
      this.#strands.delete(name)
      await strand.close()
    }
  }

  #released(): Item[] {
    const count = this.#queue.findIndex(isHeld)
    const free = count === -1 ? this.#queue : this.#queue.slice(0, count)
    this.#queue = count === -1 ? [] : this.#queue.slice(count)
    return free.map((waiting) => this.#edited(waiting))
  }

  #edited({ item, slots }: Waiting): Item {
    const { event } = item
    if (!event || slots.every(({ text, out }) => text === out)) return item
    let at = 0
    return { ...item, event: this.#protocol.lens.replaceEvent(event, (text) => slots[at++]?.out ?? text), changed: true }
  }
}

const isHeld = ({ slots }: Waiting): boolean => slots.some(({ isOpen }) => isOpen)
