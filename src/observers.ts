/** Who tells of calls: OpenTelemetry, metrics for Prometheus, objectives. Loaded with the first call that is to be told of. */
import type { Emitter } from './core/emitter.js'
import type { Lazy } from './core/lazy.js'
import type { Middleware } from './core/middleware.js'
import type { SloState } from './core/slo.js'
import type { BudgetKeeper } from './middleware/budget.js'
import type { Metrics, MetricsSources } from './middleware/metrics/metrics.js'
import type { MetricsOptions } from './middleware/metrics/options.js'
import { type Observer, observe } from './middleware/observe/observe.js'
import type { TelemetryOptions } from './middleware/otel/options.js'
import type { RedactOptions } from './middleware/redact/options.js'
import type { SloOptions } from './middleware/slo/options.js'
import type { Slos } from './middleware/slo/slos.js'
import type { Registry } from './modules/registry.js'
import type { LeashOptions } from './open-leash.js'

export interface ObserveOptions {
  /** Spans and metrics by OpenTelemetry. Needs the package `@opentelemetry/api`. @defaultValue false */
  readonly telemetry?: boolean | TelemetryOptions | undefined
  /** Counters for `leash.metrics()`. @defaultValue false */
  readonly metrics?: boolean | MetricsOptions | undefined
  /** Objectives for providers, by name; `*` for all others. */
  readonly slo?: SloOptions | undefined
}

/** What is in force changes with a relay's policy; who tells of it goes on. */
export interface InForce {
  parts?: {
    readonly options: Pick<LeashOptions, 'redact' | 'modules'>
    readonly budgets: Pick<Lazy<BudgetKeeper>, 'value'>
    readonly guards: Pick<Lazy<Registry>, 'value'>
  }
}

export interface ObserverDeps extends Pick<MetricsSources, 'health'> {
  readonly emitter: Emitter
  readonly inForce: InForce
}

/** The layers, and who is asked for what they have learnt. */
export interface Observers {
  /** Around the call. */
  readonly call: Middleware
  /** Inside of redaction. */
  readonly content: Middleware
  /** Around each attempt. */
  readonly attempt: Middleware
  readonly metrics?: Metrics
  slos(): SloState[]
  close(): void
}

const nothing: Middleware = (next) => next

export async function openObservers(options: ObserveOptions, deps: ObserverDeps): Promise<Observers> {
  const { telemetry, slo } = options
  const slos = slo && (await openSlos(slo, deps.emitter))
  const tellSlos = () => slos?.states() ?? []
  const metrics = options.metrics ? await openMetrics(deps, tellSlos) : undefined
  const untell = metrics && typeof options.metrics === 'object' ? await tellElsewhere(options.metrics, metrics) : undefined
  const otel = telemetry ? await openTelemetry(telemetry === true ? {} : telemetry, deps) : undefined
  const observers: Observer[] = [otel, metrics].filter((observer) => observer !== undefined)
  return {
    call: observers.length > 0 ? observe(observers, deps.emitter) : nothing,
    content: otel?.content ?? nothing,
    attempt: otel?.attempt ?? nothing,
    slos: tellSlos,
    close: () => untell?.(),
    ...(metrics && { metrics }),
  }
}

async function openSlos(options: SloOptions, emitter: Emitter): Promise<Slos> {
  const { Slos } = await import('./middleware/slo/slos.js')
  return new Slos(options, emitter)
}

async function openMetrics({ emitter, health, inForce }: ObserverDeps, slos: () => SloState[]): Promise<Metrics> {
  const { Metrics } = await import('./middleware/metrics/metrics.js')
  return new Metrics(emitter, {
    health,
    slos,
    budgets: async () => inForce.parts?.budgets.value?.states() ?? [],
    modules: () => inForce.parts?.guards.value?.list() ?? [],
  })
}

async function tellElsewhere({ registry }: MetricsOptions, metrics: Metrics): Promise<() => void> {
  const { tellIn } = await import('./middleware/metrics/prom-client.js')
  return tellIn(registry, metrics)
}

async function openTelemetry(options: TelemetryOptions, { emitter, inForce }: ObserverDeps) {
  const [{ openTelemetry }, { optInVariable, profileOf }, { otelName }, { readEnv }] = await Promise.all([
    import('./middleware/otel.js'),
    import('./middleware/otel/names.js'),
    import('./providers/otel-names.js'),
    import('./providers/env.js'),
  ])
  return openTelemetry(options, {
    emitter,
    nameOf: otelName,
    profile: options.conventions ?? profileOf(readEnv(optInVariable)),
    // By modules outside of where content is read.
    answersEdited: () => masksAnswers(inForce.parts?.options.redact) || (inForce.parts?.guards.value?.editsAnswers() ?? false),
  })
}

function masksAnswers(redact: RedactOptions | boolean | undefined): boolean {
  if (typeof redact !== 'object') return false
  const { response, entities } = redact
  const modes = Array.isArray(entities) ? [] : Object.values(entities ?? {})
  return Boolean(response) || modes.some((mode) => typeof mode === 'object' && mode !== null && Boolean(mode.response))
}
