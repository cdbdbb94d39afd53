/** The stack, compiled once from the options: only the layers that were asked for. */
import type { Call, CallOptions, Report, Result, Timeouts } from './core/call.js'
import type { Emitter } from './core/emitter.js'
import { isLeashError, LeashError } from './core/errors.js'
import { callId } from './core/id.js'
import type { JsonObject } from './core/json.js'
import { compose, type Middleware, type Next } from './core/middleware.js'
import { createReport, endReport } from './core/report.js'
import type { Transport } from './core/transport.js'
import { type RetryOptions, retry } from './middleware/retry.js'
import { timeout } from './middleware/timeout.js'
import type { Protocol } from './protocols/protocol.js'
import type { Here, Resolve } from './resolve.js'
import { attempt } from './transport/attempt.js'

/** Where a user's middleware stands: by itself around the whole call, or just outside the transport, around each attempt. */
export type Layer = Middleware | { readonly at: 'call' | 'attempt'; readonly middleware: Middleware }

export interface StackOptions {
  readonly retry?: RetryOptions | false
  readonly timeouts?: Timeouts & { readonly deadlineMs?: number }
  readonly strict?: boolean
  readonly maxAttempts?: number
  readonly use?: readonly Layer[]
}

/** A call as it comes in, before anybody has decided where it goes. */
export interface Incoming {
  readonly protocol: Protocol
  readonly model: string
  readonly stream: boolean
  readonly body: JsonObject
  readonly text?: string
  readonly headers: Readonly<Record<string, string>>
  readonly here?: Here
  /** It came over HTTP, from somebody who is not the process. */
  readonly remote?: boolean
  readonly options: CallOptions
  readonly signal?: AbortSignal
}

export interface Running {
  readonly report: Report
  readonly result: Promise<Result>
}

export class Engine {
  readonly #emitter: Emitter
  readonly #resolve: Resolve
  readonly #options: StackOptions
  readonly #terminal: Next
  #layers: readonly Layer[]
  #stack: Next
  #closed = false

  constructor(
    options: StackOptions,
    deps: { readonly transport: Transport; readonly resolve: Resolve; readonly emitter: Emitter },
  ) {
    this.#options = options
    this.#emitter = deps.emitter
    this.#resolve = deps.resolve
    this.#layers = options.use ?? []
    this.#terminal = attempt({ transport: deps.transport, emitter: deps.emitter })
    this.#stack = this.#compile()
  }

  /** Adds a layer inside those there are. Calls under way keep the stack they began with. */
  use(layer: Layer): void {
    this.#layers = [...this.#layers, layer]
    this.#stack = this.#compile()
  }

  #compile(): Next {
    const { retry: retrying, timeouts } = this.#options
    const at = (place: 'call' | 'attempt') =>
      this.#layers.flatMap((layer) =>
        typeof layer === 'function' ? (place === 'call' ? [layer] : []) : layer.at === place ? [layer.middleware] : [],
      )
    const layers: Middleware[] = [...at('call')]
    if (retrying !== false) layers.push(retry(retrying, this.#emitter))
    if (timeouts) layers.push(timeout(timeouts))
    layers.push(...at('attempt'))
    return compose(layers, this.#terminal)
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
    try {
      if (this.#closed) throw new LeashError('invalid_config', 'This leash is closed. Make a new one with createLeash().')
      const result = await this.#stack(this.#call(incoming, report))
      if (!result.stream) endReport(report, this.#emitter)
      return result
    } catch (error) {
      endReport(report, this.#emitter)
      const failure = isLeashError(error)
        ? error
        : new LeashError('invalid_config', `A middleware threw ${error instanceof Error ? error.message : String(error)}.`, {
            status: 500,
            cause: error,
          })
      failure.attempts = report.attempts
      throw failure
    }
  }

  #call(incoming: Incoming, report: Report): Call {
    const { protocol, here, remote, options, signal, text, ...rest } = incoming
    const deadlineMs = options.deadlineMs ?? this.#options.timeouts?.deadlineMs
    const { strict = this.#options.strict, maxAttempts = this.#options.maxAttempts } = options
    return {
      ...rest,
      id: report.id,
      protocol: protocol.name,
      target: this.#resolve(incoming.model, protocol.name, here, remote),
      options: {
        ...options,
        ...(strict !== undefined && { strict }),
        ...(maxAttempts !== undefined && { maxAttempts }),
      },
      timeouts: options.timeouts ?? {},
      attempt: 1,
      report,
      ...(text !== undefined && { text }),
      ...(signal && { signal }),
      ...(deadlineMs !== undefined && { deadline: Date.now() + deadlineMs }),
    }
  }
}
