/**
 * The innermost layer: one try at one target. It addresses and sends the request, reads the answer, and writes the
 * attempt into the report. Same protocol on both sides: the bytes pass through. Another: they are translated.
 */
import type { Attempt, Call } from '../core/call.js'
import type { Emitter } from '../core/emitter.js'
import { type Ending, Endings } from '../core/ending.js'
import { LeashError } from '../core/errors.js'
import type { Lazy } from '../core/lazy.js'
import type { Accounts, ToolUses } from '../core/ledger.js'
import type { Next } from '../core/middleware.js'
import type { HttpRequest, KeyInUse, Provider, WireRequest } from '../core/provider.js'
import { abortError, deadlineError, timeLeft } from '../core/signals.js'
import { protocolsAt } from '../core/target.js'
import { laid, received, send, type Transport } from '../core/transport.js'
import type { Usage } from '../core/usage.js'
import { kindOf, knownProtocol } from '../protocols/index.js'
import type { Protocol } from '../protocols/protocol.js'
import { saidInAll } from '../protocols/said.js'
import { Clock } from './clock.js'
import { neverLeft, unexplained } from './connection-failure.js'
import { passThrough } from './pass-through.js'
import type { SentHeaders } from './refused.js'

export interface AttemptContext {
  readonly transport: Transport
  readonly emitter: Emitter
  /** Who books what attempts used and cost; absent where nobody counts. */
  readonly accounts?: Lazy<Accounts> | undefined
}

export function attempt(context: AttemptContext): Next {
  return async function attempt(given) {
    const header = given.target.provider.idempotencyHeader
    const call = header === undefined ? given : (await import('./idempotency.js')).identified(given, header)
    const known = protocolsOf(call)
    const { own, theirs } = known instanceof Promise ? await known : known
    // Stopped on the way here: nothing has been sent, and so there was no attempt.
    if (call.signal?.aborted) throw abortError(call.signal)
    if (timeLeft(call.deadline) === 0) throw deadlineError()
    const underway = new Underway(context, call, own, theirs)
    try {
      return await (own === theirs ? passThrough(underway) : (await import('./translate.js')).translate(underway))
    } catch (error) {
      throw underway.fail(error)
    }
  }
}

export interface Protocols {
  /** The caller's. */
  readonly own: Protocol
  /** The target's. */
  readonly theirs: Protocol
}

/** At once when both are at hand. @throws LeashError `missing_key` when the target lacks what it needs */
export function protocolsOf(call: Call): Protocols | Promise<Protocols> {
  const { provider, model, origin } = call.target
  const missing = origin ? undefined : provider.missing()
  if (missing !== undefined) throw notReady(call, missing)
  const own = knownProtocol(call.protocol)
  const beside = (own: Protocol): Protocols | Promise<Protocols> => {
    const theirs = knownProtocol(chooseProtocol(provider, model, own))
    return theirs instanceof Promise ? theirs.then((theirs) => ({ own, theirs })) : { own, theirs }
  }
  return own instanceof Promise ? own.then(beside) : beside(own)
}

/** What an attempt asks its stream. */
export interface Streamed {
  /** Whether nothing is missing, though it has not been closed. */
  isWhole(): boolean
  /** What it has told of its usage, for one that is stopped before its end. */
  usageSoFar?(): Usage | undefined
  /** How many characters of the answer came, beyond what was told. */
  said(told: Usage | undefined): number
}

/** One attempt while it is under way: what the two lanes need to know of it. */
export class Underway {
  readonly call: Call
  /** The caller's protocol. */
  readonly own: Protocol
  /** The target's protocol. */
  readonly theirs: Protocol
  /** Stands in the report from the moment in which it is sent: what a limit of ours has refused was no attempt. */
  readonly record: Attempt
  readonly clock: Clock
  /** Who wants to know of the end of its stream. */
  readonly endings = new Endings()
  /** The stream of its answer, once there is one. */
  stream: Streamed | undefined
  /** The whole answer, where it came at once: most vendors tell what was used, and nobody counts. */
  answer: { readonly body: unknown } | undefined
  /** What the vendor's own tools did until it ended, where usage is told at the end alone. */
  uses: ToolUses | undefined
  readonly #context: AttemptContext
  /** By the clock that nobody sets: one that is put right meanwhile would make it last for years, or end before it began. */
  readonly #began = performance.now()
  #key: KeyInUse | undefined
  #sent = false
  #carrier: Transport | undefined
  #headers: SentHeaders = {}
  /** Milliseconds until a key of the provider can take the call again. */
  #keyReadyMs: number | undefined
  /** Ends the wait for what takes its time: a key, prices. */
  #giveUp: ((why: LeashError) => void) | undefined
  /**
   * Nobody may be reading just now: the attempt is over in the very moment in which it is stopped. A closure made by the
   * constructor would do the same, but V8 then keeps the call, its texts and all, until a full collection.
   */
  readonly #stopped = (): void => {
    const why = this.fail(undefined)
    this.#giveUp?.(why)
  }

  constructor(context: AttemptContext, call: Call, own: Protocol, theirs: Protocol) {
    const { provider, model } = call.target
    this.#context = context
    this.call = call
    this.own = own
    this.theirs = theirs
    this.clock = new Clock(call.timeouts, call.signal, call.deadline)
    this.record = {
      provider: provider.name,
      model,
      protocol: theirs.name,
      ...(call.hedged && { hedged: call.hedged }),
      startedAt: Date.now(),
      outcome: 'pending',
    }
    this.clock.onStop = this.#stopped
  }

  /** Sends a body that is already in the target's protocol. @throws LeashError when it fails or is refused */
  async exchange(body: Call['body'], text?: string, headers?: Headers): Promise<Response> {
    const { clock, theirs, record } = this
    clock.enter('attemptMs')
    if (clock.signal.aborted) throw this.explain(undefined)
    const answer = received(await this.#counted(this.#dispatch(body, text, headers)))
    const response = answer instanceof Promise ? await answer : answer
    record.status = response.status
    if (response.ok) {
      this.#key?.answered?.(response.headers)
      return response
    }
    throw await (await import('./refused.js')).refused(response, theirs, this.#headers)
  }

  #counted(answer: Promise<Response>): Promise<Response> {
    const { accounts } = this.#context
    return !accounts || accounts.value ? answer : this.#loading(accounts, answer)
  }

  /** The accounts are loaded while the vendor works on its answer. */
  async #loading(accounts: Lazy<Accounts>, answer: Promise<Response>): Promise<Response> {
    const loading = accounts.get().catch(() => {})
    const answered = await answer
    await this.unlessStopped(loading)
    return answered
  }

  #dispatch(body: Call['body'], text: string | undefined, headers: Headers | undefined): Promise<Response> {
    const { call, theirs } = this
    const { model, origin } = call.target
    const { signal } = this.clock
    // The caller's SDK addressed it in its own protocol: another has another address.
    if (origin && theirs.name === call.protocol) {
      const transport = this.#leave(origin.transport)
      this.#headers = headers ??= retryCounted(origin.headers, call.attempt)
      const init = { ...origin.init, method: 'POST', headers, body: text ?? JSON.stringify(body), signal }
      return transport(origin.url, init)
    }
    return this.#prepareAndSend({
      protocol: theirs.name,
      model,
      stream: call.stream,
      body,
      ...(text !== undefined && { text }),
      headers: call.headers,
      signal,
    })
  }

  #prepareAndSend(wire: WireRequest): Promise<Response> {
    const prepared = this.call.target.provider.prepare(wire)
    // By its member: a provider of somebody's own may answer with the promise of another context, or of a library.
    if (!('then' in prepared)) return this.#send(this.#ready(prepared), wire)
    // It goes on to its end also when nobody waits for it any more: the key is to be let go of.
    const ready = Promise.resolve(prepared).then((request) => this.#ready(request))
    return this.unlessStopped(ready).then((request) => this.#send(request, wire))
  }

  #ready(request: HttpRequest): HttpRequest {
    if (request.key) this.#hold(request.key)
    return request
  }

  #send(request: HttpRequest, { signal }: WireRequest): Promise<Response> {
    const own = this.call.here?.carriesAll ? this.call.here : undefined
    const transport = this.#leave(request.transport ?? own?.transport)
    this.#headers = request.headers
    return send(transport, request, signal, own?.init)
  }

  /** Waits for what is not the vendor's to answer, until the attempt is stopped. One wait at a time. */
  async unlessStopped<T>(making: Promise<T>): Promise<T> {
    const made = await new Promise<T>((resolve, reject) => {
      this.#giveUp = reject
      making.then(resolve, reject)
    })
    this.#giveUp = undefined
    // Stopped in the very moment in which it was there.
    if (this.clock.signal.aborted) throw this.explain(undefined)
    return made
  }

  /** Embeddings may be sent in several requests: together they are one attempt. @returns what carries it */
  #leave(own: Transport | undefined): Transport {
    if (!this.#sent) this.call.report.attempts.push(this.record)
    this.#sent = true
    this.#carrier = own ?? this.#context.transport
    return this.#carrier
  }

  #hold(key: KeyInUse): void {
    this.#key?.done()
    this.#key = key
    if (key.name !== undefined) this.record.key = key.name
    // The attempt was given up while the key was being read.
    if (this.record.outcome !== 'pending') key.done()
  }

  /** A stream is handed on to the caller. */
  streaming(): void {
    this.record.firstTokenMs = this.#tookMs()
    if (this.record.outcome === 'pending') this.clock.enter('idleMs')
  }

  #tookMs(): number {
    return Math.round(performance.now() - this.#began)
  }

  used(usage: Usage | undefined, tier?: string): void {
    if (usage) this.record.usage = usage
    if (tier !== undefined) this.record.serviceTier = tier
  }

  /** What a failed read means. */
  explain(error: unknown): LeashError {
    return this.clock.explain(error) ?? unexplained(error, this.record.provider)
  }

  /** @returns what to throw */
  fail(error: unknown): LeashError {
    const failure = this.explain(error)
    if (this.record.status === undefined && failure.upstream) this.record.status = failure.upstream.status
    this.end(failure)
    if (this.#keyReadyMs !== undefined) return again(failure, true, this.#keyReadyMs)
    return this.#wasRetried() ? again(failure, false) : failure
  }

  /** By a leash that it went through, which says so of an answer and cannot of a connection. */
  #wasRetried(): boolean {
    const { record, clock } = this
    return record.status === undefined && !clock.signal.aborted && !!this.#carrier && laid.get(this.#carrier) !== undefined
  }

  /** The connection broke, or was kept open in silence, after the whole answer had come. */
  isOver({ code }: LeashError): boolean {
    return (code === 'network_error' || code === 'timeout') && this.stream?.isWhole() === true
  }

  end(told: Ending): void {
    const { record, clock, endings } = this
    if (record.outcome !== 'pending') return
    const ending = typeof told === 'object' && this.isOver(told) ? undefined : told
    clock.stop()
    this.used(this.stream?.usageSoFar?.())
    record.durationMs = this.#tookMs()
    if (ending === undefined) record.outcome = 'ok'
    else if (ending === 'cancelled' || ending.code === 'aborted') record.outcome = 'cancelled'
    else {
      record.outcome = 'error'
      record.error = ending.code
      if (neverLeft(ending)) record.unsent = true
      this.#keyReadyMs = this.#key?.failed(ending)
    }
    this.#key?.done()
    if (this.#sent) this.#tell()
    endings.end(ending)
  }

  #said(told: Usage | undefined): number {
    if (this.stream) return this.stream.said(told)
    return this.answer ? saidInAll(this.theirs.lens, this.answer.body) : 0
  }

  #tell(): void {
    const { call, record, uses } = this
    const { accounts, emitter } = this.#context
    const book = (accounts: Accounts) => accounts.book(call, record, (told) => this.#said(told), uses)
    if (accounts?.value) book(accounts.value)
    // A first call can be stopped before they are at hand.
    else accounts?.get().then(book, () => {})
    if (emitter.heard('attempt')) emitter.emit('attempt', { ...record, callId: call.id })
  }
}

function notReady({ target }: Call, missing: string): LeashError {
  // A prompt may have been passed by mistake.
  const model = target.model.slice(0, 100)
  return new LeashError('missing_key', `"${model}" is served by "${target.provider.name}", which is not ready: ${missing}`)
}

/** The caller's own protocol when the target speaks it, else the first of the same kind. */
function chooseProtocol(provider: Provider, model: string, own: Protocol): string {
  const spoken = protocolsAt({ provider, model })
  if (spoken.includes(own.name)) return own.name
  const same = spoken.find((name) => kindOf(name) === own.kind)
  if (same) return same
  throw new LeashError(
    'unsupported',
    own.kind === 'embeddings'
      ? `The provider "${provider.name}" makes no embeddings. Choose a model of another provider.`
      : `The provider "${provider.name}" cannot serve a chat call for "${model}". Choose another model.`,
  )
}

/** The same failure, when another try is worth something though it says otherwise, as that of a key is where there is another; or is not. */
function again(
  { code, detail, status, param, upstream, cause }: LeashError,
  retryable: boolean,
  retryAfterMs?: number,
): LeashError {
  return new LeashError(code, detail, { status, retryable, retryAfterMs, param, upstream, cause })
}

/** The vendors' SDKs tell the server which try this is; ours are counted in their stead, unless the caller set the header or has signed it. */
function retryCounted(headers: Headers, attempt: number): Headers {
  if (attempt === 1 || headers.get('x-stainless-retry-count') !== '0' || headers.has('x-amz-date')) return headers
  const counted = new Headers(headers)
  counted.set('x-stainless-retry-count', String(attempt - 1))
  return counted
}
