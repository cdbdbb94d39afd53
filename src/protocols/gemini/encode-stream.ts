/** A stream as a caller of Gemini expects it: each event a `GenerateContentResponse`, tool calls whole. */
import { LeashError } from '../../core/errors.js'
import { type EventOf, grown, type StreamEvent } from '../../core/events.js'
import { compact, type JsonObject } from '../../core/json.js'
import type { AssistantPart, Citation, FinishReason, Signature, TokenLogprob } from '../../core/message.js'
import type { Usage } from '../../core/usage.js'
import type { StreamEncoder, WireEvent } from '../protocol.js'
import { encodeCitations } from './citations.js'
import { encodeError } from './error.js'
import { wireFinishReasons } from './finish.js'
import { encodeLogprobs } from './logprobs.js'
import { encodePart, encodeUsageAndTier } from './response.js'
import type { WirePart } from './wire.js'

export function encodeStream(): StreamEncoder {
  return new GeminiStreamEncoder()
}

interface ChoiceState {
  /** The parts that are open, by their index, grown so far. */
  readonly open: Map<number, AssistantPart>
  readonly texts: { text: string; citations?: readonly Citation[] }[]
  readonly logprobs: TokenLogprob[]
  reason: FinishReason
}

type Handlers = { readonly [Type in StreamEvent['type']]: (event: EventOf<Type>) => WireEvent[] }

class GeminiStreamEncoder implements StreamEncoder {
  #head: JsonObject = {}
  readonly #choices: ChoiceState[] = []
  #usage: Usage | undefined

  push(event: StreamEvent): WireEvent[] {
    const handle = this.#handlers[event.type] as (event: StreamEvent) => WireEvent[]
    return handle(event)
  }

  fail(error: LeashError): WireEvent[] {
    return [{ data: JSON.stringify(encodeError(error).body) }]
  }

  readonly #handlers: Handlers = {
    start: ({ id, model, created }) => {
      const createTime = created === undefined ? undefined : new Date(created * 1000).toISOString()
      this.#head = compact({ modelVersion: model, createTime, responseId: id })
      return []
    },
    'part-start': ({ choice, index, part }) => {
      this.#at(choice).open.set(index, part)
      return growsInSight(part) && part.text !== '' ? this.#parts(choice, [wireText(part, part.text)]) : []
    },
    'part-delta': ({ choice, index, delta }) => {
      const { open } = this.#at(choice)
      const part = open.get(index)
      if (!part || delta === '') return []
      open.set(index, grown(part, delta))
      return growsInSight(part) ? this.#parts(choice, [wireText(part, delta)]) : []
    },
    'part-end': ({ choice, index, signature, citations }) => {
      const state = this.#at(choice)
      const grownPart = state.open.get(index)
      state.open.delete(index)
      if (!grownPart) return []
      const part = signature ? signed(grownPart, signature) : grownPart
      if (part.type === 'text') state.texts.push({ text: part.text, ...(citations && { citations }) })
      if (!growsInSight(part)) return this.#parts(choice, encodePart(part))
      // The text is out already; its signature follows on an empty part, as Google does it.
      return part.type !== 'refusal' && part.signature ? this.#parts(choice, encodePart({ ...part, text: '' })) : []
    },
    logprobs: ({ choice, tokens }) => {
      this.#at(choice).logprobs.push(...tokens)
      return []
    },
    finish: ({ choice, reason }) => {
      this.#at(choice).reason = reason
      return []
    },
    usage: ({ usage }) => {
      this.#usage = usage
      return []
    },
    end: ({ serviceTier }) => [
      this.#event({
        candidates: this.#choices.map(lastOf),
        usageMetadata: encodeUsageAndTier(this.#usage, serviceTier),
      }),
    ],
  }

  #at(choice: number): ChoiceState {
    for (let index = this.#choices.length; index <= choice; index++)
      this.#choices.push({ open: new Map(), texts: [], logprobs: [], reason: 'other' })
    const state = this.#choices[choice]
    if (!state) throw new LeashError('upstream_malformed', `The stream speaks of a choice ${choice}.`)
    return state
  }

  #parts(choice: number, parts: WirePart[]): WireEvent[] {
    return parts.length === 0 ? [] : [this.#event({ candidates: [{ content: { parts, role: 'model' }, index: choice }] })]
  }

  #event(body: { candidates: JsonObject[]; usageMetadata?: JsonObject | undefined }): WireEvent {
    return { data: JSON.stringify({ ...compact(body), ...this.#head }) }
  }
}

/** With an empty part: Google's own chat client forgets a turn when one of its events has none. */
function lastOf({ reason, texts, logprobs }: ChoiceState, index: number): JsonObject {
  return compact({
    content: { parts: [{ text: '' }], role: 'model' },
    finishReason: wireFinishReasons[reason],
    index,
    groundingMetadata: encodeCitations(texts),
    logprobsResult: logprobs.length > 0 ? encodeLogprobs(logprobs) : undefined,
  })
}

type Growing = Extract<AssistantPart, { type: 'text' | 'refusal' | 'reasoning' }>

function growsInSight(part: AssistantPart): part is Growing {
  return part.type === 'text' || part.type === 'refusal' || part.type === 'reasoning'
}

function signed(part: AssistantPart, signature: Signature): AssistantPart {
  return part.type === 'text' || part.type === 'reasoning' || part.type === 'tool-call' ? { ...part, signature } : part
}

function wireText(part: Growing, text: string): WirePart {
  return part.type === 'reasoning' ? { text, thought: true } : { text }
}
