/** The modules around a call: those that see what the caller wrote stand outside of redaction, the others inside. */
import type { Call, Result, StreamResult, UnaryResult } from '../core/call.js'
import { atEnd, type Ending } from '../core/ending.js'
import { isLeashError, LeashError } from '../core/errors.js'
import type { Middleware, Next } from '../core/middleware.js'
import { attemptsLeft } from '../middleware/attempts-left.js'
import { joined } from '../protocols/framing/joined.js'
import { type Action, Nonsense, type TextEdit } from './actions.js'
import { transformedAnswer, transformedCall, transformedItems } from './apply.js'
import { ChunkStage } from './chunk-stage.js'
import { bytesOf, type Item } from './event-list.js'
import { GuardedStream } from './guarded-stream.js'
import { Kept } from './kept.js'
import type { Module, Piece } from './module.js'
import { only, type Session } from './session.js'
import type { Slot } from './slot.js'
import { type Answered, AnswerView, CallView } from './view.js'

/** Times that one call is asked again because a module did not like the answer. */
const mostRetries = 2

/** @param sessionOf absent: no module is there for the call */
export function modulesAt(sees: Module['sees'], sessionOf: (call: Call) => Session | undefined): Middleware {
  return (next) =>
    async function modules(call) {
      const session = sessionOf(call)
      return session ? new Passage(session, sees).take(call, next) : next(call)
    }
}

/** One call at one of the two places. */
class Passage {
  readonly #session: Session
  readonly #sees: Module['sees']

  constructor(session: Session, sees: Module['sees']) {
    this.#session = session
    this.#sees = sees
  }

  async take(given: Call, next: Next): Promise<Result> {
    this.#capture(given, {})
    const call = await this.#request(given)
    this.#capture(call, {})
    if (call.options.dryRun) return next(call)
    for (let tries = 0; ; tries++) {
      const result = await next(tries === 0 ? call : afresh(call))
      const answer = result.stream ? await this.#stream(result, call) : await this.#unary(result, call)
      if (answer instanceof Again) {
        if (tries === mostRetries || result.stream || attemptsLeft(call) <= 0) throw answer.refusal
      } else return answer
    }
  }

  async #request(given: Call): Promise<Call> {
    const { protocol } = this.#session
    const has = ({ request }: Module) => request
    await Promise.all(this.#asked('inspector', has).map((slot) => this.#ask(slot, given, () => undefined)))
    let call = given
    for (const slot of this.#asked('policy', has))
      call = (await this.#ask(slot, call, (actions) => this.#routed(call, actions))) ?? call
    for (const slot of this.#asked('transformer', has)) {
      const use = (actions: readonly Action[]) => this.#routed(transformedCall(call, actions, protocol), actions)
      call = (await this.#ask(slot, call, use)) ?? call
    }
    return call
  }

  #ask<T>(slot: Slot, call: Call, use: (actions: readonly Action[]) => T): Promise<T | undefined> {
    const view = new CallView(call, this.#session.protocol)
    return this.#session.consult(slot, 'request', call, (context) => slot.module.request?.(view, context), use)
  }

  #routed(call: Call, actions: readonly Action[]): Call {
    const to = only(actions, 'route').at(-1)
    return to ? { ...call, target: this.#session.deps.find(to.model, call) } : call
  }

  async #unary(given: UnaryResult, call: Call): Promise<UnaryResult | Again> {
    const answered = (result: UnaryResult): Answered => ({ report: call.report, result, durationMs: this.#session.durationMs })
    await this.#inspect(call, answered(given))
    let result = given
    for (const slot of this.#asked('policy', whole)) {
      const again = await this.#hear(slot, call, answered(result), againIn)
      if (again) return again
    }
    for (const slot of this.#asked('transformer', whole)) {
      const use = (actions: readonly Action[]) => transformedAnswer(result, actions, this.#session.protocol)
      result = (await this.#hear(slot, call, answered(result), use)) ?? result
    }
    this.#capture(call, { result })
    return result
  }

  async #inspect(call: Call, answered: Answered): Promise<void> {
    await Promise.all(this.#asked('inspector', whole).map((slot) => this.#hear(slot, call, answered, () => undefined)))
  }

  #hear<T>(slot: Slot, call: Call, answered: Answered, use: (actions: readonly Action[]) => T): Promise<T | undefined> {
    const view = new AnswerView(answered, this.#session.protocol)
    return this.#session.consult(slot, 'response', call, (context) => slot.module.response?.(view, context), use)
  }

  async #stream(result: StreamResult, call: Call): Promise<StreamResult | Again> {
    const guarded = this.#guarded(result, call)
    const waiting = (['policy', 'transformer'] as const).some((kind) => this.#asked(kind, atOnce).length > 0)
    return waiting ? this.#held(guarded, call) : guarded
  }

  /** A stream that each module with a `chunk` sees as it comes. */
  #guarded(result: StreamResult, call: Call): StreamResult {
    const { protocol, captures } = this.#session
    const stages = (['inspector', 'policy', 'transformer'] as const)
      .flatMap((kind) => this.#asked(kind, ({ chunk }) => chunk))
      .map((slot) => new ChunkStage(protocol, this.#look(slot, call), slot.module))
    const inspected = this.#asked('inspector', whole).length > 0
    const sunk = this.#asked('sink', ({ content, response }) => (content === false ? undefined : response)).length > 0
    if (stages.length === 0 && !inspected && this.#asked('sink', whole).length === 0) return result
    const kept = new Kept()
    const answered = (): Answered => ({
      report: call.report,
      status: result.status,
      events: kept.items(protocol.framing).map(({ event }) => event),
      isCut: kept.isCut,
      durationMs: this.#session.durationMs,
    })
    captures[this.#sees] = { call, answered }
    const body = new GuardedStream(result, {
      protocol,
      stages,
      hear: (bytes) => {
        if (inspected || sunk) kept.add(bytes)
      },
      whole: async () => {
        if (inspected) await this.#inspect(call, answered())
      },
      over: (ending) => {
        if (isLeashError(ending)) this.#session.error ??= ending
      },
    })
    return { ...result, body }
  }

  #look(slot: Slot, call: Call): (piece: Piece) => Promise<readonly TextEdit[]> {
    let isOut = false
    return async (piece) => {
      if (isOut) return []
      const { timeouts } = slot.meter
      const ask = (context: Parameters<NonNullable<Module['chunk']>>[1]) => slot.module.chunk?.(piece, context)
      const edits = await this.#session.consult(slot, 'chunk', call, ask, (actions) => editsIn(actions, piece))
      // A call is not to wait for it once for each piece.
      if (!edits && slot.meter.timeouts > timeouts) isOut = true
      return edits ?? []
    }
  }

  /** A stream that is read to its end before anybody sees of it. */
  async #held(result: StreamResult, call: Call): Promise<StreamResult | Again> {
    const { protocol } = this.#session
    let items: readonly Item[] = (await readWhole(result)).items(protocol.framing)
    const answered = (): Answered => ({ report: call.report, status: result.status, events: items.map(({ event }) => event) })
    for (const slot of this.#asked('policy', atOnce)) {
      const again = await this.#hear(slot, call, answered(), againIn)
      if (again) return again
    }
    for (const slot of this.#asked('transformer', atOnce)) {
      const use = (actions: readonly Action[]) => transformedItems(items, actions, protocol)
      items = (await this.#hear(slot, call, answered(), use)) ?? items
    }
    this.#capture(call, { status: result.status, events: items.map(({ event }) => event) })
    const bytes = joined(items.map((item) => bytesOf(item, protocol.framing)))
    return { ...result, body: once(bytes) }
  }

  #asked(kind: Module['kind'], has: (module: Module) => unknown): readonly Slot[] {
    return this.#session.asked(this.#sees, kind, has)
  }

  /** What sinks will be told. */
  #capture(call: Call, known: Omit<Answered, 'report'>): void {
    this.#session.captures[this.#sees] = { call, answered: () => ({ report: call.report, ...known }) }
  }
}

const whole = ({ response }: Module) => response

/** Those with a `chunk` have seen a stream already. */
const atOnce = ({ response, chunk }: Module) => (chunk ? undefined : response)

/** A module wants the call to be asked again. */
class Again {
  readonly refusal: LeashError

  constructor(message: string) {
    this.refusal = new LeashError('policy_blocked', message || 'The answer was not as it must be, asked again and again.')
  }
}

function againIn(actions: readonly Action[]): Again | undefined {
  const [again] = only(actions, 'retry')
  return again && new Again(again.message)
}

/**
 * What was kept or is under way for the same request would be the same answer. A body of its own makes it another request, which a
 * server that knows requests by their keys answers anew: see transport/idempotency.ts.
 */
function afresh(call: Call): Call {
  const { cache, ...options } = call.options
  return { ...call, body: { ...call.body }, options: { ...options, cache: cache === false ? false : 'refresh', coalesce: false } }
}

/** @throws Nonsense */
function editsIn(actions: readonly Action[], { text }: Piece): readonly TextEdit[] {
  const edits = only(actions, 'transform').flatMap((action) => ('edits' in action ? action.edits : []))
  if (edits.some(({ end }) => end > text.length)) throw new Nonsense('its `chunk` has an edit beyond its piece')
  return edits
}

async function readWhole(result: StreamResult): Promise<Kept> {
  const kept = new Kept()
  let ended: Ending
  const { body } = atEnd(result, (ending) => {
    ended = ending
  })
  try {
    for await (const bytes of body) {
      kept.add(bytes)
      if (kept.isCut) throw new LeashError('policy_blocked', 'The stream is longer than what can be looked at as a whole.')
    }
  } catch (error) {
    throw isLeashError(ended) ? ended : error
  }
  // It may have told its failure in words of its protocol: nothing of it has been read yet.
  if (isLeashError(ended)) throw ended
  return kept
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes
}
