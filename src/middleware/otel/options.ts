/** A `TracerProvider` of `@opentelemetry/api`, told so that our declarations do not lean on an optional peer. */
export interface TracerProviderLike {
  getTracer(name: string, version?: string): { startSpan(name: string): { end(): void } }
}

/** A `MeterProvider` of `@opentelemetry/api`, likewise. */
export interface MeterProviderLike {
  getMeter(name: string, version?: string): { createHistogram(name: string): { record(value: number): void } }
}

export interface TelemetryOptions {
  /** Where spans go. @defaultValue the one that is registered with `@opentelemetry/api` */
  readonly tracerProvider?: TracerProviderLike | undefined
  /** Where metrics go. @defaultValue the one that is registered with `@opentelemetry/api` */
  readonly meterProvider?: MeterProviderLike | undefined
  /** Writes what is asked and answered into the spans, as it stands after redaction. @defaultValue false */
  readonly content?: boolean | undefined
  /** Sends a `traceparent` to every provider, or to those that are named. @defaultValue false */
  readonly propagate?: boolean | readonly string[] | undefined
  /** Which edition of the conventions names things. @defaultValue 'published', or what `OTEL_SEMCONV_STABILITY_OPT_IN` says */
  readonly conventions?: 'published' | 'newest' | undefined
}
