import type { Attributes, Context, Span, Tracer } from '@opentelemetry/api'
import type { Call, Report, Result } from '../../core/call.js'
import { FactReader, type Facts, factsIn } from '../../protocols/facts.js'
import { type Settings, settingsOf } from '../../protocols/settings.js'
import type { Seen, Watch } from '../observe/observe.js'
import {
  addAnswer,
  addReport,
  addRequest,
  addUsageTo,
  billedUsage,
  callAttributes,
  operationOf,
  outcomeOf,
} from './attributes.js'
import type { Instruments } from './instruments.js'
import { attribute, type Edition, own } from './names.js'

/** Where spans and metrics go. */
export interface Sink {
  readonly tracer: Tracer
  readonly instruments: Instruments
  readonly edition: Edition
  /** As OpenTelemetry calls a provider of ours. */
  readonly nameOf: (provider: string) => string
}

/** What all spans of calls have to do with. */
export interface Surroundings {
  readonly errorStatus: number
  with<T>(context: Context, work: () => T): T
  ended(span: CallSpan): void
}

const mostPieces = 256

/** The span of one call, and what is recorded of it in metrics. */
export class CallSpan implements Watch {
  readonly span: Span
  /** That in which this span is the current one. */
  readonly context: Context
  /** Among those under way. */
  place = -1
  readonly #call: Call
  readonly #sink: Sink
  readonly #around: Surroundings
  /** Milliseconds between pieces that are not measured yet: many at a time cost half of what one after the other does. */
  #pieces: number[] = []
  #facts: Facts = {}
  #asked: Settings | undefined
  #reader: FactReader | undefined

  constructor(call: Call, span: Span, context: Context, sink: Sink, around: Surroundings) {
    this.#call = call
    this.span = span
    this.context = context
    this.#sink = sink
    this.#around = around
  }

  get #settings(): Settings {
    this.#asked ??= settingsOf(this.#call.protocol, this.#call.body)
    return this.#asked
  }

  get report(): Report {
    return this.#call.report
  }

  get #answerer(): string {
    const { report, target } = this.#call
    return report.provider ?? target.provider.name
  }

  within(work: () => Promise<Result>): Promise<Result> {
    return this.#around.with(this.context, work)
  }

  answered(result: Result): void {
    const { protocol, report } = this.#call
    if (report.cache) this.span.addEvent('leash.cache', { [own.cache]: report.cache })
    const { choices } = this.#settings
    if (result.stream) this.#reader = new FactReader(protocol, choices)
    else this.#facts = factsIn(protocol, result, choices)
  }

  piece(bytes: Uint8Array, ms: number): void {
    this.#reader?.push(bytes)
    if (ms > 0) this.#pieces.push(ms)
    if (this.#pieces.length >= mostPieces) this.#measurePieces()
  }

  end({ ending, durationMs, firstChunkMs }: Seen): void {
    const { span } = this
    const { report, target } = this.#call
    const { instruments, edition, nameOf } = this.#sink
    const answerer = this.#answerer
    const provider = nameOf(answerer)
    const { outcome, error } = outcomeOf(ending)
    const facts = this.#reader?.facts ?? this.#facts
    const usage = billedUsage(report)
    this.#measurePieces()
    const attributes = callAttributes(this.#call, provider)
    if (facts.model !== undefined) attributes[attribute.responseModel] = facts.model
    if (error !== undefined) attributes[attribute.error] = error
    instruments.ended({
      operation: operationOf(this.#call),
      attributes,
      context: this.context,
      report,
      usage,
      durationMs,
      firstChunkMs,
      nameOf,
    })
    if (span.isRecording()) {
      const last: Attributes = { [own.outcome]: outcome }
      if (answerer !== target.provider.name) last[attribute.provider] = provider
      addRequest(last, this.#call, this.#settings, edition)
      addAnswer(last, facts)
      addUsageTo(last, usage, edition)
      addReport(last, report)
      if (error !== undefined) last[attribute.error] = error
      if (firstChunkMs !== undefined) last[attribute.firstChunk] = firstChunkMs / 1000
      span.setAttributes(last)
    }
    // Its code alone: what a vendor says of a failure may quote the prompt.
    if (error !== undefined) span.setStatus({ code: this.#around.errorStatus, message: error })
    span.end()
    this.#around.ended(this)
  }

  #measurePieces(): void {
    if (this.#pieces.length === 0) return
    const { instruments, nameOf } = this.#sink
    const attributes = callAttributes(this.#call, nameOf(this.#answerer))
    for (const ms of this.#pieces) instruments.perChunk(ms, attributes, this.context)
    this.#pieces = []
  }
}
