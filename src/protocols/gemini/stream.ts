/**
 * The stream of a Gemini: each event is an answer of its own, with the parts that are new. It ends when the bytes do
 * and a finish reason was seen.
 */

import { truncated } from '../../core/ending.js'
import type { StreamEvent } from '../../core/events.js'
import { parseExact } from '../../core/exact-json.js'
import { asObject, asString, isObject } from '../../core/json.js'
import type { AssistantPart, ReasoningPart, TextPart } from '../../core/message.js'
import { malformedEvent } from '../malformed.js'
import type { DecodeContext, ReportLoss, StreamDecoder, WireEvent } from '../protocol.js'
import { citationsOf } from './citations.js'
import { decodeFailure } from './error.js'
import { finishReasonOf, isBlocked, isFinal } from './finish.js'
import { decodeLogprobs } from './logprobs.js'
import { PartialArgs } from './partial-args.js'
import { decodeCall, decodePart } from './parts.js'
import { callCounter, candidateIndex, decodeHead, decodeTier } from './response.js'
import { decodeUsage, queriesIn } from './usage.js'
import { message, messages } from './wire.js'

export function decodeStream(context: DecodeContext): StreamDecoder {
  return new GeminiStreamDecoder(context)
}

class GeminiStreamDecoder implements StreamDecoder {
  readonly #context: DecodeContext
  readonly #choices: ChoiceDecoder[] = []
  #nextId: (() => string) | undefined
  #blocked = false
  #tier: { serviceTier?: string } = {}
  readonly #queries = new Set<string>()

  constructor(context: DecodeContext) {
    this.#context = context
  }

  push({ data }: WireEvent): StreamEvent[] {
    const chunk = parseExact(data)
    if (!isObject(chunk)) {
      // What a gateway says behind the end is not Google's.
      if (this.#complete) return []
      throw malformedEvent()
    }
    if (chunk.error !== undefined) throw decodeFailure(chunk, data)
    const events: StreamEvent[] = []
    const nextId = (this.#nextId ??= this.#start(chunk, events))
    this.#blocked ||= isBlocked(chunk)
    for (const [place, candidate] of messages(chunk.candidates).entries()) {
      const index = candidateIndex(candidate, place)
      const choice = (this.#choices[index] ??= new ChoiceDecoder(index, nextId, this.#context.lose))
      events.push(...choice.push(candidate))
    }
    const usage = decodeUsage(chunk.usageMetadata, queriesIn(chunk, this.#queries))
    if (usage) events.push({ type: 'usage', usage })
    this.#tier = { ...this.#tier, ...decodeTier(chunk) }
    return events
  }

  #start(chunk: Record<string, unknown>, events: StreamEvent[]): () => string {
    const head = decodeHead(chunk, this.#context.model)
    events.push({ type: 'start', ...head })
    return callCounter(head.id)
  }

  get #complete(): boolean {
    const choices = this.#choices.filter(Boolean)
    return this.#blocked || (choices.length > 0 && choices.every(({ finished }) => finished))
  }

  /** Only now is it sure that nothing follows: a tool that Google runs by itself comes after a first `STOP`. */
  end(): StreamEvent[] {
    const choices = this.#choices.filter(Boolean)
    if (!this.#complete) throw truncated()
    const finishes: StreamEvent[] =
      choices.length > 0
        ? choices.flatMap((choice) => choice.end(this.#blocked))
        : [{ type: 'finish', choice: 0, reason: 'content-filter' }]
    return [...finishes, { type: 'end', ...this.#tier }]
  }
}

type Growing = { readonly index: number; readonly type: 'text' | 'reasoning' }
type WireMembers = Record<string, unknown>

/** One candidate: its parts open, grow and close in turn. */
class ChoiceDecoder {
  readonly #choice: number
  readonly #nextId: () => string
  readonly #lose: ReportLoss
  #parts = 0
  #open: Growing | undefined
  /** A call whose arguments are still coming. */
  #call: { readonly index: number; readonly args: PartialArgs } | undefined
  #waiting = 0
  #reason: string | undefined
  /** All that was said, and where the open text part begins in it. */
  #said = ''
  #start = 0
  /** The candidate of this event, which may tell the sources of what was said. */
  #candidate: WireMembers = {}
  #cited = false
  /** Whether this event ends the answer, so that no other text part can take the sources without a place. */
  #last = false

  constructor(choice: number, nextId: () => string, lose: ReportLoss) {
    this.#choice = choice
    this.#nextId = nextId
    this.#lose = lose
  }

  get finished(): boolean {
    return this.#reason !== undefined
  }

  push(candidate: WireMembers): StreamEvent[] {
    if (candidate.groundingMetadata !== undefined || candidate.citationMetadata !== undefined) {
      this.#candidate = candidate
      this.#cited = true
    }
    this.#last = isFinal(candidate.finishReason)
    const events: StreamEvent[] = []
    for (const part of messages(message(candidate.content).parts)) {
      this.#reason = undefined
      events.push(...this.#part(part))
    }
    const tokens = decodeLogprobs(candidate.logprobsResult)
    if (tokens.length > 0) events.push({ type: 'logprobs', choice: this.#choice, tokens })
    if (isFinal(candidate.finishReason)) this.#reason = candidate.finishReason
    return events
  }

  end(blocked: boolean): StreamEvent[] {
    this.#last = true
    const reason = blocked ? 'content-filter' : finishReasonOf(this.#reason ?? '', this.#waiting > 0)
    return [...this.#close(), { type: 'finish', choice: this.#choice, reason }]
  }

  #part(part: WireMembers): StreamEvent[] {
    if (part.functionCall !== undefined) return this.#functionCall(part)
    if (part.functionResponse !== undefined) {
      this.#waiting--
      this.#lose('functionResponse', 'dropped', 'Google has run this tool by itself; its result is not handed on.')
      return this.#close()
    }
    const decoded = decodePart(part, 'parts', this.#lose)
    if (!decoded) return []
    return decoded.type === 'text' || decoded.type === 'reasoning' ? this.#grow(decoded) : this.#whole(decoded)
  }

  /** A signed part stays by itself: Google wants it back as it was, not joined with its neighbours. */
  #grow(part: TextPart | ReasoningPart): StreamEvent[] {
    if (part.signature) return this.#whole(part)
    const events: StreamEvent[] = []
    if (this.#open?.type !== part.type) {
      events.push(...this.#close())
      this.#open = { index: this.#parts++, type: part.type }
      this.#start = this.#said.length
      events.push({ type: 'part-start', choice: this.#choice, index: this.#open.index, part: { ...part, text: '' } })
    }
    if (part.type === 'text') this.#said += part.text
    events.push({ type: 'part-delta', choice: this.#choice, index: this.#open.index, delta: part.text })
    return events
  }

  #whole(part: AssistantPart): StreamEvent[] {
    const closing = this.#close()
    const at = { choice: this.#choice, index: this.#parts++ }
    if (part.type !== 'text' && part.type !== 'reasoning') {
      return [...closing, { type: 'part-start', ...at, part }, { type: 'part-end', ...at }]
    }
    const { signature, text } = part
    this.#start = this.#said.length
    if (part.type === 'text') this.#said += text
    return [
      ...closing,
      { type: 'part-start', ...at, part: { ...part, text: '' } },
      ...(text === '' ? [] : [{ type: 'part-delta', ...at, delta: text } as const]),
      { type: 'part-end', ...at, ...(signature && { signature }), ...(part.type === 'text' && text !== '' && this.#citations()) },
    ]
  }

  /** A call without a name goes on with the one before it. */
  #functionCall(part: WireMembers): StreamEvent[] {
    const { name, args, partialArgs, willContinue } = message(part.functionCall)
    const events: StreamEvent[] = []
    if (!this.#call || (asString(name) ?? '') !== '') {
      if (asString(name) === undefined) return []
      events.push(...this.#close())
      const index = this.#parts++
      this.#call = { index, args: new PartialArgs() }
      this.#waiting++
      const started = { ...decodeCall(part, this.#nextId()), arguments: '' }
      events.push({ type: 'part-start', choice: this.#choice, index, part: started })
    }
    if (isObject(args)) this.#call.args.merge(asObject(args))
    this.#call.args.add(partialArgs)
    return willContinue === true ? events : [...events, ...this.#close()]
  }

  #close(): StreamEvent[] {
    const choice = this.#choice
    if (this.#call) {
      const { index, args } = this.#call
      this.#call = undefined
      return [
        { type: 'part-delta', choice, index, delta: args.json },
        { type: 'part-end', choice, index },
      ]
    }
    if (!this.#open) return []
    const { index, type } = this.#open
    this.#open = undefined
    return [{ type: 'part-end', choice, index, ...(type === 'text' && this.#citations()) }]
  }

  #citations(): Pick<TextPart, 'citations'> {
    if (!this.#cited) return {}
    const whole = this.#said
    const citations = citationsOf(this.#candidate, { whole, start: this.#start, end: whole.length, last: this.#last })
    return citations.length > 0 ? { citations } : {}
  }
}
