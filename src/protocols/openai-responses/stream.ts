/**
 * A Responses stream as neutral events.
 * https://platform.openai.com/docs/api-reference/responses-streaming
 */

import { truncated } from '../../core/ending.js'
import type { StreamEvent } from '../../core/events.js'
import { asNumber, asObject, asObjects, asString, isObject, type Members, parseJson } from '../../core/json.js'
import type { FinishReason } from '../../core/message.js'
import { lookup } from '../lookup.js'
import { malformedEvent } from '../malformed.js'
import type { DecodeContext, StreamDecoder, WireEvent } from '../protocol.js'
import { streamError } from './error.js'
import { FunctionCallItem, kindOf, MessageItem, ReasoningItem } from './items.js'
import { PartRow } from './parts.js'
import { isOfCaller } from './tool-search.js'
import { usageIn } from './usage.js'

type Item = MessageItem | FunctionCallItem | ReasoningItem

/** What one event does. Events that are not here say nothing that the neutral model has a word for. */
const handlers: Readonly<Record<string, (decoder: AnswerDecoder, event: Members) => void>> = {
  'response.created': begin,
  'response.queued': begin,
  'response.in_progress': begin,

  'response.output_item.added': (decoder, event) => decoder.added(event.output_index, asObject(event.item)),
  'response.output_item.done': (decoder, event) => decoder.done(event.output_index, asObject(event.item)),

  'response.content_part.added': (decoder, event) => {
    const part = asObject(event.part)
    if (part.type === 'reasoning_text') decoder.reasoning(event)?.partAdded('content', event.content_index)
    else decoder.message(event)?.partAdded(event.content_index, kindOf(part))
  },
  'response.content_part.done': (decoder, event) => {
    const part = asObject(event.part)
    if (part.type !== 'reasoning_text') decoder.message(event)?.partDone(event.content_index, part)
  },
  'response.output_text.delta': (decoder, event) =>
    decoder.message(event)?.delta(event.content_index, 'text', textOf(event.delta), event.logprobs),
  'response.output_text.done': (decoder, event) => decoder.message(event)?.whole(event.content_index, 'text', textOf(event.text)),
  'response.output_text.annotation.added': (decoder, event) => {
    if (isObject(event.annotation)) decoder.message(event)?.cited(event.content_index, event.annotation)
  },
  'response.refusal.delta': (decoder, event) =>
    decoder.message(event)?.delta(event.content_index, 'refusal', textOf(event.delta)),
  'response.refusal.done': (decoder, event) =>
    decoder.message(event)?.whole(event.content_index, 'refusal', textOf(event.refusal)),

  'response.function_call_arguments.delta': (decoder, event) => decoder.call(event)?.delta(textOf(event.delta)),
  'response.function_call_arguments.done': (decoder, event) => decoder.call(event)?.whole(textOf(event.arguments)),

  'response.reasoning_summary_part.added': (decoder, event) =>
    decoder.reasoning(event)?.partAdded('summary', event.summary_index),
  'response.reasoning_summary_text.delta': (decoder, event) =>
    decoder.reasoning(event)?.partAdded('summary', event.summary_index).grow(textOf(event.delta)),
  'response.reasoning_summary_text.done': (decoder, event) =>
    decoder.reasoning(event)?.partAdded('summary', event.summary_index).complete(textOf(event.text)),
  'response.reasoning_text.delta': (decoder, event) =>
    decoder.reasoning(event)?.partAdded('content', event.content_index).grow(textOf(event.delta)),
  'response.reasoning_text.done': (decoder, event) =>
    decoder.reasoning(event)?.partAdded('content', event.content_index).complete(textOf(event.text)),

  'response.completed': (decoder, { response }) => decoder.finish(asObject(response)),
  'response.incomplete': (decoder, { response }) => decoder.finish(asObject(response)),
  'response.failed': fail,
  error: fail,
}

/** The first event of any kind begins the answer, so there is nothing left to do. */
function begin(): void {}

const textOf = (value: unknown): string => asString(value) ?? ''

function fail(_: AnswerDecoder, event: Members): never {
  throw streamError(event)
}

export class AnswerDecoder implements StreamDecoder {
  readonly #context: DecodeContext
  readonly #row = new PartRow()
  readonly #items = new Map<unknown, Item>()
  readonly #whole = new Set<unknown>()
  readonly #lost = new Set<unknown>()
  #events: StreamEvent[] = []
  #begun = false
  #terminal = false

  constructor(context: DecodeContext) {
    this.#context = context
  }

  push({ event, data }: WireEvent): StreamEvent[] {
    if (this.#terminal) return []
    if (data === '[DONE]') return this.#ended()
    const body = parseJson(data)
    if (!isObject(body)) throw malformedEvent()
    const handle = lookup(handlers, asString(body.type) ?? event)
    if (!handle) return []
    this.#begin(asObject(body.response))
    handle(this, body)
    return this.#take()
  }

  /**
   * Servers that follow OpenAI's chat protocol in all else end their streams as that one does. Without
   * `response.completed` that is an end only where everything which had begun was whole: else the stream was cut.
   */
  #ended(): StreamEvent[] {
    if (this.#items.size === 0 || this.#whole.size < this.#items.size) return []
    this.finish({})
    return this.#take()
  }

  end(): StreamEvent[] {
    if (this.#terminal) return []
    throw truncated()
  }

  /** A whole answer: the events that spell it. */
  whole(response: Members): StreamEvent[] {
    this.#begin(response)
    this.finish(response)
    return this.#take()
  }

  #begin(response: Members): void {
    if (this.#begun) return
    this.#begun = true
    const created = asNumber(response.created_at)
    this.#events.push({
      type: 'start',
      id: asString(response.id) ?? '',
      model: asString(response.model) ?? this.#context.model,
      ...(created !== undefined && { created }),
    })
  }

  added(index: unknown, item: Members): Item | undefined {
    const opened = this.#open(item)
    if (opened) this.#items.set(index, opened)
    else this.#lose(index, item)
    return opened
  }

  done(index: unknown, item: Members): void {
    const known = this.#items.get(index) ?? this.added(index, item)
    if (!known) return
    known.done(item)
    this.#whole.add(index)
  }

  /** As soon as it begins: whoever goes on with a stream that died has to know that something was under way. */
  #lose(index: unknown, { type }: Members): void {
    if (this.#lost.has(index)) return
    this.#lost.add(index)
    this.#context.lose(
      `output[${index}]`,
      'dropped',
      `An output item of type "${String(type)}" has no counterpart in the caller's protocol.`,
    )
  }

  message(event: Members): MessageItem | undefined {
    const item = this.#expect(event, 'message')
    return item instanceof MessageItem ? item : undefined
  }

  call(event: Members): FunctionCallItem | undefined {
    const item = this.#expect(event, 'function_call')
    return item instanceof FunctionCallItem ? item : undefined
  }

  reasoning(event: Members): ReasoningItem | undefined {
    const item = this.#expect(event, 'reasoning')
    return item instanceof ReasoningItem ? item : undefined
  }

  /** The item that an event speaks of; opened now when the server did not announce it. */
  #expect(event: Members, type: string): Item | undefined {
    return this.#items.get(event.output_index) ?? this.added(event.output_index, { type, id: event.item_id })
  }

  finish(response: Members): void {
    // A server that streams no items tells them here, and so does an answer that was never a stream.
    if (this.#items.size === 0 && Array.isArray(response.output)) {
      for (const [index, item] of response.output.entries()) this.done(index, asObject(item))
    }
    this.#events.push(...this.#row.endAll(), { type: 'finish', choice: 0, reason: this.#reason(response) })
    const usage = usageIn(response)
    if (usage) this.#events.push({ type: 'usage', usage })
    for (const { reason } of asObjects(response.input_transformations))
      this.#context.lose('input', 'dropped', `OpenAI did not show earlier reasoning to the model: ${String(reason)}.`)
    const serviceTier = asString(response.service_tier)
    this.#events.push({ type: 'end', ...(serviceTier !== undefined && { serviceTier }) })
    this.#terminal = true
  }

  #reason({ status, incomplete_details }: Members): FinishReason {
    if (status === 'incomplete') {
      const { reason } = asObject(incomplete_details)
      return reason === 'content_filter' ? 'content-filter' : 'length'
    }
    const items = [...this.#items.values()]
    if (items.some((item) => item instanceof FunctionCallItem)) return 'tool-calls'
    return items.some((item) => item instanceof MessageItem && item.refused) ? 'refusal' : 'stop'
  }

  #open(item: Members): Item | undefined {
    switch (item.type) {
      case 'message':
        return new MessageItem(this.#row, item)
      case 'function_call':
      case 'custom_tool_call':
        return new FunctionCallItem(this.#row, item)
      case 'tool_search_call':
        return isOfCaller(item) ? new FunctionCallItem(this.#row, item) : undefined
      case 'reasoning':
        return new ReasoningItem(this.#row, item)
    }
    return undefined
  }

  #take(): StreamEvent[] {
    const events = [...this.#events, ...this.#row.take()]
    this.#events = []
    return events
  }
}

export function decodeStream(context: DecodeContext): StreamDecoder {
  return new AnswerDecoder(context)
}
