import type { MeterProvider, TracerProvider } from '@opentelemetry/api'

export interface TelemetryOptions {
  /** Where spans go. @defaultValue the one that is registered with `@opentelemetry/api` */
  readonly tracerProvider?: TracerProvider
  /** Where metrics go. @defaultValue the one that is registered with `@opentelemetry/api` */
  readonly meterProvider?: MeterProvider
  /** Writes what is asked and answered into the spans, as it stands after redaction. @defaultValue false */
  readonly content?: boolean
  /** Sends a `traceparent` to every provider, or to those that are named. @defaultValue false */
  readonly propagate?: boolean | readonly string[]
  /** Which edition of the conventions names things. @defaultValue 'published', or what `OTEL_SEMCONV_STABILITY_OPT_IN` says */
  readonly conventions?: 'published' | 'newest'
}
