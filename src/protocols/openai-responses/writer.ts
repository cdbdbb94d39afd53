/**
 * Spells neutral events as a response of this API, item by item, strictly one after another. The whole answer is what
 * stands at the end of it, so a stream and a unary answer cannot differ.
 */
import type { LeashError } from '../../core/errors.js'
import type { StreamEvent } from '../../core/events.js'
import type {
  AssistantPart,
  ChatRequest,
  FinishReason,
  ImagePart,
  ReasoningPart,
  TokenLogprob,
  ToolCallPart,
} from '../../core/message.js'
import { takesText } from '../custom-tool.js'
import { lookup } from '../lookup.js'
import { errorMembers } from './error.js'
import { apart } from './namespace.js'
import {
  CallOut,
  CustomCallOut,
  type ItemStatus,
  MessageOut,
  type OutputItem,
  ReasoningOut,
  SearchCallOut,
  type Tell,
} from './output.js'
import { endingOf, type Identity, skeleton, type WireResponse } from './skeleton.js'
import { searches } from './tool-search.js'
import { encodeUsage } from './usage.js'
import { ourReasoning } from './wire.js'

/** A PNG is what the API makes unless it is asked for another. */
const formats = { 'image/jpeg': 'jpeg', 'image/webp': 'webp', 'image/gif': 'gif' } as const

export type WireItem = WireResponse['output'][number]

/** Items of a vendor's stream, by their place. */
export interface ToldItems {
  readonly begun: readonly WireItem[]
  readonly done: ReadonlyMap<number, WireItem>
}

type ItemOut = CallOut | CustomCallOut | SearchCallOut | MessageOut | ReasoningOut

export class AnswerWriter {
  readonly #request: ChatRequest
  readonly #tell: Tell
  #response: WireResponse | undefined
  /** The item under way. It stays open after its part has ended: the next part may be of it too. */
  #item: ItemOut | undefined
  /** Where deltas go; nowhere, for a part that this API has no word for. */
  #part: OutputItem | undefined
  #lastMessage: MessageOut | undefined
  /** Logprobs that came before their text. */
  #early: TokenLogprob[] = []
  #refused = false
  /** Names of items that a vendor gave, by their place in the output. */
  #names: ReadonlyMap<number, string> = new Map()

  constructor(request: ChatRequest, tell: Tell) {
    this.#request = request
    this.#tell = tell
  }

  get response(): WireResponse {
    return this.#response ?? this.#begin({ id: '', model: '' })
  }

  write(event: StreamEvent): void {
    if ('choice' in event && event.choice !== 0) return
    switch (event.type) {
      case 'start':
        this.#begin(event)
        break
      case 'part-start':
        this.#open(event.part)
        break
      case 'part-delta':
        if (event.delta !== '') this.#part?.delta(event.delta)
        break
      case 'part-end':
        this.#part?.end(event)
        this.#part = undefined
        break
      case 'logprobs':
        if (this.#lastMessage) this.#lastMessage.weigh(event.tokens)
        else this.#early.push(...event.tokens)
        break
      case 'finish':
        this.#finish(event.reason)
        break
      case 'usage':
        this.response.usage = encodeUsage(event.usage)
        break
      case 'end':
        this.#end(event.serviceTier)
        break
    }
  }

  /** The API tells of a failure twice: in an event that the SDKs throw, and as the state of the response. */
  fail(error: LeashError): void {
    const body = errorMembers(error)
    this.#tell({ type: 'error', code: body.code, message: body.message, param: body.param, error: body })
    if (!this.#response) return
    const code = error.code === 'rate_limited' ? 'rate_limit_exceeded' : 'server_error'
    Object.assign(this.#response, { status: 'failed', error: { code, message: body.message } })
    this.#tell({ type: 'response.failed', response: this.#response })
  }

  /** The items as the caller was told of them: one that said nothing has a place all the same, and each has the vendor's name. */
  adopt({ begun, done }: ToldItems): void {
    const { output } = this.response
    const own = output.splice(0)
    this.#names = new Map(begun.flatMap(({ id }, index) => (id === undefined ? [] : [[index, id] as const])))
    for (const [index, item] of begun.entries()) {
      const mine = own[0]?.type === item.type ? own.shift() : undefined
      // A message that has only been announced is the next one of ours.
      const announced = item.type === 'message' && index === begun.length - 1 && !done.has(index)
      if (mine) output.push(Object.assign(mine, { id: item.id ?? mine.id }))
      else if (!announced) output.push(done.get(index) ?? item)
    }
    output.push(...own)
    if (!this.#item) return
    this.#item.index = output.indexOf(this.#item.item)
    if (!done.has(this.#item.index)) return
    Object.assign(this.#item.item, { status: 'completed' })
    this.#item = undefined
  }

  #begin(identity: Identity): WireResponse {
    this.#response = skeleton(this.#request, identity)
    this.#tell({ type: 'response.created', response: this.#response })
    this.#tell({ type: 'response.in_progress', response: this.#response })
    return this.#response
  }

  #open(part: AssistantPart): void {
    switch (part.type) {
      case 'text':
      case 'refusal':
        this.#part = this.#openSaid(part)
        break
      case 'reasoning':
        this.#part = this.#openReasoning(part)
        break
      case 'tool-call':
        this.#part = this.#openCall(part)
        break
      case 'image':
        this.#addImage(part)
        break
      case 'audio':
        this.#close('completed')
        break
    }
  }

  #openCall(part: ToolCallPart): CallOut | CustomCallOut | SearchCallOut {
    if (searches(this.#request, part.name))
      return this.#next((index) => new SearchCallOut(this.#tell, index, this.#id('tsc', index), part))
    const called = apart(this.#request, part.name)
    return takesText(this.#request, part.name)
      ? this.#next((index) => new CustomCallOut(this.#tell, index, this.#id('ctc', index), called, part))
      : this.#next((index) => new CallOut(this.#tell, index, this.#id('fc', index), called, part))
  }

  #openSaid(part: Extract<AssistantPart, { type: 'text' | 'refusal' }>): MessageOut {
    const message =
      this.#item instanceof MessageOut
        ? this.#item
        : this.#next((index) => new MessageOut(this.#tell, index, this.#id('msg', index)))
    this.#lastMessage = message
    message.open(part.type)
    if (part.type === 'refusal') this.#refused = true
    else message.weigh(this.#early.splice(0))
    if (part.text !== '') message.delta(part.text)
    return message
  }

  /** A caller who asked for a summary reads only that: there the thinking goes, whatever its vendor calls it. */
  #openReasoning(part: ReasoningPart): ReasoningOut {
    const item =
      this.#item instanceof ReasoningOut && this.#item.takes(part)
        ? this.#item
        : this.#next((index) => new ReasoningOut(this.#tell, index, this.#reasoningId(part, index), part.id))
    if (!part.redacted) item.open(part.summary === true || this.#request.reasoning?.show === true)
    if (part.text !== '') item.delta(part.text)
    item.sign(part.signature)
    return item
  }

  #addImage({ source }: ImagePart): void {
    this.#close('completed')
    if (source.kind !== 'base64') return
    const { output } = this.response
    const output_index = output.length
    const id = this.#id('ig', output_index)
    this.#tell({
      type: 'response.output_item.added',
      output_index,
      item: { id, type: 'image_generation_call', status: 'in_progress', result: null },
    })
    const output_format = lookup(formats, source.mediaType)
    const item = {
      id,
      type: 'image_generation_call',
      status: 'completed',
      result: source.data,
      ...(output_format && { output_format }),
    } as const
    output.push(item)
    this.#tell({ type: 'response.output_item.done', output_index, item })
  }

  /** Closes the item under way and begins another. */
  #next<T extends ItemOut>(make: (index: number) => T): T {
    this.#close('completed')
    const { output } = this.response
    const item = make(output.length)
    output.push(item.item)
    this.#item = item
    return item
  }

  #close(status: ItemStatus): void {
    this.#item?.close(status)
    this.#item = undefined
    this.#part = undefined
  }

  #finish(reason: FinishReason): void {
    const ending = endingOf(reason, this.#refused)
    this.#close(ending.status === 'completed' ? 'completed' : 'incomplete')
    Object.assign(this.response, ending)
  }

  #end(serviceTier: string | undefined): void {
    const { response } = this
    if (response.status === 'in_progress') this.#finish('other')
    Object.assign(response, serviceTier !== undefined && { service_tier: serviceTier })
    if (response.status === 'failed') this.#tell({ type: 'response.failed', response })
    else if (response.status === 'incomplete') this.#tell({ type: 'response.incomplete', response })
    else this.#tell({ type: 'response.completed', response })
  }

  /** OpenAI refuses an item sent back whose id does not begin with the word of its kind. */
  #id(kind: string, index: number): string {
    return this.#names.get(index) ?? `${kind}_${this.response.id.replace(/^resp_/, '')}_${index}`
  }

  /** The vendor's own id, unless another item has it already. */
  #reasoningId({ id }: ReasoningPart, index: number): string {
    return id?.startsWith('rs_') && !this.response.output.some((item) => item.id === id) ? id : this.#id(ourReasoning, index)
  }
}
