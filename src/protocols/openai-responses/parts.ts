/**
 * Parts in a row. Items of a Responses stream may overlap (llama.cpp opens all parallel tool calls before the first one
 * ends), and neutral parts may not: what belongs to a later part is held back until the one before it has ended.
 */
import type { EventOf, StreamEvent } from '../../core/events.js'
import type { AssistantPart, TokenLogprob } from '../../core/message.js'

export type PartEnd = Omit<EventOf<'part-end'>, 'type' | 'choice' | 'index'>

export class Part {
  readonly type: AssistantPart['type']
  /** All that has come of its text or arguments. */
  text = ''
  ended = false
  readonly #index: number
  #events: StreamEvent[]

  constructor(part: AssistantPart, index: number) {
    this.type = part.type
    this.#index = index
    this.#events = [{ type: 'part-start', choice: 0, index, part }]
  }

  grow(delta: string): void {
    if (delta === '' || this.ended) return
    this.text += delta
    this.#events.push({ type: 'part-delta', choice: 0, index: this.#index, delta })
  }

  /** The whole is known: adds what no delta has brought. */
  complete(whole: string): void {
    if (whole.startsWith(this.text)) this.grow(whole.slice(this.text.length))
  }

  weigh(tokens: readonly TokenLogprob[]): void {
    if (tokens.length > 0) this.#events.push({ type: 'logprobs', choice: 0, tokens })
  }

  end(known: PartEnd = {}): void {
    if (this.ended) return
    this.ended = true
    this.#events.push({ type: 'part-end', choice: 0, index: this.#index, ...known })
  }

  take(): StreamEvent[] {
    const events = this.#events
    this.#events = []
    return events
  }
}

export class PartRow {
  /** Those that have not wholly been told; the first is live. */
  readonly #waiting: Part[] = []
  #count = 0

  open(part: AssistantPart): Part {
    const opened = new Part(part, this.#count++)
    this.#waiting.push(opened)
    return opened
  }

  /** What may be told by now. */
  take(): StreamEvent[] {
    const told: StreamEvent[] = []
    for (let head = this.#waiting[0]; head; head = this.#waiting[0]) {
      told.push(...head.take())
      if (!head.ended) break
      this.#waiting.shift()
    }
    return told
  }

  endAll(): StreamEvent[] {
    for (const part of this.#waiting) part.end()
    return this.take()
  }
}
