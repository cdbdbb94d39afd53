/**
 * The parts of one choice while they grow. On the wire, deltas of different parts may come interleaved; in neutral events
 * one part follows another. So one part is open at a time, and what belongs to a later one waits.
 */
import type { StreamEvent } from '../../core/events.js'
import { parseJson } from '../../core/json.js'
import type { AssistantPart, Citation, Signature } from '../../core/message.js'
import { malformed } from './wire.js'

/** What is known at the end of a part. */
interface Ending {
  signature?: Signature
  citations?: readonly Citation[]
  transcript?: string
}

interface Slot {
  readonly key: string
  part: AssistantPart
  /** Everything that came for it, told or waiting. */
  text: string
  index: number
  ending: Ending
}

export class OpenParts {
  /** The types of all parts so far. */
  readonly types = new Set<AssistantPart['type']>()
  readonly #choice: number
  readonly #tell: (event: StreamEvent) => void
  readonly #waiting: Slot[] = []
  /** Tool calls that are over: nothing may come for them any more. */
  readonly #over = new Set<string>()
  #open: Slot | undefined
  #next = 0

  constructor(choice: number, tell: (event: StreamEvent) => void) {
    this.#choice = choice
    this.#tell = tell
  }

  /** More of the part with that key; `first` is how it begins, should this be its beginning. */
  append(key: string, first: () => AssistantPart, delta: string): void {
    const slot = this.#slot(key)
    if (slot) {
      slot.text += delta
      if (slot === this.#open && delta !== '') this.#delta(delta)
    } else if (this.#over.has(key)) {
      if (delta.trim() !== '') throw malformed('The upstream sent arguments of a tool call that was over.')
    } else {
      this.#waiting.push({ key, part: first(), text: delta, index: -1, ending: {} })
    }
    if (this.#waiting.length > 0) this.#advance()
  }

  has(key: string): boolean {
    return this.#slot(key) !== undefined
  }

  /** Corrects how a part begins, as long as it has not. */
  amend(key: string, change: (part: AssistantPart) => AssistantPart): void {
    const slot = this.#waiting.find((each) => each.key === key)
    if (slot) slot.part = change(slot.part)
  }

  /** What to say at the end of a part. False when that part is over, or has never been. */
  note(key: string, { citations, transcript, ...rest }: Ending): boolean {
    const slot = this.#slot(key)
    if (!slot) return false
    const { ending } = slot
    Object.assign(ending, rest)
    if (citations) ending.citations = [...(ending.citations ?? []), ...citations]
    if (transcript !== undefined) ending.transcript = (ending.transcript ?? '') + transcript
    return true
  }

  /** The end of the choice: whatever waits is told now. */
  close(): void {
    for (let slot = this.#waiting.shift(); slot; slot = this.#waiting.shift()) this.#begin(slot)
    this.#end()
  }

  #slot(key: string): Slot | undefined {
    return this.#open?.key === key ? this.#open : this.#waiting.find((slot) => slot.key === key)
  }

  /** A tool call whose arguments are not yet a whole JSON value may still grow; whatever comes meanwhile waits. */
  #advance(): void {
    for (let slot = this.#waiting[0]; slot; slot = this.#waiting[0]) {
      if (this.#open?.part.type === 'tool-call' && !isWhole(this.#open.text)) return
      if (slot.part.type === 'tool-call' && slot.part.name === '') return
      this.#waiting.shift()
      this.#begin(slot)
    }
  }

  #begin(slot: Slot): void {
    this.#end()
    if (slot.part.type === 'tool-call' && slot.part.name === '') throw malformed('The upstream called a tool without naming it.')
    slot.index = this.#next++
    this.#open = slot
    this.types.add(slot.part.type)
    this.#tell({ type: 'part-start', choice: this.#choice, index: slot.index, part: slot.part })
    if (slot.text !== '') this.#delta(slot.text)
  }

  #delta(delta: string): void {
    if (this.#open) this.#tell({ type: 'part-delta', choice: this.#choice, index: this.#open.index, delta })
  }

  #end(): void {
    const slot = this.#open
    if (!slot) return
    this.#open = undefined
    if (slot.part.type === 'tool-call') this.#over.add(slot.key)
    this.#tell({ type: 'part-end', choice: this.#choice, index: slot.index, ...slot.ending })
  }
}

function isWhole(json: string): boolean {
  // Looked at before it is parsed: this runs for each delta that comes while something waits.
  return json.trimEnd().endsWith('}') && parseJson(json) !== undefined
}
