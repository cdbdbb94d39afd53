/** The lane where caller and target speak different protocols: request, answer and stream go through the neutral model. */
import { type Loss, type Result, type StreamResult, textOf, type UnaryResult } from '../core/call.js'
import { endings } from '../core/ending.js'
import { LeashError, thrown } from '../core/errors.js'
import type { StreamEvent } from '../core/events.js'
import { exactBody, readExact } from '../core/exact-json.js'
import type { AssistantPart, EmbedRequest, EmbedResponse } from '../core/message.js'
import { requestId } from '../core/request-id.js'
import { addUsage, type Usage } from '../core/usage.js'
import type { Unframer } from '../protocols/framing/framing.js'
import { into } from '../protocols/into.js'
import type {
  ChatDownstream,
  ChatUpstream,
  EmbedDownstream,
  EmbedUpstream,
  ReportLoss,
  StreamDecoder,
  StreamEncoder,
  WireEvent,
} from '../protocols/protocol.js'
import { renamed } from '../protocols/tool-names.js'
import { unlikeBefore } from '../protocols/unique-calls.js'
import type { Streamed, Underway } from './attempt.js'
import { isEventStream, noteLosses, parseAnswer } from './pass-through.js'
import { maxAnswerLength, readText } from './read-text.js'
import { replayed } from './replayed.js'

export async function translate(underway: Underway): Promise<Result> {
  const { own, theirs } = underway
  if (own.kind === 'chat' && theirs.kind === 'chat') {
    const [{ downstream = unheard(own.name) }, { upstream }] = await Promise.all([own.codec(), theirs.codec()])
    return translateChat(underway, downstream, upstream)
  }
  if (own.kind === 'embeddings' && theirs.kind === 'embeddings') {
    const [{ downstream = unheard(own.name) }, { upstream }] = await Promise.all([own.codec(), theirs.codec()])
    return translateEmbeddings(underway, downstream, upstream)
  }
  throw new LeashError('unsupported', `"${own.name}" cannot be translated to "${theirs.name}".`)
}

function unheard(protocol: string): never {
  throw new LeashError('unsupported', `A caller who speaks "${protocol}" can only reach providers that speak it too.`)
}

async function translateChat(underway: Underway, down: ChatDownstream, up: ChatUpstream): Promise<Result> {
  const { call } = underway
  const { provider, model } = call.target
  const losses: Loss[] = []
  const lose = into(losses)
  const asked = down.decodeRequest(exactBody(textOf(call), call.body), lose)
  const { request, own } = renamed(asked, up.toolNames, lose)
  const body = up.encodeRequest(request, { model, stream: call.stream, traits: provider.traits(model), lose })
  noteLosses(call, losses)
  const response = await underway.exchange(body)
  const context = { model, lose: into(call.report.warnings), request }
  const unlike = unlikeBefore(request)
  const told = (part: AssistantPart): AssistantPart =>
    part.type === 'tool-call' ? { ...part, id: unlike(part.id), name: own(part.name) } : part
  if (call.stream && response.body && isEventStream(response.headers)) {
    const events = new DecodedStream(response, response.body, up.decodeStream(context), underway)
    underway.clock.enter('firstTokenMs')
    await events.prime()
    return streamResult(underway, response, encodeStream(events, underway, down.encodeStream(asked), told))
  }
  const text = await readText(response, maxAnswerLength)
  const theirs = parseAnswer(text, response.headers, readExact)
  const answer = up.decodeResponse(theirs, context)
  underway.used(answer.usage, answer.serviceTier)
  underway.answer = { body: theirs }
  underway.end(undefined)
  const named = {
    ...answer,
    id: answer.id || call.id,
    choices: answer.choices.map((choice) => ({ ...choice, content: choice.content.map(told) })),
  }
  if (call.stream) return streamResult(underway, response, replayed(named, underway.own, down.encodeStream(asked)))
  return unary(underway, response.headers, down.encodeResponse(named, asked))
}

/**
 * More inputs than one request takes are sent in several, one after another: together they are one attempt, with one
 * clock, and a vendor that counts requests must not get a hundred of them at once.
 */
async function translateEmbeddings(underway: Underway, down: EmbedDownstream, up: EmbedUpstream): Promise<Result> {
  const { call } = underway
  const { provider, model } = call.target
  const traits = provider.traits(model)
  const losses: Loss[] = []
  const request: EmbedRequest = down.decodeRequest(call.body, into(losses))
  const requests = inParts(request, up.maxInputs?.(model, traits)).map((request, index) => {
    // What one part loses, all lose.
    const lose: ReportLoss = (path, action, why) => index === 0 && losses.push({ path, action, why })
    return { request, body: up.encodeRequest(request, { model, stream: false, traits, lose }) }
  })
  noteLosses(call, losses)
  const vectors: EmbedResponse['vectors'][number][] = []
  let headers = new Headers()
  let named = model
  let usage: Usage | undefined
  for (const { request, body } of requests) {
    const response = await underway.exchange(body)
    const answer = up.decodeResponse(parseAnswer(await readText(response, maxAnswerLength), response.headers), { model, request })
    vectors.push(...answer.vectors)
    headers = response.headers
    named = answer.model
    usage = usage && answer.usage ? addUsage(usage, answer.usage) : (answer.usage ?? usage)
    // A part that was answered is paid for, even when the next one fails.
    underway.used(usage)
  }
  underway.end(undefined)
  const answer: EmbedResponse = { model: named, vectors, ...(usage && { usage }) }
  return unary(underway, headers, down.encodeResponse(answer, request))
}

function inParts(request: EmbedRequest, size = Number.POSITIVE_INFINITY): EmbedRequest[] {
  const { input } = request
  if (input.length <= size) return [request]
  return Array.from({ length: Math.ceil(input.length / size) }, (_, part) => ({
    ...request,
    input: input.slice(part * size, (part + 1) * size),
  }))
}

/** Of the vendor's headers, those that mean the same in any protocol. */
function carriedHeaders(theirs: Headers, contentType = 'application/json'): Headers {
  return new Headers({ 'content-type': contentType, ...requestId(theirs) })
}

function unary({ record }: Underway, theirs: Headers, body: unknown): UnaryResult {
  return { stream: false, status: 200, headers: carriedHeaders(theirs), body, attempt: record }
}

function streamResult(underway: Underway, response: Response, stream: AsyncGenerator<Uint8Array>): StreamResult {
  const headers = carriedHeaders(response.headers, underway.own.framing.contentType)
  const body = Object.assign(stream, { [endings]: underway.endings })
  underway.streaming()
  return { stream: true, status: 200, headers, body, attempt: underway.record }
}

/** A vendor's stream as neutral events, in batches of one chunk. */
class DecodedStream implements Streamed {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #underway: Underway
  readonly #frames: Unframer
  readonly #decoder: StreamDecoder
  #batch: StreamEvent[] = []
  #ready: StreamEvent[][] = []
  #terminal = false
  /** All has been read. It is over once the last events are handed on: who listens to them is to hear them before its end. */
  #drained = false
  /** What was left to tell when the upstream broke off after the whole answer. */
  #rest: StreamEvent[] | undefined
  #characters = 0
  ended = false

  /** @param response held while it is read: on Deno, the body of one that was collected hears no signal */
  constructor(
    readonly response: Response,
    body: ReadableStream<Uint8Array>,
    decoder: StreamDecoder,
    underway: Underway,
  ) {
    this.#reader = body.getReader()
    this.#decoder = decoder
    this.#underway = underway
    underway.stream = this
    this.#frames = underway.theirs.framing.unframer((event) => this.#batch.push(...this.#decoder.push(event)))
  }

  async prime(): Promise<void> {
    while (!this.ended && !this.#drained) {
      const batch = await this.#read()
      this.#ready.push(batch)
      if (batch.some(isContent)) return
    }
  }

  /** The next events, none when a chunk spelled none; undefined at the end. */
  async next(): Promise<StreamEvent[] | undefined> {
    const ready = this.#ready.shift()
    if (ready) {
      this.#underway.clock.heard()
      return ready
    }
    if (this.#drained) this.#end(undefined)
    return this.ended ? undefined : this.#read()
  }

  async #read(): Promise<StreamEvent[]> {
    this.#batch = []
    try {
      this.#underway.clock.waits()
      const { done, value } = await this.#reader.read()
      // Left while it was waited for: what the reader says now is only our own leaving.
      if (this.ended) return []
      if (done) {
        this.#frames.end()
        this.#batch.push(...this.#decoder.end())
      } else {
        this.#underway.clock.heard()
        this.#frames.push(value)
      }
      this.#note(this.#batch)
      this.#drained = done
      return this.#batch
    } catch (error) {
      const failure = this.#underway.explain(error)
      const isOver = this.#underway.isOver(failure)
      this.#end(failure)
      this.#reader.cancel(failure).catch(() => {})
      if (!isOver) throw failure
      return this.#rest ?? []
    }
  }

  #note(events: readonly StreamEvent[]): void {
    for (const event of events) {
      if (event.type === 'usage') this.#underway.used(event.usage)
      else if (event.type === 'part-delta') this.#characters += event.delta.length
      else if (event.type === 'end') {
        this.#terminal = true
        this.#underway.used(undefined, event.serviceTier)
      }
    }
  }

  said(): number {
    return this.#characters
  }

  /** Some protocols know their end only by the end of the bytes. */
  isWhole(): boolean {
    if (this.#terminal) return true
    try {
      this.#rest = this.#decoder.end()
      this.#note(this.#rest)
      return true
    } catch {
      return false
    }
  }

  async cancel(): Promise<void> {
    if (this.ended) return
    this.#end(this.#terminal ? undefined : 'cancelled')
    await this.#reader.cancel().catch(() => {})
  }

  #end(ending: LeashError | 'cancelled' | undefined): void {
    this.ended = true
    this.#underway.end(ending)
  }
}

function isContent(event: StreamEvent): boolean {
  if (event.type === 'part-delta') return event.delta !== ''
  return event.type === 'finish' || (event.type === 'part-start' && event.part.type !== 'text')
}

/** A part in the caller's words. */
type Told = (part: AssistantPart) => AssistantPart

/** The stream in the caller's protocol; a failure on the way becomes that protocol's own error event. */
function encodeStream(events: DecodedStream, underway: Underway, encoder: StreamEncoder, told: Told): AsyncGenerator<Uint8Array> {
  const stream = encoded(events, underway, encoder, told)
  const leave = stream.return.bind(stream)
  // A generator that was not begun runs no `finally`, and one that waits for the upstream only when that has spoken.
  const cancelFirst: typeof leave = async (value) => {
    await events.cancel()
    return leave(value)
  }
  stream.return = cancelFirst
  return stream
}

async function* encoded(
  events: DecodedStream,
  { own, call }: Underway,
  encoder: StreamEncoder,
  told: Told,
): AsyncGenerator<Uint8Array> {
  const named = (event: StreamEvent): StreamEvent => {
    if (event.type === 'start' && event.id === '') return { ...event, id: call.id }
    return event.type === 'part-start' ? { ...event, part: told(event.part) } : event
  }
  const bytes = (wire: readonly WireEvent[]) => wire.map((event) => own.framing.frame(event))
  try {
    for (let batch = await events.next(); batch; batch = await events.next()) {
      for (const event of batch) yield* bytes(encoder.push(named(event)))
    }
  } catch (error) {
    if (!(error instanceof LeashError)) throw error
    if (error.code === 'aborted') throw thrown(error)
    yield* bytes(encoder.fail(error))
  } finally {
    await events.cancel()
  }
}
