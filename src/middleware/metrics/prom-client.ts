/** Our metrics in a registry of prom-client: read when it is, and counted nowhere twice. */
import { LeashError } from '../../core/errors.js'
import { type Family, families, type MetricName } from './families.js'
import { type Metrics, names } from './metrics.js'
import type { PromRegistryLike } from './options.js'

/**
 * @returns a function that takes them out again
 * @throws LeashError `invalid_config` when another leash has put its metrics there
 */
export function tellIn(registry: PromRegistryLike, metrics: Metrics): () => void {
  if (names.some((name) => registry.getSingleMetric(name) !== undefined)) {
    throw new LeashError('invalid_config', 'Another leash tells its metrics in this registry. Give each leash one of its own.')
  }
  for (const name of names) registry.registerMetric(metricOf(name, metrics))
  return () => {
    for (const name of names) registry.removeSingleMetric(name)
  }
}

/** As much of a metric as a registry reads. */
function metricOf(name: MetricName, metrics: Metrics) {
  const { help, type, together = 'sum' }: Family = families[name]
  return {
    // In OpenMetrics a registry takes `_total` off the name of a counter, and puts it behind that of each sample without one.
    name: name as string,
    type,
    async get() {
      const samples = await metrics.samples(name)
      const values = samples.map((sample) => (sample.name === name ? sample : { ...sample, metricName: sample.name }))
      return { name: this.name, help, type, aggregator: together, values }
    },
    /** We count for alerts, which must not see a count go back because a program wants its own to. */
    reset() {},
  }
}
