/** One text of a stream, which a module sees in pieces and lets go of as far as it is settled. */
import { settled, type TextEdit, type TextPiece, type TextSlot } from '../core/edited-pieces.js'
import type { TextKind } from '../protocols/protocol.js'
import type { Piece, Text } from './module.js'

/** A part of the text, as it stands in an event. */
export interface StrandSlot extends TextSlot {
  readonly kind: TextKind
}

export type Look = (piece: Piece) => Promise<readonly TextEdit[]>

export class Strand {
  readonly #look: Look
  readonly #holdBackOf: (text: Text) => number
  readonly #kind: TextKind
  #parts: TextPiece<StrandSlot>[] = []
  #text = ''
  #before = ''

  constructor(look: Look, holdBackOf: (text: Text) => number, kind: TextKind) {
    this.#look = look
    this.#holdBackOf = holdBackOf
    this.#kind = kind
  }

  take(slot: StrandSlot): Promise<void> {
    this.#add(slot)
    return this.#settle(false, false)
  }

  /** A text that is whole in itself. */
  finish(slot: StrandSlot): Promise<void> {
    this.#add(slot)
    return this.#settle(true, true)
  }

  /** Nothing more comes, or nobody waits for it. */
  async close(): Promise<void> {
    if (this.#parts.length > 0) await this.#settle(true, false)
  }

  #add(slot: StrandSlot): void {
    this.#parts.push({ slot, left: slot.text.length })
    this.#text += slot.text
  }

  async #settle(final: boolean, whole: boolean): Promise<void> {
    const text = this.#text
    const held = this.#holdBackOf({ text, kind: this.#kind })
    const until = final ? text.length : Math.max(0, text.length - held)
    const edits = await this.#look({ text, before: this.#before, settled: until, kind: this.#kind, final, whole })
    const end = endOf(edits, until, held)
    this.#parts = settled(this.#parts, text, edits, end)
    this.#text = text.slice(end)
    const passed = this.#before + text.slice(0, end)
    this.#before = passed.slice(Math.max(0, passed.length - this.#holdBackOf({ text: passed, kind: this.#kind })))
  }
}

/** An edit that reaches beyond what is settled waits for more, unless it is longer than what may be held back. */
function endOf(edits: readonly TextEdit[], settled: number, held: number): number {
  const cut = edits.find(({ start, end }) => start < settled && end > settled)
  if (!cut) return settled
  return cut.end - cut.start > held ? cut.end : cut.start
}
