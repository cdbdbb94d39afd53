/** Output items on their way out: each kind tells its events as its parts open, grow and end. */
import type {
  ResponseCustomToolCallItem,
  ResponseErrorEvent,
  ResponseFunctionCallArgumentsDoneEvent,
  ResponseFunctionToolCall,
  ResponseOutputMessage,
  ResponseOutputRefusal,
  ResponseOutputText,
  ResponseReasoningItem,
  ResponseStreamEvent,
} from 'openai/resources/responses/responses'
import type { ReasoningPart, Signature, TokenLogprob, ToolCallPart } from '../../core/message.js'
import { InputText } from '../custom-tool.js'
import { type ExtraContent, extraContent } from '../extra-content.js'
import { encodeCitation } from './annotations.js'
import type { errorMembers } from './error.js'
import { encodeLogprob } from './logprobs.js'
import type { PartEnd } from './parts.js'
import type { WireResponse } from './skeleton.js'
import { encryptedContent } from './wire.js'

type Lifecycle = 'response.created' | 'response.in_progress' | 'response.completed' | 'response.incomplete' | 'response.failed'
type Unnumbered<E> = E extends { type: Lifecycle }
  ? { type: E['type']; response: WireResponse }
  : E extends ResponseErrorEvent
    ? // The documentation has these members flat, and the API sends them nested: each client reads one of the two.
      Omit<E, 'sequence_number'> & { error: ReturnType<typeof errorMembers> }
    : E extends ResponseFunctionCallArgumentsDoneEvent
      ? // openai-node 6 has the name in its types, 7 has not.
        Omit<E, 'sequence_number'> & { name: string }
      : Omit<E, 'sequence_number'>

/** Sends an event. The item in it goes on growing, so it has to be serialised at once or not at all. */
export type Tell = (event: Unnumbered<ResponseStreamEvent>) => void

export type ItemStatus = 'completed' | 'incomplete'

export interface OutputItem {
  delta(delta: string): void
  /** The part is whole. */
  end(known: PartEnd): void
  /** The item is whole. */
  close(status: ItemStatus): void
}

abstract class Told {
  constructor(
    protected readonly tell: Tell,
    /** Its place in the output. */
    public index: number,
  ) {}

  /** Where an event belongs. */
  protected at(id: string | undefined) {
    return { item_id: id ?? '', output_index: this.index }
  }
}

export class MessageOut extends Told implements OutputItem {
  readonly item: ResponseOutputMessage
  #part: (ResponseOutputText & ExtraContent) | ResponseOutputRefusal | undefined
  #unsent: ResponseOutputText.Logprob[] = []

  constructor(tell: Tell, index: number, id: string) {
    super(tell, index)
    this.item = { id, type: 'message', status: 'in_progress', role: 'assistant', content: [] }
    tell({ type: 'response.output_item.added', output_index: index, item: this.item })
  }

  open(type: 'text' | 'refusal'): void {
    this.#part =
      type === 'refusal' ? { type: 'refusal', refusal: '' } : { type: 'output_text', annotations: [], logprobs: [], text: '' }
    this.item.content.push(this.#part)
    this.tell({ type: 'response.content_part.added', ...this.#at, part: this.#part })
  }

  delta(delta: string): void {
    if (this.#part?.type === 'refusal') {
      this.#part.refusal += delta
      this.tell({ type: 'response.refusal.delta', ...this.#at, delta })
    } else if (this.#part) {
      this.#part.text += delta
      this.tell({ type: 'response.output_text.delta', ...this.#at, delta, logprobs: this.#unsent })
      this.#unsent = []
    }
  }

  /** Of the text at hand or, when it has ended, of the last one. Sent with the next delta, and whole at the end. */
  weigh(tokens: readonly TokenLogprob[]): void {
    const part = this.#part ?? this.item.content.at(-1)
    if (part?.type !== 'output_text') return
    const encoded = tokens.map(encodeLogprob)
    part.logprobs?.push(...encoded)
    if (this.#part) this.#unsent.push(...encoded)
  }

  end({ citations = [], signature }: PartEnd): void {
    const part = this.#part
    if (part?.type === 'refusal') {
      this.tell({ type: 'response.refusal.done', ...this.#at, refusal: part.refusal })
    } else if (part) {
      for (const citation of citations) this.#annotate(part, encodeCitation(citation, part.text.length))
      Object.assign(part, extraContent(signature))
      this.tell({ type: 'response.output_text.done', ...this.#at, text: part.text, logprobs: part.logprobs ?? [] })
    }
    if (part) this.tell({ type: 'response.content_part.done', ...this.#at, part })
    this.#part = undefined
    this.#unsent = []
  }

  close(status: ItemStatus): void {
    this.item.status = status
    this.tell({ type: 'response.output_item.done', output_index: this.index, item: this.item })
  }

  #annotate(part: ResponseOutputText, annotation: ReturnType<typeof encodeCitation>): void {
    if (!annotation) return
    const annotation_index = part.annotations.push(annotation) - 1
    this.tell({ type: 'response.output_text.annotation.added', ...this.#at, annotation_index, annotation })
  }

  get #at() {
    return { ...this.at(this.item.id), content_index: this.item.content.length - 1 }
  }
}

export class CallOut extends Told implements OutputItem {
  readonly item: ResponseFunctionToolCall & ExtraContent

  constructor(tell: Tell, index: number, id: string, { id: call_id, name, arguments: args, signature }: ToolCallPart) {
    super(tell, index)
    this.item = { id, type: 'function_call', status: 'in_progress', arguments: '', call_id, name, ...extraContent(signature) }
    tell({ type: 'response.output_item.added', output_index: index, item: this.item })
    if (args) this.delta(args)
  }

  delta(delta: string): void {
    this.item.arguments += delta
    this.tell({ type: 'response.function_call_arguments.delta', ...this.at(this.item.id), delta })
  }

  end({ signature }: PartEnd): void {
    if (this.item.arguments === '') this.delta('{}')
    Object.assign(this.item, extraContent(signature))
    const { arguments: args, name } = this.item
    this.tell({ type: 'response.function_call_arguments.done', ...this.at(this.item.id), name, arguments: args })
  }

  close(status: ItemStatus): void {
    this.item.status = status
    this.tell({ type: 'response.output_item.done', output_index: this.index, item: this.item })
  }
}

/** Of a tool that takes free text. */
export class CustomCallOut extends Told implements OutputItem {
  readonly item: ResponseCustomToolCallItem & ExtraContent
  readonly #text = new InputText()

  constructor(tell: Tell, index: number, id: string, { id: call_id, name, arguments: args, signature }: ToolCallPart) {
    super(tell, index)
    this.item = { id, type: 'custom_tool_call', status: 'in_progress', call_id, name, input: '', ...extraContent(signature) }
    tell({ type: 'response.output_item.added', output_index: index, item: this.item })
    if (args) this.delta(args)
  }

  delta(delta: string): void {
    this.#grow(this.#text.push(delta))
  }

  #grow(delta: string): void {
    if (delta === '') return
    this.item.input += delta
    this.tell({ type: 'response.custom_tool_call_input.delta', ...this.at(this.item.id), delta })
  }

  end({ signature }: PartEnd): void {
    this.#grow(this.#text.end())
    Object.assign(this.item, extraContent(signature))
    this.tell({ type: 'response.custom_tool_call_input.done', ...this.at(this.item.id), input: this.item.input })
  }

  close(status: ItemStatus): void {
    this.item.status = status
    this.tell({ type: 'response.output_item.done', output_index: this.index, item: this.item })
  }
}

export class ReasoningOut extends Told implements OutputItem {
  readonly item: ResponseReasoningItem
  readonly #partId: string | undefined
  #part: ResponseReasoningItem.Summary | ResponseReasoningItem.Content | undefined

  constructor(tell: Tell, index: number, id: string, partId: string | undefined) {
    super(tell, index)
    this.#partId = partId
    this.item = { id, type: 'reasoning', summary: [] }
    tell({ type: 'response.output_item.added', output_index: index, item: this.item })
  }

  /** Whether the part belongs to this item too. The encrypted content closes an item: there is room for one. */
  takes({ id }: ReasoningPart): boolean {
    return id !== undefined && id === this.#partId && this.item.encrypted_content === undefined
  }

  open(summary: boolean): void {
    if (summary) {
      this.#part = { type: 'summary_text', text: '' }
      this.item.summary.push(this.#part)
      this.tell({ type: 'response.reasoning_summary_part.added', ...this.#atSummary, part: this.#part })
    } else {
      this.#part = { type: 'reasoning_text', text: '' }
      this.item.content = [...(this.item.content ?? []), this.#part]
      this.tell({ type: 'response.content_part.added', ...this.#atContent, part: this.#part })
    }
  }

  delta(delta: string): void {
    if (!this.#part) return
    this.#part.text += delta
    if (this.#part.type === 'summary_text')
      this.tell({ type: 'response.reasoning_summary_text.delta', ...this.#atSummary, delta })
    else this.tell({ type: 'response.reasoning_text.delta', ...this.#atContent, delta })
  }

  end({ signature }: PartEnd): void {
    const part = this.#part
    if (part?.type === 'summary_text') {
      this.tell({ type: 'response.reasoning_summary_text.done', ...this.#atSummary, text: part.text })
      this.tell({ type: 'response.reasoning_summary_part.done', ...this.#atSummary, part })
    } else if (part) {
      this.tell({ type: 'response.reasoning_text.done', ...this.#atContent, text: part.text })
      this.tell({ type: 'response.content_part.done', ...this.#atContent, part })
    }
    this.#part = undefined
    this.sign(signature)
  }

  sign(signature: Signature | undefined): void {
    if (signature) this.item.encrypted_content = encryptedContent(signature)
  }

  close(): void {
    this.tell({ type: 'response.output_item.done', output_index: this.index, item: this.item })
  }

  get #atSummary() {
    return { ...this.at(this.item.id), summary_index: this.item.summary.length - 1 }
  }

  get #atContent() {
    return { ...this.at(this.item.id), content_index: (this.item.content?.length ?? 0) - 1 }
  }
}
