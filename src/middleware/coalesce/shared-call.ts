import type { Attempt, Call, Report, Result, StreamResult } from '../../core/call.js'
import { atEnd, endings, leave } from '../../core/ending.js'
import { LeashError, thrown } from '../../core/errors.js'
import type { Reused } from '../../core/ledger.js'
import type { Next } from '../../core/middleware.js'
import { usdOf } from '../../core/money.js'
import { type SharedReader, SharedStream } from '../../core/shared-stream.js'
import { onStop } from '../../core/signals.js'
import { copyOfAnswer, copyOfError } from './copies.js'

export interface SharedCallOptions {
  readonly maxBufferBytes: number
  /** Told of each call that got the answer of the first. */
  readonly onShared: (call: Call, answer: Reused) => void
  /** The call is over, or was given up: who comes now needs another one. */
  readonly onOver: () => void
}

/**
 * One call upstream for several callers. It goes on as long as one of them waits or reads, under a signal of its own and
 * without a deadline: each caller leaves by its own signal and at its own deadline, and the last one stops it.
 *
 * It writes into the report of the first caller, also when that one has left before the others.
 */
export class SharedCall {
  /** For the caller whose call it is. */
  readonly answer: Promise<Result>
  readonly #options: SharedCallOptions
  readonly #members = new Set<Member>()
  readonly #abort = new AbortController()
  readonly #report: Report
  /** What the first caller's report held before. */
  readonly #before: { readonly warnings: number; readonly moves: number }
  #result: StreamResult | undefined
  #stream: SharedStream | undefined
  /** Nobody can join any more. */
  #over = false
  /** Nothing goes on upstream. */
  #settled = false

  constructor(first: Call, next: Next, options: SharedCallOptions) {
    this.#options = options
    this.#report = first.report
    this.#before = { warnings: first.report.warnings.length, moves: first.report.moves.length }
    this.answer = this.#admit(first).answer
    this.#send(first, next).then(this.#answered).catch(this.#failed)
  }

  /** @returns undefined when it is too late: the beginning of the stream is no longer at hand */
  join(call: Call): Promise<Result> | undefined {
    const reader = this.#stream?.open()
    if (this.#stream && !reader) return undefined
    call.report.coalesced = true
    const member = this.#admit(call)
    if (reader && this.#result) this.#hand(member, this.#result, reader)
    return member.answer
  }

  #admit(call: Call): Member {
    const member = new Member(call, (reason) => this.#left(member, reason))
    this.#members.add(member)
    return member
  }

  async #send({ deadline: _, ...call }: Call, next: Next): Promise<Result> {
    return next(Object.assign(call, { signal: this.#abort.signal }))
  }

  readonly #answered = (result: Result): void => {
    if (this.#members.size === 0) leave(result)
    else if (result.stream) this.#begin(result)
    else {
      this.#settled = true
      this.#end()
      for (const [index, member] of [...this.#members].entries()) {
        this.#tell(member, result)
        member.resolve(index === 0 ? result : copyOfAnswer(result))
      }
    }
  }

  readonly #failed = (error: unknown): void => {
    this.#settled = true
    this.#end()
    for (const [index, member] of [...this.#members].entries()) {
      this.#tell(member)
      member.reject(index === 0 ? error : copyOfError(error))
    }
  }

  #begin(streamed: StreamResult): void {
    const { maxBufferBytes } = this.#options
    const result = atEnd(streamed, (ending) => {
      // One that is left may wait for its upstream to speak first, if a generator stands in between.
      this.#settled = ending !== 'cancelled'
      this.#end()
    })
    const stream = new SharedStream(result, { maxBytes: maxBufferBytes, tooSlow: () => tooSlow(maxBufferBytes) })
    const { response, ...shared } = result
    this.#stream = stream
    // A copy, for the first caller is told of its report in the headers.
    this.#result = { ...shared, headers: new Headers(result.headers) }
    for (const [index, member] of [...this.#members].entries()) {
      const reader = stream.open()
      if (reader) this.#hand(member, index === 0 ? result : this.#result, reader)
    }
  }

  #hand(member: Member, result: StreamResult, reader: SharedReader): void {
    const headers = result === this.#result ? new Headers(result.headers) : result.headers
    reader[endings].listen((ending) => {
      // A stream that broke is an answer to nobody, and spared nobody its price.
      this.#tell(member, ending === undefined || ending === 'cancelled' ? result : undefined)
      member.leave()
    })
    member.read({ ...result, headers, body: reader }, reader)
  }

  /** What the answer is about is everybody's; what it took to get it stands in one report. */
  #tell({ call }: Member, result?: Result): void {
    const { report } = call
    const { warnings, moves, route } = this.#report
    if (report === this.#report) return
    if (result?.attempt) this.#share(call, result.attempt, result.status)
    report.warnings.push(...warnings.slice(this.#before.warnings))
    report.moves.push(...moves.slice(this.#before.moves))
    if (route && !report.route) report.route = route
  }

  #share(call: Call, { provider, model, protocol, cost }: Attempt, status: number): void {
    if (cost !== undefined) call.report.cost = { usd: 0, estimated: false, savedUsd: cost === null ? null : usdOf(cost) }
    this.#options.onShared(call, { provider, model, protocol, status, ...(cost !== undefined && { cost }) })
  }

  #left(member: Member, reason: unknown): void {
    this.#members.delete(member)
    if (this.#settled || this.#members.size > 0) return
    this.#end()
    this.#abort.abort(reason)
  }

  #end(): void {
    if (this.#over) return
    this.#over = true
    this.#options.onOver()
  }
}

/** A caller who waits for the answer, or reads it. */
class Member {
  readonly call: Call
  readonly #answer = Promise.withResolvers<Result>()
  readonly #onLeave: (reason: unknown) => void
  readonly #stopListening: () => void
  /** Cloudflare's runtime takes a request for hung that waits for nothing of its own. */
  readonly #waiting = setTimeout(() => {}, 2 ** 31 - 1)
  #reader: SharedReader | undefined

  constructor(call: Call, onLeave: (reason: unknown) => void) {
    // Elsewhere, no program is kept from ending by it.
    this.#waiting.unref?.()
    this.call = call
    this.#onLeave = onLeave
    this.#stopListening = onStop(call, (error) => this.#giveUp(error))
  }

  get answer(): Promise<Result> {
    return this.#answer.promise
  }

  resolve(result: Result): void {
    this.leave()
    this.#answer.resolve(result)
  }

  reject(error: unknown): void {
    this.leave()
    this.#answer.reject(error)
  }

  read(result: StreamResult, reader: SharedReader): void {
    this.#reader = reader
    this.#answer.resolve(result)
  }

  leave(reason?: unknown): void {
    clearTimeout(this.#waiting)
    this.#stopListening()
    this.#onLeave(reason)
  }

  #giveUp(error: LeashError): void {
    // In its own words, for the attempt that is stopped when this was the last caller.
    this.leave(thrown(error))
    if (this.#reader) this.#reader.fail(error)
    else this.#answer.reject(error)
  }
}

function tooSlow(maxBytes: number): LeashError {
  return new LeashError(
    'stream_truncated',
    `This stream is shared with other callers, and was left more than ${maxBytes} bytes behind the fastest of them. Read faster, raise \`coalesce.maxBufferBytes\`, or keep the call out with \`coalesce: false\`.`,
    { retryable: true },
  )
}
