import type { StreamEvent } from '../../core/events.js'
import type { AssistantPart } from '../../core/message.js'

/** What of an answer the caller has been told. */
export class Said {
  text = ''
  /** Parts so far. */
  parts = 0
  /** The part that is not over. */
  open: { readonly index: number; readonly type: AssistantPart['type']; length: number } | undefined
  /** The types of all parts. */
  readonly types = new Set<AssistantPart['type']>()
  /** There is more than one answer. */
  several = false
  /** Something was told that neutral events have no word for. */
  strange = false

  push(event: StreamEvent): void {
    if ('choice' in event && event.choice > 0) this.several = true
    switch (event.type) {
      case 'part-start':
        this.parts = Math.max(this.parts, event.index + 1)
        this.types.add(event.part.type)
        this.open = { index: event.index, type: event.part.type, length: 0 }
        if (event.part.type === 'text') this.#say(event.part.text)
        break
      case 'part-delta':
        if (this.open?.type === 'text') this.#say(event.delta)
        break
      case 'part-end':
        this.open = undefined
        break
    }
  }

  #say(text: string): void {
    this.text += text
    if (this.open) this.open.length += text.length
  }
}
