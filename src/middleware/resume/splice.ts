import type { EventOf, StreamEvent } from '../../core/events.js'
import type { AssistantPart, Citation } from '../../core/message.js'
import { addUsage, type Usage } from '../../core/usage.js'
import type { Join } from './join.js'
import type { Said } from './said.js'

type Handlers = { readonly [Type in StreamEvent['type']]: (splice: Splice, event: EventOf<Type>) => void }

const handlers: Handlers = {
  start: () => {},
  'part-start': (splice, event) => splice.begin(event),
  'part-delta': (splice, event) => splice.grow(event),
  'part-end': (splice, event) => splice.end(event),
  logprobs: (splice, event) => splice.tell(event),
  finish: (splice, event) => splice.finish(event),
  usage: (splice, { usage }) => splice.count(usage),
  end: (splice, event) => splice.tell(event),
}

export interface SpliceOptions {
  /** Absent: the answer starts anew, and nothing of it is left out. */
  readonly join?: Join | undefined
  /** What the attempts before this one used. */
  readonly usage?: Usage | undefined
}

/** A part of the new answer. */
interface Placed {
  readonly type: AssistantPart['type']
  /** Its index in the answer as a whole, once it has one. */
  at?: number
  /** By how much its text stands further back there. */
  shift: number
}

/** Fits the events of another answer to what the caller has been told of the first. */
export class Splice {
  readonly #said: Said
  readonly #options: SpliceOptions
  /** By their index in the new answer. */
  readonly #parts = new Map<number, Placed>()
  /** The text that is under way in the new answer. */
  #text: number | undefined
  #out: StreamEvent[] = []

  constructor(said: Said, options: SpliceOptions) {
    this.#said = said
    this.#options = options
  }

  push<Type extends StreamEvent['type']>(event: EventOf<Type>): StreamEvent[] {
    this.#out = []
    if ('choice' in event && event.choice > 0) return []
    const handle: (splice: Splice, event: EventOf<Type>) => void = handlers[event.type as Type]
    handle(this, event)
    return this.#out
  }

  tell(event: StreamEvent): void {
    this.#said.push(event)
    this.#out.push(event)
  }

  begin({ index, part }: EventOf<'part-start'>): void {
    if (part.type === 'text') {
      this.#text = index
      this.#parts.set(index, { type: part.type, shift: 0 })
      this.grow({ type: 'part-delta', choice: 0, index, delta: part.text })
    } else if (part.type !== 'reasoning' || !this.#options.join) {
      // The thinking that led to the first words has been told, where there was any.
      this.#flush()
      this.#parts.set(index, { type: part.type, at: this.#open(part), shift: 0 })
    }
  }

  grow({ index, delta }: EventOf<'part-delta'>): void {
    const part = this.#parts.get(index)
    if (part?.type === 'text') this.#say(index, this.#options.join ? this.#options.join.push(delta) : delta)
    else if (part?.at !== undefined) this.tell({ type: 'part-delta', choice: 0, index: part.at, delta })
  }

  end(event: EventOf<'part-end'>): void {
    const { index, citations } = event
    if (index === this.#text) this.#flush()
    const { at, shift = 0 } = this.#parts.get(index) ?? {}
    if (at === undefined) return
    this.tell({ ...event, index: at, ...(citations && { citations: citations.map((citation) => moved(citation, shift)) }) })
  }

  finish(event: EventOf<'finish'>): void {
    this.#flush()
    this.close()
    this.tell(event)
  }

  count(usage: Usage): void {
    const { usage: before } = this.#options
    this.tell({ type: 'usage', usage: before ? addUsage(before, usage) : usage })
  }

  /** Ends the part under way. */
  close(): StreamEvent[] {
    if (this.#said.open) this.tell({ type: 'part-end', choice: 0, index: this.#said.open.index })
    return this.#out
  }

  #flush(): void {
    if (this.#text !== undefined) this.#say(this.#text, this.#options.join?.end() ?? '')
    this.#text = undefined
  }

  /** A part is opened with its first word: what is repeated opens none. */
  #say(index: number, text: string): void {
    const part = this.#parts.get(index)
    if (!part || text === '') return
    if (part.at === undefined) {
      const { open } = this.#said
      part.at = open?.type === 'text' ? open.index : this.#open({ type: 'text', text: '' })
      part.shift = (this.#said.open?.length ?? 0) - (this.#options.join?.left ?? 0)
    }
    this.tell({ type: 'part-delta', choice: 0, index: part.at, delta: text })
  }

  #open(part: AssistantPart): number {
    this.close()
    const index = this.#said.parts
    this.tell({ type: 'part-start', choice: 0, index, part })
    return index
  }
}

/** Offsets count from the beginning of the part, which the first answer wrote. */
function moved(citation: Citation, by: number): Citation {
  const { start, end } = citation
  return { ...citation, ...(start !== undefined && { start: start + by }), ...(end !== undefined && { end: end + by }) }
}
