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
  ResponseToolSearchCall,
} from 'openai/resources/responses/responses'
import { isObject, parseJson } from '../../core/json.js'
import type { ReasoningPart, Signature, TokenLogprob, ToolCallPart } from '../../core/message.js'
import { InputText } from '../custom-tool.js'
import { type ExtraContent, extraContent } from '../extra-content.js'
import { encodeCitation } from './annotations.js'
import type { errorMembers } from './error.js'
import { encodeLogprob } from './logprobs.js'
import type { Called } from './namespace.js'
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

type Item =
  | ResponseOutputMessage
  | ResponseFunctionToolCall
  | ResponseCustomToolCallItem
  | ResponseToolSearchCall
  | ResponseReasoningItem

abstract class Told<Of extends Item> {
  constructor(
    protected readonly tell: Tell,
    /** Its place in the output. */
    public index: number,
    readonly item: Of,
  ) {
    tell({ type: 'response.output_item.added', output_index: index, item })
  }

  close(status: ItemStatus): void {
    // Thinking is told without.
    if (this.item.status) this.item.status = status
    this.tell({ type: 'response.output_item.done', output_index: this.index, item: this.item })
  }

  /** Where an event belongs. */
  protected get place() {
    return { item_id: this.item.id ?? '', output_index: this.index }
  }
}

export class MessageOut extends Told<ResponseOutputMessage> implements OutputItem {
  #part: (ResponseOutputText & ExtraContent) | ResponseOutputRefusal | undefined
  #unsent: ResponseOutputText.Logprob[] = []

  constructor(tell: Tell, index: number, id: string) {
    super(tell, index, { id, type: 'message', status: 'in_progress', role: 'assistant', content: [] })
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

  #annotate(part: ResponseOutputText, annotation: ReturnType<typeof encodeCitation>): void {
    if (!annotation) return
    const annotation_index = part.annotations.push(annotation) - 1
    this.tell({ type: 'response.output_text.annotation.added', ...this.#at, annotation_index, annotation })
  }

  get #at() {
    return { ...this.place, content_index: this.item.content.length - 1 }
  }
}

export class CallOut extends Told<ResponseFunctionToolCall & ExtraContent> implements OutputItem {
  constructor(tell: Tell, index: number, id: string, called: Called, { id: call_id, arguments: args, signature }: ToolCallPart) {
    const begun = { id, type: 'function_call', status: 'in_progress', arguments: '', call_id, ...called } as const
    super(tell, index, { ...begun, ...extraContent(signature) })
    if (args) this.delta(args)
  }

  delta(delta: string): void {
    this.item.arguments += delta
    this.tell({ type: 'response.function_call_arguments.delta', ...this.place, delta })
  }

  end({ signature }: PartEnd): void {
    if (this.item.arguments === '') this.delta('{}')
    Object.assign(this.item, extraContent(signature))
    const { arguments: args, name } = this.item
    this.tell({ type: 'response.function_call_arguments.done', ...this.place, name, arguments: args })
  }
}

/** Of a tool that takes free text. */
export class CustomCallOut extends Told<ResponseCustomToolCallItem & ExtraContent> implements OutputItem {
  readonly #text = new InputText()

  constructor(tell: Tell, index: number, id: string, called: Called, { id: call_id, arguments: args, signature }: ToolCallPart) {
    const begun = { id, type: 'custom_tool_call', status: 'in_progress', call_id, ...called, input: '' } as const
    super(tell, index, { ...begun, ...extraContent(signature) })
    if (args) this.delta(args)
  }

  delta(delta: string): void {
    this.#grow(this.#text.push(delta))
  }

  #grow(delta: string): void {
    if (delta === '') return
    this.item.input += delta
    this.tell({ type: 'response.custom_tool_call_input.delta', ...this.place, delta })
  }

  end({ signature }: PartEnd): void {
    this.#grow(this.#text.end())
    Object.assign(this.item, extraContent(signature))
    this.tell({ type: 'response.custom_tool_call_input.done', ...this.place, input: this.item.input })
  }
}

/** Of a search that its caller makes: what it is for is told as a whole. */
export class SearchCallOut extends Told<ResponseToolSearchCall> implements OutputItem {
  #given = ''

  constructor(tell: Tell, index: number, id: string, { id: call_id, arguments: args }: ToolCallPart) {
    super(tell, index, { id, type: 'tool_search_call', status: 'in_progress', execution: 'client', call_id, arguments: {} })
    this.delta(args)
  }

  delta(delta: string): void {
    this.#given += delta
  }

  end(): void {
    const given = parseJson(this.#given)
    if (isObject(given)) this.item.arguments = given
  }
}

export class ReasoningOut extends Told<ResponseReasoningItem> implements OutputItem {
  readonly #partId: string | undefined
  #part: ResponseReasoningItem.Summary | ResponseReasoningItem.Content | undefined

  constructor(tell: Tell, index: number, id: string, partId: string | undefined) {
    super(tell, index, { id, type: 'reasoning', summary: [] })
    this.#partId = partId
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

  get #atSummary() {
    return { ...this.place, summary_index: this.item.summary.length - 1 }
  }

  get #atContent() {
    return { ...this.place, content_index: (this.item.content?.length ?? 0) - 1 }
  }
}
