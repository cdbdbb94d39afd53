/** A `Registry` of prom-client, told so that our declarations do not lean on an optional peer. */
export interface PromRegistryLike {
  registerMetric(metric: { get(): Promise<unknown> }): void
  getSingleMetric(name: string): unknown
  removeSingleMetric(name: string): void
}

export interface MetricsOptions {
  /** Where prom-client counts for the rest of the program: our metrics stand there too, beside `leash.metrics()`. */
  readonly registry: PromRegistryLike
}
