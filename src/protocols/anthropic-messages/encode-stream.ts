/**
 * Neutral events as the stream that Anthropic's SDKs read: blocks stand one after another and never overlap, and the
 * whole account of usage comes at the end. A block opens with its first content, because an empty text may not be sent
 * back in the next request.
 */
import type { LeashError } from '../../core/errors.js'
import type { EventOf, StreamEvent } from '../../core/events.js'
import { asObject, parseJson } from '../../core/json.js'
import type { AssistantPart, Citation, FinishReason, ReasoningPart, Signature } from '../../core/message.js'
import { noUsage, type Usage } from '../../core/usage.js'
import type { StreamEncoder, WireEvent } from '../protocol.js'
import { carrierBlock, nextText } from './carrier.js'
import { writeCitation } from './citations.js'
import { encodeError } from './error.js'
import { encodeReasoning, messageId, spoken } from './response.js'
import { writeDeltaUsage, writeUsage } from './usage.js'
import { noDetails, type Sdk, stopReason } from './wire.js'

type PartEvent = Extract<StreamEvent, { index: number }>

/** The part whose block is being written. */
interface Current {
  readonly index: number
  readonly part: AssistantPart
  /** Its block has been opened. */
  open: boolean
  text: string
  /** The signature that stands in front of its block. */
  front?: Signature | undefined
}

export function encodeStream(): StreamEncoder {
  return new MessageStreamEncoder()
}

class MessageStreamEncoder implements StreamEncoder {
  #out: WireEvent[] = []
  #start: { id: string; model: string } | undefined
  #started = false
  #usage: Usage = noUsage
  #finish: { reason: FinishReason; stopSequence?: string } = { reason: 'other' }
  #called = false
  #refusal: string | undefined
  #blocks = 0
  #current: Current | undefined
  /** A text that has ended, and its block has not: what goes on with it is of the same block. */
  #said: { readonly signature: Signature | undefined } | undefined
  /** The carrier for a text that was told before its signature came. It goes in front of what follows, and is never the last. */
  #owed: Sdk.RedactedThinkingBlock | undefined
  /** Events of parts that began while another was open, by part. */
  readonly #waiting = new Map<number, PartEvent[]>()

  push(event: StreamEvent): WireEvent[] {
    switch (event.type) {
      case 'start':
        this.#start = event
        break
      case 'usage':
        this.#usage = event.usage
        break
      case 'part-start':
      case 'part-delta':
      case 'part-end':
        if (event.choice === 0) this.#part(event)
        break
      case 'finish':
        if (event.choice !== 0) break
        this.#closeAll()
        this.#finish = event
        break
      case 'end':
        this.#end()
        break
    }
    return this.#taken()
  }

  fail(error: LeashError): WireEvent[] {
    return [{ event: 'error', data: JSON.stringify(encodeError(error).body) }]
  }

  /** A vendor's block opens before it says anything, and may have said nothing at all. */
  adopt(told: readonly WireEvent[]): boolean {
    const types = told.map(({ event, data }) => event ?? asObject(parseJson(data)).type)
    const count = (type: string) => types.filter((each) => each === type).length
    this.#started = count('message_start') > 0
    this.#blocks = count('content_block_stop')
    this.#said = undefined
    if (this.#current) this.#current.open = count('content_block_start') > this.#blocks
    return false
  }

  #taken(): WireEvent[] {
    const out = this.#out
    this.#out = []
    return out
  }

  #send(event: Sdk.RawMessageStreamEvent): void {
    if (!this.#started && event.type !== 'message_start') this.#begin()
    this.#out.push({ event: event.type, data: JSON.stringify(event) })
  }

  /** Held back until there is something to follow it, since some vendors tell of their input before they answer. */
  #begin(): void {
    this.#started = true
    const usage = writeUsage(this.#usage, undefined)
    const message: Sdk.Message = {
      id: messageId(this.#start?.id ?? ''),
      type: 'message',
      role: 'assistant',
      model: this.#start?.model ?? '',
      content: [],
      stop_reason: null,
      stop_sequence: null,
      stop_details: null,
      container: null,
      diagnostics: null,
      // The end tells how much was written to the cache, and not for how long: zeros here would stand beside it for good.
      usage: usage.cache_creation_input_tokens ? usage : { ...usage, cache_creation: null },
    }
    this.#send({ type: 'message_start', message })
  }

  #part(event: PartEvent): void {
    if (this.#current ? event.index === this.#current.index : event.type === 'part-start') {
      this.#write(event)
      if (!this.#current) this.#next()
      return
    }
    const waiting = this.#waiting.get(event.index)
    if (waiting) waiting.push(event)
    else if (event.type === 'part-start') this.#waiting.set(event.index, [event])
  }

  /** Writes what waits, part by part, up to the first that is not complete. */
  #next(): void {
    for (const [index, events] of this.#waiting) {
      this.#waiting.delete(index)
      for (const event of events) this.#write(event)
      if (this.#current) return
    }
  }

  #closeAll(): void {
    while (this.#current) {
      this.#write({ type: 'part-end', choice: 0, index: this.#current.index })
      this.#next()
    }
  }

  #write(event: PartEvent): void {
    if (event.type === 'part-start') {
      this.#current = { index: event.index, part: event.part, open: false, text: '' }
      this.#opened(this.#current)
    } else if (this.#current && event.type === 'part-delta') this.#grow(this.#current, event.delta)
    else if (this.#current && event.type === 'part-end') {
      this.#close(this.#current, event)
      this.#current = undefined
    }
  }

  #opened(current: Current): void {
    const { part } = current
    if (part.type === 'tool-call') {
      this.#called = true
      if (part.signature) this.#whole(carrierBlock({ of: 'tool-call', id: part.id, signature: part.signature }))
      this.#open(current)
      this.#grow(current, part.arguments)
    } else if ('text' in part) {
      if (part.type === 'text') this.#goOn(current, part.signature)
      this.#grow(current, part.text)
    }
  }

  /** Gemini signs one piece of a text, in the middle of it as well. */
  #goOn(current: Current, signature: Signature | undefined): void {
    const before = this.#said?.signature
    if (!this.#said || (before ?? signature)?.format !== 'google-gemini-v1' || (before && signature)) return
    this.#said = undefined
    current.open = true
    current.front = before
  }

  #begun(content_block: Sdk.ContentBlock): void {
    this.#endText()
    const owed = this.#owed
    this.#owed = undefined
    if (owed) this.#whole(owed)
    this.#send({ type: 'content_block_start', index: this.#blocks, content_block })
  }

  #endText(): void {
    if (this.#said) this.#send({ type: 'content_block_stop', index: this.#blocks++ })
    this.#said = undefined
  }

  #open(current: Current): void {
    if (current.open) return
    current.open = true
    const { part } = current
    if (part.type === 'text' && part.signature) {
      this.#whole(carrierBlock({ of: 'text', id: nextText, signature: part.signature }))
      current.front = part.signature
    }
    this.#begun(emptyBlock(part))
  }

  #grow(current: Current, more: string): void {
    const { part } = current
    if (more === '' || part.type === 'image' || part.type === 'audio') return
    current.text += more
    this.#open(current)
    this.#delta(
      part.type === 'tool-call'
        ? { type: 'input_json_delta', partial_json: more }
        : part.type === 'reasoning'
          ? { type: 'thinking_delta', thinking: more }
          : { type: 'text_delta', text: more },
    )
  }

  #delta(delta: Sdk.RawContentBlockDelta): void {
    this.#send({ type: 'content_block_delta', index: this.#blocks, delta })
  }

  #close(current: Current, end: EventOf<'part-end'>): void {
    const { part } = current
    const signature = end.signature ?? ('signature' in part ? part.signature : undefined)
    switch (part.type) {
      case 'reasoning':
        this.#closeReasoning(current, part, signature)
        return
      case 'text':
        this.#cite(current, [...(part.citations ?? []), ...(end.citations ?? [])])
        if (current.open) this.#said = { signature: signature ?? current.front }
        if (signature && !current.front) this.#owed = carrierBlock({ of: 'text', signature })
        return
      case 'tool-call':
        this.#stop(current)
        if (end.signature) this.#whole(carrierBlock({ of: 'tool-call', id: part.id, signature: end.signature }))
        return
      case 'refusal':
        this.#refusal = current.text
        this.#stop(current)
        return
      case 'audio':
        this.#say(spoken({ ...part, ...(end.transcript !== undefined && { transcript: end.transcript }) }))
        return
      case 'image':
        this.#say(spoken(part))
    }
  }

  #closeReasoning(current: Current, part: ReasoningPart, signature: Signature | undefined): void {
    const block = encodeReasoning({ ...part, ...(signature && { signature }) })
    if (block.type === 'redacted_thinking') this.#whole(block)
    else if (current.open || signature) {
      this.#open(current)
      this.#delta({ type: 'signature_delta', signature: block.signature })
      this.#stop(current)
    }
  }

  #cite(current: Current, citations: readonly Citation[]): void {
    if (!current.open) return
    for (const citation of citations) {
      const told = writeCitation(citation, current.text) as unknown as Sdk.CitationsDelta['citation']
      this.#delta({ type: 'citations_delta', citation: told })
    }
  }

  #say(text: string): void {
    const said: Current = { index: -1, part: { type: 'text', text: '' }, open: false, text: '' }
    this.#grow(said, text)
    this.#stop(said)
  }

  #whole(block: Sdk.RedactedThinkingBlock): void {
    this.#begun(block)
    this.#send({ type: 'content_block_stop', index: this.#blocks++ })
  }

  #stop(current: Current): void {
    if (current.open) this.#send({ type: 'content_block_stop', index: this.#blocks++ })
  }

  #end(): void {
    this.#closeAll()
    this.#endText()
    const { reason, stopSequence } = this.#finish
    const stopped = stopReason(reason, this.#called, this.#refusal !== undefined)
    this.#send({
      type: 'message_delta',
      delta: {
        stop_reason: stopped,
        stop_sequence: stopSequence ?? null,
        stop_details: stopped === 'refusal' ? { ...noDetails, explanation: this.#refusal ?? null } : null,
        container: null,
      },
      usage: writeDeltaUsage(this.#usage),
    })
    this.#send({ type: 'message_stop' })
  }
}

function emptyBlock(part: AssistantPart): Sdk.ContentBlock {
  switch (part.type) {
    case 'tool-call':
      return { type: 'tool_use', id: part.id, name: part.name, input: {}, caller: { type: 'direct' } }
    case 'reasoning':
      return { type: 'thinking', thinking: '', signature: '' }
    default:
      return { type: 'text', text: '', citations: null }
  }
}
