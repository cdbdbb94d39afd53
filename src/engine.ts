/** Takes calls through the stack, and keeps the report of each. */
import type { Call, CallOptions, Here, Report, Result, Target, Timeouts } from './core/call.js'
import { defined } from './core/defined.js'
import type { Emitter } from './core/emitter.js'
import { isLeashError, LeashError } from './core/errors.js'
import { callId } from './core/id.js'
import type { JsonObject } from './core/json.js'
import { Lazy } from './core/lazy.js'
import type { Next } from './core/middleware.js'
import { createReport, endReport, reportResult } from './core/report.js'
import type { MaybePromise } from './core/store.js'
import type { Protocol } from './protocols/protocol.js'
import { type Resolve, unknownName } from './resolve.js'
import { compile, compileDry, type Layer, type StackDeps, type StackOptions } from './stack.js'
import { type AttemptContext, attempt } from './transport/attempt.js'

/** A call as it comes in, before anybody has decided where it goes. */
export interface Incoming {
  readonly protocol: Protocol
  readonly model: string
  readonly stream: boolean
  readonly body: JsonObject
  readonly text?: string
  readonly headers: Readonly<Record<string, string>>
  readonly here?: Here
  /** The caller brings it along, and its name is not looked up. */
  readonly target?: Target
  /** It came over HTTP, from somebody who is not the process. */
  readonly remote?: boolean
  readonly options: CallOptions
  /** What the caller's SDK has by itself, where nobody asked for another. */
  readonly usual?: Timeouts
  readonly signal?: AbortSignal
}

export interface Running {
  readonly report: Report
  readonly result: Promise<Result>
}

export interface EngineDeps extends StackDeps, AttemptContext {
  readonly resolve: Resolve
  /** What must be there before anything is sent, since it may fail for what was configured. */
  readonly ready?: Lazy<unknown>
}

/** What a call is to be taken for, whatever its caller says. */
export type Identity = Pick<CallOptions, 'tenant' | 'user' | 'key'>

export interface Rule {
  readonly identity: Identity
  /** @throws LeashError when no call may be made any more. @returns what a call waits for, where that has to be asked */
  check(): MaybePromise<void>
}

const checks = new Lazy(async () => (await import('./config/call-options.js')).checkCall)

export class Engine {
  readonly emitter: Emitter
  #ready: Lazy<unknown> | undefined
  #resolve: Resolve
  #options: StackOptions
  #deps: StackDeps
  #terminal: Next
  #rule: Rule | undefined
  #layers: readonly Layer[]
  #stack: Next
  #closed = false

  constructor(options: StackOptions, deps: EngineDeps) {
    this.#options = options
    this.#deps = deps
    this.emitter = deps.emitter
    this.#resolve = deps.resolve
    this.#layers = options.use ?? []
    this.#terminal = attempt(deps)
    this.#ready = deps.ready
    this.#stack = compile(options, this.#layers, deps, this.#terminal)
  }

  /** Adds a layer inside those there are. Calls under way keep the stack they began with. */
  use(layer: Layer): void {
    this.#layers = [...this.#layers, layer]
    this.#stack = compile(this.#options, this.#layers, this.#deps, this.#terminal)
  }

  /** No call begins before this is done. While it fails, calls do. */
  first(work: () => Promise<unknown>): void {
    const ready = this.#ready
    this.#ready = new Lazy(async () => (await Promise.all([ready?.get(), work()])).length)
  }

  /** Goes on by other options, and under a rule of somebody else's. Calls under way keep what they began with. */
  adopt(options: StackOptions, deps: EngineDeps, rule: Rule): void {
    this.#options = options
    this.#deps = deps
    this.#resolve = deps.resolve
    this.#terminal = attempt(deps)
    this.#rule = rule
    this.#stack = compile(options, this.#layers, deps, this.#terminal)
  }

  /** Everything is there that a first call would wait for. */
  async ready(): Promise<void> {
    await this.#ready?.get()
  }

  /** Takes no more calls. */
  close(): void {
    this.#closed = true
  }

  /** Starts a call. The result fails with a {@link LeashError} that carries the attempts. */
  run(incoming: Incoming): Running {
    const { options } = incoming
    const report = createReport(callId(), options.tags)
    return { report, result: this.#run(incoming, report) }
  }

  async #run(incoming: Incoming, report: Report): Promise<Result> {
    const { options } = incoming
    try {
      if (this.#closed) throw new LeashError('invalid_config', 'This leash is closed. Make a new one with createLeash().')
      if (this.#ready && this.#ready.value === undefined) await this.#ready.get()
      const asked = this.#rule?.check()
      if (asked) await asked
      // Most calls say nothing for themselves.
      for (const name in options) (checks.value ?? (await checks.get()))(name, options[name as keyof CallOptions])
      const stack = options.dryRun ? await this.#dryStack() : this.#stack
      return reportResult(await stack(this.#call(incoming, report)), report, this.emitter)
    } catch (error) {
      endReport(report, this.emitter)
      const asThrown = isLeashError(error) && unknownName.get(error) === undefined
      const failure = asThrown ? error : await (await import('./call-failure.js')).callFailure(error)
      failure.attempts = report.attempts
      throw failure
    }
  }

  async #dryStack(): Promise<Next> {
    const { dryRun } = await import('./transport/dry-run.js')
    return compileDry(this.#options, this.#layers, this.#deps, dryRun(this.#deps))
  }

  #call(incoming: Incoming, report: Report): Call {
    const { protocol, here, remote, options, signal, text } = incoming
    const deadlineMs = options.deadlineMs ?? this.#options.timeouts?.deadlineMs
    const { strict = this.#options.strict, maxAttempts = this.#options.maxAttempts } = options
    const { maxCostUsd = this.#options.maxCostUsd } = options
    const call: { -readonly [name in keyof Call]: Call[name] } = {
      id: report.id,
      protocol: protocol.name,
      model: incoming.model,
      stream: incoming.stream,
      body: incoming.body,
      headers: incoming.headers,
      target: incoming.target ?? this.#resolve(incoming.model, protocol.name, here, remote),
      options: {
        ...options,
        ...this.#rule?.identity,
        ...(strict !== undefined && { strict }),
        ...(maxAttempts !== undefined && { maxAttempts }),
        ...(maxCostUsd !== undefined && { maxCostUsd }),
      },
      timeouts: defined<Timeouts>(incoming.usual, this.#options.timeouts, options.timeouts),
      attempt: 1,
      report,
    }
    // Not by spreads: each would copy all that stands before it.
    if (here) call.here = here
    if (remote) call.remote = remote
    if (text !== undefined) call.source = { body: incoming.body, text }
    if (signal) call.signal = signal
    if (deadlineMs !== undefined) call.deadline = Date.now() + deadlineMs
    return call
  }
}
