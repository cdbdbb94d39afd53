/** The answer as a stream of chunks, for a caller of Chat Completions. */
import type { LeashError } from '../../core/errors.js'
import type { EventOf, StreamEvent } from '../../core/events.js'
import type { JsonObject } from '../../core/json.js'
import type { AssistantPart, ChatRequest } from '../../core/message.js'
import type { Usage } from '../../core/usage.js'
import { InputText, takesText } from '../custom-tool.js'
import { extraContent } from '../extra-content.js'
import type { StreamEncoder, WireEvent } from '../protocol.js'
import { writeCitations } from './citations.js'
import { encodeError } from './error.js'
import { urlOf } from './media.js'
import { gapBefore, writeDetails } from './reasoning.js'
import { writeImage, writeLogprobs } from './response.js'
import { writeUsage } from './usage.js'
import { writeFinish } from './wire.js'

export function encodeStream(request: ChatRequest): StreamEncoder {
  return new ChunkEncoder(request)
}

/** A part as far as it was told. */
interface Told {
  part: AssistantPart
  /** What its deltas came to: the text, or the arguments. */
  text: string
  /** The place of a tool call among the tool calls. */
  readonly tool: number
  /** Of the call of a tool that takes free text. */
  readonly input?: InputText
}

/** One choice as far as it was told. */
interface ToldChoice {
  /** By their neutral index. */
  readonly parts: Told[]
  tools: number
  readonly citations: JsonObject[]
  textLength: number
  refused: boolean
}

type Handlers = { readonly [Type in StreamEvent['type']]: (encoder: ChunkEncoder, event: EventOf<Type>) => void }

const handlers: Handlers = {
  start: (encoder, event) => encoder.start(event),
  'part-start': (encoder, event) => encoder.partStart(event),
  'part-delta': (encoder, event) => encoder.partDelta(event),
  'part-end': (encoder, event) => encoder.partEnd(event),
  logprobs: (encoder, { choice, tokens }) => encoder.tell(choice, {}, { logprobs: writeLogprobs(tokens) }),
  finish: (encoder, event) => encoder.finish(event),
  usage: (encoder, event) => encoder.noteUsage(event.usage),
  end: (encoder, event) => encoder.end(event),
}

class ChunkEncoder implements StreamEncoder {
  readonly #request: ChatRequest
  readonly #includeUsage: boolean
  readonly #choices = new Map<number, ToldChoice>()
  #id = ''
  /** What every chunk begins with, written once: the members before `choices`, and its name. */
  #head = '{"choices":'
  #usage: Usage | undefined
  #out: WireEvent[] = []

  constructor(request: ChatRequest) {
    this.#request = request
    this.#includeUsage = request.includeUsage === true
  }

  push<Type extends StreamEvent['type']>(event: EventOf<Type>): WireEvent[] {
    this.#out = []
    const handle: (encoder: ChunkEncoder, event: EventOf<Type>) => void = handlers[event.type as Type]
    handle(this, event)
    return this.#out
  }

  /** openai-node throws what stands in `error`, and takes nothing after it. */
  fail(error: LeashError): WireEvent[] {
    return [{ data: JSON.stringify(encodeError(error).body) }]
  }

  start({ id, model, created }: EventOf<'start'>): void {
    this.#id = id
    const head = { id, object: 'chat.completion.chunk', created: created ?? Math.floor(Date.now() / 1000), model }
    this.#head = `${JSON.stringify(head).slice(0, -1)},"choices":`
  }

  tell(choice: number, delta: object, more: object = {}): void {
    this.#chunk([{ index: choice, delta, logprobs: null, finish_reason: null, ...more }])
  }

  /** As OpenAI does, a caller who asked for usage sees the member in every chunk. */
  #chunk(choices: readonly object[], more?: object): void {
    const usage = more ? `,${JSON.stringify(more).slice(1, -1)}` : this.#includeUsage ? ',"usage":null' : ''
    this.#out.push({ data: `${this.#head}${JSON.stringify(choices)}${usage}}` })
  }

  #choice(choice: number): ToldChoice {
    const known = this.#choices.get(choice)
    if (known) return known
    const told: ToldChoice = { parts: [], tools: 0, citations: [], textLength: 0, refused: false }
    this.#choices.set(choice, told)
    this.tell(choice, { role: 'assistant', content: '' })
    return told
  }

  partStart({ choice, index, part }: EventOf<'part-start'>): void {
    const state = this.#choice(choice)
    const isCall = part.type === 'tool-call'
    const input = isCall && takesText(this.#request, part.name) ? { input: new InputText() } : {}
    const told: Told = { part, text: '', tool: isCall ? state.tools++ : 0, ...input }
    state.parts[index] = told
    switch (part.type) {
      case 'tool-call': {
        const { id, name, signature } = part
        const called = told.input
          ? { type: 'custom', custom: { name, input: '' } }
          : { type: 'function', function: { name, arguments: '' } }
        this.tell(choice, { tool_calls: [{ index: told.tool, id, ...called, ...extraContent(signature) }] })
        this.#grow(choice, told, part.arguments)
        return
      }
      case 'image':
        this.tell(choice, { images: writeImage(urlOf(part.source)) })
        return
      case 'audio': {
        const data = part.source.kind === 'base64' ? part.source.data : ''
        this.tell(choice, { audio: { id: `audio_${this.#id}`, data, transcript: part.transcript ?? '' } })
        return
      }
      default:
        if (part.type === 'refusal') state.refused = true
        this.#grow(choice, told, part.text)
    }
  }

  partDelta({ choice, index, delta }: EventOf<'part-delta'>): void {
    const told = this.#choice(choice).parts[index]
    if (told) this.#grow(choice, told, delta)
  }

  #grow(choice: number, told: Told, delta: string): void {
    if (delta === '') return
    const gap = told.text === '' ? this.#gapBefore(choice, told.part) : ''
    told.text += delta
    const more = told.input ? told.input.push(delta) : gap + delta
    if (more !== '') this.tell(choice, deltaOf(told, more))
  }

  #gapBefore(choice: number, part: AssistantPart): string {
    if (part.type !== 'reasoning') return ''
    const thought = Object.values(this.#choice(choice).parts).find((told) => told.part.type === 'reasoning' && told.text !== '')
    return thought ? gapBefore(part) : ''
  }

  partEnd({ choice, index, signature, citations = [], transcript }: EventOf<'part-end'>): void {
    const state = this.#choice(choice)
    const told = state.parts[index]
    if (!told) return
    const { part } = told
    switch (part.type) {
      case 'text':
        state.citations.push(...writeCitations([...(part.citations ?? []), ...citations], state.textLength))
        state.textLength += told.text.length
        if (signature) told.part = { ...part, signature }
        return
      case 'reasoning':
        if (signature) told.part = { ...part, signature }
        return
      case 'audio':
        if (transcript !== undefined) this.tell(choice, { audio: { transcript } })
        return
      case 'tool-call':
        this.#endCall(choice, told)
        if (signature?.format === 'google-gemini-v1')
          this.tell(choice, {
            tool_calls: [{ ...callDelta(told, ''), ...extraContent(signature) }],
          })
    }
  }

  /** That there are no arguments is known only now: `{}` is never followed by real ones. */
  #endCall(choice: number, told: Told): void {
    const rest = told.input?.end()
    if (rest) this.tell(choice, deltaOf(told, rest))
    if (told.part.type === 'tool-call' && told.text === '') this.#grow(choice, told, '{}')
  }

  finish({ choice, reason }: EventOf<'finish'>): void {
    const { parts, citations, refused } = this.#choice(choice)
    const told = Object.values(parts)
    for (const each of told) this.#endCall(choice, each)
    // Once and complete: openai-node's accumulator keeps the last value of a member that it does not know.
    const details = writeDetails(told.map(({ part, text }) => ('text' in part ? { ...part, text } : part)))
    const last = {
      ...(citations.length > 0 && { annotations: citations }),
      ...(details.length > 0 && { reasoning_details: details }),
    }
    if (Object.keys(last).length > 0) this.tell(choice, last)
    this.tell(choice, {}, { finish_reason: writeFinish(reason, refused) })
  }

  noteUsage(usage: Usage): void {
    this.#usage = usage
  }

  end({ serviceTier }: EventOf<'end'>): void {
    const tier = serviceTier === undefined ? {} : { service_tier: serviceTier }
    if (this.#includeUsage && this.#usage) this.#chunk([], { ...tier, usage: writeUsage(this.#usage) })
    this.#out.push({ data: '[DONE]' })
  }
}

function callDelta({ tool, input }: Told, delta: string): object {
  return { index: tool, ...(input ? { custom: { input: delta } } : { function: { arguments: delta } }) }
}

function deltaOf(told: Told, delta: string): object {
  switch (told.part.type) {
    case 'text':
      return { content: delta }
    case 'reasoning':
      return { reasoning_content: delta }
    case 'refusal':
      return { refusal: delta }
    case 'tool-call':
      return { tool_calls: [callDelta(told, delta)] }
    default:
      return { audio: { data: delta } }
  }
}
