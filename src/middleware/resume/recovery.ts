import type { Attempt, Call, Result, StreamResult } from '../../core/call.js'
import { atEnd, brokenBy, type Ending } from '../../core/ending.js'
import { isLeashError, type LeashError } from '../../core/errors.js'
import { replay, type StreamEvent } from '../../core/events.js'
import type { ChatRequest } from '../../core/message.js'
import { addUsage, type Usage } from '../../core/usage.js'
import { into } from '../../protocols/into.js'
import type {
  ChatDownstream,
  ChatUpstream,
  DecodeContext,
  Protocol,
  StreamDecoder,
  StreamEncoder,
  WireEvent,
} from '../../protocols/protocol.js'
import { isDeath, type Way, wayOn } from './decide.js'
import { Join } from './join.js'
import { Said } from './said.js'
import { Splice } from './splice.js'
import type { Leaving, Successor } from './stream.js'

/** The answer that takes the place, as the layer asked for it. */
export interface Answered {
  readonly result: Result
  readonly way: Way
  /** What its model was told to begin with; undefined where it continues the message itself, or begins anew. */
  readonly anchor?: string | undefined
}

export interface RecoveryContext {
  readonly call: Call
  readonly protocol: Protocol & { readonly kind: 'chat' }
  /** The attempts whose answers the caller is told, the newest last. */
  readonly attempts: Attempt[]
  readonly mayRestart: boolean
  /** Asks for the rest. @returns undefined when nobody is to be asked, or could answer */
  again(failure: LeashError, way: Way, said: Said, request: ChatRequest, leaving: Leaving): Promise<Answered | undefined>
}

/** Told before an answer that begins anew: every reader of server-sent events passes over a comment. */
const notice = new TextEncoder().encode(': leash restarted\n\n')

/** Goes on with one answer that broke off. */
export class Recovery implements Successor {
  readonly #context: RecoveryContext
  readonly #request: ChatRequest
  readonly #upstream: ChatUpstream
  readonly #encoder: StreamEncoder
  readonly #said = new Said()
  readonly #leaving: Leaving
  complete = false
  bytes: AsyncGenerator<Uint8Array>

  private constructor(
    context: RecoveryContext,
    request: ChatRequest,
    [upstream, downstream]: [ChatUpstream, ChatDownstream],
    leaving: Leaving,
  ) {
    this.#context = context
    this.#request = request
    this.#upstream = upstream
    this.#encoder = downstream.encodeStream(request)
    this.#leaving = leaving
    this.bytes = this.#framed([])
  }

  /** @returns undefined when the answer ends as it did */
  static async from(
    context: RecoveryContext,
    failure: LeashError,
    told: readonly Uint8Array[],
    leaving: Leaving,
  ): Promise<Recovery | undefined> {
    const { upstream, downstream } = await context.protocol.codec()
    if (!downstream) return undefined
    let recovery: Recovery
    let decoder: StreamDecoder
    let first: readonly StreamEvent[]
    try {
      // A request, or an answer, that neutral words cannot spell is one that nobody can go on with.
      const request = downstream.decodeRequest(context.call.body, () => {})
      recovery = new Recovery(context, request, [upstream, downstream], leaving)
      decoder = upstream.decodeStream(
        recovery.#decoding(() => {
          recovery.#said.strange = true
        }),
      )
      first = recovery.#takeUp(decoder, told)
    } catch {
      return undefined
    }
    return (await recovery.#begin(failure, decoder, first)) ? recovery : undefined
  }

  #decoding(lose: DecodeContext['lose']): DecodeContext {
    return { model: this.#context.call.model, request: this.#request, lose }
  }

  /** Reads what the caller was told, so that the rest can be told in the same breath. */
  #takeUp(decoder: StreamDecoder, told: readonly Uint8Array[]): StreamEvent[] {
    const wire: WireEvent[] = []
    const events = this.#context.protocol.framing.unframer((event) => wire.push(event))
    for (const bytes of told) events.push(bytes)
    for (const event of wire.flatMap((event) => decoder.push(event))) this.#note(event)
    const isOver = this.#encoder.adopt?.(wire) ?? false
    return isOver ? new Splice(this.#said, {}).close() : []
  }

  /** Into the words of the encoder, which the caller has had from a vendor. */
  #note(event: StreamEvent): void {
    this.#said.push(event)
    if (event.type === 'end') this.complete = true
    this.#encoder.push(event)
  }

  async #begin(failure: LeashError, decoder: StreamDecoder, first: readonly StreamEvent[]): Promise<boolean> {
    const end = this.#endOf(decoder)
    if (end) {
      this.#leaving.leave()
      this.bytes = this.#framed([...first, ...end])
      return true
    }
    const answered = await this.#again(failure)
    if (answered) this.bytes = this.#rest(first, answered)
    return answered !== undefined
  }

  /** The events that end an answer of which all was told but its end. */
  #endOf(decoder: StreamDecoder): StreamEvent[] | undefined {
    if (this.complete) return []
    try {
      const last = decoder.end()
      for (const event of last) if (event.type !== 'end') this.#note(event)
      const usage = this.#used()
      return [...(usage ? [{ type: 'usage', usage } as const] : []), ...last.filter(({ type }) => type === 'end')]
    } catch {
      return undefined
    }
  }

  async #again(failure: LeashError): Promise<Answered | undefined> {
    const way = wayOn(this.#said, this.#request, this.#context.mayRestart)
    return way && this.#context.again(failure, way, this.#said, this.#request, this.#leaving)
  }

  async *#rest(first: readonly StreamEvent[], answered: Answered): AsyncGenerator<Uint8Array> {
    yield* this.#framed(first)
    for (let answer: Answered | undefined = answered; answer; ) {
      try {
        yield* this.#tell(answer)
        return
      } catch (error) {
        if (!isLeashError(error) || !isDeath(error)) throw error
        answer = await this.#again(error)
        if (!answer) throw error
      }
    }
  }

  async *#tell({ result, way, anchor }: Answered): AsyncGenerator<Uint8Array> {
    const { attempts } = this.#context
    const usage = this.#used()
    if (result.attempt) attempts.push(result.attempt)
    if (way === 'restarted') yield notice
    const join = way === 'restarted' ? undefined : new Join(this.#said.text, anchor)
    const splice = new Splice(this.#said, { join, usage })
    for await (const batch of this.#events(result)) {
      for (const event of batch) yield* this.#framed(splice.push(event))
    }
  }

  /** What the attempts so far used, as far as it is known. */
  #used(): Usage | undefined {
    const all = this.#context.attempts.flatMap(({ usage }) => usage ?? [])
    return all.length === 0 ? undefined : all.reduce(addUsage)
  }

  async *#framed(events: readonly StreamEvent[]): AsyncGenerator<Uint8Array> {
    const { framing } = this.#context.protocol
    for (const event of events) {
      const wire = this.#encoder.push(event)
      if (event.type === 'end') this.complete = true
      for (const each of wire) yield framing.frame(each)
    }
  }

  /** In batches of one chunk. @throws LeashError when the stream fails */
  async *#events(result: Result): AsyncGenerator<StreamEvent[]> {
    const context = this.#decoding(into(this.#context.call.report.warnings))
    if (result.stream) yield* decoded(result, this.#upstream.decodeStream(context), this.#context.protocol)
    else yield [...replay(this.#upstream.decodeResponse(result.body, context))]
  }
}

async function* decoded(result: StreamResult, decoder: StreamDecoder, { framing }: Protocol): AsyncGenerator<StreamEvent[]> {
  let ending: Ending
  const { body } = atEnd(result, (told) => {
    ending = told
  })
  const bytes = body[Symbol.asyncIterator]()
  let batch: StreamEvent[] = []
  const events = framing.unframer((event) => batch.push(...decoder.push(event)))
  try {
    for (let over = false; !over; ) {
      const read = await bytes.next()
      // A translated stream tells its failure in bytes, when it has ended by it.
      if (isLeashError(ending)) throw ending
      batch = []
      if (read.done) {
        events.end()
        batch.push(...decoder.end())
        over = true
      } else events.push(read.value)
      yield batch
    }
  } catch (error) {
    throw isLeashError(ending) ? ending : brokenBy(error)
  } finally {
    // A socket that hangs is not waited for.
    bytes.return?.().catch(() => {})
  }
}
