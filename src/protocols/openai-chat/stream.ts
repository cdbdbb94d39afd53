/** The streamed answer of a vendor, in neutral events. */

import { truncated } from '../../core/ending.js'
import type { StreamEvent } from '../../core/events.js'
import { parseExact } from '../../core/exact-json.js'
import { callId } from '../../core/id.js'
import { asArray, asNumber, asObject, asString, isObject, type Members } from '../../core/json.js'
import type { Citation, ReasoningPart, Signature, ToolCallPart } from '../../core/message.js'
import { readExtraContent } from '../extra-content.js'
import { malformedEvent } from '../malformed.js'
import type { DecodeContext, StreamDecoder, WireEvent } from '../protocol.js'
import { readCitations, readSources } from './citations.js'
import { errorIn, errorInEvent } from './error.js'
import { OpenParts } from './open-parts.js'
import { foreignState, gapBefore, isForeign, plainReasoning, readDetail } from './reasoning.js'
import { readContent, readImages, readLogprobs } from './response.js'
import { usageIn } from './usage.js'
import { malformed, readFinish, saysSomething } from './wire.js'

export function decodeStream(context: DecodeContext): StreamDecoder {
  return new ChunkDecoder(context)
}

class ChunkDecoder implements StreamDecoder {
  readonly #context: DecodeContext
  readonly #choices = new Map<number, StreamedChoice>()
  #events: StreamEvent[] = []
  #started = false
  #ended = false
  #serviceTier: string | undefined
  /** Every chunk may list them all again: the last list holds. */
  #sources: Citation[] = []

  constructor(context: DecodeContext) {
    this.#context = context
  }

  push({ event, data }: WireEvent): StreamEvent[] {
    if (this.#ended) return []
    this.#events = []
    if (data.trim() === '[DONE]') this.#end()
    else this.#chunk(parseExact(data), event)
    return this.#events
  }

  end(): StreamEvent[] {
    if (this.#ended) return []
    this.#events = []
    // Compatible servers leave out `[DONE]`; then a finish reason for every choice that was asked for is the end.
    const whole = this.#choices.size >= (this.#context.request.n ?? 1)
    if (!whole || [...this.#choices.values()].some(({ finished }) => !finished)) throw truncated()
    this.#end()
    return this.#events
  }

  #chunk(chunk: unknown, event: string | undefined): void {
    const failure = errorInEvent(event, chunk)
    if (failure) throw failure
    if (!isObject(chunk)) throw malformedEvent()
    const choices = asArray(chunk.choices).filter(isObject)
    // Azure's first chunk has only the filter's findings on the prompt, and neither id nor model.
    if (!this.#started && (choices.length > 0 || chunk.id)) this.#start(chunk)
    if (typeof chunk.service_tier === 'string') this.#serviceTier = chunk.service_tier
    if (chunk.citations) this.#sources = readSources(chunk)
    for (const choice of choices) this.#choice(asNumber(choice.index) ?? 0).read(choice)
    const usage = usageIn(chunk)
    if (usage) this.#events.push({ type: 'usage', usage })
  }

  #start(chunk: Members): void {
    this.#started = true
    const created = asNumber(chunk.created)
    const model = asString(chunk.model) || this.#context.model
    this.#events.push({ type: 'start', id: asString(chunk.id) ?? '', model, ...(created !== undefined && { created }) })
  }

  #choice(index: number): StreamedChoice {
    const known = this.#choices.get(index)
    if (known) return known
    const lose = () => this.#context.lose(`choices[${index}].reasoning_details`, 'dropped', foreignState)
    const choice = new StreamedChoice(index, (event) => this.#events.push(event), lose)
    this.#choices.set(index, choice)
    return choice
  }

  #end(): void {
    if (this.#choices.size === 0) throw malformed('The upstream ended its answer without any choice.')
    for (const choice of this.#choices.values()) choice.end(this.#sources)
    this.#ended = true
    this.#events.push({ type: 'end', ...(this.#serviceTier !== undefined && { serviceTier: this.#serviceTier }) })
  }
}

/** What each member of a delta adds to the answer, in the order in which an answer is told. */
const deltaReaders: readonly (readonly [string, (choice: StreamedChoice, value: unknown, delta: Members) => void])[] = [
  ['reasoning_details', (choice, value) => choice.details(asArray(value))],
  ['reasoning_content', (choice, _value, delta) => choice.plainThinking(delta)],
  ['reasoning', (choice, _value, delta) => delta.reasoning_content || choice.plainThinking(delta)],
  ['annotations', (choice, value) => choice.noteText({ citations: readCitations(value) })],
  ['content', (choice, value) => choice.content(value)],
  ['refusal', (choice, value) => choice.refusal(value)],
  ['images', (choice, value) => choice.images(value)],
  ['audio', (choice, value) => choice.audio(asObject(value))],
  ['tool_calls', (choice, value) => choice.calls(asArray(value))],
  ['function_call', (choice, value) => choice.call({ index: 0, function: value })],
]

/** One choice: what came for it so far, and what still waits for its place. */
class StreamedChoice {
  finished = false
  /** The last chunk that told a finish. */
  #finish: Members = {}
  readonly #tell: (event: StreamEvent) => void
  readonly #index: number
  readonly #parts: OpenParts
  /** The key of the part for each tool call on the wire, with the id it had. */
  readonly #calls = new Map<number | string, { key: string; id: string }>()
  /** Signatures that came before their tool call. */
  readonly #signatures = new Map<string, Signature>()
  /** What belongs to the text and came when none was open. */
  #textNote: { citations: Citation[]; signature?: Signature } = { citations: [] }
  /** Bare thinking that was told and that no detail has repeated yet. */
  #plain = ''
  #images = 0
  #redacted = 0
  /** Once: a stream may have it in every chunk. */
  #lose: (() => void) | undefined

  constructor(index: number, tell: (event: StreamEvent) => void, lose: () => void) {
    this.#index = index
    this.#tell = tell
    this.#lose = lose
    this.#parts = new OpenParts(index, tell)
  }

  read(choice: Members): void {
    const failure = errorIn(choice)
    if (failure) throw failure
    const delta = asObject(choice.delta ?? choice.message)
    // Together tells a finish after each of several tool calls: only what nothing follows is one.
    if (saysSomething(delta)) this.finished = false
    for (const [member, read] of deltaReaders) {
      const value = delta[member]
      if (value !== null && value !== undefined && value !== '') read(this, value, delta)
    }
    const tokens = choice.logprobs ? readLogprobs(choice.logprobs) : []
    if (tokens.length > 0) this.#tell({ type: 'logprobs', choice: this.#index, tokens })
    if (typeof choice.finish_reason !== 'string' || choice.finish_reason === '') return
    this.finished = true
    this.#finish = choice
  }

  end(sources: readonly Citation[]): void {
    this.noteText({ citations: sources })
    this.#settle()
    this.#parts.close()
    const { finish_reason, stop_reason } = this.#finish
    const { finishReason, ...stop } = readFinish(finish_reason, stop_reason, this.#parts.types)
    this.#tell({ type: 'finish', choice: this.#index, reason: finishReason, ...stop })
  }

  /** What never found its place belongs to the text, and to an empty one where there is none. */
  #settle(): void {
    for (const signature of this.#signatures.values()) this.#textNote.signature ??= signature
    const { citations, signature } = this.#textNote
    if (citations.length === 0 && !signature) return
    this.#text('')
  }

  #text(delta: string): void {
    this.#parts.append('text', () => ({ type: 'text', text: '' }), delta)
    this.noteText({})
  }

  noteText({ citations = [], signature }: { citations?: readonly Citation[]; signature?: Signature }): void {
    const note = this.#textNote
    note.citations.push(...citations)
    if (signature) note.signature = signature
    if (note.citations.length === 0 && !note.signature) return
    const { citations: all, ...rest } = note
    if (this.#parts.note('text', { ...rest, ...(all.length > 0 && { citations: all }) })) this.#textNote = { citations: [] }
  }

  content(value: unknown): void {
    for (const chunk of readContent(value)) {
      if (chunk.type === 'text') this.#text(chunk.text)
      else this.#thinking(chunk.text)
    }
  }

  refusal(value: unknown): void {
    if (typeof value === 'string') this.#parts.append('refusal', () => ({ type: 'refusal', text: '' }), value)
  }

  images(value: unknown): void {
    for (const image of readImages(value)) this.#parts.append(`image ${this.#images++}`, () => image, '')
  }

  /** OpenAI streams sound as 16-bit PCM and in no other format. */
  audio({ data, transcript }: Members): void {
    const first = () => ({ type: 'audio' as const, source: { kind: 'base64' as const, data: '', mediaType: 'audio/pcm' } })
    this.#parts.append('audio', first, asString(data) ?? '')
    if (typeof transcript === 'string') this.#parts.note('audio', { transcript })
  }

  #thinking(text: string): void {
    if (text === '') return
    this.#parts.append('reasoning', () => ({ type: 'reasoning', text: '' }), text)
  }

  /** The same thinking in OpenRouter's other words is told there. */
  plainThinking(delta: Members): void {
    if (asArray(delta.reasoning_details).some((detail) => hasText(detail))) return
    const text = plainReasoning(delta)
    this.#plain += text
    this.#thinking(text)
  }

  details(details: readonly unknown[]): void {
    for (const value of details) {
      if (this.#lose && isForeign(value)) {
        this.#lose()
        this.#lose = undefined
      }
      const detail = readDetail(value)
      if (detail?.kind === 'signature') this.#sign(detail.of, detail.signature)
      else if (detail) this.#detail(detail.part, detail.index)
    }
  }

  #sign(of: string, signature: Signature): void {
    for (const call of this.#calls.values()) if (call.id === of && this.#parts.note(call.key, { signature })) return
    if (of === 'text') this.noteText({ signature })
    else this.#signatures.set(of, signature)
  }

  #detail(part: ReasoningPart, index: unknown): void {
    const { text, signature, ...first } = part
    const note = signature ? { signature } : {}
    // A detail may repeat, with its signature, what was told as bare text: our own streams end so.
    const gap = gapBefore(part)
    const plain = this.#plain.startsWith(gap + text) ? this.#plain.slice(gap.length) : this.#plain
    const repeats = text !== '' && plain.startsWith(text)
    if (repeats) this.#plain = plain.slice(text.length)
    if ((repeats || (text === '' && !part.redacted)) && this.#parts.note('reasoning', note)) return
    if (repeats && !signature) return
    const key = part.redacted ? `redacted ${this.#redacted++}` : `reasoning ${String(index ?? 0)}`
    this.#parts.append(key, () => ({ ...first, text: '' }), repeats ? '' : text)
    this.#parts.note(key, note)
  }

  calls(calls: readonly unknown[]): void {
    for (const call of calls) this.call(asObject(call))
  }

  call(call: Members): void {
    const definition = asObject(call.function ?? call.custom)
    const name = asString(definition.name) ?? ''
    const id = asString(call.id) ?? ''
    const known = this.#call(call.index, id, name)
    const key = known.key
    const signature = readExtraContent(call) ?? this.#signatures.get(known.id)
    this.#signatures.delete(known.id)
    if (this.#parts.has(key) && signature) this.#parts.note(key, { signature })
    const first = (): ToolCallPart => ({ type: 'tool-call', id: known.id, name, arguments: '', ...(signature && { signature }) })
    if (name !== '') this.#parts.amend(key, (part) => ({ ...part, ...(part.type === 'tool-call' && { name }) }))
    this.#parts.append(key, first, argumentsDelta(definition.arguments ?? definition.input))
  }

  /** A call is known by its index; by its id where vendors leave the index out or make it 0 for all. Without either, it is the newest. */
  #call(index: unknown, id: string, name: string): { key: string; id: string } {
    const newest = () => (name === '' ? [...this.#calls.keys()].at(-1) : undefined) ?? this.#calls.size
    const at = asNumber(index) ?? (id || newest())
    const known = this.#calls.get(at)
    if (known && (id === '' || id === known.id || name === '')) return known
    const count = this.#calls.size
    const call = { key: `call ${count} ${String(at)}${known ? ` ${id}` : ''}`, id: id || callId() }
    this.#calls.set(at, call)
    return call
  }
}

function hasText(detail: unknown): boolean {
  const read = readDetail(detail)
  return read?.kind === 'part' && read.part.text !== ''
}

/** Mistral may send the arguments as the object they are. */
function argumentsDelta(given: unknown): string {
  return typeof given === 'string' ? given : isObject(given) ? JSON.stringify(given) : ''
}
