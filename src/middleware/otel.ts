/**
 * Spans and metrics of calls, by OpenTelemetry's conventions for generative AI: one span for each call, which covers its
 * retries and ends when its stream does, and a child of it for each attempt.
 */
import type { Attributes, Meter, MeterProvider, Span, TracerProvider } from '@opentelemetry/api'
import type { Attempt, Call, Result, StreamResult } from '../core/call.js'
import { Claims } from '../core/claims.js'
import type { Emitter } from '../core/emitter.js'
import { atEnd, type Ending, overheard } from '../core/ending.js'
import { isLeashError } from '../core/errors.js'
import { hidden } from '../core/hidden.js'
import type { Middleware } from '../core/middleware.js'
import { absent, loadOptional } from '../core/optional.js'
import { Roster } from '../core/roster.js'
import { targetKey } from '../core/target.js'
import { withHeader } from '../core/with-header.js'
import { type AnswerReader, answerReader } from '../protocols/answer.js'
import { protocolAtHand } from '../protocols/index.js'
import type { Observer, Watch } from './observe/observe.js'
import { addAttempt, addServer, beginAttributes, modelName, operationOf, outcomeOf } from './otel/attributes.js'
import { CallSpan, type Sink, type Surroundings } from './otel/call-span.js'
import { answerContent, Kept, requestContent } from './otel/content.js'
import { Instruments } from './otel/instruments.js'
import { attribute, editions, own, type Profile } from './otel/names.js'
import type { TelemetryOptions } from './otel/options.js'

export interface TelemetryDeps {
  readonly emitter: Emitter
  /** As OpenTelemetry calls a provider of ours. */
  readonly nameOf: (provider: string) => string
  readonly profile: Profile
  /** Layers outside of where content is read change answers: what the vendor said is not to be told. */
  readonly answersEdited: () => boolean
}

type Api = typeof import('@opentelemetry/api')

interface GivenProviders {
  readonly tracerProvider?: TracerProvider
  readonly meterProvider?: MeterProvider
}

const scope = 'leashllm'

/** @throws LeashError `missing_dependency` when `@opentelemetry/api` is not installed */
export async function openTelemetry(options: TelemetryOptions, deps: TelemetryDeps): Promise<OpenTelemetry> {
  return new OpenTelemetry(
    await loadOptional('@opentelemetry/api', async () => {
      try {
        return await import('@opentelemetry/api')
      } catch (error) {
        return absent(error)
      }
    }),
    options,
    deps,
  )
}

/** Some layers: around the call, where content may be told, and around each attempt. */
export class OpenTelemetry implements Observer {
  readonly #api: Api
  readonly #options: TelemetryOptions
  readonly #deps: TelemetryDeps
  readonly #spans = new Roster<CallSpan>()
  readonly #spanOf = hidden<CallSpan | undefined>()
  readonly #surroundings: Surroundings
  /** Attempts that have failed, and whose spans have ended. */
  readonly #claims = new Claims()
  /** What everybody gets while nobody takes spans, or metrics. */
  readonly #noTracing: TracerProvider
  readonly #noMeter: Meter
  #tracing: TracerProvider | undefined
  #metering: MeterProvider | undefined
  #sink: Sink | undefined

  constructor(api: Api, options: TelemetryOptions, deps: TelemetryDeps) {
    this.#api = api
    this.#options = options
    this.#deps = deps
    this.#noTracing = new api.ProxyTracerProvider().getDelegate()
    this.#noMeter = api.createNoopMeter()
    this.#surroundings = {
      errorStatus: api.SpanStatusCode.ERROR,
      with: (context, work) => api.context.with(context, work),
      ended: (span) => {
        this.#spans.remove(span.place)
        this.#spanOf.set(span.report, undefined)
      },
    }
    this.#tellEvents(deps.emitter)
  }

  begin(call: Call): Watch | undefined {
    const sink = this.#open()
    if (!sink) return undefined
    const { report, model, target } = call
    const attributes = beginAttributes(call, sink.nameOf(target.provider.name))
    const name = `${operationOf(call)} ${modelName(model)}`
    const around = this.#api.context.active()
    const span = sink.tracer.startSpan(name, { kind: this.#api.SpanKind.CLIENT, attributes }, around)
    const watched = new CallSpan(call, span, this.#api.trace.setSpan(around, span), sink, this.#surroundings)
    watched.place = this.#spans.add(watched)
    this.#spanOf.set(report, watched)
    return watched
  }

  /** Inside of redaction: so a text is told as others may read it. */
  readonly content: Middleware = (next) => {
    if (!this.#options.content) return next
    const telemetry = this
    return async function content(call) {
      const span = telemetry.#spanOf.get(call.report)?.span
      const protocol = protocolAtHand(call.protocol)
      if (!span?.isRecording() || protocol?.kind !== 'chat') return next(call)
      const [codec, reader] = await Promise.all([protocol.codec(), answerReader(call.protocol)])
      // What cannot be read as a request the vendor refuses, and not we.
      quietly(() => span.setAttributes(requestContent(call, codec)))
      const result = await next(call)
      if (!reader || telemetry.#deps.answersEdited()) return result
      if (result.stream) return keeping(result, call, span, reader)
      quietly(() => span.setAttributes(answerContent(reader.body(result.body, call.model))))
      return result
    }
  }

  /** Innermost: what it spans is one request to one vendor. */
  readonly attempt: Middleware = (next) => {
    const telemetry = this
    return function attempt(call) {
      const sink = telemetry.#open()
      return sink ? telemetry.#attempt(call, next, sink) : next(call)
    }
  }

  async #attempt(call: Call, next: (call: Call) => Promise<Result>, sink: Sink): Promise<Result> {
    const { context, trace, SpanKind } = this.#api
    const { target, report } = call
    const provider = target.provider.name
    // A copy for comparison, or behind the caller's back, has no span of its own.
    const around = this.#spanOf.get(report)?.context ?? context.active()
    // It is sampled as its call is, and told about at its end.
    const span = sink.tracer.startSpan(
      `attempt ${targetKey(provider, modelName(target.model))}`,
      { kind: SpanKind.CLIENT },
      around,
    )
    const sent = this.#propagates(provider, span) ? traced(call, span) : call
    try {
      const result = await context.with(trace.setSpan(around, span), () => next(sent))
      return atEnd(result, (ending) => this.#endAttempt(call, sink, span, ending, result.attempt))
    } catch (error) {
      this.#endAttempt(call, sink, span, isLeashError(error) ? error : undefined, this.#claims.failed(call))
      throw error
    }
  }

  #endAttempt(call: Call, { nameOf }: Sink, span: Span, ending: Ending, record: Attempt | undefined): void {
    const { report, attempt, hedged, target } = call
    const { outcome, error } = outcomeOf(ending)
    if (span.isRecording()) {
      const attributes: Attributes = {
        [attribute.provider]: nameOf(target.provider.name),
        [attribute.requestModel]: modelName(target.model),
        [own.callId]: report.id,
        [own.attempt]: attempt,
        [own.outcome]: outcome,
      }
      addServer(attributes, call)
      if (hedged) attributes[own.hedged] = true
      if (record) addAttempt(attributes, record)
      if (error !== undefined) attributes[attribute.error] = error
      span.setAttributes(attributes)
    }
    if (error !== undefined) span.setStatus({ code: this.#api.SpanStatusCode.ERROR, message: error })
    span.end()
  }

  /** Where metrics alone are taken, a span is nobody's and has no ids. */
  #propagates(provider: string, span: Span): boolean {
    const { propagate = false } = this.#options
    if (!propagate || !this.#api.isSpanContextValid(span.spanContext())) return false
    return typeof propagate === 'boolean' ? propagate : propagate.includes(provider)
  }

  /** Where spans and metrics go at the moment: who takes them may come after the first call. Undefined while nobody does. */
  #open(): Sink | undefined {
    const { trace, metrics } = this.#api
    // The options name as much of a provider as tells it from anything else: they have no types of an optional peer.
    const { tracerProvider, meterProvider } = this.#options as GivenProviders
    const tracing = actual(tracerProvider ?? trace.getTracerProvider())
    const metering = meterProvider ?? metrics.getMeterProvider()
    if (tracing === this.#tracing && metering === this.#metering) return this.#sink
    this.#tracing = tracing
    this.#metering = metering
    const meter = metering.getMeter(scope)
    const { nameOf, profile } = this.#deps
    const edition = editions[profile]
    this.#sink =
      tracing === this.#noTracing && meter === this.#noMeter
        ? undefined
        : {
            tracer: tracing.getTracer(scope),
            instruments: new Instruments(meter, edition, profile === 'newest'),
            edition,
            nameOf,
          }
    return this.#sink
  }

  #tellEvents(emitter: Emitter): void {
    const tell = (callId: string, name: string, attributes: Record<string, string | number>) =>
      this.#spans
        .all()
        .find(({ report }) => report.id === callId)
        ?.span.addEvent(name, attributes)
    emitter.on('retry', ({ callId, attempt, delayMs, error }) =>
      tell(callId, 'leash.retry', { [own.attempt]: attempt, 'leash.delay_ms': delayMs, [attribute.error]: error }),
    )
    emitter.on('fallback', ({ callId, from, to, because }) =>
      tell(callId, 'leash.fallback', { 'leash.from': from, 'leash.to': to, [attribute.error]: because }),
    )
    emitter.on('resume', ({ callId, from, to, because, resumed }) =>
      tell(callId, 'leash.resume', { 'leash.from': from, 'leash.to': to, [attribute.error]: because, 'leash.resumed': resumed }),
    )
    emitter.on('route', ({ callId, name, target, why }) =>
      tell(callId, 'leash.route', { [own.route]: name, 'leash.to': target, 'leash.why': why }),
    )
    emitter.on('policy', ({ callId, guard, action, direction, found }) =>
      tell(callId, 'leash.policy', {
        'leash.guard': guard,
        'leash.action': action,
        'leash.direction': direction,
        ...Object.fromEntries(Object.entries(found).map(([type, count]) => [`leash.found.${type}`, count])),
      }),
    )
  }
}

/** What stands behind the one that everybody gets before there is one. */
function actual(provider: TracerProvider): TracerProvider {
  const proxy: TracerProvider & { getDelegate?: () => TracerProvider } = provider
  return proxy.getDelegate?.() ?? provider
}

/** https://www.w3.org/TR/trace-context/#traceparent-header. Baggage stays here: it is not meant for vendors. */
function traced(call: Call, span: Span): Call {
  const { traceId, spanId, traceFlags } = span.spanContext()
  return withHeader(call, 'traceparent', `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`)
}

/** Told when the stream is over, before the span is. */
function keeping(result: StreamResult, call: Call, span: Span, reader: AnswerReader): StreamResult {
  const kept = new Kept()
  const heard = overheard(result, (bytes) => kept.push(bytes))
  return atEnd(heard, () => {
    if (kept.whole) quietly(() => span.setAttributes(answerContent(reader.stream(kept.pieces, call.model))))
  })
}

function quietly(work: () => void): void {
  try {
    work()
  } catch {
    // What cannot be read is not told.
  }
}
